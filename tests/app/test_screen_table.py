"""Everything in the table of actions: its key does it, on every screen; the palette and the command bar reach it."""

import pytest
from fake_command import FakeCommand, FixedClock, in_review
from screen_pilot import WIDE, drawn, opened, seen, until
from textual.widgets import Input

from agents.settings import Settings
from agents.tasks import TaskStatus
from app.screen.actions import ACTIONS, BY_ID, Action, Where
from app.screen.application import WarRoom
from app.screen.catalog import entries, name_of, reachable
from app.screen.command_bar import CommandBar
from app.screen.diff import DiffScreen
from app.screen.keymap import keymap
from app.screen.palette import Palette
from app.screen.state import TaskRow
from app.screen.task_screen import TaskScreen

PLACES: dict[Where, tuple[str, type]] = {
    "center": ("", WarRoom),
    "diff": ("v", DiffScreen),
    "task": ("enter", TaskScreen),
}


class Noted(WarRoom):
    """Notes what keys ask for, and does none of it once it listens."""

    asked: list[str] | None = None

    def act(self, action: Action, task: TaskRow | None) -> None:
        if self.asked is None:
            super().act(action, task)
        else:
            self.asked.append(action.id)


def live(where: Where) -> list[Action]:
    return [action for action in ACTIONS if action.where in {where, "everywhere", "pane"} and action.id != "leave"]


@pytest.mark.parametrize("where", PLACES)
@pytest.mark.parametrize("remapped", [False, True])
async def test_every_key_of_the_table_does_what_it_says(where: Where, remapped: bool) -> None:
    key, screen = PLACES[where]
    keys = {"accept": "f8", "diff_next": "f9", "pane_log": "f7", "up": "f6", "help": "f1"} if remapped else {}
    keys = {name: chosen for name, chosen in keys.items() if name in BY_ID}
    bound = keymap(keys).bound
    command = FakeCommand(settings=Settings(keys=keys))
    in_review(command)
    app = Noted(clock=FixedClock())
    async with app.run_test(size=WIDE) as pilot:
        app.engine_ready(command)
        await until(pilot, lambda: app.center.board.selected is not None)
        if key:
            await pilot.press(key)
            await until(pilot, lambda: isinstance(app.screen, screen))
        await pilot.pause()
        app.asked = []
        for action in live(where):
            chosen = bound.get(action.id, action.keys).split(",")
            for name in chosen:
                active = app.screen.active_bindings[name]
                assert active.binding.id == action.id, f"{name} in {where}"
                if action.method:
                    method = f"action_{action.method.partition('(')[0]}"
                    assert hasattr(active.node, method), f"{action.id}: there is no {method}"
                else:
                    await pilot.press(name)
                    assert app.asked == [action.id], name
                    app.asked.clear()


async def test_remapped_keys_are_shown_wherever_keys_are_shown() -> None:
    command = FakeCommand(settings=Settings(keys={"new": "ctrl+n", "dispatch": "f5", "retry": "comma"}))
    in_review(command)
    async with opened(command, WIDE) as (app, pilot):
        await seen(pilot, "ctrl+n new")
        await pilot.press("d")
        assert "T1 is in review" not in drawn(app)
        await pilot.press("f5")
        await seen(pilot, "T1 is in review: R sends it out again.")
        await pilot.press("question_mark", *"field")
        await seen(pilot, "  f5 ")


@pytest.mark.parametrize("where", PLACES)
async def test_the_palette_and_the_command_bar_reach_every_action(where: Where) -> None:
    command = FakeCommand()
    in_review(command)
    key, screen = PLACES[where]
    async with opened(command, WIDE) as (app, pilot):
        if key:
            await pilot.press(key)
            await until(pilot, lambda: isinstance(app.screen, screen))
        named = [entry.name for entry in entries(app)]
        assert len(named) == len(set(named))
        for action in live(where):
            assert name_of(action) in named, action.id
        assert {name_of(action) for action in reachable(app)} <= set(named)


async def test_the_palette_finds_by_letters_and_does_it() -> None:
    command = FakeCommand()
    command.put("First")
    async with opened(command) as (app, pilot):
        await pilot.press("ctrl+p")
        await until(pilot, lambda: isinstance(app.screen, Palette))
        await pilot.press(*"dispatch")
        await seen(pilot, "▸ dispatch")
        await pilot.press("enter")
        await until(pilot, lambda: command.orders == [("dispatch", 1)])
        assert app.screen is app.center


async def test_the_palette_greys_what_is_not_possible_and_says_why() -> None:
    command = FakeCommand()
    command.put("First")
    async with opened(command, WIDE) as (app, pilot):
        await pilot.press("ctrl+p", *"reject")
        await seen(pilot, "T1 is open: only a task in review has a result")
        await pilot.press("enter")
        assert isinstance(app.screen, Palette), "it stays, and nothing was done"
        await pilot.press("escape")
        assert command.orders == []


