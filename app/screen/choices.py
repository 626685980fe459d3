"""A list to choose from, below a line a person types in. What is not possible is greyed and says why."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content

from app.screen.catalog import Entry
from app.screen.columns import cell, joined
from app.screen.lines import Lines


class Choices(Lines):
    """Entries, one of them stood on."""

    has_cursor = True
    can_focus = False

    def __init__(self, *, ascii_only: bool = False, empty: str = "Nothing has that name.") -> None:
        self._entries: Sequence[Entry] = ()
        self._ascii = ascii_only
        self._empty = empty
        super().__init__(id="choices")

    @property
    def chosen(self) -> Entry | None:
        """The entry stood on."""
        return self._entries[self.cursor] if self.cursor < len(self._entries) else None

    def offer(self, entries: Sequence[Entry]) -> None:
        """Show other entries, the first of them stood on."""
        self._entries = entries
        self.cursor = 0
        self.changed()

    def line_count(self) -> int:
        """Entries, or one line that says that there are none."""
        return max(1, len(self._entries))

    def line(self, index: int, width: int) -> Content:
        """One entry."""
        if not self._entries:
            return Content.styled(self._empty, "$quiet").truncate(width, ellipsis=True)
        entry = self._entries[index]
        pointer = (">" if self._ascii else "▸") if index == self.cursor else " "
        if entry.why_not is not None:
            told = joined((entry.why_not, "$warn"))
            front = joined((pointer, "$loud"), " ", cell((entry.name, "$quiet"), 16))
        else:
            told = joined(entry.text)
            front = joined((pointer, "$loud"), " ", cell((entry.name, "bold $info"), 16))
        key = cell((entry.key, "$quiet"), 14) if width >= 60 else joined("")
        return joined(front, cell(told, width - front.cell_length - key.cell_length - 1), " ", key).truncate(width)
