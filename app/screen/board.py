"""The bounty board: one line per task. What a person stands on stays selected by its id, wherever it moves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.binding import BindingType
from textual.content import Content
from textual.message import Message

from app.screen.actions import bindings
from app.screen.bounty import LABEL_WIDTH, fields_of, task_line
from app.screen.lines import Lines
from app.screen.query import Query, query
from app.screen.roll import Roll
from app.screen.sorting import BOARD, SORTINGS
from app.screen.state import TaskRow, War

OPENING = (Content.styled("Opening the war room…", "$quiet"),)
NO_HIT = (Content.styled("No task fits the filter. Esc clears it.", "$quiet"),)
FIELDS = ("id", "title", "status", "tier", "outcome", "reason")


class Board(Lines):
    """Tasks of this repository, those that live first, or as a person sorts and filters them."""

    has_cursor = True
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(where="board")]

    class Selected(Message):
        """Another task is selected."""

    def __init__(self, war: War, *, ascii_only: bool = False) -> None:
        self._war = war
        self.ascii_only = ascii_only
        self._roll = Roll(BOARD.key)
        self._seen = -1
        self._filter = Query()
        self._sorting = BOARD
        self._backwards = False
        self._anchor: int | None = None
        self.marks: dict[int, None] = {}
        """Tasks an action is meant for, in the order they were chosen."""
        self.selected_id: int | None = None
        super().__init__(id="board", classes="pane")

    @property
    def selected(self) -> TaskRow | None:
        """The row a person stands on."""
        return self._war.tasks.get(self.selected_id) if self.selected_id is not None else None

    @property
    def chosen(self) -> list[TaskRow]:
        """The marked rows."""
        return [self._war.tasks[task_id] for task_id in self.marks]

    def select(self, task_id: int) -> None:
        """Stand on a task by its id. A filter that hides it goes."""
        self.selected_id = task_id
        self.changed()
        if task_id in self._war.tasks and task_id not in self._roll:
            self.selected_id = task_id
            self.asked("filter", "")

    def changed(self) -> None:
        """Take the rows that changed; the selected task keeps the cursor."""
        index = self._war.index
        changed = index.since(self._seen) if self._seen >= 0 else None
        if changed is None:
            self._roll.fill(self._war.tasks.values())
        else:
            for task_id in changed:
                self._roll.put(self._war.tasks[task_id])
        self._seen = index.changes
        place = self._roll.index(self.selected_id) if self.selected_id is not None else None
        if place is None and len(self._roll):
            place = min(self.cursor, len(self._roll) - 1)
            self.selected_id = self._roll.at(place)
        self.cursor = place or 0
        self._say_counts()
        super().changed()

    def _say_counts(self) -> None:
        war = self._war
        said = ["1 BOUNTY BOARD"]
        if war.tasks:
            said.append(f"{war.count('open')} open  {war.count('queued', 'blocked')} queued")
        if self._filter:
            said.append(f"{len(self._roll)} of {len(war.tasks)} fit")
        if self._sorting.word:
            arrow = "^v" if self.ascii_only else "▲▼"
            said.append(f"by {self._sorting.word} {arrow[self._backwards]}")
        if self.marks:
            said.append(f"{len(self.marks)} selected")
        self.title("  ".join(said))

    def moved(self) -> None:
        """Remember the task, not the line."""
        if len(self._roll):
            self.selected_id = self._roll.at(self.cursor)
            self.post_message(self.Selected())

    # Filter and order

    def asked_for(self, purpose: str) -> str:
        """The filter."""
        return self._filter.text

    def asked(self, purpose: str, text: str) -> None:
        """Show only what fits. Marks stay on what is hidden."""
        self._filter = query(text, FIELDS)
        self._renew()

    def action_sort(self, column: str) -> None:
        """By a column; again: the other way round; a third time: the board's own order."""
        sorting = SORTINGS[column]
        if self._sorting is not sorting:
            self._sorting, self._backwards = sorting, False
        elif not self._backwards:
            self._backwards = True
        else:
            self._sorting, self._backwards = BOARD, False
        self._renew()

    def _renew(self) -> None:
        wanted, cut = self._wanted, bool(self._filter)
        key, backwards = self._sorting.key, self._backwards
        self._roll = Roll(key, wanted, backwards=backwards) if cut else Roll(key, backwards=backwards)
        self._seen = -1
        self.changed()
        self.post_message(self.Selected())

    def _wanted(self, row: TaskRow) -> bool:
        return self._filter.fits(fields_of(row))

    # Marks

    def action_mark(self) -> None:
        """Mark the task, or not; on to the next."""
        if self.selected_id is None:
            return
        if self.selected_id in self.marks:
            del self.marks[self.selected_id]
        else:
            self.marks[self.selected_id] = None
        self._anchor = self.selected_id
        self.move_to(self.cursor + 1)
        self._say_counts()

    def action_mark_range(self) -> None:
        """Mark from the line last marked to this one; without one, from here on."""
        anchor = self._roll.index(self._anchor) if self._anchor is not None else None
        anchor = self.cursor if anchor is None else anchor
        if len(self._roll):
            for place in range(min(anchor, self.cursor), max(anchor, self.cursor) + 1):
                self.marks[self._roll.at(place)] = None
            self._anchor = self.selected_id
        self.refresh()
        self._say_counts()
        self.post_message(self.Selected())

    def action_mark_all(self) -> None:
        """Mark everything that is shown; when it is already, nothing."""
        shown = dict.fromkeys(self._roll)
        self.marks = {} if shown.keys() <= self.marks.keys() else self.marks | shown
        self.refresh()
        self._say_counts()
        self.post_message(self.Selected())

    def calm(self) -> bool:
        """Take back the last of marks, filter and order; False when there is nothing to take back."""
        if self.marks:
            self.marks, self._anchor = {}, None
        elif self._filter:
            self._filter = Query()
        elif self._sorting is not BOARD:
            self._sorting, self._backwards = BOARD, False
        else:
            return super().calm()
        self._renew()
        return True

    # Drawing

    def line_count(self) -> int:
        """Tasks, or the lines that say what to do first."""
        return len(self._roll) or len(self._nothing())

    def _nothing(self) -> Sequence[Content]:
        if not self._war.opened:
            return OPENING
        return NO_HIT if self._filter else self._war.welcome

    def fields(self, index: int) -> dict[str, str]:
        """What a search may find in a row."""
        return fields_of(self._war.tasks[self._roll.at(index)]) if len(self._roll) else {}

    def line(self, index: int, width: int) -> Content:
        """One task."""
        if not len(self._roll):
            return self._nothing()[index].truncate(width, ellipsis=True)
        row = self._war.tasks[self._roll.at(index)]
        return task_line(
            row,
            width,
            here=index == self.cursor,
            marked=row.id in self.marks,
            paid=row.tier in self._war.paid,
            label_width=max(LABEL_WIDTH, len(str(self._war.index.highest)) + 2),
            ascii_only=self.ascii_only,
        )
