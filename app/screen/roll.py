"""The tasks in an order that is kept, not made anew: one changed row of ten thousand costs one row."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from app.screen.state import TaskRow

Key = Callable[["TaskRow"], tuple[Any, ...]]
"""What rows are ordered by. Two rows never compare as equal: the id comes after it."""
Wanted = Callable[["TaskRow"], bool]


def _everything(row: TaskRow) -> bool:
    return True


class Roll:
    """Ids of the rows that are wanted, in order. Putting a row is a binary search and a move of pointers."""

    def __init__(self, key: Key, wanted: Wanted = _everything, *, backwards: bool = False) -> None:
        self._key = key
        self._wanted = wanted
        self._backwards = backwards
        self._order: list[tuple[tuple[Any, ...], int]] = []
        self._places: dict[int, tuple[tuple[Any, ...], int]] = {}

    def fill(self, rows: Iterable[TaskRow]) -> None:
        """Forget all rows and take these."""
        self._places = {row.id: (self._key(row), row.id) for row in rows if self._wanted(row)}
        self._order = sorted(self._places.values())

    def put(self, row: TaskRow) -> None:
        """A row is new, or another than it was."""
        before = self._places.pop(row.id, None)
        place = (self._key(row), row.id) if self._wanted(row) else None
        if before != place and before is not None:
            del self._order[bisect_left(self._order, before)]
        if place is not None:
            self._places[row.id] = place
            if before != place:
                insort(self._order, place)

    def __len__(self) -> int:
        return len(self._order)

    def __iter__(self) -> Iterator[int]:
        order = reversed(self._order) if self._backwards else iter(self._order)
        return (task_id for _, task_id in order)

    def __contains__(self, task_id: int) -> bool:
        return task_id in self._places

    def at(self, index: int) -> int:
        """The id in a place, counted from 0."""
        return self._order[len(self._order) - 1 - index if self._backwards else index][1]

    def index(self, task_id: int) -> int | None:
        """The place of a task; None when it is not there."""
        place = self._places.get(task_id)
        if place is None:
            return None
        found = bisect_left(self._order, place)
        return len(self._order) - 1 - found if self._backwards else found
