"""The command center from the keyboard, on a scripted engine."""

import pytest
from fake_command import START, FakeCommand, Refused, in_review
from screen_pilot import FIELD, NORMAL, WIDE, drawn, move_out, opened, seen, until, war_room
from textual.widgets import Input, Select, TextArea

from agents.events import (
    AgentHealth,
    BudgetSpent,
    Event,
    ModelDelta,
    TaskPosted,
    TaskStatusChanged,
    ToolFinished,
    ToolOutput,
    ToolStarted,
)
from agents.models.chat import Message, ToolCall
from agents.settings import ScreenSettings, Settings, Sound
from agents.tasks import Health, Mission, NewTask, TaskStatus, Variant, Way
from app.screen.application import WarRoom
from app.screen.diff import DiffScreen
from app.screen.new_task import NewTaskDialog
from app.screen.task_screen import TaskScreen


async def test_it_says_opening_before_there_is_an_engine_and_keys_say_why() -> None:
    app = war_room()
    async with app.run_test(size=NORMAL) as pilot:
        await seen(pilot, "opening…", "Opening the war room")
        await until(pilot, app.painted.is_set)
        await pilot.press("n")
        await seen(pilot, "The engine is still opening.")
        app.engine_failed(Refused("the database is locked: close the other War Room, which runs as process 4711"))
        await seen(pilot, "Cannot open", "close the other War Room", "4711", "q leaves")
        await pilot.press("q")
    assert app.return_code == 0


@pytest.mark.parametrize("size", [NORMAL, WIDE])
async def test_all_five_panes_live_on_the_bus(size: tuple[int, int]) -> None:
    command = FakeCommand(simulated=True)
    async with opened(command, size) as (app, pilot):
        await seen(pilot, "SIMULATION", "shop ⎇ main", "$0.42 / $5.00", "No bounties yet", "Press n  Post a bounty")
        command.put("Paginate /orders")
        command.tell(TaskPosted(at=START, task=1, title="Paginate /orders", priority=7, repo="/home/ada/shop"))
        await seen(pilot, "Paginate /orders", "OPEN", "BOARD 1")
        move_out(command, 1)
        command.tell(AgentHealth(task=1, health=Health.WORKING, step=4, max_steps=25, note="reads", **FIELD))
        command.tell(ToolStarted(task=1, call=1, tool="shell_run", summary="pytest -q", **FIELD))
        command.tell(ToolOutput(task=1, call=1, text="1 failed, 11 passed\n", **FIELD))
        command.tell(ToolFinished(task=1, call=1, tool="shell_run", ok=False, summary="exit 1", seconds=1.3, **FIELD))
        command.tell(
            BudgetSpent(task=1, call=1, amount_nano=1, today_nano=4_200_000_000, cap_nano=5_000_000_000, **FIELD)
        )
        command.ledger.spent_nano = 4_200_000_000
        await seen(pilot, "◐ CodeX-7", "WORKING", "RUNNING", "1 failed, 11 passed", "✗ shell_run", "1.3 s")
        await seen(pilot, "FIELD 1", "$4.20")
        command.tell(TaskStatusChanged(at=START, task=1, status=TaskStatus.REVIEW))
        await seen(pilot, "REVIEW", "◆ 1 NEEDS YOU", "CHECK 1")
        assert "BARRACKS" in drawn(app) or size == NORMAL


async def test_post_from_the_keyboard() -> None:
    command = FakeCommand()
    async with opened(command) as (app, pilot):
        await pilot.press("n")
        await until(pilot, lambda: isinstance(app.screen, NewTaskDialog))
        await pilot.press("enter")
        await seen(pilot, "A task needs a title.")
        await pilot.press(*"Add quitting")
        app.screen.query_one("#brief", TextArea).text = "With [brackets]\nand lines"
        app.screen.query_one("#check", Input).value = "pytest -q"
        app.screen.query_one("#priority", Input).value = "eleven"
        app.screen.query_one("#tier", Select).value = "haiku"
        await pilot.press("ctrl+o")
        await seen(pilot, "whole number from 1")
        app.screen.query_one("#priority", Input).value = "8"
        await pilot.press("ctrl+g")
        await until(pilot, lambda: len(command.orders) == 2)
        assert command.orders == [
            (
                "post",
                NewTask(
                    title="Add quitting",
                    brief="With [brackets]\nand lines",
                    check="pytest -q",
                    priority=8,
                    tier="haiku",
                ),
            ),
            ("dispatch", 1),
        ]
        await seen(pilot, "T1 is dispatched.", "QUEUED", "Add quitting")
        assert app.center.board.selected_id == 1
        await pilot.press("n", "escape")
        assert len(command.orders) == 2


