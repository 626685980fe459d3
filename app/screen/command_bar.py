"""The command bar: one line typed at the bottom of the screen. Tab completes, up and down bring back what was typed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.events import Key
from textual.message import Message
from textual.widgets import Input

from agents.sanitize import one_line
from app.screen.actions import bindings
from app.screen.columns import joined
from app.screen.dialog import Dialog, Plain
from app.screen.typed import NotUnderstood, completed

SHOWN = 12
"""Completions that are named at once."""


class Line(Input):
    """`[`, `]` and `-` mean something where no word was begun, or one was brought back: elsewhere they are letters."""

    brought_back = ""

    class Sign(Message):
        """One of them was typed."""

        def __init__(self, sign: str) -> None:
            self.sign = sign
            super().__init__()

    def on_key(self, event: Key) -> None:
        """Before it is a letter."""
        signs = "[]-" if not self.value else "[]" if self.value == self.brought_back else ""
        if event.character and event.character in signs:
            event.prevent_default().stop()
            self.post_message(self.Sign(event.character))


class CommandBar(Dialog[str]):
    """Answers the line once `check` takes it; "-" alone is answered at once."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("pick_up", "pick_down", "complete")]

    def __init__(
        self, offers: Callable[[str], Sequence[str]], check: Callable[[str], str | None], past: Sequence[str]
    ) -> None:
        """`offers`: what a line may become; `check` raises NotUnderstood, or says why it is not possible now; `past`:
        lines of before, oldest first."""
        self._offers = offers
        self._check = check
        self._past = past
        self._back = 0
        """How many lines back a person has gone."""
        self._offered: list[str] = []
        """The completions that tab goes through."""
        self._own = ""
        """What they had typed before they did."""
        super().__init__()

    def compose(self) -> ComposeResult:
        """What the line may become, or why it is nothing; the line."""
        with Vertical(id="command-bar"):
            yield Plain("", id="command-hint")
            with Horizontal(id="command-row"):
                yield Plain(":", id="command-colon")
                line = Line(id="command-line", compact=True)
                line.cursor_blink = False
                yield line

    @property
    def line(self) -> Line:
        """What is typed."""
        return self.query_one("#command-line", Line)

    def on_mount(self) -> None:
        """Offer everything."""
        self.line.focus()
        self._hint()

    def on_line_sign(self, event: Line.Sign) -> None:
        """A sign that is no letter of a word."""
        event.stop()
        if event.sign == "-":
            self.dismiss("-")
        else:
            self.action_pick(-1 if event.sign == "[" else 1)

    def action_pick(self, step: int) -> None:
        """An older line, or a newer one."""
        if self._back == 0:
            self._own = self.line.value
        self._back = max(0, min(len(self._past), self._back - step))
        self.line.brought_back = self._past[-self._back] if self._back else ""
        self.line.value = self.line.brought_back or self._own
        self.line.cursor_position = len(self.line.value)

    def action_complete(self) -> None:
        """As far as it is certain; pressed again, one of several after the other."""
        value = self.line.value
        if value not in self._offered:
            self._offered = list(self._offers(value))
        longer = completed(value, self._offered)
        if longer == value and self._offered:
            place = self._offered.index(value) + 1 if value in self._offered else 0
            longer = self._offered[place % len(self._offered)]
        self.line.value = longer
        self.line.cursor_position = len(longer)

    def on_input_changed(self, event: Input.Changed) -> None:
        """Other completions."""
        event.stop()
        self._hint()

    def _hint(self) -> None:
        offers = self._offers(self.line.value)
        more = f"  … {len(offers) - SHOWN} more" if len(offers) > SHOWN else ""
        self._say(joined("  ".join(one_line(offer, 40) for offer in offers[:SHOWN]), more), "$quiet")

    def _say(self, text: Content, colour: str) -> None:
        self.query_one("#command-hint", Plain).update(text.stylize(colour))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Do it, or say why not and leave the line to be mended."""
        event.stop()
        line = event.value.strip()
        if not line:
            self.dismiss(None)
            return
        try:
            why_not = self._check(line)
        except NotUnderstood as error:
            self._say(Content(str(error)), "$bad")
            return
        if why_not is not None:
            self._say(Content(why_not), "$warn")
        else:
            self.dismiss(line)
