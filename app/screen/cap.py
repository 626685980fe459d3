"""Raising a cap: the one way it grows while War Room runs, and said in the log."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Input

from app.screen.dialog import Dialog, Plain


class RaiseCap(Dialog[float]):
    """Answers the new cap in dollars; None when it is to stay."""

    def __init__(self, whose: str, now: str) -> None:
        """`whose` cap; where it stands `now`, in words."""
        self._whose = whose
        self._now = now
        super().__init__()

    def compose(self) -> ComposeResult:
        """One line to write in."""
        with VerticalScroll(classes="dialog", can_focus=False):
            yield Plain(Content.styled(f"Raise {self._whose} cap", "bold"), classes="question")
            yield Plain(self._now)
            field = Input(placeholder="The new cap in dollars, like 2.50", id="cap")
            field.cursor_blink = False
            yield field
            yield Plain("", id="problem")
            yield Plain(Content.styled("⏎ raise   esc leave it", "$info"), classes="answers")

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Raise it, or say why that is no amount."""
        event.stop()
        try:
            usd = float(event.value.strip().removeprefix("$"))
        except ValueError:
            usd = -1.0
        if 0 < usd < 1_000_000:
            self.dismiss(usd)
        else:
            self.query_one("#problem", Plain).update(Content.styled("That is no amount of dollars.", "$bad"))