async def test_dispatch_one_and_all() -> None:
    command = FakeCommand()
    for title in ("First", "Second", "Third"):
        command.put(title)
    async with opened(command) as (_, pilot):
        await pilot.press("j", "d")
        await seen(pilot, "T2 is dispatched.")
        await pilot.press("d")
        await seen(pilot, "T2 is queued: only an open task can be dispatched.")
        await pilot.press("D")
        await until(pilot, lambda: len(command.orders) == 2)
        assert command.orders == [("dispatch", 2), ("dispatch_all",)]
        await seen(pilot, "0 open  3 queued")
        await pilot.press("D")
        await seen(pilot, "No task is open.")


async def test_diff_beside_its_check_then_accept() -> None:
    command = FakeCommand()
    in_review(command)
    async with opened(command) as (app, pilot):
        await pilot.press("v")
        await until(pilot, lambda: isinstance(app.screen, DiffScreen))
        await seen(pilot, "PROVEN", "base exit 1 → result exit 0", "+def slugify(text):", "AssertionError: want a-b")
        await pilot.press("n")
        await until(pilot, lambda: app.screen.query_one("#diff").scroll_offset.y > 0)
        await pilot.press("p", "a")
        await seen(pilot, "Accept T1: Fix CSV quoting?", "merged onto main")
        await pilot.press("enter")
        assert command.orders == [], "enter is not a deliberate yes"
        await pilot.press("y")
        await seen(pilot, "T1 is accepted.", "DONE proven")
        assert command.orders == [("accept", 1)]
        assert app.screen is app.center


async def test_reject_asks_and_no_is_no() -> None:
    command = FakeCommand()
    in_review(command)
    async with opened(command) as (_, pilot):
        for leave in ("n", "escape"):
            await pilot.press("X")
            await seen(pilot, "Reject T1", "the work in them is lost")
            await pilot.press(leave)
            await seen(pilot, "BOUNTY BOARD")
        assert command.orders == []
        await pilot.press("X")
        await seen(pilot, "Reject T1")
        await pilot.press("y")
        await seen(pilot, "T1 is rejected.", "OPEN")
        assert command.orders == [("reject", 1)]


async def test_cancel_asks_only_where_work_would_be_lost() -> None:
    command = FakeCommand()
    command.put("Waits")
    command.put("Runs", TaskStatus.RUNNING)
    async with opened(command) as (_, pilot):
        await pilot.press("x")
        await until(pilot, lambda: command.orders == [("cancel", 1)])
        await seen(pilot, "T1 is cancelled.", "CANCELLED")
        await pilot.press("g", "x")
        await seen(pilot, "Cancel T2: Runs?")
        await pilot.press("y")
        await until(pilot, lambda: command.orders[-1] == ("cancel", 2))
        await pilot.press("x")
        await seen(pilot, "there is nothing left to cancel")


async def test_retry_takes_a_comment() -> None:
    command = FakeCommand()
    in_review(command)
    async with opened(command) as (_, pilot):
        await pilot.press("R")
        await seen(pilot, "Send T1 back")
        await pilot.press(*"quote it", "enter")
        await seen(pilot, "T1 is sent back.", "QUEUED")
        assert command.orders == [("retry", 1, "quote it")]


async def test_an_error_of_the_engine_is_said_and_nothing_ends() -> None:
    command = FakeCommand()
    command.put("First")
    async with opened(command) as (app, pilot):
        command.refuse = Refused("T1 was not merged: [/foo] \x1b]52;c;eA==\x07your branch has moved on")
        await pilot.press("d")
        await seen(pilot, "T1 was not merged: [/foo] your branch has moved on")
        command.refuse = None
        await pilot.press("d")
        await seen(pilot, "T1 is dispatched.")
        assert app.is_running


async def test_a_broken_stream_is_said() -> None:
    command = FakeCommand()
    async with opened(command) as (app, pilot):
        command.ledger_error = OSError("disk I/O error")
        command.tell(BudgetSpent(at=START, call=1, amount_nano=1, today_nano=1, cap_nano=1))
        await seen(pilot, "no longer follows the engine", "disk I/O error")
        assert app.is_running


async def test_next_goes_through_what_needs_you() -> None:
    command = FakeCommand()
    command.put("Calm", priority=9)
    in_review(command, "Review me")
    command.put("Help me", TaskStatus.NEEDS_HUMAN)
    async with opened(command) as (app, pilot):
        await seen(pilot, "◆ 2 NEED YOU")
        chosen = []
        for _ in range(3):
            await pilot.press("exclamation_mark")
            chosen.append(app.center.board.selected_id)
        assert chosen == [2, 3, 2]


async def test_the_selection_stays_with_its_task() -> None:
    command = FakeCommand()
    for title in ("First", "Second", "Third"):
        command.put(title)
    async with opened(command) as (app, pilot):
        await pilot.press("down")
        assert app.center.board.selected_id == 2
        command.tell(TaskPosted(at=START, task=9, title="Urgent", priority=10, repo="/home/ada/shop"))
        command.tell(TaskStatusChanged(at=START, task=1, status=TaskStatus.DONE))
        await seen(pilot, "Urgent", "DONE")
        assert app.center.board.selected_id == 2
        assert app.center.board.cursor == 1
        await pilot.press("G")
        assert app.center.board.selected_id == 1
        await pilot.press("g")
        assert app.center.board.selected_id == 9


