"""Panes, sizes, the log's scrolling, and text that means harm."""

import pytest
from fake_command import START, FakeCommand, in_review
from screen_pilot import FIELD, NORMAL, WIDE, drawn, move_out, opened, seen, strips, until

from agents.events import (
    AgentHealth,
    MissionStarted,
    ModelDelta,
    TaskPosted,
    TaskStatusChanged,
    ToolFinished,
    ToolOutput,
    ToolStarted,
)
from agents.models.chat import Message
from agents.tasks import Health, Mission, TaskStatus, Variant, Way
from app.screen.actions import ACTIONS
from app.screen.keymap import LIVE_TOGETHER


async def test_the_log_follows_until_a_person_scrolls() -> None:
    command = FakeCommand()
    command.put("First")
    async with opened(command) as (app, pilot):
        log = app.center.log_pane

        def call(number: int) -> None:
            command.tell(
                ToolFinished(
                    task=1, call=number, tool="file_read", ok=True, summary=f"line {number}", seconds=0.01, **FIELD
                )
            )

        for number in range(60):
            call(number)
        await seen(pilot, "line 59", "follow")
        await until(pilot, lambda: log.vertical_scrollbar.position == log.max_scroll_y > 0)
        await pilot.press("3", "k", "k")
        assert not log.follow
        top = log.scroll_offset.y
        for number in range(60, 65):
            call(number)
        await seen(pilot, "▼ 5 new")
        assert log.scroll_offset.y == top
        await pilot.press("G")
        await seen(pilot, "line 64", "follow")


async def test_output_of_commands_can_be_hidden() -> None:
    command = FakeCommand()
    command.put("First")
    async with opened(command) as (_, pilot):
        command.tell(ToolStarted(task=1, call=1, tool="shell_run", summary="make", **FIELD))
        command.tell(ToolOutput(task=1, call=1, text="gcc main.c\n", **FIELD))
        await seen(pilot, "make  › gcc main.c")
        assert "│ gcc main.c" not in drawn(pilot.app)
        await pilot.press("o")
        await seen(pilot, "with output", "│ gcc main.c")
        await pilot.press("o")
        await until(pilot, lambda: "│ gcc main.c" not in drawn(pilot.app))


async def test_panes_are_reached_by_number_and_zoomed() -> None:
    command = FakeCommand()
    command.put("First")
    async with opened(command) as (app, pilot):
        await pilot.press("3")
        assert app.focused is app.center.log_pane
        await pilot.press("z")
        assert "BOUNTY BOARD" not in drawn(app)
        await pilot.press("z")
        await seen(pilot, "BOUNTY BOARD")
        await pilot.press("4")
        await seen(pilot, "4 RADAR")
        assert "BOUNTY BOARD" not in drawn(app)
        await pilot.press("1")
        await seen(pilot, "BOUNTY BOARD", "TOOL LOG")


async def test_one_pane_at_a_time_when_narrow() -> None:
    command = FakeCommand()
    command.put("First")
    async with opened(command, (70, 22)) as (app, pilot):
        titles = {"1": "BOUNTY BOARD", "2": "ACTIVE MISSIONS", "3": "TOOL LOG", "4": "4 RADAR", "5": "5 CREDITS"}
        for key, title in titles.items():
            await pilot.press(key)
            await seen(pilot, title)
            others = set(titles.values()) - {title}
            assert not [other for other in others if other in drawn(app)]


async def test_every_size_is_survived_and_resize_is_live() -> None:
    command = FakeCommand()
    command.put("First")
    in_review(command)
    async with opened(command, WIDE) as (app, pilot):
        move_out(command, 1)
        for width, height in ((1, 1), (59, 20), (60, 20), (80, 24), (2, 40), (220, 60), (60, 19), (120, 40)):
            await pilot.resize_terminal(width, height)
            await pilot.pause()
            assert len(strips(app)) == height
            if width >= 30 and (width < 60 or height < 20):
                assert f"War Room needs 60x20. This is {width}x{height}." in drawn(app)
        await seen(pilot, "BOUNTY BOARD", "BARRACKS", "4 RADAR")
        for key in ("v", "enter", "n", "question_mark"):
            await pilot.press(key)
            await pilot.resize_terminal(1, 1)
            await pilot.pause()
            await pilot.resize_terminal(80, 24)
            await pilot.press("escape")
        assert app.screen is app.center


