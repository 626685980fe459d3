"""Secrets planted wherever an agent looks, whole missions over real sockets, and then a search of all that was written
and of all that the paid server was sent: none is found."""

import asyncio
import json
import re
from pathlib import Path
from typing import Any

import pytest

from agents.events import Event
from agents.headquarters import Headquarters
from agents.secret_values import MARK
from agents.settings import Cooldown, Routing, Settings, TierSettings
from agents.tasks import NewTask, Outcome, Task
from tests.agents.conftest import BAD_SLUG, GOOD_SLUG, run_git
from tests.agents.council_table import FINDING, part, parts, says, verdict
from tests.app.command_line import CommandLine
from tests.fakes.anthropic_replies import Script, message, tool
from tests.fakes.anthropic_server import AnthropicServer
from tests.fakes.ollama_server import FakeOllama, call, calls_apart, calls_at_the_end
from tests.fakes.ollama_server import text as local_text

IN_ENVIRONMENT = {
    "ANTHROPIC_API_KEY": "sk-ant-api03-" + "k7Qm2Xv9Lp4Ra8Tz" * 2,
    "PAYMENTS_PASSWORD": "Tr0ub4dor&3-horse",
    "ORDERS_URL": "postgres://ann:w8-Ferryman-Oak@localhost/orders",
}
IN_ENV_FILE = {"DB_PASSWORD": "vq8-lantern-Umbra", "CACHE_SEED": "Zx81qwePOI99abcdK2"}
IN_SOURCE = "sk_live_" + "9aB3dE5gH7jK2mN4"
PEM = ["MIIEvQIBADANBgkqhkiG9w0BAQEFAASC" + letter * 32 for letter in "abcdef"]
IN_OUTPUT = "ghp_" + "A1b2C3d4E5f6" * 3
SECRETS = (
    IN_ENVIRONMENT["ANTHROPIC_API_KEY"],
    IN_ENVIRONMENT["PAYMENTS_PASSWORD"],
    "w8-Ferryman-Oak",
    *IN_ENV_FILE.values(),
    IN_SOURCE,
    IN_OUTPUT,
    *PEM,
)
CONFIG = f'import os\n\nPORT = 80\nSTRIPE_KEY = "{IN_SOURCE}"\nDEBUG = False\n'
SHOW = "import sys\nprint('token is', 'ghp_' + 'A1b2C3d4E5f6' * 3)\nprint(open('deploy.pem').read())\n"
CHECK = "python3 show.py && cat config.py && python3 -c \"from slug import slugify as s; assert s(' A,  b ')=='a-b'\""
LOOK = "cat .env config.py deploy.pem; python3 show.py; env; seq 4000; cat .env"


