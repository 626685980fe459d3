"""Which record a line of a folded log belongs to, when each takes as many lines as it needs."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable

_SPARE = 4_096
"""Forgotten entries that may lie about before the list is copied."""


class Heights:
    """A list of heights that grows at its end and falls off at its beginning. Finding a line is a binary search."""

    def __init__(self, heights: Iterable[int] = ()) -> None:
        self._ends: list[int] = []
        """Lines up to the end of each entry, counted from the first there ever was."""
        self._gone = 0
        self._before = 0
        for height in heights:
            self.append(height)

    def __len__(self) -> int:
        return len(self._ends) - self._gone

    @property
    def lines(self) -> int:
        """How many lines there are."""
        return (self._ends[-1] if self._ends else self._before) - self._before

    def append(self, height: int) -> None:
        """One more at the end."""
        self._ends.append((self._ends[-1] if self._ends else self._before) + height)

    def pop(self) -> None:
        """The last one goes."""
        if len(self):
            self._ends.pop()

    def fall(self, count: int) -> int:
        """The first `count` go; how many lines that was."""
        count = min(count, len(self))
        if count == 0:
            return 0
        self._gone += count
        end = self._ends[self._gone - 1]
        lines, self._before = end - self._before, end
        if self._gone > _SPARE or self._gone == len(self._ends):
            # Nothing refers to them any more; with none left the next one begins where they ended.
            self._ends = self._ends[self._gone :]
            self._gone = 0
        return lines

    def find(self, line: int) -> tuple[int, int]:
        """The entry that line `line` belongs to, and the how-manieth of its lines that is."""
        at = bisect_right(self._ends, line + self._before, self._gone)
        start = self._ends[at - 1] if at > self._gone else self._before
        return at - self._gone, line + self._before - start

    def start(self, entry: int) -> int:
        """The first line of an entry."""
        return (self._ends[self._gone + entry - 1] if entry else self._before) - self._before
