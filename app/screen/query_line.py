"""The line in which a filter or a search is typed: what it asks for is shown with every letter."""

from __future__ import annotations

from typing import ClassVar, Protocol

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.widgets import Input

from app.screen.dialog import Plain


class Asked(Protocol):
    """A pane that can be asked."""

    def focus(self) -> object:
        """Take the keys again."""

    def asked(self, purpose: str, text: str) -> None:
        """Show what `text` asks for."""


class QueryLine(Horizontal):
    """Hidden until a pane is asked something. Enter keeps it, escape asks for what was asked before."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "drop", "back", show=False)]

    def __init__(self) -> None:
        self._pane: Asked | None = None
        self._purpose = self._before = ""
        super().__init__(classes="query")

    def compose(self) -> ComposeResult:
        """What it is for, and the line."""
        yield Plain("", classes="query-purpose")
        line = Input(compact=True, classes="query-text")
        line.cursor_blink = False
        yield line

    def open(self, pane: Asked, purpose: str, text: str) -> None:
        """Ask `pane` for what is typed from now on, beginning with `text`."""
        self._pane, self._purpose, self._before = pane, purpose, text
        self.query_one(Plain).update(f"{purpose} ")
        line = self.query_one(Input)
        with line.prevent(Input.Changed):
            line.value = text
        line.cursor_position = len(text)
        self.add_class("-open")
        line.focus()

    def on_input_changed(self, event: Input.Changed) -> None:
        """As it is typed."""
        event.stop()
        if self._pane is not None:
            self._pane.asked(self._purpose, event.value)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Keep it."""
        event.stop()
        self._close()

    def action_drop(self) -> None:
        """As it was before."""
        if self._pane is not None:
            self._pane.asked(self._purpose, self._before)
        self._close()

    def on_descendant_blur(self) -> None:
        """Another pane was chosen meanwhile."""
        self.remove_class("-open")

    def _close(self) -> None:
        pane, self._pane = self._pane, None
        self.remove_class("-open")
        if pane is not None:
            pane.focus()
