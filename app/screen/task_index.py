"""The board's rows by what is asked of them at every drawing: status, who needs the person, parts of a task."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from itertools import islice
from typing import TYPE_CHECKING

from app.screen.roll import Roll

if TYPE_CHECKING:
    from app.screen.state import TaskRow

_CHANGES = 2_000
"""Changed rows that are remembered for a reader; one that is further behind starts anew."""


def board_order(row: TaskRow) -> tuple[int, int, int]:
    """What lives first by priority, what ended below it, newest first."""
    return (1, 0, -row.id) if row.ended else (0, -row.priority, row.id)


class TaskIndex:
    """Kept with every row that is put. `changes` counts them all, so that a reader knows what it has not seen."""

    def __init__(self) -> None:
        self.order = Roll(board_order)
        self.waiting = Roll(board_order, lambda row: row.needs_person)
        self.highest = 0
        """The highest number of a task."""
        self.changes = 0
        self._changed: deque[int] = deque(maxlen=_CHANGES)
        self._by_status: dict[str, dict[int, None]] = {}
        self._parts: dict[int, dict[int, None]] = {}

    def put(self, row: TaskRow, before: TaskRow | None) -> None:
        """`row` stands where `before` did."""
        if before is not None and before.status != row.status:
            self._by_status[before.status].pop(row.id, None)
        self._by_status.setdefault(row.status, {})[row.id] = None
        if before is not None and before.parent is not None and before.parent != row.parent:
            self._parts[before.parent].pop(row.id, None)
        if row.parent is not None:
            self._parts.setdefault(row.parent, {})[row.id] = None
        self.order.put(row)
        self.waiting.put(row)
        self.highest = max(self.highest, row.id)
        self.changes += 1
        self._changed.append(row.id)

    def since(self, seen: int) -> Sequence[int] | None:
        """Ids of the rows changed since `changes` was `seen`; None when that is too long ago."""
        behind = self.changes - seen
        if behind > len(self._changed):
            return None
        return list(islice(self._changed, len(self._changed) - behind, None))

    def with_status(self, statuses: Sequence[str]) -> list[int]:
        """Ids of the rows in one of `statuses`, in the order they were posted."""
        return sorted(task_id for status in statuses for task_id in self._by_status.get(status, ()))

    def count(self, statuses: Sequence[str]) -> int:
        """How many rows are in one of `statuses`."""
        return sum(len(self._by_status.get(status, ())) for status in statuses)

    def parts(self, task_id: int) -> list[int]:
        """Ids of the parts of a task, in the order they were planned."""
        return sorted(self._parts.get(task_id, ()))