@pytest.fixture
def shop(repo: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with secrets in a source file, in a key, in what its check prints, and in an ignored .env."""
    for name, value in IN_ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    key = "\n".join(["-----BEGIN PRIVATE KEY-----", *PEM, "-----END PRIVATE KEY-----"])
    for name, text in {"config.py": CONFIG, "show.py": SHOW, "deploy.pem": f"{key}\n", ".gitignore": ".env\n"}.items():
        (repo / name).write_text(text)
    (repo / ".worktreeinclude").write_text(".env\n")
    run_git(repo, "add", "--all")
    run_git(repo, "commit", "--quiet", "--message", "second")
    (repo / ".env").write_text("".join(f"{name}={value}\n" for name, value in IN_ENV_FILE.items()))
    return repo


def settings(ollama: FakeOllama, claude: AnthropicServer) -> Settings:
    def local(way: str) -> dict[str, Any]:
        return {"provider": "ollama", "model": "m:1b", "endpoints": [{"url": ollama.url}], "way": way}

    def paid(model: str, *roles: str) -> dict[str, Any]:
        ends = [{"url": claude.url}]
        return {"provider": "anthropic", "model": model, "num_ctx": 200_000, "endpoints": ends, "roles": roles}

    tiers = {
        "local": local("direct"),
        "looper": local("loop"),
        "haiku": paid("claude-haiku-5-5", "code"),
        "opus": paid("claude-opus-5-5", "plan", "review"),
    }
    return Settings(
        tiers={name: TierSettings.model_validate(tier) for name, tier in tiers.items()},
        cooldown=Cooldown(rest_s=0, reset_every=0),
        routing=Routing(judge="none", explore=0),
    )


def paid_calls() -> list[Script]:
    steps = [
        tool("file_read", {"path": "config.py"}, "toolu_1"),
        tool("file_read", {"path": ".env"}, "toolu_2"),
        tool("shell_run", {"command": LOOK}, "toolu_3"),
        tool("code_search", {"pattern": "live"}, "toolu_4"),
        tool(
            "file_edit",
            {
                "path": "config.py",
                "old": f'STRIPE_KEY = "{MARK}"\nDEBUG = False',
                "new": f'STRIPE_KEY = "{MARK}"\nDEBUG = True',
            },
            "toolu_5",
        ),
        tool("file_write", {"path": "slug.py", "content": GOOD_SLUG}, "toolu_6"),
        tool("finish", {"summary": f"done, {IN_OUTPUT} was printed"}, "toolu_7"),
    ]
    return [message(step, stop="tool_use") for step in steps]


async def carried_out(hq: Headquarters, **new: Any) -> Task:
    task = await hq.post(NewTask.model_validate({"title": "Create slug.py with slugify(text)", "check": CHECK, **new}))
    await hq.dispatch(task.id)
    async with asyncio.timeout(50):
        return await hq.wait(task.id)


async def missions(hq: Headquarters, ollama: FakeOllama) -> None:
    """Direct with a red check, loop, paid loop, review, split."""
    bad, good = (f"slug.py\n```python\n{code}```\n" for code in (BAD_SLUG, GOOD_SLUG))
    ollama.reply(local_text(f"I saw {IN_SOURCE}. {bad}"), local_text(good))
    task = await carried_out(hq, tier="local")
    assert task.outcome is Outcome.PROVEN, task.reason
    assert task.missions == 2
    ollama.reply(
        calls_at_the_end(call("file_read", {"path": "config.py"})),
        calls_at_the_end(call("shell_run", {"command": LOOK})),
        calls_at_the_end(call("file_write", {"path": "slug.py", "content": GOOD_SLUG})),
        calls_at_the_end(call("finish", {"summary": f"used {IN_OUTPUT}"})),
    )
    task = await carried_out(hq, tier="looper")
    assert task.outcome is Outcome.PROVEN, task.reason
    said = json.dumps([chat.body for chat in ollama.chats])
    assert IN_SOURCE in said, "a local model sees the truth"
    assert IN_ENV_FILE["DB_PASSWORD"] in said
    task = await carried_out(hq, tier="haiku")
    assert task.outcome is Outcome.PROVEN, task.reason
    assert task.branch is not None
    edited = run_git(hq.repository.root, "show", f"{task.branch}:config.py")
    assert edited == CONFIG.replace("DEBUG = False", "DEBUG = True").strip(), "the secret is where it was"
    await hq.review(task.id)
    big = await hq.post(NewTask(title="Create one.py and two.py, keys from config.py", check=CHECK))
    await hq.split(big.id)


def planted(data: bytes) -> list[str]:
    return [secret for secret in SECRETS if secret.encode() in data]


def held(root: Path) -> dict[str, list[str]]:
    files = (path for path in root.rglob("*") if path.is_file() and not path.is_symlink())
    return {str(path): found for path in files if (found := planted(path.read_bytes()))}


async def test_nothing_planted_is_written_or_sent(shop: Path, home: Path) -> None:
    events: list[Event] = []
    answers = [says(verdict(FINDING, summary=f"It prints {IN_OUTPUT}.")), says(parts(part("One"), part("Two", 1)))]
    async with FakeOllama() as ollama, AnthropicServer(*paid_calls(), *answers) as claude:
        async with Headquarters(settings(ollama, claude), home=home, folder=shop) as hq:
            hq.store.bus.listen(events.append)
            await missions(hq, ollama)
            assert held(home) == {}, "while it runs: the write-ahead log, too"
            shown = "".join(event.model_dump_json() for event in events)
        sent = json.dumps([request.body for request in claude.requests], ensure_ascii=False)
    assert planted(shown.encode()) == []
    assert planted(sent.encode()) == []
    assert shown.count(MARK) > 5
    assert sent.count(MARK) > 5
    assert held(home) == {}
    logs = "".join(path.read_text() for path in (home / "logs").rglob("*.log"))
    assert logs.count(MARK) > 10
    assert "token is" in logs


async def test_nothing_planted_is_in_exports_or_in_what_a_run_prints(shop: Path, tmp_path: Path) -> None:
    place = tmp_path / "line"
    place.mkdir()
    line = CommandLine(place, **IN_ENVIRONMENT)
    line.folder = shop
    async with FakeOllama() as ollama:
        line.environ |= {"OLLAMA_HOST": ollama.url, "WARROOM_TIERS__LOCAL__WAY": "loop"}
        ollama.reply(
            calls_apart(call("shell_run", {"command": LOOK}), before=f"The key is {IN_SOURCE} I think. "),
            calls_at_the_end(call("file_write", {"path": "slug.py", "content": GOOD_SLUG})),
            calls_at_the_end(call("finish", {"summary": "done"})),
        )
        options = ("--tier", "local", "--check", CHECK, "--json", "--verbose")
        run = await line("run", "Create slug.py with slugify(text)", *options)
    assert run.code == 0, run.err
    assert {"model.delta", "tool.output"} <= {row["type"] for row in run.rows()}
    assert re.search(r"The key is \[redacted\] I think", "".join(str(row.get("text", "")) for row in run.rows()))
    written = [run.out, run.err]
    for what, name in (("events", "e.jsonl"), ("events", "e.csv"), ("training", "t.jsonl"), ("costs", "c.csv")):
        done = await line.here("export", str(place / name), "--what", what)
        assert done.code == 0, done.err
        written += [(place / name).read_text(), done.out, done.err]
    for command in (("board", "--all"), ("show", "1"), ("show", "1", "--json")):
        done = await line.here(*command)
        written += [done.out, done.err]
    assert "shell_run" in "".join(written)
    assert planted("".join(written).encode()) == []
    assert held(place) == {}
