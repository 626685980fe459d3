"""A mission that stands still: ended, said, checked nevertheless, and handed to the next tier; waiting is no stall."""

import asyncio
import itertools
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from agents.events import AgentHealth, Event, MissionEscalated, ToolStarted
from agents.headquarters import Headquarters
from agents.settings import Cooldown, Dispatch, Routing, Settings, TierSettings
from agents.tasks import Health, NewTask, Outcome, Task, TaskStatus
from sounds.cues import cue_for
from tests.agents.conftest import GOOD_SLUG, SLUG_CHECK, SLUG_TASK
from tests.fakes.anthropic_replies import failure, message, tool
from tests.fakes.anthropic_server import AnthropicServer
from tests.fakes.ollama_server import FakeOllama, Pause, Script, call, calls_apart, chunk, text

GOOD = text(f"```python\n{GOOD_SLUG}```")
STALL_S = 0.6


def squad(local: str, big: str | None = None, *, stall_s: float = STALL_S, **tier: object) -> Settings:
    """A local tier in the loop, and another one behind it that works directly, in this order whatever their odds."""
    base = {"provider": "ollama", "model": "m:1b"}
    tiers = {"local": {**base, "endpoints": [{"url": local}], "way": "loop", **tier}}
    if big is not None:
        tiers["big"] = {**base, "endpoints": [{"url": big}], "way": "direct"}
    return Settings(
        tiers={name: TierSettings.model_validate(found) for name, found in tiers.items()},
        cooldown=Cooldown(rest_s=0, reset_every=0),
        dispatch=Dispatch(stall_s=stall_s),
        routing=Routing(preset="bands"),
    )


async def carry_out(hq: Headquarters, **task: Any) -> tuple[Task, list[Event]]:
    posted = await hq.post(NewTask(title=SLUG_TASK, check=SLUG_CHECK, max_steps=100_000, **task))
    await hq.dispatch(posted.id)
    return await hq.wait(posted.id), await hq.store.recent_events(5000)


def stuck(events: list[Event]) -> list[AgentHealth]:
    return [event for event in events if isinstance(event, AgentHealth) and event.health is Health.STUCK]


def busy() -> Iterator[Script]:
    """Looks at this and that for ever, never twice the same, and changes nothing."""
    for number in itertools.count():
        yield calls_apart(call("shell_run", {"command": f"echo {number}; cat README.md"}))
        yield calls_apart(call("file_read", {"path": "README.md", "start": 1, "end": number + 1}))


def to_and_fro() -> Iterator[Script]:
    """Writes one thing, then another, then the first again."""
    for number in itertools.count():
        yield calls_apart(call("shell_run", {"command": f"echo {'ab'[number % 2]} > x.txt  # {number}"}))


def speech() -> Iterator[Script]:
    yield tuple(step for number in range(400) for step in (chunk(f"{number} "), Pause(0.02)))


@pytest.mark.parametrize("play", [busy, to_and_fro, speech])
async def test_who_gets_nowhere_is_stuck_and_the_next_tier_takes_over(play: Any, repo: Path, home: Path) -> None:
    async with FakeOllama() as local, FakeOllama() as big:
        script = play()
        local.answer = lambda body: next(script)
        big.answer = lambda body: GOOD
        async with Headquarters(squad(local.url, big.url), home=home, folder=repo) as hq:
            task, events = await carry_out(hq)
            first, second = await hq.missions(task.id)
    assert (task.outcome, task.tier_used) == (Outcome.PROVEN, "big")
    assert (first.tier, first.outcome, second.tier) == ("local", Outcome.FAILED, "big")
    assert first.reason.endswith("no progress for 0.6 s")
    (news,) = stuck(events)
    assert (news.note, news.mission) == ("no progress for 0.6 s", first.id)
    cue = cue_for(news)
    assert cue is not None
    assert cue.signal.effect == "klaxon"
    assert [event.to_tier for event in events if isinstance(event, MissionEscalated)] == ["big"]
    if play is speech:
        await asyncio.wait_for(local.chats[0].disconnected.wait(), 5)


async def test_what_was_written_before_is_checked_anyway(repo: Path, home: Path) -> None:
    async with FakeOllama() as local:
        local.reply(calls_apart(call("file_write", {"path": "slug.py", "content": GOOD_SLUG})), *speech())
        async with Headquarters(squad(local.url), home=home, folder=repo) as hq:
            task, events = await carry_out(hq)
    assert (task.outcome, task.missions) == (Outcome.PROVEN, 1)
    assert len(stuck(events)) == 1
    assert any("no progress for 0.6 s" in warning for warning in task.warnings)


