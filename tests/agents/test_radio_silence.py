"""Radio silence: nothing is sent to any other machine, whoever asks and whatever the settings hold."""

import ast
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from agents.clock import SystemClock
from agents.configuration import load_settings, user_config_file
from agents.configuration.foreign import risk
from agents.dispatch.readiness import look, without_looking
from agents.headquarters import Headquarters
from agents.models.chat import ChatRequest, Message
from agents.models.connect import connector, within
from agents.models.errors import RadioSilence
from agents.models.silence import refusal
from agents.refusals import NoAdviser, NotPossible
from agents.settings import Cooldown, Endpoint, Network, Routing, SandboxSettings, Settings, TierSettings
from agents.tasks import NewTask, TaskStatus
from tests.fakes.anthropic_server import AnthropicServer
from tests.fakes.ollama_server import FakeOllama, Installed, text

SILENT = Routing(mode="local-only", local_hosts=("10.0.0.5", "fd00::5"))


@pytest.mark.parametrize(
    ("provider", "url", "more", "allowed"),
    [
        ("ollama", None, {}, True),
        ("ollama", "http://localhost:11434", {}, True),
        ("ollama", "http://127.0.0.1:1", {}, True),
        ("ollama", "http://[::1]:11434", {}, True),
        ("ollama", "http://10.0.0.5:11434", {}, True),
        ("ollama", "http://[fd00::5]:11434", {}, True),
        ("ollama", "http://10.0.0.6:11434", {}, False),
        ("ollama", "http://gpu.lan:11434", {}, False),
        ("ollama", "http://localhost.evil.example:11434", {}, False),
        ("ollama", "http://localhost@evil.example:11434", {}, False),
        ("ollama", "http://127.0.0.1.evil.example", {}, False),
        ("ollama", "http://2130706433:11434", {}, False),
        ("ollama", "http://0.0.0.0:11434", {}, True),
        ("ollama", "https://ollama.com", {}, False),
        ("ollama", None, {"model": "gpt-oss:120b-cloud"}, False),
        ("ollama", None, {"model": "library/kimi-k2:cloud"}, False),
        ("anthropic", None, {}, False),
        ("anthropic", None, {"free": True}, False),
        ("anthropic", "http://127.0.0.1:8000", {}, False),
        ("anthropic", "http://127.0.0.1:8000", {"free": True}, True),
        ("anthropic", "http://10.0.0.5:8000", {"free": True}, True),
        ("anthropic", "https://api.anthropic.com", {"free": True}, False),
        ("simulation", None, {}, True),
    ],
)
def test_who_may_be_asked(provider: Any, url: str | None, more: dict[str, Any], allowed: bool) -> None:
    tier = TierSettings.model_validate({"provider": provider, "model": "m:1b", **more})
    assert (refusal(tier, url, SILENT, {}) == "") is allowed
    assert refusal(tier, url, Routing(), {}) == ""
    if provider != "simulation" and not allowed:
        with pytest.raises(RadioSilence, match="RADIO SILENCE"):
            connector(SystemClock(), routing=SILENT)("t", tier, url)
        with pytest.raises(RadioSilence):
            within(SILENT, lambda *_: pytest.fail("it was made"))("t", tier, url)


def test_the_clients_own_variables_do_not_lead_out() -> None:
    ollama = TierSettings(provider="ollama", model="m")
    own = TierSettings(provider="anthropic", model="m", free=True)
    assert refusal(ollama, None, SILENT, {"OLLAMA_HOST": "gpu.lan"})
    assert not refusal(ollama, None, SILENT, {"OLLAMA_HOST": "127.0.0.1:5000"})
    assert refusal(own, None, SILENT, {"ANTHROPIC_BASE_URL": "https://proxy.example"})
    assert not refusal(own, None, SILENT, {"ANTHROPIC_BASE_URL": "http://localhost:8080"})


@pytest.mark.parametrize("host", ["8.8.8.8", "gpu.lan", "0.0.0.0", "10.0.0.0/8", ""])
def test_only_private_addresses_can_be_allowed(host: str) -> None:
    with pytest.raises(ValidationError, match="private address"):
        Routing(local_hosts=(host,))


def test_models_and_servers_are_made_at_one_place() -> None:
    """Everything that can open a connection to a model is made in agents/models/connect.py, which asks first."""
    made: set[str] = set()
    for path in [*Path("agents").rglob("*.py"), *Path("app").rglob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text())):
            name = getattr(node.func, "id", "") if isinstance(node, ast.Call) else ""
            if name in {"OllamaModel", "ClaudeModel", "OllamaServer"}:
                made.add(f"{path}: {name}")
    door = "agents/models/connect.py"
    inside = {f"{door}: OllamaModel", f"{door}: ClaudeModel", f"{door}: OllamaServer"}
    assert made == {*inside, "agents/models/ollama.py: OllamaServer"}


def test_agents_commands_reach_no_network_either() -> None:
    settings = Settings(sandbox=SandboxSettings(network=Network.ALL))
    assert settings.network is Network.ALL
    assert settings.model_copy(update={"routing": SILENT}).network is Network.NONE
    assert Settings(routing=SILENT).network is Network.NONE