async def test_task_page_is_live() -> None:
    command = FakeCommand()
    task = command.put(
        "Paginate /orders",
        TaskStatus.RUNNING,
        brief="Use a cursor.",
        plan=({"tier": "local", "model": "qwen", "way": "loop", "why": "cheap"},),
    )
    command.attempts[1] = [
        Mission(
            id=1,
            task=1,
            number=1,
            agent="CodeX-7",
            tier="local",
            model="qwen",
            way=Way.LOOP,
            variant=Variant.ONCE,
            started_at=START,
        )
    ]
    calls = (ToolCall(id="1", name="file_read", arguments={"path": "orders.py"}),)
    command.said[1] = [Message(role="assistant", content="I look at [orders].", tool_calls=calls)]
    async with opened(command, WIDE) as (app, pilot):
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, TaskScreen))
        await seen(pilot, "Use a cursor.", "WHY", "cheap", "MISSIONS", "T1.1", "I look at [orders].", "file_read")
        command.tell(ModelDelta(task=1, text="Now I write the cursor", **FIELD))
        await seen(pilot, "LIVE", "Now I write the cursor")
        command.board[1] = task.model_copy(update={"reason": "the model is gone"})
        command.tell(TaskStatusChanged(at=START, task=1, status=TaskStatus.NEEDS_HUMAN))
        await seen(pilot, "the model is gone")
        await pilot.press("escape")
        assert app.screen is app.center


async def test_quit_asks_while_missions_run() -> None:
    command = FakeCommand()
    command.put("First")
    async with opened(command) as (app, pilot):
        move_out(command, 1)
        await seen(pilot, "moves out")
        await pilot.press("q")
        await seen(pilot, "Leave the War Room?", "1 mission is in the field")
        await pilot.press("n")
        assert app.is_running
        await pilot.press("ctrl+q")
        await seen(pilot, "Leave the War Room?")
        await pilot.press("y")
    assert app.return_code == 0


async def test_quit_asks_about_what_runs_here_only() -> None:
    command = FakeCommand(elsewhere={1})
    command.put("First")
    command.put("Second")
    async with opened(command) as (app, pilot):
        move_out(command, 1)
        move_out(command, 2, mission=2)
        await until(pilot, lambda: len(app.war.missions) == 2)
        await pilot.press("q")
        await seen(pilot, "1 mission is in the field", "1 mission of other War Rooms: going on.")
        await pilot.press("n")
        command.tell(TaskStatusChanged(at=START, task=2, status=TaskStatus.REVIEW))
        await until(pilot, lambda: len(app.war.missions) == 1)
        await pilot.press("q")
    assert app.return_code == 0


async def test_help() -> None:
    async with opened(FakeCommand(), (80, 60)) as (app, pilot):
        await pilot.press("question_mark")
        await seen(pilot, "Post a new task on the board", "No task is selected")
        await pilot.press(*"money")
        await seen(pilot, "Raise today's cap of money")
        assert "Post a new task" not in drawn(app)
        await pilot.press(*" xyz")
        await seen(pilot, "No key does that.")
        await pilot.press("escape")
        assert app.screen is app.center


async def test_settings_choose_theme_ascii_and_keys() -> None:
    settings = Settings(
        screen=ScreenSettings(theme="daylight", ascii=True), keys={"dispatch": "f", "nonsense": "", "retry": "\x1b["}
    )
    command = FakeCommand(settings=settings)
    command.put("First")
    async with opened(command) as (app, pilot):
        assert app.theme == "daylight"
        await seen(pilot, "o OPEN", "f dispatch")
        await pilot.press("d")
        assert command.orders == []
        await pilot.press("f")
        await until(pilot, lambda: command.orders == [("dispatch", 1)])


@pytest.mark.parametrize("enabled", [True, False])
async def test_what_calls_for_you_is_captioned_and_rings_once(enabled: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    command = FakeCommand(settings=Settings(sound=Sound(enabled=enabled, backend="bell")))
    command.put("First")
    rung: list[str] = []
    monkeypatch.setattr(WarRoom, "write_to_terminal", lambda _, text: rung.append(text))
    async with opened(command) as (_, pilot):
        await seen(pilot, "snd bell only" if enabled else "snd off")
        command.tell(TaskStatusChanged(at=START, task=1, status=TaskStatus.NEEDS_HUMAN))
        await seen(pilot, "T1 needs you")
        assert [text.count("\a") for text in rung] == [1] * enabled


async def test_unknown_events_are_ignored() -> None:
    command = FakeCommand()
    async with opened(command) as (_, pilot):
        command.tell(Event(type="weather.changed", at=START))
        command.tell(TaskPosted(at=START, task=1, title="After the rain", priority=5, repo="/home/ada/shop"))
        await seen(pilot, "After the rain")
