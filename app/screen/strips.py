"""The strip above the footer: the status line."""

from __future__ import annotations

from textual.content import Content

from app.screen.lines import Lines


class StatusLine(Lines):
    """What just happened, why a key does nothing, what to do about an error. Grows for a long sentence."""

    can_focus = False
    tallest = 4

    def __init__(self) -> None:
        self._said = Content("")
        self._wrapped: list[Content] = []
        super().__init__(classes="status")

    @property
    def text(self) -> str:
        """What it says."""
        return self._said.plain

    def say(self, text: str, colour: str = "") -> None:
        """Say one or two sentences. `text` is sanitized already."""
        self._said = Content.styled(text, colour)
        self.changed()

    def changed(self) -> None:
        """Fold the sentence into the lines it needs."""
        width = self.scrollable_content_region.width
        self._wrapped = self._said.wrap(width)[: self.tallest] if width > 0 and self._said else []
        self.styles.height = max(1, len(self._wrapped))
        super().changed()

    def line_count(self) -> int:
        """As many as the sentence needs."""
        return len(self._wrapped)

    def line(self, index: int, width: int) -> Content:
        """One of them."""
        return self._wrapped[index].truncate(width, ellipsis=True)
