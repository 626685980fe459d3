"""Lines made of columns that fit: by cells, not characters, so wide letters line up."""

from __future__ import annotations

from textual.content import Content

Piece = Content | str | tuple[str, str]


def piece(text: Piece) -> Content:
    """Plain text, or text with a style token. Never markup."""
    if isinstance(text, Content):
        return text
    return Content(text) if isinstance(text, str) else Content.styled(*text)


def cell(text: Piece, width: int) -> Content:
    """`text` in exactly `width` cells: cut with an ellipsis, or padded."""
    return piece(text).truncate(max(0, width), ellipsis=True, pad=True)


def spread(left: Piece, right: Piece, width: int) -> Content:
    """`left` and `right` at the two ends of `width` cells; the left one is cut where they meet."""
    tail = piece(right).truncate(max(0, width), ellipsis=True)
    room = width - tail.cell_length
    return Content.assemble(cell(left, room), tail)


def joined(*pieces: Piece) -> Content:
    """The pieces one after the other."""
    return Content.assemble(*pieces)
