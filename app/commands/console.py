"""stdout is data, stderr is narration; both end at a terminal or a pipe and never get what is not safe there."""

import errno
import json
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TextIO

from agents.sanitize import one_line, sanitize

STYLES = {
    "bold": "1",
    "dim": "2",
    "red": "31",
    "green": "32",
    "yellow": "33",
    "blue": "34",
    "magenta": "35",
    "cyan": "36",
}

_NOBODY_READS = frozenset({errno.EPIPE, errno.EIO})
"""A pipe whose reader is gone; a terminal that was hung up."""


def colourful(stream: TextIO) -> bool:
    """`stream` is a terminal that wants colour: NO_COLOR is not set and TERM is not dumb."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM", "") not in {"", "dumb"}


def paint(text: str, style: str, stream: TextIO | None = None) -> str:
    """`text`, which is our own or sanitized, in `style` where `stream` (default stdout) is colourful."""
    if not style or not colourful(stream or sys.stdout):
        return text
    return f"\x1b[{STYLES[style]}m{text}\x1b[0m"


def put(text: str = "") -> None:
    """A line of data for a person, sanitized."""
    write(f"{sanitize(text)}\n")


def put_painted(text: str) -> None:
    """A line of data made of our own words and sanitized parts, with its colours."""
    write(f"{text}\n")


def put_json(row: Mapping[str, Any]) -> None:
    """A line of NDJSON, flushed at once. ASCII only, so that no terminal or locale can spoil it."""
    write(json.dumps(row, separators=(",", ":"), default=str) + "\n")


def say(text: str, style: str = "") -> None:
    """A line of narration, sanitized."""
    try:
        sys.stderr.write(paint(sanitize(text), style, sys.stderr) + "\n")
        sys.stderr.flush()
    except OSError as error:
        if error.errno not in _NOBODY_READS:
            raise
        # Nobody listens to the narration any more; the work and the data go on.
        discard(sys.stderr)


def write(text: str) -> None:
    """Write `text` to stdout as it is and flush. Raises BrokenPipeError."""
    try:
        sys.stdout.write(text)
    except UnicodeEncodeError:
        encoding = sys.stdout.encoding or "ascii"
        sys.stdout.write(text.encode(encoding, "replace").decode(encoding))
    sys.stdout.flush()


def discard(stream: TextIO) -> None:
    """Send what is still buffered in `stream`, whose reader is gone, nowhere: else Python complains at exit."""
    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
    except (OSError, ValueError):
        return


def terminals() -> tuple[int, ...]:
    """Which of our standard streams end at a terminal."""
    return tuple(descriptor for descriptor in range(3) if os.isatty(descriptor))


def let_go(descriptors: Iterable[int]) -> None:
    """These streams ended at a terminal that is lost: what is still written to them goes nowhere, and nothing fails."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in descriptors:
        os.dup2(nowhere, descriptor)
    os.close(nowhere)


def table(rows: Iterable[Sequence[str]], *, cut: int | None = None) -> list[str]:
    """`rows` as aligned lines of plain text; cells are sanitized, those of column `cut` at most 60 long."""
    cells = [[one_line(cell, 60 if index == cut else 200) for index, cell in enumerate(row)] for row in rows]
    widths = [max((len(row[column]) for row in cells), default=0) for column in range(max(map(len, cells), default=0))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=False)).rstrip() for row in cells]
