"""Many tasks in little room: dots with gaps, then without, then eight to a cell, then several to a dot."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from app.screen.canvas import Canvas
from app.screen.lanes import Blip
from app.screen.looks import Look

_PER_CELL = 8
_BRAILLE = "⡀⡄⡆⡇⣇⣧⣷⣿"
_ASCII = ".:-=+*%#"


@dataclass(frozen=True, slots=True)
class Area:
    """Cells of a lane: `width` from `x` on, in the rows from `top` to before `bottom`."""

    x: int
    width: int
    top: int
    bottom: int

    @property
    def rows(self) -> int:
        """How many."""
        return max(0, self.bottom - self.top)


def dots(
    canvas: Canvas, area: Area, blips: Sequence[Blip], *, ascii_only: bool, pulses: frozenset[int] = frozenset()
) -> dict[int, tuple[int, int]] | None:
    """One glyph for each task, and where it went; None where they do not fit, then nothing is drawn."""
    for step in (2, 1):
        in_row = (area.width + step - 1) // step
        if len(blips) <= in_row * area.rows:
            break
    else:
        return None if blips else {}
    places = {}
    for index, blip in enumerate(blips):
        x, y = area.x + index % in_row * step, area.top + index // in_row
        style = f"reverse {blip.look.colour}" if blip.task in pulses else blip.look.colour
        canvas.put(x, y, blip.look.mark(ascii_only), style)
        places[blip.task] = (x, y)
    return places


def crowd(canvas: Canvas, area: Area, blips: Sequence[Blip], *, ascii_only: bool) -> int:
    """A block of dots for each state, led by its glyph; the rarest first, so that none is lost. Returns how many tasks
    a dot stands for."""
    counts: dict[Look, int] = {}
    for blip in blips:
        counts[blip.look] = counts.get(blip.look, 0) + 1
    states = sorted(counts.items(), key=lambda item: item[1])[: area.rows]
    room = max(1, area.width - 1)

    def rows_of(number: int, scale: int) -> int:
        return -(-number // (scale * _PER_CELL * room))

    scale = 1
    while sum(rows_of(number, scale) for _, number in states) > area.rows and scale < len(blips):
        scale += 1
    ramp, y = (_ASCII if ascii_only else _BRAILLE), area.top
    for look, number in states:
        canvas.put(area.x, y, look.mark(ascii_only), f"bold {look.colour}")
        full, rest = divmod(-(-number // scale), _PER_CELL)
        cells = ramp[-1] * full + (ramp[rest - 1] if rest else "")
        for start in range(0, len(cells), room):
            canvas.put(area.x + 1, y, cells[start : start + room], look.colour)
            y += 1
    return scale