async def test_where_there_is_nothing_else_to_try_it_is_tried_once_more(repo: Path, home: Path) -> None:
    async with FakeOllama() as local:
        script = busy()
        local.answer = lambda body: next(script)
        async with Headquarters(squad(local.url, stall_s=0.3), home=home, folder=repo) as hq:
            task, events = await carry_out(hq)
    assert (task.status, task.missions, len(stuck(events))) == (TaskStatus.NEEDS_HUMAN, 2, 2)
    assert "no progress" in task.reason


async def test_a_command_that_hangs_goes_with_everything_it_started(repo: Path, home: Path) -> None:
    nap = "31.4159"
    async with FakeOllama() as local:
        hangs = f"trap '' TERM INT HUP; (trap '' TERM; setsid sleep {nap}) & sleep {nap}; sleep {nap}"
        local.answer = lambda body: calls_apart(call("shell_run", {"command": hangs}))
        async with Headquarters(squad(local.url), home=home, folder=repo) as hq:
            task, _ = await carry_out(hq, tier="local")
            (first, *_) = await hq.missions(task.id)
    assert first.seconds < STALL_S + 3
    assert not [path for path in Path("/proc").glob("[0-9]*/cmdline") if nap.encode() in _bytes(path)]


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


@pytest.mark.parametrize("moment", [0.45, 0.55, 0.7, 0.9])
async def test_a_cancel_while_it_is_being_ended_means_now(moment: float, repo: Path, home: Path) -> None:
    """Before, in the midst of and after the .3 s in which the command may end itself."""
    async with FakeOllama() as local:
        hangs = "trap '' TERM INT HUP; sleep 300; sleep 300"
        local.answer = lambda body: calls_apart(call("shell_run", {"command": hangs}))
        async with Headquarters(squad(local.url, stall_s=0.5), home=home, folder=repo) as hq:
            posted = await hq.post(NewTask(title=SLUG_TASK, check=SLUG_CHECK))
            with hq.events() as events:
                await hq.dispatch(posted.id)
                async for event in events:
                    if isinstance(event, ToolStarted):
                        break
            loop = asyncio.get_running_loop()
            await asyncio.sleep(moment)
            started = loop.time()
            assert (await hq.cancel(posted.id)).status is TaskStatus.CANCELLED
            assert loop.time() - started < 1
            assert all(mission.finished_at for mission in await hq.missions(posted.id))


async def test_waiting_for_a_model_to_be_loaded_is_no_stall(repo: Path, home: Path) -> None:
    async with FakeOllama() as local:
        loads = (Pause(4.0), *calls_apart(call("file_write", {"path": "slug.py", "content": GOOD_SLUG})))
        local.reply(loads, calls_apart(call("finish", {"summary": "done"})))
        async with Headquarters(squad(local.url, stall_s=3), home=home, folder=repo) as hq:
            task, events = await carry_out(hq)
    assert (task.outcome, task.missions, stuck(events)) == (Outcome.PROVEN, 1, [])


async def test_waiting_for_a_rate_limit_is_no_stall(repo: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "test")
    await asyncio.to_thread(import_module, "anthropic")  # which takes seconds where the machine is busy
    limited = failure(429, "rate_limit_error", headers={"retry-after": "4"})
    write = message(tool("file_write", {"path": "slug.py", "content": GOOD_SLUG}), stop="tool_use")
    done = message(tool("finish", {"summary": "x"}, "toolu_02"), stop="tool_use")
    async with AnthropicServer(limited, write, done) as claude:
        settings = squad("", stall_s=3, provider="anthropic", model="claude-haiku-5-5", endpoints=[{"url": claude.url}])
        async with Headquarters(settings, home=home, folder=repo) as hq:
            task, events = await carry_out(hq)
    assert (task.outcome, task.missions, stuck(events)) == (Outcome.PROVEN, 1, [])


async def test_a_mission_that_a_person_holds_does_not_stall_nor_run_out_of_time(repo: Path, home: Path) -> None:
    async with FakeOllama() as local:
        write = calls_apart(call("file_write", {"path": "slug.py", "content": GOOD_SLUG}))
        local.reply(
            calls_apart(call("shell_run", {"command": "sleep 0.5"})),
            write,
            calls_apart(call("finish", {"summary": "x"})),
        )
        async with Headquarters(squad(local.url, stall_s=2.5), home=home, folder=repo) as hq:
            posted = await hq.post(NewTask(title=SLUG_TASK, check=SLUG_CHECK, timeout_s=5))
            with hq.events() as events:
                await hq.dispatch(posted.id)
                async for event in events:
                    if isinstance(event, ToolStarted):
                        break
            await hq.pause(posted.id)
            await asyncio.sleep(5.5)
            assert (await hq.task(posted.id)).status is TaskStatus.RUNNING
            await hq.resume(posted.id)
            task = await hq.wait(posted.id)
            said = await hq.store.recent_events(1000)
    assert (task.outcome, task.missions, stuck(said)) == (Outcome.PROVEN, 1, [])
