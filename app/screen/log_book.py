"""The tool log's records: a bounded book that only grows at its end."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Literal

from app.screen.calls import Call, Shelf

Tone = Literal["plain", "good", "bad", "warn", "quiet", "info"]
Kind = Literal["call", "output", "model", "check", "mission", "alarm"]

CAPACITY = 20_000
"""Records kept for scrolling back; the whole story is in the store."""
OUTPUT_LINES = 200
"""Lines of one call's output the book takes; the rest is in the call's log file."""
_OPEN_CALLS = 64
_RESULTS = {"✓": "ok", "✔": "ok", "✗": "failed", "✖": "failed", "■": "failed", "…": "running", "◇": "running"}


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
    task: int | None = None
    call: Call | None = None
    """What is one level down."""

    @property
    def result(self) -> str:
        """ok, failed or running, as far as the line tells."""
        return _RESULTS.get(self.mark, "")

    def fields(self) -> dict[str, str]:
        """What a filter may ask for. A line of output is its call's."""
        tool = self.call.tool if self.call is not None else self.what
        text = f"{self.what} {self.text} {self.right}"
        return {"agent": self.who, "tool": tool, "result": self.result, "text": text}


class LogBook:
    """Bounded records. `total` counts every record ever written, so a reader knows how many it has not seen."""

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._records: deque[Record] = deque(maxlen=capacity)
        self._calls: dict[tuple[int, int], Call] = {}
        self._shelf = Shelf()
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
        record.call = Call(record.at, record.who, record.what, record.text, record.task)
        self._calls[key] = record.call
        self.write(record)
        self._started[key] = record
        for known in (self._started, self._calls):
            while len(known) > _OPEN_CALLS:
                known.pop(next(iter(known)))

    def finish_call(self, key: tuple[int, int], record: Record, log_path: str = "", output: str = "") -> None:
        """A call ended: its result replaces its own line while that is the newest, else it is a line of its own.
        `output`: what it printed, where that was not told while it ran."""
        begun = self._started.pop(key, None)
        call = self._calls.pop(key, None) or Call(record.at, record.who, record.what, record.text, record.task)
        if output and not call.count:
            call.take(output)
            call.end()
        elif (inline := call.end()) or call.count:
            self._lines_of(call, record.at, inline)
            if call.count > OUTPUT_LINES:
                more = f"… {call.count - OUTPUT_LINES} more lines"
                self.write(
                    Record(record.at, record.who, " ", "", more, tone="quiet", kind="output", task=call.task, call=call)
                )
        call.running, call.result, call.log_path = False, f"{record.mark} {record.text}  {record.right}", log_path
        self._shelf.put(call)
        record.call = call
        if begun is not None and self._records and self._records[-1] is begun:
            begun.at, begun.mark, begun.text = record.at, record.mark, record.text
            begun.right, begun.tone = record.right, record.tone
            return
        if begun is not None:
            begun.mark, begun.tone = "·", "quiet"
        self.write(record)

    def stream(self, key: tuple[int, int], at: datetime, who: str, text: str) -> None:
        """Take a piece of a running call's output."""
        call = self._calls.get(key)
        if call is None:
            call = self._calls[key] = Call(at, who, "", "")
            while len(self._calls) > _OPEN_CALLS:
                self._calls.pop(next(iter(self._calls)))
        self._lines_of(call, at, call.take(text))

    def _lines_of(self, call: Call, at: datetime, lines: Sequence[str]) -> None:
        """The first lines of a call stand in the book too, for who wants them among the calls."""
        before = call.count - len(lines)
        for line in lines[: max(0, OUTPUT_LINES - before)]:
            if line.strip():
                self.write(Record(at, call.who, "│", "", line[:500], "", "quiet", "output", call.task, call))
