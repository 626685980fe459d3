"""A long line in as many as it needs, broken between words: for pages of thousands of lines, on every change."""

from __future__ import annotations

import re

from rich.cells import cell_len, chop_cells
from textual.content import Content

_WORD = re.compile(r"\s*\S+")


def breaks(text: str, width: int) -> list[int]:
    """Where `text` is to be broken so that no piece takes more than `width` cells; spaces at a break go with the end
    of the line above."""
    found: list[int] = []
    used = 0
    for word in _WORD.finditer(text):
        size = cell_len(word[0])
        if used + size <= width:
            used += size
            continue
        bare = word[0].lstrip()
        start = word.end() - len(bare)
        if used and start > 0:
            found.append(start)
        used = cell_len(bare)
        if used > width:
            for piece in chop_cells(bare, width)[:-1]:
                start += len(piece)
                found.append(start)
            used = cell_len(text[start : word.end()])
    return found


def fold(line: Content, width: int) -> list[Content]:
    """`line` in pieces of at most `width` cells."""
    if width <= 0 or line.cell_length <= width:
        return [line]
    text = line.plain
    edges = [0, *breaks(text, max(2, width)), len(text)]
    return [line[start:end].rstrip() for start, end in zip(edges, edges[1:], strict=False)]
