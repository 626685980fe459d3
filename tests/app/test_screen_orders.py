"""Orders about work in the field, from the keyboard."""

from fake_command import FakeCommand, in_review
from screen_pilot import drawn, opened, seen, until
from textual.widgets import Input

from agents.refusals import Conflict
from agents.tasks import TaskStatus
from app.screen.new_task import NewTaskDialog


async def test_p_holds_a_task_and_lets_it_go_on() -> None:
    command = FakeCommand()
    command.put("Paginate", TaskStatus.RUNNING)
    async with opened(command) as (_, pilot):
        await pilot.press("p")
        await seen(pilot, "HELD", "held before its next step")
        await pilot.press("p")
        await seen(pilot, "RUNNING", "T1 goes on.")
        assert command.orders == [("pause", 1), ("resume", 1)]


async def test_what_waits_says_for_what_and_can_be_forced() -> None:
    command = FakeCommand()
    command.put("Paginate", TaskStatus.BLOCKED, reason="waits for T2", depends_on=(2,))
    async with opened(command, (120, 40)) as (_, pilot):
        await seen(pilot, "BLOCKED", "waits for T2")
        await pilot.press("F")
        await until(pilot, lambda: command.orders == [("force", 1)])


async def test_e_gives_it_to_the_next_tier_and_says_where_that_is_not_possible() -> None:
    command = FakeCommand()
    command.put("Paginate", TaskStatus.NEEDS_HUMAN)
    in_review(command)
    async with opened(command) as (app, pilot):
        app.center.board.select(1)
        await pilot.press("e")
        await seen(pilot, "T1 goes to the next tier up.")
        app.center.board.select(2)
        await pilot.press("e")
        await seen(pilot, "T2 is in review: R sends it back")
        assert command.orders == [("escalate", 1)]


async def test_a_task_is_edited_and_sent_out_again() -> None:
    command = FakeCommand()
    command.put("Paginate", TaskStatus.NEEDS_HUMAN, brief="All of it", check="false", priority=3)
    async with opened(command) as (app, pilot):
        await pilot.press("E")
        await until(pilot, lambda: isinstance(app.screen, NewTaskDialog))
        await seen(pilot, "Paginate", "All of it", "change and dispatch")
        app.screen.query_one("#check", Input).value = "pytest -q"
        await pilot.press("ctrl+g")
        await until(pilot, lambda: len(command.orders) == 2)
        assert command.orders == [("edit", 1, {"check": "pytest -q"}), ("retry", 1, "")]


async def test_ctrl_x_twice_aborts_everything_in_the_field() -> None:
    command = FakeCommand()
    for status in (TaskStatus.RUNNING, TaskStatus.QUEUED, TaskStatus.REVIEW):
        command.put("Paginate", status)
    async with opened(command) as (_, pilot):
        await pilot.press("ctrl+x")
        await seen(pilot, "Abort 2 tasks?", "ctrl+x or y")
        assert command.orders == []
        await pilot.press("ctrl+x")
        await seen(pilot, "Everything is aborted.")
        await pilot.press("ctrl+x")
        await seen(pilot, "Nothing is in the field.")
        assert command.orders == [("abort_all",)]


async def test_after_a_conflict_y_sends_an_agent_out() -> None:
    command = FakeCommand()
    in_review(command)
    async with opened(command) as (_, pilot):
        command.refuse = Conflict("T1: the result conflicts with main in slug.py.", brief="It changed slug.py too.")
        await pilot.press("a")
        await seen(pilot, "Accept T1")
        await pilot.press("y")
        await seen(pilot, "does not fit any more", "It changed slug.py too.")
        command.refuse = None
        await pilot.press("y")
        await until(pilot, lambda: command.orders == [("rework", 1)])
        assert "T1" in drawn(pilot.app)


async def test_caps_are_raised_on_purpose() -> None:
    command = FakeCommand()
    command.put("Paginate", TaskStatus.NEEDS_HUMAN)
    async with opened(command) as (_, pilot):
        await pilot.press("B")
        await seen(pilot, "Raise T1's cap")
        await pilot.press(*"lots", "enter")
        await seen(pilot, "That is no amount of dollars.")
        await pilot.press(*["backspace"] * 4, *"2.5", "enter")
        await seen(pilot, "T1 may cost $2.50 in all.")
        await pilot.press("ctrl+b")
        await seen(pilot, "Raise today's cap", "$0.42 of $5.00")
        await pilot.press(*"$9", "enter")
        await seen(pilot, "Today may cost $9.00.")
        assert command.orders == [("raise_task_cap", 1, 2.5), ("raise_daily_cap", 9.0)]
