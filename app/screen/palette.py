"""The palette: everything that can be done, found by a few letters of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.fuzzy import Matcher
from textual.widgets import Input

from app.screen.actions import bindings
from app.screen.catalog import Entry
from app.screen.choices import Choices
from app.screen.dialog import Dialog, Plain

MOST = 50
"""Tasks that are offered at once."""


def matching(entries: Sequence[Entry], words: str) -> list[Entry]:
    """The entries `words` may mean, the best first; possible ones before the others."""
    if not words.strip():
        return list(entries)
    matcher = Matcher(words)
    scored = [(max(2 * matcher.match(entry.name), matcher.match(entry.text)), entry) for entry in entries]
    found = [(score, entry) for score, entry in scored if score > 0]
    return [entry for _, entry in sorted(found, key=lambda pair: (pair[1].why_not is not None, -pair[0]))]


class Palette(Dialog[Entry]):
    """Answers what was chosen and is possible."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings("pick_up", "pick_down", "pick_page_up", "pick_page_down")]

    def __init__(
        self, entries: Sequence[Entry], tasks: Callable[[str, int], Sequence[Entry]], *, ascii_only: bool
    ) -> None:
        """`tasks` finds tasks by words, at most so many."""
        self._entries = entries
        self._tasks = tasks
        self._previewed: Entry | None = None
        self.choices = Choices(ascii_only=ascii_only, empty="Nothing has that name. esc closes.")
        super().__init__()

    def compose(self) -> ComposeResult:
        """What is typed, what it may mean, why the one stood on is not possible."""
        with Vertical(classes="dialog", id="palette-window"):
            words = Input(placeholder="What do you want to do? A task's number or title goes to it.", id="words")
            words.cursor_blink = False
            yield words
            yield self.choices
            yield Plain("", id="problem")

    def on_mount(self) -> None:
        """Everything is offered."""
        self.query_one("#words", Input).focus()
        self.choices.offer(self._entries)

    def on_input_changed(self, event: Input.Changed) -> None:
        """Offer what the words may mean."""
        event.stop()
        words = event.value.strip()
        found = matching(self._entries, words)
        tasks = list(self._tasks(words, MOST)) if words else []
        self.choices.offer(
            [*tasks, *found] if tasks and words[:1] in "tT" and words[1:].isdigit() else [*found, *tasks]
        )
        self._stood()

    def action_pick(self, step: int) -> None:
        """Another entry."""
        self.choices.action_step(step)
        self._stood()

    def action_pick_page(self, pages: int) -> None:
        """A page of entries on."""
        self.choices.action_page(pages)
        self._stood()

    def _stood(self) -> None:
        entry = self.choices.chosen
        if self._previewed is not None and self._previewed is not entry:
            self._take_back()
        if entry is not None and entry.preview is not None:
            self._previewed = entry
            entry.preview()
        self.query_one("#problem", Plain).update("")

    def _take_back(self) -> None:
        if self._previewed is not None and self._previewed.undo is not None:
            self._previewed.undo()
        self._previewed = None

    def on_lines_opened(self) -> None:
        """A second click chooses."""
        self._choose()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter chooses."""
        event.stop()
        self._choose()

    def _choose(self) -> None:
        entry = self.choices.chosen
        if entry is None:
            return
        if entry.why_not is not None:
            self.query_one("#problem", Plain).update(Content.styled(entry.why_not, "$warn"))
        else:
            self._previewed = None
            self.dismiss(entry)

    def action_close(self) -> None:
        """What was only looked at is as it was."""
        self._take_back()
        super().action_close()