async def test_the_palette_shows_a_theme_before_it_is_chosen_and_takes_it_back() -> None:
    async with opened(FakeCommand()) as (app, pilot):
        await pilot.press("ctrl+p", *"cobalt")
        await until(pilot, lambda: app.theme == "cobalt")
        await pilot.press("escape")
        await until(pilot, lambda: app.theme == "ember")
        await pilot.press("ctrl+p", *"cobalt", "enter")
        await until(pilot, lambda: app.screen is app.center)
        assert app.theme == "cobalt"


async def test_the_palette_reaches_panes_and_tasks_from_another_screen() -> None:
    command = FakeCommand()
    command.put("First", TaskStatus.RUNNING)
    command.put("Second [/b] [@click=app.bell]x[/]")
    async with opened(command, WIDE) as (app, pilot):
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, TaskScreen))
        await pilot.press("ctrl+p", *"tool log")
        await seen(pilot, "▸ log")
        await pilot.press("enter")
        await until(pilot, lambda: app.screen is app.center and app.center.pane == "log")
        await pilot.press("ctrl+p", *"second")
        await seen(pilot, "▸ T2", "[@click=app.bell]x[/]")
        await pilot.press("enter")
        await until(pilot, lambda: app.center.board.selected_id == 2)
        assert app.screen is app.center


async def test_the_command_bar_completes_and_takes_a_task() -> None:
    command = FakeCommand()
    command.put("First")
    command.put("Second")
    async with opened(command, WIDE) as (app, pilot):
        await pilot.press("colon")
        await until(pilot, lambda: isinstance(app.screen, CommandBar))
        await pilot.press(*"disp", "tab")
        line = app.screen.query_one("#command-line", Input)
        assert line.value == "dispatch"
        await pilot.press("tab")
        assert line.value == "dispatch-all", "of several, the next"
        await pilot.press(*["backspace"] * 4, "space", "t", "tab")
        assert line.value == "dispatch T1", "the selected one first"
        await pilot.press("tab", "enter")
        await until(pilot, lambda: command.orders == [("dispatch", 2)])
        await pilot.press("colon", "up")
        assert app.screen.query_one("#command-line", Input).value == "dispatch T2"
        await pilot.press("enter")
        await seen(pilot, "T2 is queued: only an open task can be dispatched.")
        assert isinstance(app.screen, CommandBar), "the line can be mended"


async def test_the_command_bars_history_and_last_view() -> None:
    async with opened(FakeCommand(), WIDE) as (app, pilot):
        for line in ("log", "theme crimson", "missions"):
            await pilot.press("colon", *(char if char != " " else "space" for char in line), "enter")
            await until(pilot, lambda: app.screen is app.center)
        assert (app.center.pane, app.theme) == ("missions", "crimson")
        await pilot.press("colon")
        line = app.screen.query_one("#command-line", Input)
        await pilot.press("left_square_bracket", "left_square_bracket")
        assert line.value == "theme crimson"
        await pilot.press("right_square_bracket")
        assert line.value == "missions"
        await pilot.press("x", "left_square_bracket")
        assert line.value == "missionsx[", "in a word it is a letter"
        await pilot.press("escape", "colon", "minus")
        await until(pilot, lambda: app.center.pane == "log")
        await pilot.press("minus")
        await until(pilot, lambda: app.center.pane == "missions")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("dispach", "Did you mean dispatch?"),
        ("pa", "pa may be"),
        ("open T99", "There is no task T99"),
        ("open [/foo]", "'[/foo]' is no task"),
        ("theme [red", "There is no theme '[red'"),
        ("zoom in", "zoom takes nothing behind it."),
        ("model", "Which one: write model and one of local, haiku, sonnet, auto."),
        ("model [red", "There is no tier or model '[red'"),
    ],
)
async def test_what_the_command_bar_does_not_understand_it_says(line: str, said: str) -> None:
    command = FakeCommand()
    command.put("First")
    async with opened(command, WIDE) as (app, pilot):
        await pilot.press("colon")
        app.screen.query_one("#command-line", Input).value = line
        await pilot.press("enter")
        await seen(pilot, said)
        assert isinstance(app.screen, CommandBar)


async def test_new_takes_its_title_from_the_command_bar() -> None:
    async with opened(FakeCommand(), WIDE) as (app, pilot):
        await pilot.press("colon")
        app.screen.query_one("#command-line", Input).value = "new Fix list[int] quoting"
        await pilot.press("enter")
        await until(pilot, lambda: bool(app.screen.query("#title")))
        assert app.screen.query_one("#title", Input).value == "Fix list[int] quoting"


async def test_a_task_is_pinned_from_the_command_bar_by_tier_or_by_model() -> None:
    command = FakeCommand()
    command.put("First")
    async with opened(command, WIDE) as (app, pilot):
        for line in ("model h", "model claude-sonnet-5-5", "model auto"):
            await pilot.press("colon")
            app.screen.query_one("#command-line", Input).value = line
            await pilot.press(*(("tab",) if line == "model h" else ()), "enter")
            await until(pilot, lambda: app.screen is app.center)
        tiers = [{"tier": "haiku"}, {"tier": "sonnet"}, {"tier": None}]
        await until(pilot, lambda: command.orders == [("edit", 1, tier) for tier in tiers])
        await seen(pilot, "T1 goes where routing sends it.")
