"""A person's answers to what agents ask. Each is about the question on the screen, and only once it could be read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Input, TextArea

from agents.permission import Answer
from app.screen.confirm import Confirm
from app.screen.dialog import Dialog, Plain

if TYPE_CHECKING:
    from collections.abc import Callable

    from app.screen.application import WarRoom
    from app.screen.asks import AskRow

_SHOWN = 200
"""Characters of a command that a dialog repeats."""


class Answering:
    """The verbs of the approvals panel."""

    def __init__(self, app: WarRoom) -> None:
        self._app = app
        self.verbs: Mapping[str, Callable[[], None]] = {
            "allow": self._allow,
            "allow_mission": self._allow_mission,
            "deny": self._deny,
            "remember": self._remember,
            "later": self._later,
        }

    def _allow(self) -> None:
        if rows := self._asked():
            self._send(rows, Answer.ALLOW, f"{_named(rows)} allowed, this once.")

    def _allow_mission(self) -> None:
        if rows := self._asked():
            self._send(rows, Answer.ALLOW_MISSION, f"{_named(rows)} allowed, for this mission: {_cut(rows[0].pattern)}")

    def _deny(self) -> None:
        if rows := self._asked():

            def denied(message: str | None) -> None:
                if message is not None:
                    self._send(rows, Answer.DENY, f"{_named(rows)} denied.", message=message)

            self._app.push_screen(Denial(_cut(rows[0].command)), denied)

    def _remember(self) -> None:
        if rows := self._asked():
            first = rows[0]

            def agreed(yes: bool | None) -> None:
                if yes:
                    said = f"{_named(rows)} allowed, from now on in this repository: {_cut(first.pattern)}"
                    self._send(rows, Answer.ALLOW, said, remember=True)

            reach = f"With: {first.reach}. " if first.reach else ""
            consequence = (
                f"{reach}No agent in this repository asks about it again. `warroom approvals --remembered` lists it, "
                "--forget takes it back."
            )
            self._app.push_screen(Confirm(f"Always allow: {_cut(first.pattern)}?", consequence), agreed)

    def _later(self) -> None:
        self._app.center.approvals.turn()

    def _asked(self) -> tuple[AskRow, ...]:
        """The asks an answer is for; none, and why is said, when none is taken now."""
        app = self._app
        panel = app.center.approvals
        reason = panel.answerable()
        if isinstance(app.focused, Input | TextArea):
            reason = "You are typing: leave that first (esc), then answer."
        if reason is not None:
            app.say(reason, "$warn")
            return ()
        return panel.shown

    def _send(
        self, rows: tuple[AskRow, ...], answer: Answer, done: str, *, message: str = "", remember: bool = False
    ) -> None:
        numbers = [row.id for row in rows]
        self._app.orders.order(
            lambda command: command.approvals.answer(numbers, answer, message=message, remember=remember), done
        )


class Denial(Dialog[str]):
    """Answers what the agent is told, which may be nothing; None when it is not denied."""

    def __init__(self, command: str) -> None:
        self._command = command
        super().__init__()

    def compose(self) -> ComposeResult:
        """One line to write in."""
        with VerticalScroll(classes="dialog", can_focus=False):
            yield Plain(Content.styled(f"Deny: {self._command}", "bold"), classes="question")
            field = Input(placeholder="What should it do instead? The agent reads it. May stay empty.", id="denial")
            field.cursor_blink = False
            yield field
            yield Plain(Content.styled("⏎ deny   esc leave it", "$info"), classes="answers")

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Deny it."""
        event.stop()
        self.dismiss(event.value)


def _named(rows: tuple[AskRow, ...]) -> str:
    return ", ".join(row.label for row in rows[:5]) + (f" and {len(rows) - 5} more" if len(rows) > 5 else "")


def _cut(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _SHOWN else f"{line[: _SHOWN - 1]}…"
