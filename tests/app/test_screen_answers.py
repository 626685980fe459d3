"""What the status line says stands long enough to be read, whatever else happens; and keys that only say something."""

import asyncio
from datetime import timedelta

import pytest
from fake_command import START, FakeCommand, FixedClock, Refused, in_review
from screen_pilot import NORMAL, WIDE, drawn, move_out, opened, seen, until, war_room
from textual import events
from textual.widgets import Input, TextArea

from agents.events import BudgetExhausted
from agents.tasks import Task, TaskStatus
from app.screen.actions import Situation
from app.screen.footer import KeyLine
from app.screen.new_task import NewTaskDialog
from app.screen.state import TaskRow


async def test_why_it_is_a_simulation_stands_until_a_key_is_pressed() -> None:
    command = FakeCommand(simulated=True)
    command.put("First")
    app = war_room()
    async with app.run_test(size=WIDE) as pilot:
        app.engine_ready(command, ["SIMULATION, because Ollama does not answer", "No sandbox here"])
        await until(pilot, lambda: app.war.opened)
        move_out(command, 1)
        await until(pilot, lambda: "▶ moves out" in drawn(app))
        await pilot.pause(0.2)
        assert app.center.status.text == "SIMULATION, because Ollama does not answer"
        await seen(pilot, "! notice", "No sandbox here")
        await pilot.press("escape")
        assert app.center.status.text == ""
        move_out(command, 1, mission=2)
        await until(pilot, lambda: app.center.status.text.endswith(": T1"))


async def test_an_error_is_not_talked_over_and_an_answer_only_after_a_while() -> None:
    command, clock = FakeCommand(), FixedClock()
    command.put("First")
    app = war_room()
    app.clock = clock
    async with app.run_test(size=WIDE) as pilot:
        app.engine_ready(command)
        await until(pilot, lambda: app.war.opened)
        command.refuse = Refused("T1 conflicts: send it back")
        await pilot.press("d")
        await seen(pilot, "T1 conflicts")
        clock.at += timedelta(hours=1)
        move_out(command, 1)
        await until(pilot, lambda: "▶ moves out" in drawn(app))
        await pilot.pause(0.2)
        assert "T1 conflicts" in app.center.status.text
        command.refuse = None
        await pilot.press("o")
        move_out(command, 1, mission=2)
        await until(pilot, lambda: "moves out" in app.center.status.text)


async def test_an_alarm_is_said_over_an_answer() -> None:
    command = FakeCommand()
    command.put("First")
    async with opened(command, WIDE) as (app, pilot):
        await pilot.press("d")
        await seen(pilot, "T1 is dispatched.")
        command.tell(BudgetExhausted(at=START, task=1, scope="day", needed_nano=2, cap_nano=1))
        await until(pilot, lambda: app.center.status.text == "Today's budget is exhausted")
        await seen(pilot, "HALTED")


async def test_an_order_under_way_is_said_and_not_given_twice() -> None:
    command = FakeCommand()
    in_review(command)
    go_on = asyncio.Event()
    accept = command.accept

    async def slowly(task_id: int) -> Task:
        await go_on.wait()
        return await accept(task_id)

    command.accept = slowly  # type: ignore[method-assign]
    async with opened(command, WIDE) as (_, pilot):
        await pilot.press("a", "y")
        await seen(pilot, "Accepting T1")
        await pilot.press("a", "y")
        await seen(pilot, "T1 is being seen to already.")
        go_on.set()
        await seen(pilot, "T1 is accepted.")
        assert command.orders == [("accept", 1)]


