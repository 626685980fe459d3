"""Panes that show text made elsewhere: as it is and scrolled sideways, or wrapped to their width."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content
from textual.geometry import Size

from app.screen.folding import fold
from app.screen.lines import Lines


class Page(Lines):
    """Finished lines, drawn as they are; wider ones scroll."""

    wide = True

    def __init__(self, lines: Sequence[Content] = (), *, id: str | None = None, classes: str | None = None) -> None:
        self._lines = list(lines)
        self._widest = max((line.cell_length for line in self._lines), default=0)
        super().__init__(id=id, classes=classes)

    def line_count(self) -> int:
        """The lines given."""
        return len(self._lines)

    def widest(self) -> int:
        """The widest of them."""
        return self._widest

    def line(self, index: int, width: int) -> Content:
        """One of them."""
        return self._lines[index]


class Prose(Lines):
    """Lines wrapped to the pane's width; `show` replaces them and stays at the end if it was there."""

    def __init__(self, lines: Sequence[Content] = (), *, id: str | None = None) -> None:
        self._source = list(lines)
        self._wrapped: list[Content] = []
        self._wrapped_for = (0, 0)
        self._version = 0
        super().__init__(id=id)

    def show(self, lines: Sequence[Content]) -> None:
        """Show other lines."""
        at_end = bool(self._wrapped) and self.scroll_offset.y > 0 and self.scroll_offset.y >= self.max_scroll_y
        self._source = list(lines)
        self._version += 1
        self.changed()
        if at_end:
            self.scroll_to(y=self.max_scroll_y, animate=False, force=True)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """For a pane as tall as its text."""
        return sum(len(self.fold(line, width)) for line in self._source) if width > 0 else len(self._source)

    def changed(self) -> None:
        """Wrap anew when the text or the width is another."""
        width = self.scrollable_content_region.width
        if width > 0 and (width, self._version) != self._wrapped_for:
            self._wrapped_for = (width, self._version)
            self._wrapped = [part for line in self._source for part in self.fold(line, width)]
        super().changed()

    def line_count(self) -> int:
        """Wrapped lines."""
        return len(self._wrapped)

    def line(self, index: int, width: int) -> Content:
        """One of them."""
        return self._wrapped[index]

    def fold(self, line: Content, width: int) -> list[Content]:
        """One line in as many as it needs."""
        return fold(line, width)
