"""`warroom replay`: on the screen, line by line, and with files that are not what they say."""

import json
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, timedelta
from io import BytesIO
from pathlib import Path

import pytest
from command_line import WARROOM, CommandLine
from fake_command import START, FixedClock
from hypothesis import given
from hypothesis import strategies as st
from pty_terminal import terminal
from screen_pilot import WIDE, drawn, seen, until
from textual.pilot import Pilot

from agents.events import (
    BudgetSpent,
    Event,
    MissionFinished,
    MissionStarted,
    TaskFinished,
    TaskPosted,
    TaskQueued,
    TaskStatusChanged,
    TokenCounts,
    ToolFinished,
)
from agents.settings import Settings
from agents.store import Store
from agents.tasks import NewTask, Outcome, TaskKind, TaskStatus, Variant, Way
from app.screen.replay import ReplayRoom
from app.screen.replay_file import UnreadableRecording, read_recording
from app.screen.replay_tape import LONGEST_S, record

EVIL = "\x1b]52;c;ZXZpbA==\x07[@click=app.quit]\u202e"


def battle() -> list[Event]:
    """A task from its post to its review, a minute between its events."""
    field = {"task": 1, "mission": 1, "agent": "CodeX-7", "tier": "local"}
    started = {"number": 1, "model": "qwen", "way": Way.LOOP, "variant": Variant.ONCE, "branch": "b"}
    events: list[Event] = [
        TaskPosted(at=START, task=1, title=f"Fix CSV quoting {EVIL}", priority=5, repo="/home/ada/store"),
        TaskQueued(at=START, task=1),
        MissionStarted(at=START, **field, **started),
        *(
            ToolFinished(at=START, call=call, tool="file_write", ok=True, summary=f"part {call}", seconds=1, **field)
            for call in range(1, 21)
        ),
        BudgetSpent(at=START, task=1, call=1, amount_nano=20_000_000, today_nano=70_000_000, cap_nano=5_000_000_000),
        MissionFinished(at=START, outcome=Outcome.PROVEN, reason="green", steps=9, seconds=60, **field),
        TaskStatusChanged(at=START, task=1, status=TaskStatus.REVIEW),
        TaskFinished(
            at=START, task=1, tier="local", outcome=Outcome.PROVEN, status=TaskStatus.REVIEW, complexity=3, missions=1,
            steps=9, cost_usd=0.0, tokens=TokenCounts(), seconds=60, reason="red before, green after",
        ),
    ]  # fmt: skip
    return [
        event.model_copy(update={"at": START + timedelta(minutes=place), "seq": place + 1})
        for place, event in enumerate(events)
    ]


def lines(events: list[Event]) -> bytes:
    return b"".join(json.dumps(event.row()).encode() + b"\n" for event in events)


@asynccontextmanager
async def playing(speed: float = 1.0, size: tuple[int, int] = WIDE) -> AsyncIterator[tuple[ReplayRoom, Pilot[int]]]:
    """The screen on the battle, paused before it."""
    app = ReplayRoom(record("T1", battle()), Settings(), Path("/"), speed=speed, zone=UTC)
    async with app.run_test(size=size) as pilot:
        app.engine_ready(app.recording, ("REPLAY of T1",))
        await until(pilot, lambda: app.war.opened)
        await pilot.press("space")
        app.run_worker(app.player.run(), exit_on_error=False)
        yield app, pilot


async def test_it_is_stepped_through_and_says_that_it_is_a_replay() -> None:
    async with playing() as (_, pilot):
        await seen(pilot, "REPLAY T1", "paused ×1", "0/27", "REPLAY  store")
        await pilot.press("full_stop", "full_stop", "full_stop")
        await seen(pilot, "3/27", "Fix CSV quoting", "CodeX-7", "RUNNING")
        await pilot.press("full_stop")
        await seen(pilot, "file_write", "part 1")
        assert "\x1b" not in drawn(pilot.app)


async def test_going_back_forgets_what_came_later() -> None:
    async with playing() as (app, pilot):
        await pilot.press(*["right"] * 6)
        await seen(pilot, "27/27", "end", "REVIEW", "$0.07", "part 20")
        await pilot.press(*["left"] * 5)
        await seen(pilot, "2/27", "QUEUED")
        await until(pilot, lambda: "part" not in drawn(app) and "REVIEW" not in drawn(app))
        await pilot.press("shift+right", "shift+right", "shift+left")
        await seen(pilot, "3/27", "RUNNING")


async def test_it_plays_by_itself_at_the_speed_asked_for_to_its_end_and_again() -> None:
    async with playing(64.0) as (app, pilot):
        await pilot.press("plus", "plus")
        await seen(pilot, "×100")
        await pilot.press("space")
        await seen(pilot, "■ end", "27/27", "PROVEN")
        await pilot.press("minus")
        await seen(pilot, "×64")
        await pilot.press("space")
        await until(pilot, lambda: app.player.at_end)


@pytest.mark.parametrize("key", ["n", "d", "x", "a", "v", "enter", "D", "i"])
async def test_no_order_is_possible(key: str) -> None:
    async with playing() as (_, pilot):
        await pilot.press("full_stop", key)
        await seen(pilot, "This is a replay: nothing can be ordered here.")


async def test_keys_of_a_dialog_are_its_own() -> None:
    async with playing() as (app, pilot):
        await pilot.press("full_stop", "question_mark")
        await until(pilot, lambda: app.screen is not app.center)
        await pilot.press("space", "full_stop", "escape")
        await until(pilot, lambda: app.screen is app.center)
        assert app.player.position == 1
        assert not app.player.playing


