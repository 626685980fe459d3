"""The tool log's records: a bounded book that only grows at its end."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Literal

Tone = Literal["plain", "good", "bad", "warn", "quiet", "info"]
Kind = Literal["call", "output", "model", "check", "mission", "alarm"]

CAPACITY = 5_000
"""Records kept for scrolling back; the whole story is in the store."""
OUTPUT_LINES = 200
"""Lines of one call's output the book takes; the rest is in the call's log file."""
_PARTIAL = 4_000
_OPEN_CALLS = 64


@dataclass(slots=True)
class Record:
    """One line. `mark` is the glyph before it, `right` what stands at the right edge. All text is sanitized already."""

    at: datetime
    who: str
    mark: str
    what: str
    text: str
    right: str = ""
    tone: Tone = "plain"
    kind: Kind = "call"


@dataclass(slots=True)
class _Stream:
    """The output of a running call: what came after the last line end, and how many lines there were."""

    partial: str = ""
    lines: int = 0


class LogBook:
    """Bounded records. `total` counts every record ever written, so a reader knows how many it has not seen."""

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._records: deque[Record] = deque(maxlen=capacity)
        self._streams: dict[tuple[int, int], _Stream] = {}
        self._started: dict[tuple[int, int], Record] = {}
        self.total = 0

    def __len__(self) -> int:
        return len(self._records)

    def __iter__(self) -> Iterator[Record]:
        return iter(self._records)

    def newest(self, number: int) -> list[Record]:
        """The last `number` records, oldest first."""
        number = min(number, len(self._records))
        return list(islice(self._records, len(self._records) - number, None))

    def write(self, record: Record) -> None:
        """Append `record`; the oldest falls out when the book is full."""
        self._records.append(record)
        self.total += 1

    def start_call(self, key: tuple[int, int], record: Record) -> None:
        """Append the line of a call that has begun. `key` is (mission, call)."""
        self.write(record)
        self._started[key] = record
        while len(self._started) > _OPEN_CALLS:
            self._started.pop(next(iter(self._started)))

    def finish_call(self, key: tuple[int, int], record: Record) -> None:
        """A call ended: its result replaces its own line while that is the newest, else it is a line of its own."""
        self._end_stream(key, record)
        begun = self._started.pop(key, None)
        if begun is not None and self._records and self._records[-1] is begun:
            begun.at, begun.mark, begun.text = record.at, record.mark, record.text
            begun.right, begun.tone = record.right, record.tone
            return
        if begun is not None:
            begun.mark, begun.tone = "·", "quiet"
        self.write(record)

    def stream(self, key: tuple[int, int], at: datetime, who: str, text: str) -> int:
        """Take a piece of a running call's output; returns how many lines it completed."""
        stream = self._streams.setdefault(key, _Stream())
        *lines, stream.partial = (stream.partial + text).split("\n")
        stream.partial = stream.partial[-_PARTIAL:]
        for line in lines:
            self._output_line(stream, at, who, line)
        while len(self._streams) > _OPEN_CALLS:
            self._streams.pop(next(iter(self._streams)))
        return len(lines)

    def _end_stream(self, key: tuple[int, int], record: Record) -> None:
        stream = self._streams.pop(key, None)
        if stream is None:
            return
        if stream.partial:
            self._output_line(stream, record.at, record.who, stream.partial)
        if stream.lines > OUTPUT_LINES:
            more = stream.lines - OUTPUT_LINES
            self.write(Record(record.at, record.who, " ", "", f"… {more} more lines", tone="quiet", kind="output"))

    def _output_line(self, stream: _Stream, at: datetime, who: str, line: str) -> None:
        stream.lines += 1
        if stream.lines <= OUTPUT_LINES and line.strip():
            self.write(Record(at, who, "│", "", line.expandtabs(4)[:500], tone="quiet", kind="output"))
