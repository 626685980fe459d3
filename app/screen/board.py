"""The bounty board: one line per task. What a person stands on stays selected by its id, wherever it moves."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content
from textual.message import Message

from app.screen.columns import cell, joined
from app.screen.lines import Lines
from app.screen.looks import complexity_colour, outcome_look, status_look, tier_colour
from app.screen.state import WAITING, TaskRow, War
from app.screen.words import price

OPENING = (Content.styled("Opening the war room…", "$quiet"),)
_LABEL_WIDTH = 5


class Board(Lines):
    """Tasks of this repository, those that live first."""

    has_cursor = True

    class Selected(Message):
        """Another task is selected."""

    def __init__(self, war: War, *, ascii_only: bool = False) -> None:
        self._war = war
        self.ascii_only = ascii_only
        self._rows: Sequence[TaskRow] = ()
        self._label_width = _LABEL_WIDTH
        self.selected_id: int | None = None
        super().__init__(id="board", classes="pane")

    @property
    def selected(self) -> TaskRow | None:
        """The row a person stands on."""
        return self._war.tasks.get(self.selected_id) if self.selected_id is not None else None

    def select(self, task_id: int) -> None:
        """Stand on a task by its id."""
        self.selected_id = task_id
        self.changed()

    def changed(self) -> None:
        """Take the rows anew; the selected task keeps the cursor."""
        self._rows = self._war.board()
        index = next((place for place, row in enumerate(self._rows) if row.id == self.selected_id), None)
        if index is None and self._rows:
            index = min(self.cursor, len(self._rows) - 1)
            self.selected_id = self._rows[index].id
        self.cursor = index or 0
        self._label_width = max([_LABEL_WIDTH, *(len(row.label) + 1 for row in self._rows)])
        self._say_counts()
        super().changed()

    def _say_counts(self) -> None:
        waiting = len(self._war.with_status("open"))
        queued = len(self._war.with_status("queued", "blocked"))
        self.title(f"1 BOUNTY BOARD  {waiting} open  {queued} queued" if self._rows else "1 BOUNTY BOARD")

    def moved(self) -> None:
        """Remember the task, not the line."""
        if self._rows:
            self.selected_id = self._rows[self.cursor].id
            self.post_message(self.Selected())

    def line_count(self) -> int:
        """Tasks, or the lines that say what to do first."""
        return len(self._rows) or len(self._nothing())

    def _nothing(self) -> Sequence[Content]:
        return self._war.welcome if self._war.opened else OPENING

    def line(self, index: int, width: int) -> Content:
        """One task."""
        if not self._rows:
            return self._nothing()[index].truncate(width, ellipsis=True)
        row, here = self._rows[index], index == self.cursor
        return task_line(
            row,
            width,
            here=here,
            paid=row.tier in self._war.paid,
            label_width=self._label_width,
            ascii_only=self.ascii_only,
        )


def task_line(
    row: TaskRow,
    width: int,
    *,
    here: bool,
    paid: bool = False,
    label_width: int = _LABEL_WIDTH,
    ascii_only: bool = False,
) -> Content:
    """A row of the board in `width` cells. Columns give way as it gets narrower: cost, tier, then the outcome."""
    look = status_look(row.shown)
    word = look.word
    if row.status in {"review", "done"} and row.outcome:
        word = f"{word} {outcome_look(row.outcome).word.lower()}"
    pointer = (">" if ascii_only else "▸") if here else " "
    state = cell((f"{look.mark(ascii_only)} {word}", look.colour), 19 if width >= 56 else 12)
    front = joined(
        (pointer, "$loud"),
        " ",
        cell(row.label, label_width),
        cell((f"C{row.complexity}", complexity_colour(row.complexity)), 4),
        cell((f"P{row.priority}", "$quiet"), 4),
    )
    extras: list[Content] = []
    if width >= 66:
        extras.append(cell((row.tier or "-", tier_colour(row.tier)), 8))
    if width >= 72:
        extras.append(cell((_price(row, paid), "$quiet"), 9))
    room = width - front.cell_length - state.cell_length - sum(extra.cell_length for extra in extras) - 1
    return joined(front, cell(joined(row.title, (_reason(row), "$quiet")), room), " ", *extras, state).truncate(width)


_EXPLAINED = frozenset({"open", "queued", "failed", "blocked", "needs_human"})


def _reason(row: TaskRow) -> str:
    """Why it stands where it stands, where that is what a person asks at once."""
    return f"  {row.reason}" if row.reason and row.status in _EXPLAINED else ""


def _price(row: TaskRow, paid: bool) -> str:
    """What it cost so far. Nothing is said to be free before anything was done."""
    untouched = row.cost_nano == 0 and (row.status in WAITING or row.status == "running")
    return "" if untouched else price(row.cost_nano, paid=paid)
