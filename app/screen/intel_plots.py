"""Plots of the Intel screen as lines. Each kind of mark has a glyph of its own, which decides its colour."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import TYPE_CHECKING

from textual.content import Content
from textual_plotext import Plot

if TYPE_CHECKING:
    from agents.routing.calibration import Bin

POINT, REACH, IDEAL, BAR = "●", "┃", "·", "█"
_COLOURS = {POINT: "bold $loud", REACH: "$info", IDEAL: "$quiet", BAR: "$info"}
_FRAME = frozenset("┌┐└┘├┤┬┴┼─│")
_ASCII = str.maketrans(
    {**dict.fromkeys("┌┐└┘├┤┬┴┼", "+"), "─": "-", "│": "|", POINT: "O", REACH: ":", IDEAL: ".", BAR: "#"}
)


def calibration_plot(bins: Sequence[Bin], width: int, height: int, *, ascii_only: bool) -> list[Content]:
    """Observed by predicted, with the interval of each bin; on the dotted line the odds would be exact."""
    plot = _empty(width, height)
    steps = 4 * width
    plot.scatter([at / steps for at in range(steps + 1)], [at / steps for at in range(steps + 1)], marker=IDEAL)
    for one in bins:
        reach = [one.observed.low + (one.observed.high - one.observed.low) * at / 40 for at in range(41)]
        plot.scatter([one.predicted] * len(reach), reach, marker=REACH)
    plot.scatter([one.predicted for one in bins], [one.observed.share for one in bins], marker=POINT)
    ticks = [0, 0.25, 0.5, 0.75, 1]
    names = ["0", ".25", ".5", ".75", "1"]
    plot.xlim(0, 1)
    plot.ylim(0, 1)
    plot.xticks(ticks, names)
    plot.yticks(ticks, names)
    return _lines(plot, ascii_only)


def day_plot(days: Sequence[tuple[str, float]], width: int, height: int, *, ascii_only: bool) -> list[Content]:
    """Dollars by day, oldest first; names are days without the year."""
    plot = _empty(width, height)
    plot.bar([name for name, _ in days], [usd for _, usd in days], marker=BAR, width=0.6)
    top = max((usd for _, usd in days), default=0.0)
    plot.ylim(0, top or 1)
    plot.yticks([0, top / 2, top], ["$0", f"${top / 2:.2f}", f"${top:.2f}"])
    return _lines(plot, ascii_only)


def _empty(width: int, height: int) -> Plot:
    plot = Plot()
    plot.theme("clear")
    plot.plotsize(width, height)
    return plot


def _lines(plot: Plot, ascii_only: bool) -> list[Content]:
    return [_coloured(line.rstrip(), ascii_only) for line in plot.uncolorize(plot.build()).splitlines()]


def _coloured(line: str, ascii_only: bool) -> Content:
    runs = ((colour, "".join(run)) for colour, run in groupby(line, _colour))
    return Content.assemble(*((text.translate(_ASCII) if ascii_only else text, colour) for colour, text in runs))


def _colour(glyph: str) -> str:
    return "$quiet" if glyph in _FRAME else _COLOURS.get(glyph, "")
