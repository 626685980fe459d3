"""A record of the log as a line, or as several where long ones are folded."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import tzinfo

from rich.cells import cell_len, chop_cells
from textual.content import Content

from app.screen.columns import cell, joined, spread
from app.screen.log_book import Record
from app.screen.words import clock_time

_TONES = {"plain": "", "good": "$good", "bad": "$bad", "warn": "$warn", "quiet": "$quiet", "info": "$info"}
_ASCII = str.maketrans("✓✗✔✖…│◇▶↑■◔◦◆–·—›", "+x+x:|?>^#~.!-.->")
_TIME, _FRONT = 9, 26
"""Cells of the time, and of agent, mark and what was done."""
_NARROWEST = 12


@dataclass(frozen=True, slots=True)
class Manner:
    """How lines are written."""

    zone: tzinfo | None
    times: bool = True
    ascii_only: bool = False

    @property
    def indent(self) -> int:
        """Cells before the text."""
        return _FRONT + (_TIME if self.times else 0)


def _mark(record: Record, manner: Manner) -> str:
    return record.mark.translate(_ASCII) if manner.ascii_only else record.mark


def _front(record: Record, manner: Manner) -> Content:
    time = (f"{clock_time(record.at, manner.zone)} " if manner.times else "", "$quiet")
    if record.kind == "output":
        return joined(cell(time, _TIME if manner.times else 0), " " * 13, (f"{_mark(record, manner)} ", "$quiet"))
    colour = _TONES[record.tone]
    return joined(
        time,
        cell(record.who, 10),
        " ",
        (f"{_mark(record, manner)} ", colour),
        cell((record.what, colour), 12),
        " ",
    )


def _text(record: Record, manner: Manner) -> Content:
    if record.kind == "output":
        return Content.styled(record.text, "$quiet")
    text = Content.styled(record.text, "" if record.tone in {"plain", "info"} else _TONES[record.tone])
    call = record.call
    if call is not None and (call.running or record.kind == "call" and record.tone == "bad") and (last := call.last):
        return joined(text, (f"  {'>' if manner.ascii_only else '›'} {last[:200]}", "$quiet"))
    return text


def record_line(record: Record, width: int, manner: Manner) -> Content:
    """A record in `width` cells. Of a call that runs, or went wrong, the last line of its output too."""
    left = joined(_front(record, manner), _text(record, manner))
    return spread(left, (f" {record.right}" if record.right else "", "$quiet"), width)


def folded(record: Record, width: int, manner: Manner) -> list[str]:
    """The text of a record in pieces that fit beside its front."""
    room = max(_NARROWEST, width - manner.indent)
    text = f"{record.text}  {record.right}" if record.right else record.text
    if cell_len(text) <= room:
        return [text]
    return chop_cells(text, room)


def height(record: Record, width: int, manner: Manner) -> int:
    """How many lines a folded record takes."""
    room = max(_NARROWEST, width - manner.indent)
    size = len(record.text) + (len(record.right) + 2 if record.right else 0)
    if record.text.isascii() and record.right.isascii():
        return max(1, -(-size // room))
    return len(folded(record, width, manner))


def folded_line(record: Record, part: int, width: int, manner: Manner) -> Content:
    """One of the lines of a folded record."""
    pieces = folded(record, width, manner)
    front = _front(record, manner) if part == 0 else Content(" " * manner.indent)
    piece = pieces[part] if part < len(pieces) else ""
    if record.kind == "output" and part == 0:
        front = cell(front, manner.indent)
    return joined(front, (piece, _TONES[record.tone])).truncate(width)
