"""Help: the table of actions, as a page."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content

from agents.sanitize import one_line
from app.screen.actions import HEADINGS, Situation, Verdict, Where, actions_of
from app.screen.columns import cell, joined
from app.screen.dialog import Dialog
from app.screen.lines import Lines


class HelpPage(Lines):
    """Every key, what it does, and why it does nothing right now."""

    def __init__(self, where: Where, situation: Situation) -> None:
        places: list[Where] = [where, "everywhere", "pane"]
        places += [place for place in HEADINGS if place not in places]
        self._lines: list[tuple[str, str, Verdict]] = []
        for place in places:
            self._lines.append(("", HEADINGS[place], None))
            for action in actions_of(place):
                why_not = action.why_not(situation) if place in {where, "everywhere"} else None
                self._lines.append((one_line(action.key(situation), 12), action.help, why_not))
        super().__init__(id="help")

    def line_count(self) -> int:
        """Headings and actions."""
        return len(self._lines)

    def line(self, index: int, width: int) -> Content:
        """One of them."""
        key, text, why_not = self._lines[index]
        if not key:
            return Content.styled(text, "bold $loud")
        if why_not is not None:
            quiet = joined(cell((f"  {key}", "$quiet"), 11), (f"{text} – {why_not}", "$quiet"))
            return quiet.truncate(width, ellipsis=True)
        return joined(cell((f"  {key}", "bold $info"), 11), text).truncate(width, ellipsis=True)


class HelpDialog(Dialog[None]):
    """The page in a window."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("q,question_mark", "close", "close", id="help_close", show=False),
    ]

    def __init__(self, where: Where, situation: Situation) -> None:
        self._where: Where = where
        self._situation = situation
        super().__init__()

    def compose(self) -> ComposeResult:
        """The page, scrolled with the keys of every pane."""
        with Vertical(classes="dialog", id="help-window"):
            yield HelpPage(self._where, self._situation)

    def on_mount(self) -> None:
        """The keys scroll at once."""
        self.query_one(HelpPage).focus()
