"""What can be done from where a person stands, by name: what the palette searches and the command bar runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.screen.actions import ACTIONS, Action, Situation, Verdict, Where
from app.screen.place import Place
from themes.palettes import THEME_NAMES

if TYPE_CHECKING:
    from app.screen.application import WarRoom
    from app.screen.state import TaskRow

ABOUT_TASK = frozenset({"task", "result", "field", "money", "advice"})
"""Groups whose actions are about the task a person stands on, or one they name."""
_ABOUT_NONE = frozenset({"new", "dispatch_all", "next", "day_cap", "abort_all"})


@dataclass(frozen=True, slots=True)
class Entry:
    """Something that can be chosen by name."""

    name: str
    """One word, as it is typed: dispatch-all."""
    text: str
    key: str
    do: Callable[[], None]
    why_not: Verdict = None
    preview: Callable[[], None] | None = None
    """Shows what it would look like while it is only stood on."""
    undo: Callable[[], None] | None = None


def takes_task(action: Action) -> bool:
    """The command bar may name a task behind it."""
    return action.group in ABOUT_TASK and action.verb not in _ABOUT_NONE


def name_of(action: Action) -> str:
    """What is typed for it: the same word on every screen."""
    return action.verb.removeprefix("pane_").replace("_", "-")


def reachable(app: WarRoom) -> list[Action]:
    """The actions of the screen and the pane a person is in, those everywhere, and what the center has besides."""
    screen = app.screen
    where: Where = screen.where if isinstance(screen, Place) else "center"
    places: list[str] = [where, app.center.pane] if where == "center" else [where]
    found: dict[str, Action] = {}
    for place in (*places, "everywhere", "pane", "center"):
        for action in ACTIONS:
            if action.where == place and action.verb != "leave":
                found.setdefault(name_of(action), action)
    return list(found.values())


def entries(app: WarRoom) -> list[Entry]:
    """The actions, greyed with the reason where they are not possible, then the themes."""
    situation = app.situation()
    found = [_action_entry(app, action, situation) for action in reachable(app)]
    return [*found, *_themes(app)]


def _action_entry(app: WarRoom, action: Action, situation: Situation) -> Entry:
    return Entry(
        name_of(action),
        action.help,
        action.key(situation),
        lambda: app.act(action, app.target()),
        action.why_not(situation),
    )


def _themes(app: WarRoom) -> Iterator[Entry]:
    before = app.theme

    for theme in THEME_NAMES:

        def wear(name: str = theme) -> None:
            app.wear(name)

        yield Entry(f"theme {theme}", "Wear this theme", "", wear, None, wear, lambda: app.wear(before))


def tasks_like(app: WarRoom, words: str, most: int) -> list[Entry]:
    """Tasks whose number or title holds `words`."""
    found: list[Entry] = []
    wanted = words.lower()
    for row in app.war.board():
        if wanted in row.title.lower() or wanted == row.label.lower():
            found.append(_task_entry(app, row))
            if len(found) == most:
                break
    return found


def _task_entry(app: WarRoom, row: TaskRow) -> Entry:
    return Entry(row.label, row.title, "", lambda: app.desk.go_to(row.id))
