"""A screen about one task, opened over the command center."""

from __future__ import annotations

from typing import ClassVar

from textual.content import Content
from textual.screen import Screen

from app.screen.actions import Situation, Where
from app.screen.columns import joined
from app.screen.footer import KeyLine
from app.screen.lines import Lines
from app.screen.state import War
from themes import OVER


class Trail(Lines):
    """Where a person is, from the repository down to this screen."""

    can_focus = False

    def __init__(self, name: str) -> None:
        self._last = name
        self._situation = Situation()
        super().__init__(classes="trail")

    def show(self, situation: Situation) -> None:
        """The task may have another title."""
        self._situation = situation
        self.refresh()

    def line_count(self) -> int:
        """One."""
        return 1

    def line(self, index: int, width: int) -> Content:
        """The steps, the task's title cut where they do not fit."""
        war: War | None = getattr(self.app, "war", None)
        ascii_only = bool(getattr(self.app, "ascii_only", False))
        arrow, fork = (" > ", " @ ") if ascii_only else (" › ", " ⎇ ")
        task = self._situation.task
        where = f"{war.repository}{fork}{war.branch}" if war is not None and war.branch else ""
        front = joined(("WAR ROOM", "bold $loud"), arrow, (where, "$quiet"), arrow if where else "")
        back = joined(arrow if task is not None else "", (self._last, "bold"))
        title = f"{task.label} {task.title}" if task is not None else ""
        room = width - front.cell_length - back.cell_length
        return joined(front, Content(title).truncate(max(0, room), ellipsis=True), back).truncate(width)


class Place(Screen[None]):
    """Knows its task and shows in its footer what can be done with it."""

    CSS_PATH = OVER
    where: ClassVar[Where]
    """Whose actions the keys are."""

    def __init__(self, task_id: int, situation: Situation) -> None:
        self.task_id = task_id
        self.situation = situation
        super().__init__()

    def on_mount(self) -> None:
        """The trail says where we are, the footer what is possible, from the first frame."""
        self.mount(Trail(self.where.upper()), before=0)
        self.renew(self.situation)

    def renew(self, situation: Situation) -> None:
        """Something about the task changed."""
        self.situation = situation
        for line in (*self.query(KeyLine), *self.query(Trail)):
            line.show(situation)

    def action_search(self) -> None:
        """Search in the pane that has the keys."""
        if isinstance(self.focused, Lines):
            self.focused.action_ask("search")

    def action_back(self) -> None:
        """One step back: the search in the pane, then the screen, to the same row."""
        if not (isinstance(self.focused, Lines) and self.focused.calm()):
            self.dismiss(None)