@pytest.mark.parametrize(
    ("status", "key", "said"),
    [
        (TaskStatus.DONE, "R", "T1 is done: it is accepted already. n posts a new task."),
        (TaskStatus.DONE, "a", "T1 is done: it is accepted already."),
        (TaskStatus.OPEN, "R", "T1 is open: an open task is sent out with d."),
        (TaskStatus.RUNNING, "R", "T1 is running: cancel it first (x)."),
        (TaskStatus.NEEDS_HUMAN, "d", "T1 is waiting for you: R sends it out again."),
        (TaskStatus.REVIEW, "d", "T1 is in review: R sends it out again."),
        (TaskStatus.OPEN, "v", "T1 is open: it has no result to look at yet."),
    ],
)
async def test_a_key_that_does_nothing_says_what_would(status: TaskStatus, key: str, said: str) -> None:
    command = FakeCommand()
    command.put("First", status)
    async with opened(command) as (_, pilot):
        await pilot.press(key)
        await seen(pilot, said)
        await pilot.press("question_mark")
        await seen(pilot, "Command center")


async def test_the_help_says_why_in_full_on_a_narrow_screen() -> None:
    command = FakeCommand()
    command.put("First", TaskStatus.DONE)
    async with opened(command, (60, 80)) as (_, pilot):
        await pilot.press("question_mark")
        await seen(pilot, "T1 is done: it is accepted already. n")
        lines = [line.strip(" │▁▂▃▄▅▆▇█") for line in drawn(pilot.app).splitlines()]
        at = next(number for number, line in enumerate(lines) if line.endswith("already. n"))
        assert lines[at + 1] == "posts a new task.", "nothing is hidden below the scrollbar"
        await pilot.press("pagedown", "pagedown")
        await seen(pilot, "Back to where you were")


async def test_ctrl_c_ends_nothing_and_says_what_does() -> None:
    async with opened(FakeCommand()) as (app, pilot):
        await pilot.press("ctrl+c")
        await seen(pilot, "ctrl+c ends nothing here. ctrl+q leaves")
        assert app.is_running
        await pilot.press("ctrl+q")
    assert app.return_code == 0


async def test_tab_goes_round_and_escape_shows_all_panes_again() -> None:
    async with opened(FakeCommand(), (70, 22)) as (_, pilot):
        for pane in ("2 ACTIVE", "3 TOOL LOG", "4 RADAR", "5 CREDITS", "6 BARRACKS", "1 BOUNTY"):
            await pilot.press("tab")
            await seen(pilot, pane, "1-6 other panes")
    async with opened(FakeCommand(), NORMAL) as (app, pilot):
        await pilot.press("6")
        await seen(pilot, "6 BARRACKS", "esc all panes")
        assert "1 BOUNTY" not in drawn(app)
        await pilot.press("escape")
        await seen(pilot, "1 BOUNTY", "2 ACTIVE", "3 TOOL LOG")
        assert "esc all panes" not in drawn(app)


def test_next_that_needs_you_is_among_the_first_keys() -> None:
    keys = KeyLine("center")
    keys._situation = Situation(opened=True, task=TaskRow(1, "First", "review"), open_tasks=1, need_person=1)
    assert "! next" in keys.line(0, 60).plain


async def test_lines_below_a_pasted_title_are_the_brief() -> None:
    async with opened(FakeCommand()) as (app, pilot):
        await pilot.press("n")
        await until(pilot, lambda: isinstance(app.screen, NewTaskDialog))
        title = app.screen.query_one("#title", Input)
        title.post_message(events.Paste("Add a slug helper [/b]\nlower case\nno hyphens\n"))
        await until(pilot, lambda: "no hyphens" in app.screen.query_one("#brief", TextArea).text)
        assert title.value == "Add a slug helper [/b]"
        assert app.screen.query_one("#brief", TextArea).text == "lower case\nno hyphens"
        await seen(pilot, "Tier")


async def test_a_warning_beside_the_diff_is_read_to_its_end() -> None:
    command = FakeCommand()
    words = " ".join(f"tests/test_{number}.py" for number in range(12))
    in_review(command)
    command.board[1] = command.board[1].model_copy(update={"warnings": (f"it edited {words} and the end",)})
    async with opened(command) as (_, pilot):
        await pilot.press("v")
        await seen(pilot, "it edited tests/test_0.py", "and the end", "base exit 1 → result exit 0")
