"""LOW POWER: a local model that does not fit the card is told once per load, and kept until somebody looked again."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from agents.clock import SystemClock
from agents.events import AgentHealth
from agents.headquarters import Headquarters
from agents.models.chat import ChatRequest, Finished, Message
from agents.models.ollama import OllamaModel
from agents.models.ollama_inventory import LoadedModel
from agents.models.power import Power, PowerWatch
from agents.settings import Cooldown, Settings, TierSettings
from agents.tasks import Agent, Health, NewTask
from sounds.cues import cue_for
from tests.agents.conftest import GOOD_SLUG, SLUG_CHECK, SLUG_TASK
from tests.fakes.ollama_server import FakeOllama, Installed, Stall, call, calls_apart, error, text

MakeSettings = Callable[..., Settings]
SIZE = 1000
LOW = "LOW POWER: 38 % on the CPU"


def looks(ollama: FakeOllama) -> int:
    return sum(request.path == "/api/ps" for request in ollama.requests)


async def missions(hq: Headquarters, count: int) -> list[AgentHealth]:
    """`count` tasks, one after the other; what was said of the model's place in memory."""
    for _ in range(count):
        task = await hq.post(NewTask(title=SLUG_TASK, check=SLUG_CHECK))
        await hq.dispatch(task.id)
        await hq.wait(task.id)
    events = await hq.store.recent_events(1000)
    return [event for event in events if isinstance(event, AgentHealth) and event.low_power is not None]


def at_work(body: dict[str, Any]) -> Any:
    """A write, a look, a finish: three calls a mission."""
    turns = len([message for message in body["messages"] if message["role"] == "assistant"])
    return (
        calls_apart(call("file_write", {"path": "slug.py", "content": GOOD_SLUG})),
        calls_apart(call("file_read", {"path": "slug.py"})),
        calls_apart(call("finish", {"summary": "done"})),
    )[min(turns, 2)]


async def test_a_spill_is_told_once_per_load_and_kept(repo: Path, home: Path, local_settings: MakeSettings) -> None:
    async with FakeOllama() as ollama:
        ollama.models["m:1b"] = Installed(size=SIZE, vram=620)
        ollama.answer = at_work
        async with Headquarters(local_settings(ollama.url, way="loop"), home=home, folder=repo) as hq:
            told = await missions(hq, 2)
            (agent,) = hq.agents()
    assert [(event.low_power, event.note) for event in told] == [(True, LOW)]
    assert (agent.low_power, agent.power) == (True, LOW), "later news of the agent do not wash it away"
    assert looks(ollama) == 1
    cue = cue_for(told[0])
    assert cue is not None
    assert (cue.event, cue.caption) == ("model.spilled", f"{agent.callsign}: {LOW}")


async def test_it_is_looked_at_again_after_a_reset(repo: Path, home: Path, local_settings: MakeSettings) -> None:
    async with FakeOllama() as ollama:
        ollama.models["m:1b"] = Installed(size=SIZE, vram=620)
        ollama.answer = lambda body: text(f"```python\n{GOOD_SLUG}```")
        settings = local_settings(ollama.url).model_copy(update={"cooldown": Cooldown(rest_s=0, reset_every=2)})
        async with Headquarters(settings, home=home, folder=repo) as hq:
            with hq.events() as events:
                await missions(hq, 2)
                async for event in events:
                    if isinstance(event, AgentHealth) and event.health is Health.COOLING and event.low_power:
                        break
                ollama.models["m:1b"].vram = None
                told = await missions(hq, 2)
                async for event in events:
                    if isinstance(event, AgentHealth) and event.low_power is False:
                        break
            for _ in range(10_000):  # the roster hears of it on its own
                if not hq.agents()[0].low_power:
                    break
                await asyncio.sleep(0)
            (agent,) = hq.agents()
    assert [event.low_power for event in told][:2] == [True, True], "told after each of two loads"
    assert (agent.low_power, agent.power) == (False, ""), "and that it is over"
    assert looks(ollama) == 1 + 2 * 2, "after the first reply; in a reset once for the unloading, once for the loading"


@pytest.mark.parametrize(
    ("vram", "says"), [(None, None), (SIZE, None), (0, (False, "CPU only")), (1, (True, "LOW POWER: 100 % on the CPU"))]
)
async def test_what_is_said_of_it(
    vram: int | None, says: tuple[bool, str] | None, repo: Path, home: Path, local_settings: MakeSettings
) -> None:
    async with FakeOllama() as ollama:
        ollama.models["m:1b"] = Installed(size=SIZE, vram=vram)
        ollama.answer = lambda body: text(f"```python\n{GOOD_SLUG}```")
        async with Headquarters(local_settings(ollama.url), home=home, folder=repo) as hq:
            told = await missions(hq, 2)
            (agent,) = hq.agents()
    assert [(event.low_power, event.note) for event in told] == ([says] if says else [])
    assert (agent.low_power, agent.power) == (says or (False, ""))
    assert all((cue_for(event) is not None) is event.low_power for event in told)


@pytest.mark.parametrize("script", [error(404, "404 page not found"), (Stall(),)], ids=["missing", "silent"])
async def test_a_server_that_does_not_say_holds_nobody_up(
    script: Any, repo: Path, home: Path, local_settings: MakeSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agents.models.power.LOOK_S", 0.2)
    async with FakeOllama() as ollama:
        ollama.overrides["/api/ps"] = script
        ollama.answer = lambda body: text(f"```python\n{GOOD_SLUG}```")
        async with Headquarters(local_settings(ollama.url), home=home, folder=repo) as hq:
            assert await missions(hq, 2) == []
    assert looks(ollama) == 1


async def reply(model: OllamaModel) -> Finished:
    request = ChatRequest(system="", messages=(Message(role="user", content="hello"),))
    parts = [part async for part in model.stream(request)]
    assert isinstance(parts[-1], Finished)
    return parts[-1]


async def test_every_agent_of_a_model_is_told_and_the_server_is_asked_once() -> None:
    async with FakeOllama() as ollama:
        ollama.models["m:1b"] = Installed(size=SIZE, vram=620)
        settings = TierSettings(provider="ollama", model="m:1b")
        model = OllamaModel("m:1b", url=ollama.url, settings=settings, clock=SystemClock())
        watch = PowerWatch()
        for agent in ("CodeX-7", "Forge-1"):
            assert await watch.after_reply(model, agent, await reply(model)) == Power(low=True, note=LOW)
            assert await watch.after_reply(model, agent, await reply(model)) is None
        assert looks(ollama) == 1
        ollama.models["m:1b"].vram = SIZE
        ollama.reply(text("x", load_s=0.03), text("x", load_s=2.5))
        assert await watch.after_reply(model, "CodeX-7", await reply(model)) is None, "it was warm"
        assert await watch.after_reply(model, "CodeX-7", await reply(model)) == Power(), "loaded anew, and it fits now"
        assert looks(ollama) == 2
        await model.aclose()


def test_shares() -> None:
    def of(vram: int) -> Power:
        return Power.of(LoadedModel(name="m", size_bytes=SIZE, vram_bytes=vram))

    assert of(999) == Power(low=True, note="LOW POWER: 1 % on the CPU")
    assert of(997).note == "LOW POWER: 1 % on the CPU"
    assert of(SIZE) == of(SIZE + 1) == Power()
    assert Agent(callsign="x", tier="local").power == ""
