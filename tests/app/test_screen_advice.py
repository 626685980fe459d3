"""Reviews and splits from the keyboard, and how they look."""

from fake_command import START, FakeCommand, in_review
from screen_pilot import NORMAL, WIDE, drawn, opened, seen, until

from agents.events import MissionFinished, MissionStarted, TaskQueued
from agents.tasks import Finding, Mission, Outcome, Review, Role, TaskKind, TaskStatus, Variant, Way
from app.screen.confirm import Confirm
from app.screen.diff import DiffScreen
from app.screen.task_screen import TaskScreen

READER = {"at": START, "task": 1, "mission": 7, "agent": "Oracle-1", "tier": "opus"}


def found(*findings: Finding, approves: bool = False) -> Review:
    return Review(
        commit="abc",
        tier="opus",
        model="claude-opus-5-5",
        approves=approves,
        summary="It works for ASCII.",
        findings=findings,
        cost_nano=31_000_000,
        at=START,
    )


ACCENTS = Finding(path="slug.py", line=2, severity="error", text="Accents are [dropped].")
REMARK = Finding(severity="note", text="No test was added.")


def reviewed(command: FakeCommand) -> None:
    task = in_review(command)
    command.board[task.id] = task.model_copy(update={"commit": "abc"})
    command.verdict = found(ACCENTS, REMARK)


async def test_a_review_is_asked_for_and_its_findings_stand_beside_the_diff() -> None:
    command = FakeCommand()
    reviewed(command)
    async with opened(command, WIDE) as (app, pilot):
        await pilot.press("b")
        await seen(pilot, "T1 was not reviewed yet: r has it reviewed.")
        await pilot.press("v")
        await until(pilot, lambda: isinstance(app.screen, DiffScreen))
        await seen(pilot, "r review")
        await pilot.press("r")
        await seen(pilot, "Have T1 reviewed", "opus (paid, inside the caps) reads the diff")
        await pilot.press("y")
        await seen(pilot, "DOES NOT APPROVE", "slug.py:2 error: Accents are [dropped].", "note: No test was added.")
        await seen(pilot, "REVIEW AND CHECK", "T1: opus does not approve, 2 findings", "b findings")
        assert isinstance(app.screen, DiffScreen)
        inline = drawn(app).index("✖ error: Accents are [dropped].")
        assert inline > drawn(app).index("text.lower()"), "below the line it is about"
        await pilot.press("b")
        await seen(pilot, "Send T1 back with what the review found?")
        await pilot.press("y")
        await seen(pilot, "T1 is sent back with the findings.")
        assert not isinstance(app.screen, DiffScreen)
        assert command.orders == [("review", 1), ("send_back", 1)]
        assert not app.war.tasks[1].reviewed


async def test_a_review_is_not_asked_for_twice_and_a_refusal_is_said() -> None:
    command = FakeCommand()
    reviewed(command)
    async with opened(command) as (app, pilot):
        command.refuse = ValueError("no tier has the role")
        await pilot.press("r", "y")
        await seen(pilot, "no tier has the role")
        command.refuse = None
        await pilot.press("r")
        await until(pilot, lambda: isinstance(app.screen, Confirm))
        await pilot.press("n")
        assert command.orders == []


async def test_only_a_result_is_reviewed_and_only_an_open_task_split() -> None:
    command = FakeCommand()
    command.put("Paginate /orders", TaskStatus.RUNNING)
    async with opened(command) as (_, pilot):
        await pilot.press("r")
        await seen(pilot, "T1 is running: only a result that waits for you")
        await pilot.press("S")
        await seen(pilot, "T1 is running: only an open task, or one that failed, can be split.")
        await pilot.press("A")
        await seen(pilot, "No part of T1 waits for approval.")


async def test_a_task_is_split_its_parts_are_shown_and_sent_out() -> None:
    command = FakeCommand(planned=("Split the models", "Split the views"))
    command.put("Split the billing module", complexity=9, kind=TaskKind.ISSUE)
    async with opened(command) as (app, pilot):
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, TaskScreen))
        await seen(pilot, "It looks too large for one mission (it is a C9", "S split")
        await pilot.press("S")
        await seen(pilot, "Split T1", "None of them starts before you approve it.")
        await pilot.press("y")
        await seen(pilot, "T1 is split into 2 parts", "PARTS", "T2 C3  Split the models", "no check of its own")
        await seen(pilot, "A approve")
        await pilot.press("A")
        await seen(pilot, "Send out 2 parts of T1", "T3  Split the views")
        await pilot.press("y")
        await seen(pilot, "2 parts of T1 sent out; it waits for them.")
        assert command.orders == [("split", 1), ("approve", 1)]
        assert {row.status for row in app.war.parts(1)} == {"queued"}
        assert app.war.tasks[1].status == "blocked"


async def test_parts_that_are_there_before_the_screen_opens_can_be_approved() -> None:
    command = FakeCommand()
    command.put("Split the billing module", TaskStatus.NEEDS_HUMAN)
    command.put("The models", parent=1)
    command.put("The views", TaskStatus.CANCELLED, parent=1)
    async with opened(command) as (app, pilot):
        assert [row.id for row in app.war.parts(1)] == [2]
        app.center.board.select(1)
        await pilot.press("A")
        await seen(pilot, "Send out 1 part of T1")


async def test_a_review_moves_no_task_and_is_a_line_in_the_field() -> None:
    command = FakeCommand()
    reviewed(command)
    async with opened(command) as (app, pilot):
        began = {"number": 2, "model": "claude-opus-5-5", "way": Way.DIRECT, "variant": Variant.ONCE, "branch": ""}
        command.tell(MissionStarted(**READER, **began, role=Role.REVIEW, why="reads the diff"))
        await seen(pilot, "Oracle-1", "REVIEW", "reads the diff of T1")
        assert (app.war.tasks[1].status, app.war.tasks[1].tier) == ("review", "")
        ended = {"outcome": Outcome.UNVERIFIED, "reason": "approves: fine", "steps": 1, "seconds": 3.0}
        command.tell(MissionFinished(**READER, **ended, role=Role.REVIEW))
        await seen(pilot, "approves: fine")
        assert "UNVERIFIED" not in drawn(app)
        command.tell(TaskQueued(at=START, task=1))
        await until(pilot, lambda: app.war.tasks[1].status == "queued")


async def test_a_review_under_way_is_there_when_the_screen_opens() -> None:
    command = FakeCommand()
    reviewed(command)
    began = {"task": 1, "number": 2, "agent": "Oracle-1", "tier": "opus", "model": "claude-opus-5-5", "role": "review"}
    command.attempts[1] = [Mission(id=7, way=Way.DIRECT, variant=Variant.ONCE, started_at=START, **began)]
    async with opened(command, NORMAL) as (_, pilot):
        await seen(pilot, "Oracle-1", "WORKING", "opus")
