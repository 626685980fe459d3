"""The approvals panel: what is asked, seen whole, answered by keys that nobody presses by chance, and not too soon."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from fake_command import START, FakeCommand, FixedClock, in_review
from screen_pilot import NORMAL, WIDE, drawn, move_out, opened, seen, until, war_room
from textual.pilot import Pilot
from textual.widgets import Input

from agents.events import AgentHealth, ApprovalAnswered
from agents.permission import Ask
from agents.settings import ScreenSettings, Settings
from agents.tasks import Health, TaskStatus
from app.screen.answering import Denial
from app.screen.application import WarRoom
from app.screen.approvals import GRACE_S, folded
from app.screen.confirm import Confirm

Compare = Callable[..., bool]
ANSWERS = ("ctrl+y", "ctrl+e", "ctrl+o", "ctrl+k")


def squad() -> FakeCommand:
    """Two tasks in the field."""
    command = FakeCommand()
    command.put("Fix CSV quoting", TaskStatus.RUNNING)
    command.put("Retry on 503", TaskStatus.RUNNING)
    return command


@asynccontextmanager
async def asking(command: FakeCommand, size: tuple[int, int] = NORMAL) -> AsyncIterator[tuple[WarRoom, Pilot[int]]]:
    """The screen, with one agent that asks and time to have read it."""
    async with opened(command, size) as (app, pilot):
        move_out(command, 1)
        command.ask(7, 1)
        await seen(pilot, "$ npm install")
        later(app)
        yield app, pilot


def later(app: WarRoom, seconds: float = GRACE_S) -> None:
    """Time passes."""
    assert isinstance(app.clock, FixedClock)
    app.clock.at += timedelta(seconds=seconds)


def answers(command: FakeCommand) -> list[tuple[object, ...]]:
    return [order for order in command.orders if order[0] == "answer"]


async def test_the_panel_shows_all_of_it_and_the_counter_counts_it() -> None:
    async with asking(squad(), WIDE) as (app, pilot):
        await seen(
            pilot,
            "APPROVALS  1 of 1",
            "CodeX-7 T1  asks: network",
            "in: /home/ada/.warroom/worktrees/T1-1",
            "because: it needs its packages",
            "for this mission: npm install *",
            "ctrl+y once  ctrl+e mission  ctrl+o deny",
            "◆ 1 NEEDS YOU",
        )
        assert app.focused is app.center.board


async def test_an_agent_that_asks_needs_you() -> None:
    command = squad()
    async with asking(command) as (_, pilot):
        where = {"at": START, "task": 1, "mission": 1, "agent": "CodeX-7", "tier": "local"}
        command.tell(AgentHealth(health=Health.NEEDS_YOU, note="asks: npm install", **where))
        await seen(pilot, "◆ CodeX-7    NEEDS YOU")


@pytest.mark.parametrize("answer", ["allow", "allow_mission", "deny", "remember"])
async def test_every_answer_has_its_key(answer: str) -> None:
    command = squad()
    key, *expected = {
        "allow": ("ctrl+y", "answer", 7, "allow"),
        "allow_mission": ("ctrl+e", "answer", 7, "allow-mission"),
        "deny": ("ctrl+o", "answer", 7, "deny", "use pnpm"),
        "remember": ("ctrl+k", "answer", 7, "allow", "for good"),
    }[answer]
    async with asking(command) as (app, pilot):
        await pilot.press(str(key))
        if answer == "deny":
            await until(pilot, lambda: isinstance(app.screen, Denial))
            await pilot.press(*"use", "space", *"pnpm", "enter")
        elif answer == "remember":
            await until(pilot, lambda: isinstance(app.screen, Confirm))
            await seen(pilot, "Always allow: npm install *?")
            await pilot.press("y")
        await until(pilot, lambda: answers(command) == [tuple(expected)])
        await until(pilot, lambda: not app.center.approvals.display)
        assert "NEEDS YOU" not in drawn(app)


async def test_escape_denies_and_remembers_nothing() -> None:
    command = squad()
    async with asking(command) as (app, pilot):
        for key in ("ctrl+o", "ctrl+k"):
            await pilot.press(key)
            await until(pilot, lambda: app.screen is not app.center)
            await pilot.press("escape")
            await until(pilot, lambda: app.screen is app.center)
        assert answers(command) == []


@pytest.mark.parametrize("key", ANSWERS)
async def test_no_answer_is_taken_in_the_first_half_second(key: str) -> None:
    command = squad()
    async with opened(command) as (app, pilot):
        move_out(command, 1)
        command.ask(7, 1)
        await seen(pilot, "$ npm install")
        await pilot.press(key)
        await seen(pilot, "The question has just appeared")
        later(app, GRACE_S - 0.01)
        await pilot.press(key)
        await pilot.pause()
        assert app.screen is app.center
        assert answers(command) == []
        later(app, 0.02)
        await pilot.press(key)
        await until(pilot, lambda: bool(answers(command)) or app.screen is not app.center)


async def test_a_question_that_takes_anothers_place_begins_its_time_anew() -> None:
    command = squad()
    async with asking(command) as (app, pilot):
        command.ask(8, 2, "rm -rf build", pattern="rm -rf build")
        await seen(pilot, "1 of 2")
        await pilot.press("ctrl+y")
        await until(pilot, lambda: answers(command) == [("answer", 7, "allow")])
        await seen(pilot, "$ rm -rf build")
        await pilot.press("ctrl+y")
        await seen(pilot, "The question has just appeared")
        assert len(answers(command)) == 1
        later(app)
        await pilot.press("ctrl+y")
        await until(pilot, lambda: answers(command)[1:] == [("answer", 8, "allow")])


async def test_another_that_asks_the_same_changes_the_question_and_one_answer_does_for_both() -> None:
    command = squad()
    async with asking(command) as (app, pilot):
        command.ask(8, 2, agent="Hawk-4")
        await seen(pilot, "×2  CodeX-7 T1, Hawk-4 T2")
        await pilot.press("ctrl+y")
        await seen(pilot, "The question has just appeared")
        later(app)
        await pilot.press("ctrl+y")
        await until(pilot, lambda: answers(command) == [("answer", 7, 8, "allow")])
        await until(pilot, lambda: not app.war.asks)


async def test_growing_older_does_not_begin_the_time_anew() -> None:
    command = squad()
    async with asking(command) as (app, pilot):
        later(app, 99.5)
        app.center.approvals.changed()
        await seen(pilot, "1:40")
        await pilot.press("ctrl+y")
        await until(pilot, lambda: answers(command) == [("answer", 7, "allow")])


@pytest.mark.parametrize("key", ["enter", "y", "a", "space", "escape"])
async def test_the_usual_keys_answer_nothing(key: str) -> None:
    command = squad()
    async with asking(command) as (app, pilot):
        assert app.focused is app.center.board
        await pilot.press(key)
        await pilot.pause()
        assert answers(command) == []
        assert 7 in app.war.asks


async def test_it_takes_nothing_from_what_a_person_types() -> None:
    command = squad()
    async with opened(command) as (app, pilot):
        await pilot.press("slash", *"csv")
        move_out(command, 1)
        command.ask(7, 1)
        await seen(pilot, "$ npm install")
        later(app)
        await pilot.press(*"xy")
        line = app.focused
        assert isinstance(line, Input)
        assert line.value == "csvxy"
        await pilot.press("ctrl+y")
        await seen(pilot, "You are typing")
        assert answers(command) == []


async def test_what_is_asked_behind_a_dialog_appears_when_that_is_closed() -> None:
    command = squad()
    async with opened(command) as (app, pilot):
        move_out(command, 1)
        await pilot.press("question_mark")
        await until(pilot, lambda: app.screen is not app.center)
        command.ask(7, 1)
        await until(pilot, lambda: app.center.approvals.display)
        await pilot.press("ctrl+y")
        later(app, 60)
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is app.center)
        await pilot.press("ctrl+y")
        await seen(pilot, "The question has just appeared")
        assert answers(command) == []


async def test_the_next_is_shown_and_the_command_bar_answers() -> None:
    command = squad()
    async with asking(command) as (app, pilot):
        command.ask(8, 2, "make deploy", reach="write /srv", pattern="make deploy")
        await seen(pilot, "1 of 2")
        await pilot.press("ctrl+l")
        await seen(pilot, "$ make deploy", "2 of 2", "asks: write /srv")
        later(app)
        await pilot.press("colon", *"allow", "enter")
        await until(pilot, lambda: answers(command) == [("answer", 8, "allow")])


async def test_next_goes_to_what_is_asked() -> None:
    command = squad()
    in_review(command, "Add a slug helper")
    async with asking(command) as (app, pilot):
        command.ask(8, 2, "make deploy")
        await seen(pilot, "1 of 2")
        for _ in range(3):
            await pilot.press("exclamation_mark")
            await pilot.pause()
            if app.center.board.selected_id == 2:
                break
        await seen(pilot, "$ make deploy")
        assert app.focused is app.center.approvals
        await pilot.press("1")
        assert app.focused is app.center.board


async def test_nothing_asked_is_said() -> None:
    async with opened(squad()) as (_, pilot):
        for key in (*ANSWERS, "ctrl+l"):
            await pilot.press("escape", key)
            await seen(pilot, "Nobody asks anything.")


async def test_remapped_keys_answer_and_are_shown() -> None:
    command = squad()
    command.settings = Settings(keys={"allow": "f9", "deny": "]", "louder": "f10"})
    async with asking(command) as (_, pilot):
        await seen(pilot, "f9 once", "] deny")
        await pilot.press("ctrl+y")
        await pilot.press("f9")
        await until(pilot, lambda: answers(command) == [("answer", 7, "allow")])


async def test_what_was_asked_before_the_screen_opened_is_there() -> None:
    command = squad()
    command.of[3] = 1
    wish = {"command": "curl -O x", "folder": "/w", "reason": "", "reach": {"unwalled": True}}
    stored = {"id": 3, "at": START, "task": 1, "mission": 1, "agent": "CodeX-7", "repo": "/home/ada/shop", "owner": ""}
    command.asked = [Ask.model_validate({**stored, "wish": wish, "pattern": {"text": "curl -O x"}})]
    async with opened(command) as (app, pilot):
        await seen(pilot, "$ curl -O x", "asks: no wall", "◆ 1 NEEDS YOU")
        later(app)
        await pilot.press("ctrl+y")
        await until(pilot, lambda: answers(command) == [("answer", 3, "allow")])


async def test_a_closed_question_goes_and_the_keys_go_home() -> None:
    command = squad()
    async with asking(command) as (app, pilot):
        await pilot.press("7")
        assert app.focused is app.center.approvals
        command.tell(ApprovalAnswered(at=START, task=1, ask=7, answer="closed"))
        await until(pilot, lambda: not app.center.approvals.display)
        assert app.focused is app.center.board


HOSTILE = [
    "echo \x1b]52;c;QUFB\x07\x1b[2J",
    "[@click=app.quit]x[/] [/foo] list[int] $(ls)",
    "ls \u202egnp.sh \u200b",
    "\n".join(f"echo line {number}" for number in range(3000)),
    "x" * 1_000_000,
    "日本語 " * 20_000,
]


@pytest.mark.parametrize("command_text", HOSTILE, ids=range(len(HOSTILE)))
async def test_hostile_commands_are_shown_whole_and_do_nothing(command_text: str) -> None:
    command = squad()
    async with opened(command) as (app, pilot):
        move_out(command, 1)
        command.ask(7, 1, command_text, reason=command_text, folder=command_text, pattern=command_text)
        await seen(pilot, "APPROVALS  1 of 1")
        assert all(char.isprintable() or char == "\n" for char in drawn(app))
        assert app.center.board.region.height >= 3, "the board stays in sight"
        await pilot.press("7", "G")
        later(app)
        await pilot.press("ctrl+y")
        await until(pilot, lambda: answers(command) == [("answer", 7, "allow")])


@pytest.mark.parametrize("text", ["a" * 100, "日本語" * 20, "a\tb", "", "x\n\ny"])
@pytest.mark.parametrize("width", [10, 33])
def test_nothing_of_a_command_is_left_out(text: str, width: int) -> None:
    pieces = [piece.text for piece in folded(text, width)]
    assert "".join(pieces) == text.expandtabs(4).replace("\n", "")


@pytest.mark.parametrize("size", [(60, 20), (100, 30), (1, 1)])
async def test_it_fits_every_size(size: tuple[int, int]) -> None:
    command = squad()
    async with opened(command, size) as (app, pilot):
        move_out(command, 1)
        command.ask(7, 1, "npm install && " * 200)
        await until(pilot, lambda: 7 in app.war.asks)
        await pilot.resize_terminal(60, 20)
        await seen(pilot, "APPROVALS  1 of 1", "$ npm install")


def picture(app: WarRoom, command: FakeCommand) -> Callable[[Pilot[int]], Awaitable[None]]:
    async def run(pilot: Pilot[int]) -> None:
        app.engine_ready(command)
        await until(pilot, lambda: app.war.opened and app.war.branch == "main")
        move_out(command, 1)
        where = {"at": START, "task": 1, "mission": 1, "agent": "CodeX-7", "tier": "local"}
        command.tell(AgentHealth(health=Health.NEEDS_YOU, step=4, max_steps=25, note="asks: npm install", **where))
        command.ask(7, 1, "npm install --no-audit &&\n  npm test -- --watch=false")
        command.ask(8, 2, "npm install --no-audit &&\n  npm test -- --watch=false", agent="Hawk-4")
        command.ask(9, 2, "make deploy")
        await seen(pilot, "1 of 2", "×2", "CodeX-7 asks you about T2")
        await pilot.pause(1.2)  # the radar is drawn twice a second at most

    return run


@pytest.mark.parametrize(("size", "theme"), [(NORMAL, "ember"), (WIDE, "ember"), (WIDE, "daylight")])
def test_pictures(snap_compare: Compare, size: tuple[int, int], theme: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_COLOR", "COLORTERM", "SSH_CONNECTION"):
        monkeypatch.delenv(name, raising=False)
    app, command = war_room(), squad()
    command.settings = Settings(screen=ScreenSettings(theme=theme))
    assert snap_compare(app, terminal_size=size, run_before=picture(app, command))
