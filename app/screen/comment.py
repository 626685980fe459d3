"""What a person says when they send a task back."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Input

from app.screen.dialog import Dialog, Plain


class Comment(Dialog[str]):
    """Answers the comment, empty when there is none; None when the task is to stay as it is."""

    def __init__(self, label: str) -> None:
        self._label = label
        super().__init__()

    def compose(self) -> ComposeResult:
        """One line to write in."""
        with VerticalScroll(classes="dialog", can_focus=False):
            yield Plain(Content.styled(f"Send {self._label} back", "bold"), classes="question")
            field = Input(placeholder="What should be different? May stay empty.", id="comment")
            field.cursor_blink = False
            yield field
            yield Plain(Content.styled("⏎ send back   esc leave it", "$info"), classes="answers")

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Send it back."""
        event.stop()
        self.dismiss(event.value)
