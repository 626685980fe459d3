"""The cost–success frontier on a terminal, with the policies on it."""

import shutil
import string
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from agents.routing.backtest.frontier import Point
    from agents.routing.backtest.rows import Row

HEIGHT = 20
WIDEST = 100


def drawn(points: "Sequence[Point]", rows: "Sequence[Row]") -> list[str]:
    """Lines without colour, and a legend."""
    placed = [
        (row.policy, row.cost_usd, row.solved) for row in rows if row.cost_usd is not None and row.solved is not None
    ]
    encoding = (sys.stdout.encoding or "ascii").lower().replace("-", "")
    if not encoding.startswith("utf"):
        return [f"No plot: it needs a terminal in UTF-8, and this one is {encoding}."]
    import plotext  # type: ignore[import-untyped]

    plotext.clear_figure()
    plotext.theme("clear")
    plotext.plot_size(min(WIDEST, shutil.get_terminal_size().columns) - 1, HEIGHT)
    plotext.title("Solved by dollars a task: the frontier, by growing V")
    plotext.plot([point.cost_usd for point in points], [point.solved * 100 for point in points], marker="braille")
    letters = dict(zip((name for name, _, _ in placed), string.ascii_uppercase, strict=False))
    for name, cost, solved in placed:
        plotext.scatter([cost], [solved * 100], marker=letters[name])
    plotext.ylabel("% solved")
    plotext.xlabel("$ a task")
    plain: str = plotext.uncolorize(plotext.build())
    legend = "  ".join(f"{letter} {name}" for name, letter in letters.items())
    return [*(line.rstrip() for line in plain.splitlines()), *_wrapped(legend)]


def _wrapped(legend: str) -> list[str]:
    import textwrap

    return textwrap.wrap(legend, min(WIDEST, shutil.get_terminal_size().columns) - 1, break_long_words=False)
