"""A grid of cells to draw a map on."""

from __future__ import annotations

from itertools import groupby
from operator import itemgetter

from rich.cells import get_character_cell_size
from textual.content import Content


class Canvas:
    """`width` by `height` cells, each with a style of theme tokens. What is put outside of it is not drawn."""

    def __init__(self, width: int, height: int) -> None:
        self.width = width
        self.height = height
        self._cells: list[list[tuple[str, str] | None]] = [[None] * width for _ in range(height)]

    def put(self, x: int, y: int, text: str, style: str = "", *, room: int | None = None) -> None:
        """Write `text` from (`x`, `y`) to the right, `room` cells of it at most. A wide letter takes two cells."""
        end = self.width if room is None else min(self.width, x + room)
        if not 0 <= y < self.height:
            return
        row = self._cells[y]
        for glyph in text:
            size = get_character_cell_size(glyph)
            if size == 0 or x < 0:
                continue
            if x + size > end:
                return
            row[x : x + size] = [(glyph, style), ("", style)][:size]
            x += size

    def blank(self, x: int, y: int) -> bool:
        """Nothing is there yet."""
        return 0 <= y < self.height and 0 <= x < self.width and self._cells[y][x] is None

    def lines(self) -> list[Content]:
        """The rows, cells of one style joined."""
        return [Content.assemble(*_runs([cell or (" ", "") for cell in row])) for row in self._cells]


def _runs(row: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Cells of one style joined."""
    return [("".join(glyph for glyph, _ in cells), style) for style, cells in groupby(row, key=itemgetter(1))]
