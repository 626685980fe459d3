"""What a tool call or a check printed, one level below its line in the log. Bounded per call and in all."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime

KEPT_LINES = 2_000
"""Lines of one call that are kept: the last ones. The whole output is in the call's log file."""
LINE = 2_000
"""Characters of one line that are kept."""
_PARTIAL = 4_000
_KEPT_CHARACTERS = 8_000_000


@dataclass(slots=True, eq=False)
class Call:
    """One call. All text is sanitized."""

    at: datetime
    who: str
    tool: str
    summary: str
    task: int | None = None
    running: bool = True
    result: str = ""
    log_path: str = ""
    """The file that holds all of it; empty when there is none."""
    lines: list[str] = field(default_factory=list)
    """The last ones: up to twice as many as are kept for sure."""
    count: int = 0
    """Lines that were printed, kept or not."""
    forgotten: bool = False
    """Its lines made room for newer calls'."""
    partial: str = ""
    """What came after the last line end."""

    @property
    def last(self) -> str:
        """The newest line that says anything."""
        return self.partial.strip() or next((line for line in reversed(self.lines) if line.strip()), "")

    def take(self, text: str) -> list[str]:
        """Take a piece of its output; the lines it completed."""
        *whole, self.partial = (self.partial + text).split("\n")
        self.partial = self.partial[-_PARTIAL:]
        return [self._keep(line) for line in whole]

    def end(self) -> list[str]:
        """It has ended: what came after the last line end is a line too."""
        rest, self.partial, self.running = self.partial, "", False
        return [self._keep(rest)] if rest else []

    def _keep(self, line: str) -> str:
        line = line.expandtabs(4)[:LINE]
        self.lines.append(line)
        self.count += 1
        if len(self.lines) >= 2 * KEPT_LINES:
            del self.lines[:-KEPT_LINES]
        return line


class Shelf:
    """Calls that have ended, the oldest forgotten when all of them hold too much."""

    def __init__(self, most: int = _KEPT_CHARACTERS) -> None:
        self._most = most
        self._calls: deque[tuple[Call, int]] = deque()
        self._size = 0

    def put(self, call: Call) -> None:
        """Keep what `call` printed for as long as there is room."""
        size = sum(map(len, call.lines))
        if not size:
            return
        self._calls.append((call, size))
        self._size += size
        while self._size > self._most and len(self._calls) > 1:
            oldest, freed = self._calls.popleft()
            oldest.lines.clear()
            oldest.forgotten = True
            self._size -= freed
