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
from app.screen.pages import Prose

_KEY_WIDTH = 16


class HelpPage(Prose):
    """Every key, what it does, and why it does nothing right now."""

    def __init__(self, where: Where, situation: Situation) -> None:
        places: list[Where] = [where, "everywhere", "pane"]
        places += [place for place in HEADINGS if place not in places]
        lines: list[Content] = []
        for place in places:
            lines.append(Content.styled(HEADINGS[place], "bold $loud"))
            for action in actions_of(place):
                why_not = action.why_not(situation) if place in {where, "everywhere"} else None
                lines += _explained(one_line(action.key(situation), _KEY_WIDTH - 3), action.help, why_not)
        super().__init__(lines, id="help")

    def fold(self, line: Content, width: int) -> list[Content]:
        """What does not fit goes on below its own column."""
        if line.cell_length <= width or width <= 2 * _KEY_WIDTH:
            return super().fold(line, width)
        first, *more = line[_KEY_WIDTH:].wrap(width - _KEY_WIDTH)
        return [joined(line[:_KEY_WIDTH], first), *(joined(" " * _KEY_WIDTH, part) for part in more)]


def _explained(key: str, text: str, why_not: Verdict) -> list[Content]:
    """A key and what it does; on a line of its own why it does nothing now."""
    if why_not is None:
        return [joined(cell((f"  {key}", "bold $info"), _KEY_WIDTH), text)]
    return [
        joined(cell((f"  {key}", "$quiet"), _KEY_WIDTH), (text, "$quiet")),
        Content.styled(" " * _KEY_WIDTH + why_not, "$warn"),
    ]


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
