"""The base of the dialogs: a modal screen that escape closes without doing anything."""

from __future__ import annotations

from typing import ClassVar, TypeVar

from textual.binding import BindingType
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from app.screen.actions import bindings
from themes import OVER

Answer = TypeVar("Answer")


class Plain(Static):
    """Text that is never read as markup."""

    def __init__(self, text: str | Content, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(text, markup=False, id=id, classes=classes)


class Dialog(ModalScreen[Answer | None]):
    """Answers None when it is closed."""

    CSS_PATH = OVER
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("dialog_close")]

    def action_close(self) -> None:
        """Leave it."""
        self.dismiss(None)