@pytest.mark.parametrize("size", [(80, 24), (60, 20), (1, 1)])
async def test_it_fits(size: tuple[int, int]) -> None:
    async with playing(size=size) as (app, pilot):
        await pilot.press("full_stop", "left", "right")
        await until(pilot, lambda: app.player.position > 0)
        if size[0] >= 60:
            await seen(pilot, "REPLAY T1")


def test_picture_of_a_replay(snap_compare: Callable[..., bool], monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_COLOR", "COLORTERM", "SSH_CONNECTION"):
        monkeypatch.delenv(name, raising=False)
    app = ReplayRoom(record("T1", battle()), Settings(), Path("/"), zone=UTC)

    async def step(pilot: Pilot[int]) -> None:
        app.engine_ready(app.recording, ("REPLAY of T1: nothing here is carried out.",))
        await until(pilot, lambda: app.war.opened)
        await pilot.press("space", *["full_stop"] * 9)
        await seen(pilot, "part 6")
        await pilot.pause(0.7)

    assert snap_compare(app, terminal_size=(120, 40), run_before=step)


# Tapes


def test_long_pauses_are_shortened() -> None:
    tape = record("T1", battle())
    assert (tape.shortened, tape.shortened_s) == (26, 26 * 60)
    assert tape.seconds == 26 * LONGEST_S


def test_a_task_posted_before_the_recording_is_on_the_board() -> None:
    tape = record("x", battle()[1:])
    assert [event.type for event in tape.events[:2]] == ["task.posted", "task.queued"]


@given(st.lists(st.floats(-5, 30), min_size=1, max_size=30), st.floats(-10, 100))
def test_places_and_offsets_agree(gaps: list[float], offset: float) -> None:
    at, events = START, []
    for gap in gaps:
        at += timedelta(seconds=gap)
        events.append(TaskQueued(at=at, task=1))
    tape = record("x", events)
    assert list(tape.offsets) == sorted(tape.offsets)
    assert all(b - a <= LONGEST_S + 1e-9 for a, b in zip(tape.offsets, tape.offsets[1:], strict=False))
    assert tape.reached(tape.place(offset)) <= max(offset, 0.0)


# Files


def test_a_written_recording_is_read_again() -> None:
    assert read_recording(BytesIO(lines(battle())), "x") == battle()


_TOLD = '{"type":"task.queued","at":"2026-03-01T12:00:00Z","task":1}'


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("seq,at,type,task", "no event of a War Room"),
        ('{"type":"task.vanished","at":"2026-03-01T12:00:00Z"}', "no event of a War Room"),
        ("\x1b[2J", "no event of a War Room"),
        ("[" * 5_000, "no event of a War Room"),
        (_TOLD.replace("12:00:00Z", "12:00:00"), "without a time zone"),
        (_TOLD.replace("2026", "9999"), "another century"),
        (_TOLD.replace(":1}", f":{10**30}}}"), "no figure of a War Room"),
        ('{"type":"agent.cooling","at":"2026-03-01T12:00:00Z","agent":"a","seconds":1e999}', "War Room"),
    ],
)
def test_what_is_not_a_recording_is_refused_with_its_line(line: str, reason: str) -> None:
    with pytest.raises(UnreadableRecording, match=r"^x\.jsonl:2 ") as told:
        read_recording(BytesIO(f"{_TOLD}\n{line}\n{_TOLD}\n".encode()), "x.jsonl")
    assert reason in str(told.value)
    assert "\x1b" not in str(told.value)


@given(st.binary(max_size=200))
def test_any_bytes_are_events_or_refused(data: bytes) -> None:
    try:
        read_recording(BytesIO(data), "x")
    except UnreadableRecording:
        return


# The command


async def test_from_the_shell(tmp_path: Path) -> None:
    shell = CommandLine(tmp_path)
    (shell.folder / "ev.jsonl").write_bytes(lines(battle()))
    told = await shell.here("replay", "ev.jsonl")
    assert told.code == 0
    assert [word in told.out for word in ("posted: Fix CSV quoting", "file_write part 20", "proven")] == [True] * 3
    assert told.out.index("posted") < told.out.index("part 1 ") < told.out.index("part 20") < told.out.index("proven")
    assert "\x1b" not in told.out
    rows = (await shell.here("replay", "ev.jsonl", "--json")).rows()
    assert [row["type"] for row in rows] == [event.type for event in battle()]
    (shell.folder / "ev.jsonl").write_bytes(lines(battle()) + b"{}\n")
    refused = await shell.here("replay", "ev.jsonl")
    assert (refused.code, refused.out) == (2, "")
    assert "ev.jsonl:28 is no event of a War Room" in refused.err
    assert "neither a task (T12 or 12) nor a file" in (await shell.here("replay", "nothing")).err
    assert "there is no task T7" in (await shell.here("replay", "T7")).err


async def test_a_task_of_another_repository_of_the_home(tmp_path: Path) -> None:
    shell = CommandLine(tmp_path)
    async with await Store.open(shell.home / "warroom.db", FixedClock()) as store:
        await store.insert_task(
            NewTask(title="Paginate"),
            repo="/somewhere/else",
            complexity=3,
            kind=TaskKind.FUNCTION,
            simulated=False,
            events=lambda task: [],
        )
    told = await shell.here("replay", "T1")
    assert (told.code, told.err) == (0, "")
    assert "T1 posted: Paginate" in told.out


def test_on_a_terminal_q_leaves(tmp_path: Path) -> None:
    file = tmp_path / "ev.jsonl"
    file.write_bytes(lines(battle()))
    with terminal(tmp_path / "notes", *WARROOM, "replay", str(file), "--speed", "100", folder=tmp_path) as one:
        one.read_until(b"REPLAY ")
        os.write(one.master, b"q")
        assert one.read_to_end() == 0