HOSTILE = (
    "[/foo] [@click=app.quit]x[/] list[int] ",
    "\x1b]52;c;cm0gLXJm\x07\x1b[2J\x1b[?1049l\x9b31m\x90x\x9c\x07\x00",
    "\u202etxt.exe\u2066\u200b",
    "数据" * 40 + "🚀👩‍👩‍👧" * 20 + "é" * 20,
    "y" * 100_000,
)


@pytest.mark.parametrize("size", [NORMAL, WIDE, (60, 20)])
async def test_hostile_text_is_only_text(size: tuple[int, int]) -> None:
    command = FakeCommand()
    everything = "".join(HOSTILE)
    command.diff_text = f"diff --git a/{everything} b/x\n@@ -1 +1 @@\n+{everything}\n\t{everything}\r\n"
    for text in HOSTILE:
        in_review(command, text[:500])
        command.board[len(command.board)] = command.board[len(command.board)].model_copy(
            update={"reason": everything, "brief": everything, "warnings": (everything,), "branch": everything}
        )
    command.said[1] = [Message(role="assistant", content=everything)]
    command.attempts[1] = [
        Mission(
            id=1,
            task=1,
            number=1,
            agent=everything,
            tier=everything,
            model=everything,
            way=Way.LOOP,
            variant=Variant.ONCE,
            started_at=START,
            reason=everything,
        )
    ]
    async with opened(command, size) as (app, pilot):
        for number, text in enumerate(HOSTILE, 1):
            where = {"at": START, "task": number, "mission": number, "agent": text, "tier": text}
            command.tell(TaskPosted(title=text, priority=5, repo="/home/ada/shop", **where))
            command.tell(
                MissionStarted(number=1, model=text, way=Way.LOOP, variant=Variant.ONCE, branch=text, why=text, **where)
            )
            command.tell(AgentHealth(health=Health.STUCK, note=text, **where))
            command.tell(ToolStarted(call=1, tool=text, summary=text, **where))
            command.tell(ToolOutput(call=1, text=f"{text}\n{text}", **where))
            command.tell(ToolFinished(call=1, tool=text, ok=True, summary=text, seconds=1, **where))
            command.tell(ModelDelta(text=text, **where))
            command.tell(TaskStatusChanged(status=TaskStatus.REVIEW, reason=text, **where))
        await pilot.pause(0.3)
        for keys in (
            ["1"],
            ["3"],
            ["v"],
            ["escape", "enter"],
            ["escape", "a"],
            ["n", "x"],
            ["n", "2"],
            ["4"],
            ["1", "question_mark"],
            ["escape", "ctrl+p", "y"],
            ["escape", "colon", "o", "p", "e", "n", "space", "tab"],
            ["escape", "x"],
        ):
            await pilot.press(*keys)
            await pilot.pause(0.15)
            for strip in strips(app):
                for segment in strip:
                    assert not [
                        char
                        for char in segment.text
                        if char < " " or "\x7f" <= char <= "\x9f" or char in "\u202e\u2066\u200b"
                    ]
                    assert segment.style is None or not segment.style.meta.get("@click")
        assert app.is_running


def test_every_action_has_its_own_id_and_no_key_twice_in_a_place() -> None:
    ids = [action.id for action in ACTIONS]
    assert len(ids) == len(set(ids))
    assert {action.where for action in ACTIONS} <= {where for places in LIVE_TOGETHER.values() for where in places}
    for place, live in LIVE_TOGETHER.items():
        # Enter in the log opens what is behind the line, which lies over opening the task.
        shadowed = {"open"} if place == "log" else set()
        here = [action for action in ACTIONS if action.where in live and action.id not in shadowed]
        keys = [key for action in here for key in action.keys.split(",")]
        assert len(keys) == len(set(keys)), place
