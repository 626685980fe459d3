"""Help: the table of actions as a page, the focused pane first; what is typed leaves the lines that hold it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input

from app.screen.actions import HEADINGS, Action, Situation, Verdict, Where, actions_of, bindings
from app.screen.columns import cell, joined
from app.screen.dialog import Dialog
from app.screen.pages import Prose
from app.screen.speech import spoken

_KEY_WIDTH = 16


def help_lines(where: Where, pane: str, situation: Situation, words: str = "", *, plain: bool = False) -> list[Content]:
    """Every key, what it does, and why it does nothing right now; of these what has all of `words` in it."""
    focused: list[Where] = [place for place in HEADINGS if place == pane]
    order: list[Where] = [*focused, where, "everywhere", "pane", *HEADINGS]
    lines: list[Content] = []
    for place in dict.fromkeys(order):
        here = place in {pane, where, "everywhere"}
        found: list[Content] = []
        for action in actions_of(place):
            if _holds(action, situation, words):
                found += _explained(action, situation, action.why_not(situation) if here else None, plain=plain)
        if found:
            lines += [Content.styled(spoken(HEADINGS[place], plain=plain), "bold $loud"), *found]
    return lines or [Content.styled("No key does that. Type less of it; esc closes.", "$quiet")]


def _holds(action: Action, situation: Situation, words: str) -> bool:
    said = f"{action.key(situation)} {action.id} {action.label} {action.help} {action.group}".lower()
    return all(word in said for word in words.lower().split())


def _explained(action: Action, situation: Situation, why_not: Verdict, *, plain: bool) -> Iterator[Content]:
    """A key and what it does; on a line of its own why it does nothing now."""
    key = action.key(situation)
    yield joined(
        cell((f"  {key}", "$quiet" if why_not else "bold $info"), _KEY_WIDTH),
        (spoken(action.help, plain=plain), "$quiet" if why_not else ""),
    )
    if why_not is not None:
        yield Content.styled(" " * _KEY_WIDTH + why_not, "$warn")


class HelpPage(Prose):
    """The lines, folded below their own column."""

    def fold(self, line: Content, width: int) -> list[Content]:
        """What does not fit goes on below its own column."""
        if line.cell_length <= width or width <= 2 * _KEY_WIDTH:
            return super().fold(line, width)
        first, *more = line[_KEY_WIDTH:].wrap(width - _KEY_WIDTH)
        return [joined(line[:_KEY_WIDTH], first), *(joined(" " * _KEY_WIDTH, part) for part in more)]


class HelpDialog(Dialog[None]):
    """The page in a window, below a line to search with."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("pick_up", "pick_down", "pick_page_up", "pick_page_down")]

    def __init__(self, where: Where, pane: str, situation: Situation, *, plain: bool = False) -> None:
        """`pane` is the focused one, whose own keys come first; empty where there are no panes."""
        self._where: Where = where
        self._pane = pane
        self._situation = situation
        self._plain = plain
        super().__init__()

    def compose(self) -> ComposeResult:
        """What is looked for, and the page."""
        with Vertical(classes="dialog", id="help-window"):
            words = Input(placeholder="Type to search: accept, pane, money …", id="words")
            words.cursor_blink = False
            yield words
            page = HelpPage(help_lines(self._where, self._pane, self._situation, plain=self._plain), id="help")
            page.can_focus = False
            yield page

    def on_mount(self) -> None:
        """Typing searches at once."""
        self.query_one("#words", Input).focus()

    def on_input_changed(self, event: Input.Changed) -> None:
        """The lines that hold what is typed."""
        event.stop()
        page = self.query_one(HelpPage)
        page.show(help_lines(self._where, self._pane, self._situation, event.value, plain=self._plain))
        page.action_edge(False)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter has found it."""
        event.stop()
        self.dismiss(None)

    def action_pick(self, step: int) -> None:
        """Scroll."""
        self.query_one(HelpPage).action_step(step)

    def action_pick_page(self, pages: int) -> None:
        """Scroll by pages."""
        self.query_one(HelpPage).action_page(pages)
