"""A War Room opened on a home with a history is not blank: log, pace and missions are read back."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, timedelta

import pytest
from fake_command import START, FakeCommand, FixedClock
from screen_pilot import FIELD, WIDE, drawn, move_out, opened, seen, until, war_room

from agents.events import AgentCooling, AgentHealth, CheckStarted, Event, ModelUsage, TaskStatusChanged, ToolFinished
from agents.tasks import Agent, Health, Mission, Task, TaskStatus, Usage, Variant, Way
from app.screen.bridge import HISTORY, Bridge
from app.screen.reduce import apply, recall
from app.screen.state import Part, War
from app.screen.tool_log import ToolLog


def numbered(*events: Event) -> list[Event]:
    """With sequence numbers, as the store gives them."""
    return [event.model_copy(update={"seq": number}) for number, event in enumerate(events, 1)]


def used(task: int = 1, mission: int = 1, cost_nano: int | None = 2_000_000, tokens: int = 600) -> ModelUsage:
    return ModelUsage.model_validate(
        {
            "at": START,
            "task": task,
            "mission": mission,
            "call": 1,
            "model": "qwen",
            "usage": Usage(input=tokens),
            "cost_nano": cost_nano,
            "seconds": 1.0,
        }
    )


def called(summary: str = "slug.py written", seconds_ago: float = 0) -> ToolFinished:
    at = START - timedelta(seconds=seconds_ago)
    where = FIELD | {"at": at}
    return ToolFinished(task=1, call=1, tool="file_write", ok=True, summary=summary, seconds=0.01, **where)


def under_way(number: int = 1) -> Mission:
    return Mission(
        id=number,
        task=1,
        number=number,
        agent="CodeX-7",
        tier="local",
        model="qwen",
        way=Way.LOOP,
        variant=Variant.ONCE,
        owner="me",
        branch="b",
        worktree="/w",
        start_commit="abc",
        started_at=START,
    )


def loaded(command: FakeCommand, missions: Sequence[Mission] = ()) -> War:
    war = War()
    war.load(command.board.values(), command.roster, missions)
    return war


def test_the_log_and_the_pace_are_recalled_and_the_rows_stay_as_stored() -> None:
    command = FakeCommand()
    command.put("Add a slug helper", TaskStatus.REVIEW)
    war = loaded(command)
    queued = TaskStatusChanged(at=START, task=1, status=TaskStatus.RUNNING)
    assert recall(war, numbered(queued, called(), used(), AgentCooling(at=START, agent="CodeX-7", seconds=3))) == 4
    assert [record.what for record in war.log] == ["file_write", "model", "cooling"]
    assert war.burn.tokens_per_minute(START) == 600
    assert war.tasks[1].status == "review", "what is stored is newer than what happened before"
    assert not war.missions
    assert not war.cooling(), "nobody rests because somebody rested once"


def test_a_mission_under_way_stands_where_it_stood() -> None:
    command = FakeCommand()
    command.put("Add a slug helper", TaskStatus.RUNNING)
    war = loaded(command, [under_way()])
    working = AgentHealth(task=1, health=Health.WORKING, step=4, max_steps=25, **FIELD)
    checking = CheckStarted(task=1, on="result", command="pytest -q", commit="abc", **FIELD)
    recall(war, numbered(working, used(), used(), checking))
    row = war.missions[1]
    assert (row.step, row.max_steps, row.cost_nano, row.checking) == (4, 25, 4_000_000, True)
    assert war.tasks[1].cost_nano == 4_000_000
    assert war.units["CodeX-7"].health == "working"


def test_who_is_in_the_field_is_at_work_though_its_health_was_told_long_ago() -> None:
    command = FakeCommand()
    command.put("Add a slug helper", TaskStatus.RUNNING)
    foreign = under_way(2).model_copy(update={"agent": "Remote-1", "tier": "remote"})
    war = loaded(command, [under_way(), foreign])
    assert {unit.callsign: (unit.health, unit.task) for unit in war.units.values()} == {
        "CodeX-7": ("working", 1),
        "Viper-2": ("ready", None),
        "Remote-1": ("working", 1),
    }


async def test_what_happens_while_the_rows_are_read_is_not_lost() -> None:
    class Moving(FakeCommand):
        """The task moves between two readings."""

        async def history(self, limit: int) -> Sequence[Event]:
            self._move(1, TaskStatus.NEEDS_HUMAN)
            return numbered(TaskStatusChanged(at=START, task=1, status=TaskStatus.NEEDS_HUMAN))

        async def tasks(self) -> list[Task]:
            rows = await super().tasks()
            self._move(1, TaskStatus.DONE)
            return rows

    command, war, drawn_once = Moving(), War(), asyncio.Event()
    command.put("Add a slug helper")
    bridge = asyncio.create_task(Bridge(war, command, lambda parts, cue: drawn_once.set(), FixedClock()).run())
    async with asyncio.timeout(10):
        while not war.tasks or war.tasks[1].status != "done":
            drawn_once.clear()
            await drawn_once.wait()
    bridge.cancel()
    await asyncio.gather(bridge, return_exceptions=True)


async def test_what_comes_again_with_the_stream_is_told_once() -> None:
    command, war, clock = FakeCommand(), War(), FixedClock()
    command.put("Add a slug helper")
    command.past = numbered(called("one"), called("two"))
    drawn_once = asyncio.Event()
    bridge = Bridge(war, command, lambda parts, cue: drawn_once.set(), clock, notices=["Mind the gap."])
    task = asyncio.create_task(bridge.run())
    async with asyncio.timeout(10):
        await drawn_once.wait()
        for event in (*command.past, called("three").model_copy(update={"seq": 3})):
            command.bus.publish(event)
        drawn_once.clear()
        await drawn_once.wait()
    assert [record.text for record in war.log] == ["one", "two", "Mind the gap.", "three"]
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_a_reopened_war_room_shows_what_happened() -> None:
    command = FakeCommand()
    command.put("Add a slug helper")
    command.past = numbered(*(called(f"file {number} written") for number in range(HISTORY + 40)))
    async with opened(command, WIDE) as (app, pilot):
        await seen(pilot, f"file {HISTORY + 39} written", "TOOL LOG  follow")
        assert app.war.log.total == HISTORY


async def test_another_day_has_a_line_of_its_own() -> None:
    command = FakeCommand()
    command.put("Add a slug helper")
    command.past = numbered(called("long ago", seconds_ago=3 * 86_400), called("just now"))
    async with opened(command, WIDE) as (_, pilot):
        await seen(pilot, "long ago", "2026-03-01", "just now")
        await pilot.press("o")
        await seen(pilot, "2026-03-01")


def test_the_day_line_counts_as_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    command = FakeCommand()
    command.put("Add a slug helper")
    war = loaded(command)
    pane = ToolLog(war, UTC)
    recall(war, numbered(called("a", 2 * 86_400), called("b", 86_400), called("c")))
    monkeypatch.setattr(ToolLog, "scroll_to", lambda *_, **__: None)
    pane.changed()
    assert [record.what for record in pane._shown] == [
        "file_write",
        "2026-02-28",
        "file_write",
        "2026-03-01",
        "file_write",
    ]


def test_a_rest_that_nobody_ended_is_over_after_its_time() -> None:
    war = War()
    war.load([], [Agent(callsign="CodeX-7", tier="local")], [])
    apply(war, AgentCooling(at=START, agent="CodeX-7", tier="local", seconds=3))
    assert war.moving
    assert war.end_rests(START + timedelta(seconds=4)) is Part.NONE, "a reset may take longer than the rest"
    assert war.end_rests(START + timedelta(seconds=14)) & Part.ROSTER
    assert war.units["CodeX-7"].health == "ready"
    assert not war.moving, "an idle War Room draws nothing"


async def test_the_countdown_ends_on_the_screen_though_the_other_process_is_gone() -> None:
    command = FakeCommand()
    clock = FixedClock()
    app = war_room()
    app.clock = clock
    app.center.missions._clock = clock
    async with app.run_test(size=WIDE) as pilot:
        app.engine_ready(command)
        await until(pilot, lambda: app.war.opened)
        command.tell(AgentCooling(at=START, agent="CodeX-7", tier="local", seconds=3))
        await seen(pilot, "◔ CodeX-7", "COOLING", "3 s")
        clock.at += timedelta(seconds=20)
        await until(pilot, lambda: "COOLING" not in drawn(app))


async def test_a_tier_out_of_reach_is_offline_and_says_why() -> None:
    command = FakeCommand()
    command.put("Add a slug helper")
    app = war_room()
    async with app.run_test(size=(160, 48)) as pilot:
        app.engine_ready(command, offline={"haiku": "set ANTHROPIC_API_KEY [/b]"})
        await seen(pilot, "○ Viper-2", "OFFLINE", "● CodeX-7")
        await pilot.press("6", "z")
        await seen(pilot, "set ANTHROPIC_API_KEY [/b]")
        move_out(command, 1)
        command.tell(AgentHealth(at=START, task=1, agent="Viper-2", tier="haiku", health=Health.WORKING))
        await until(pilot, lambda: "OFFLINE" not in drawn(app))
