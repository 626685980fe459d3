"""Asking before what cannot be undone. The question names the object and the consequence; only y does it."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.content import Content

from app.screen.actions import bindings
from app.screen.dialog import Dialog, Plain


class Confirm(Dialog[bool]):
    """Answers True for y; None for n and escape. Enter does nothing."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("dialog_yes", "dialog_no")]

    KEYS: ClassVar[str] = "y yes   n no"

    def __init__(self, question: str, consequence: str) -> None:
        """Both texts are sanitized already."""
        self._question = question
        self._consequence = consequence
        super().__init__()

    def compose(self) -> ComposeResult:
        """The question, what follows from yes, the two keys."""
        with VerticalScroll(classes="dialog", can_focus=False):
            yield Plain(Content.styled(self._question, "bold"), classes="question")
            yield Plain(self._consequence)
            yield Plain(Content.styled(self.KEYS, "$info"), classes="answers")

    def action_yes(self) -> None:
        """Do it."""
        self.dismiss(True)


class AbortAll(Confirm):
    """The key that asked, pressed again, is a yes too."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("dialog_abort")]
    KEYS = "ctrl+x or y abort all   n no"


class SoundWanted(Confirm):
    """Asked once, when War Room is opened for the first time."""

    KEYS = "y on   n off"

    def __init__(self) -> None:
        super().__init__(
            "Sound on?",
            "Unit voices, an advisor and a klaxon tell who is done, who is stuck and that the money is out. Everything "
            "is captioned too. Later: m mutes or switches on, [ and ] turn the volume.",
        )
