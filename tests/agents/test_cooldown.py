"""Rest between missions, and the full reset: unloaded and loaded again as requests will use it, when nobody works."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from agents.clock import SystemClock
from agents.dispatch.cooldown import Cooling, rests
from agents.dispatch.slots import Slot
from agents.events import AgentCooling, AgentHealth, Event, TaskPlanned
from agents.headquarters import Headquarters
from agents.models.chat import ChatModel
from agents.models.claude import ClaudeModel
from agents.models.ollama import OllamaModel
from agents.models.ollama_endpoint import is_this_machine
from agents.models.power import PowerWatch
from agents.proving.simulated import SimulatedModel
from agents.settings import Cooldown, Settings, TierSettings
from agents.store import Store
from agents.tasks import Health, NewTask, Outcome, Task, TaskStatus
from tests.agents.conftest import GOOD_SLUG, SLUG_CHECK, SLUG_TASK
from tests.fakes.hand_clock import HandClock, settle
from tests.fakes.ollama_server import FakeOllama, Installed, Stall, error, text

MakeSettings = Callable[..., Settings]
GOOD = text(f"```python\n{GOOD_SLUG}```")
TIER = TierSettings(provider="ollama", model="m:1b", num_ctx=8192, keep_alive="7m")
CLAUDE = TierSettings(provider="anthropic", model="claude-haiku-5-5")


def model_at(url: str, *, model: str = "m:1b", settings: TierSettings = TIER) -> OllamaModel:
    return OllamaModel(model, url=url, settings=settings, clock=SystemClock())


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with await Store.open(tmp_path / "home" / "warroom.db", SystemClock()) as opened:
        yield opened


class Barracks:
    """Two agents of one model on one server, and their cooling on a clock moved by hand."""

    def __init__(self, store: Store, url: str, *, rest_s: float = 3, reset_every: int = 1) -> None:
        self.store = store
        self.clock = HandClock()
        self.one, self.two = (Slot("local", name, None, f"local default {name}") for name in ("CodeX-7", "Forge-1"))
        self.model = model_at(url)
        settings = Cooldown(rest_s=rest_s, reset_every=reset_every)
        self.cooling = Cooling(settings, store, self.clock, PowerWatch())

    def rest(self, slot: Slot) -> "asyncio.Task[None]":
        return asyncio.create_task(self.cooling.rest(slot, self.model))

    async def healths(self, slot: Slot) -> list[tuple[Health, str]]:
        events = await self.store.recent_events(100)
        mine = [event for event in events if isinstance(event, AgentHealth) and event.agent == slot.callsign]
        return [(event.health, event.note) for event in mine]


async def said(store: Store, wanted: Callable[[Event], bool]) -> None:
    """Until an event was stored that is `wanted`."""
    with store.bus.subscribe() as events:
        if any(wanted(event) for event in await store.recent_events(100)):
            return
        async for event in events:
            if wanted(event):
                return


# Who rests


def test_only_what_heats_this_machine_rests() -> None:
    clock = SystemClock()
    own = socket.gethostname()
    here = ["http://127.0.0.1:1", "http://localhost:1", "http://[::1]:1", "0.0.0.0", f"http://{own}:1"]
    assert all(rests(model_at(url)) for url in here)
    there = ["http://10.11.12.13:11434", "https://ollama.example.org", "http://gpu-box:11434", "http://[2001:db8::1]:1"]
    assert not any(rests(model_at(url)) for url in [*there, "http://[::1"])

    def simulated(name: str) -> ChatModel:
        return SimulatedModel(f"SIMULATION {name}", "local", (), seed=1, clock=clock)

    assert rests(simulated("qwen2.5-coder:7b"))
    assert not rests(simulated("claude-haiku-5-5"))
    assert not rests(ClaudeModel("m", url="http://127.0.0.1:8080", settings=CLAUDE, clock=clock, api_key="k"))


def test_an_address_of_this_machine_is_this_machine() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # sends nothing; only chooses the address it would send from
        except OSError:
            pytest.skip("this machine has no address but loopback")
        assert is_this_machine(f"http://{probe.getsockname()[0]}:11434")
    assert is_this_machine("http://ollama.localhost:11434")
    assert not is_this_machine("http://192.0.2.1:11434")


async def test_a_remote_agent_is_ready_at_once_and_nothing_is_asked_of_its_server(store: Store) -> None:
    barracks = Barracks(store, "http://192.0.2.1:11434")
    await barracks.cooling.rest(barracks.one, barracks.model)
    assert await store.recent_events(10) == []


# Rest and reset


async def test_every_third_mission_is_followed_by_a_reset_and_the_next_finds_the_model_loaded(
    repo: Path, home: Path, local_settings: MakeSettings
) -> None:
    async with FakeOllama() as ollama:
        ollama.answer = lambda body: GOOD
        settings = local_settings(ollama.url, num_ctx=8192, keep_alive="7m")
        settings = settings.model_copy(update={"cooldown": Cooldown(rest_s=0.1, reset_every=3)})
        async with Headquarters(settings, home=home, folder=repo) as hq:
            for _ in range(4):
                task = await hq.post(NewTask(title=SLUG_TASK, check=SLUG_CHECK))
                await hq.dispatch(task.id)
                assert (await hq.wait(task.id)).outcome is Outcome.PROVEN
            events = await hq.store.recent_events(1000)
    cooling = [event for event in events if isinstance(event, AgentCooling)]
    assert [(event.seconds, event.reset) for event in cooling[:3]] == [(0.1, False), (0.1, False), (0.1, True)]
    assert ollama.unloads == ["m:1b"]
    assert ollama.loads == [("m:1b", 8192)] * 2, "loaded for the first mission and in the reset, never for the fourth"
    assert ollama.reloads == 0
    (warm,) = [one for one in ollama.requests if one.path == "/api/chat" and not one.body["messages"]][1:]
    chat = ollama.chats[0].body
    for name in ("model", "keep_alive", "shift"):
        assert warm.body[name] == chat[name]
    assert warm.body["options"]["num_ctx"] == chat["options"]["num_ctx"] == 8192


async def test_the_reset_goes_on_while_the_agent_rests(store: Store) -> None:
    async with FakeOllama() as ollama:
        barracks = Barracks(store, ollama.url)
        resting = barracks.rest(barracks.one)
        await ollama.asked("/api/ps")
        await ollama.requests[-1].answered.wait()
        assert barracks.clock.asleep, "it rests meanwhile"
        assert not resting.done()
        await barracks.clock.pass_(3)
        await resting
    healths = await barracks.healths(barracks.one)
    assert healths == [(Health.COOLING, "3 s"), (Health.READY, "")]


async def test_a_reset_waits_for_whoever_works_with_the_model_and_they_wait_for_it(store: Store) -> None:
    async with FakeOllama() as ollama:
        barracks = Barracks(store, ollama.url, rest_s=0, reset_every=1)
        one, two = barracks.one, barracks.two
        for slot in (one, two):
            barracks.cooling.begins(slot, barracks.model)
        first = barracks.rest(one)
        await said(store, lambda event: isinstance(event, AgentHealth) and "waits for" in event.note)
        assert (first.done(), ollama.unloads) == (False, [])
        second = barracks.rest(two)
        await asyncio.gather(first, second)
    assert ollama.unloads == ["m:1b"], "one reset is enough for both"
    assert (Health.COOLING, f"full reset, waits for {two.callsign}") in await barracks.healths(one)
    assert (await barracks.healths(two))[-1] == (Health.READY, "")


async def test_another_model_on_the_same_server_is_not_waited_for(store: Store) -> None:
    async with FakeOllama("m:1b", "other:1b") as ollama:
        barracks = Barracks(store, ollama.url, rest_s=0)
        barracks.cooling.begins(barracks.two, model_at(ollama.url, model="other:1b"))
        await barracks.cooling.rest(barracks.one, barracks.model)
    assert ollama.unloads == ["m:1b"]


@pytest.mark.parametrize("trouble", ["unload", "gone", "no ps"])
async def test_a_reset_that_fails_is_said_and_ends_nothing(trouble: str, store: Store) -> None:
    async with FakeOllama() as ollama:
        barracks = Barracks(store, ollama.url, rest_s=0)
        if trouble == "unload":
            ollama.overrides["/api/chat"] = error(500, "boom")
        elif trouble == "gone":
            del ollama.models["m:1b"]
        else:
            ollama.overrides["/api/ps"] = error(404, "404 page not found")
        await barracks.cooling.rest(barracks.one, barracks.model)
        await barracks.cooling.rest(barracks.one, barracks.model)
    health, note = (await barracks.healths(barracks.one))[-1]
    assert health is Health.READY
    if trouble == "no ps":
        assert (note, ollama.loads) == ("", [("m:1b", 8192)] * 2)
    else:
        assert note.startswith("full reset failed: ")
        assert ("ollama pull" if trouble == "gone" else "boom") in note


async def test_a_model_that_does_not_stay_in_memory_is_only_unloaded(store: Store) -> None:
    async with FakeOllama() as ollama:
        await model_at(ollama.url, settings=TIER.model_copy(update={"keep_alive": "0s"})).reload()
    assert (ollama.unloads, ollama.loads) == (["m:1b"], [])


async def test_a_cancel_in_the_reset_gives_the_slot_back(repo: Path, home: Path, local_settings: MakeSettings) -> None:
    """The rest belongs to the agent, not to the task: closing ends it at once, and others are not held up by it."""
    async with FakeOllama() as ollama:
        barracks = Barracks(await Store.open(home / "other.db", SystemClock()), ollama.url, rest_s=0)
        ollama.overrides["/api/chat"] = (Stall(),)
        resting = barracks.rest(barracks.one)
        await said(barracks.store, lambda event: isinstance(event, AgentCooling))
        resting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await resting
        ollama.overrides.clear()
        await asyncio.wait_for(barracks.rest(barracks.two), 5)
        await barracks.store.close()


# A forced task


@pytest.mark.parametrize("when", ["at once", "while it waits"])
async def test_a_forced_task_takes_an_agent_out_of_its_rest(
    when: str, repo: Path, home: Path, local_settings: MakeSettings
) -> None:
    async with FakeOllama() as ollama:
        ollama.answer = lambda body: GOOD
        settings = local_settings(ollama.url).model_copy(update={"cooldown": Cooldown(rest_s=300, reset_every=0)})
        async with Headquarters(settings, home=home, folder=repo) as hq:
            first, forced, waits = [await hq.post(NewTask(title=SLUG_TASK, check=SLUG_CHECK)) for _ in range(3)]
            await hq.dispatch(first.id)
            await said(hq.store, lambda event: isinstance(event, AgentCooling))
            if when == "while it waits":
                await hq.dispatch(forced.id)
                await said(hq.store, lambda event: isinstance(event, TaskPlanned) and event.task == forced.id)
                await settle()
            await hq.force(forced.id)
            assert (await asyncio.wait_for(hq.wait(forced.id), 20)).outcome is Outcome.PROVEN
            await hq.dispatch(waits.id)
            await said(hq.store, lambda event: isinstance(event, TaskPlanned) and event.task == waits.id)
            assert (await hq.task(waits.id)).status is TaskStatus.QUEUED, "who is not forced waits for the rest"


async def test_a_forced_task_does_not_break_off_a_reset(store: Store) -> None:
    async with FakeOllama() as ollama:
        barracks = Barracks(store, ollama.url)
        gate = asyncio.Event()
        ollama.models["m:1b"] = Installed()
        ollama.overrides["/api/ps"] = (Stall(until=gate),)
        now = SystemClock().now()
        task = Task(id=1, title="x", repo="x", status=TaskStatus.QUEUED, complexity=1, created_at=now, updated_at=now)
        with barracks.cooling.asked("local", task.model_copy(update={"forced": True})):
            resting = barracks.rest(barracks.one)
            await ollama.asked("/api/ps")
            await settle()
            assert not resting.done()
            ollama.overrides.clear()
            gate.set()
            await asyncio.wait_for(resting, 5)
    assert ollama.loads == [("m:1b", 8192)]