def everything(ollama: FakeOllama, claude: AnthropicServer, **routing: Any) -> Settings:
    """A local tier, a paid one that judges, plans and reviews, one on another machine and one in Ollama's cloud."""
    tiers = {
        "local": TierSettings(provider="ollama", model="m:1b", endpoints=(Endpoint(url=ollama.url),), way="direct"),
        "far": TierSettings(provider="ollama", model="m:1b", endpoints=(Endpoint(url="http://gpu.example:11434"),)),
        "cloud": TierSettings(provider="ollama", model="m:cloud", endpoints=(Endpoint(url=ollama.url),)),
        "paid": TierSettings(
            provider="anthropic",
            model="claude-sonnet-5-5",
            endpoints=(Endpoint(url=claude.url),),
            roles=("code", "plan", "review"),
        ),
    }
    return Settings(
        tiers=tiers,
        cooldown=Cooldown(rest_s=0, reset_every=1),
        routing=Routing(mode="local-only", judge="paid", samples=2, **routing),
    )


@pytest.fixture
def names_asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names that somebody wanted looked up, in this process."""
    asked: list[str] = []
    real: Callable[..., Any] = socket.getaddrinfo

    def getaddrinfo(host: Any, *more: Any, **how: Any) -> Any:
        asked.append(str(host))
        return real(host, *more, **how)

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return asked


async def test_a_task_that_escalates_ends_with_the_person_and_nothing_was_sent(
    repo: Path, home: Path, names_asked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "k")
    async with FakeOllama("m:1b", "m:cloud") as ollama, AnthropicServer() as claude:
        ollama.answer = lambda _body: text("slug.py\n```python\nslug = 1\n```\n")
        settings = everything(ollama, claude)
        async with Headquarters(settings, home=home, folder=repo) as hq:
            new = NewTask(title="Redesign the distributed cache as services", check="false")
            task = await hq.post(new)
            await hq.dispatch(task.id)
            task = await hq.wait(task.id)
            assert task.status is TaskStatus.NEEDS_HUMAN
            assert {one.tier for one in await hq.missions(task.id)} == {"local"}
            for advice in (hq.split, hq.review):
                with pytest.raises((NoAdviser, NotPossible)):
                    await advice(task.id)
            for found in (await look(settings, hq.store), await without_looking(settings, hq.store)):
                assert found.available == {"local"}
                assert all("RADIO SILENCE" in why for why in found.missing.values())
            pinned = await hq.post(new.model_copy(update={"tier": "paid"}))
            await hq.dispatch(pinned.id)
            pinned = await hq.wait(pinned.id)
            assert (pinned.status, pinned.missions) == (TaskStatus.OPEN, 0)
            assert "RADIO SILENCE" in pinned.reason
        assert {one.body["model"] for one in ollama.requests if one.body} == {"m:1b"}
        assert claude.accepted == 0
    assert set(names_asked) <= {"127.0.0.1", "localhost", "::1"}


async def test_a_model_that_a_local_server_hands_on_is_not_asked() -> None:
    async with FakeOllama("m:1b") as ollama:
        ollama.models["m:1b"] = Installed(remote="https://ollama.com:443")
        tier = TierSettings(provider="ollama", model="m:1b")
        model = connector(SystemClock(), routing=SILENT)("local", tier, ollama.url)
        request = ChatRequest(system="s", messages=(Message(role="user", content="u"),))
        with pytest.raises(RadioSilence, match="cloud"):
            _ = [part async for part in model.stream(request)]
        await model.aclose()
        assert not ollama.chats


def test_what_was_asked_for_on_the_command_line_is_above_a_repositorys_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    (tmp_path / "warroom.toml").write_text('[routing]\nmode = "auto"\n')
    environ = {"WARROOM_ROUTING__MODE": "local-only"}
    found = load_settings(tmp_path, home=tmp_path / "home", environ=environ, trusted=True)
    assert found.settings.routing.mode == "local-only"


def test_a_strangers_file_cannot_end_radio_silence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    mine = user_config_file()
    mine.parent.mkdir(parents=True)
    mine.write_text('[routing]\nmode = "local-only"\nlocal_hosts = ["10.0.0.5"]\n')
    theirs = tmp_path / "warroom.toml"
    theirs.write_text('[routing]\nmode = "auto"\nlocal_hosts = ["10.6.6.6"]\npreset = "fast"\n')
    found = load_settings(tmp_path, home=tmp_path / "home", environ={})
    routing = found.settings.routing
    assert (routing.mode, routing.local_hosts) == ("local-only", ("10.0.0.5",))
    assert any("not obeyed" in said and "routing.mode" in said for said in found.warnings)
    trusted = load_settings(tmp_path, home=tmp_path / "home", environ={}, trusted=True)
    assert trusted.settings.routing.mode == "auto"


def test_who_trusts_a_file_is_told_that_it_ends_radio_silence() -> None:
    assert risk(("routing", "mode"), "local-only", "auto") == "radio silence ends"
    assert risk(("routing", "mode"), "auto", "local-only") == ""
    assert "under radio silence" in risk(("routing", "local_hosts"), [], ["10.6.6.6"])
