"""So many in any minute, and no more."""

from __future__ import annotations

from collections import deque

_MINUTE = 60.0


class Ration:
    """Counts what was taken within the last 60 seconds."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._taken: deque[float] = deque()

    def room(self, now: float) -> bool:
        """Whether one more may be taken at `now`, in seconds."""
        while self._taken and self._taken[0] <= now - _MINUTE:
            self._taken.popleft()
        return len(self._taken) < self._most

    def take(self, now: float) -> None:
        """One is taken at `now`."""
        self._taken.append(now)
