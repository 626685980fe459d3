"""The palette: everything that can be done, found by a few letters of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input

from app.screen.actions import bindings
from app.screen.catalog import Entry
from app.screen.choices import Choices
from app.screen.dialog import Dialog, Plain

MOST = 50
"""Tasks that are offered at once."""


def likeness(entry: Entry, words: str) -> int:
    """How well `words`, lower case, name an entry: its name begins so, all of them occur, its name has the letters."""
    said = f"{entry.name} {entry.text}".lower()
    if entry.name.lower().startswith(words):
        return 3
    if all(word in said for word in words.split()):
        return 2
    letters = iter(entry.name.lower())
    return int(all(letter in letters for letter in words))


def matching(entries: Sequence[Entry], tasks: Sequence[Entry], words: str) -> list[Entry]:
    """What `words` may mean, the likeliest first, what is possible before what is not; `tasks` have them in a title."""
    if not words:
        return list(entries)
    scored = [(likeness(entry, words.lower()), entry) for entry in entries]
    found = sorted((pair for pair in scored if pair[0]), key=lambda pair: (pair[1].why_not is not None, -pair[0]))
    likely = [entry for score, entry in found if score > 1]
    unlikely = [entry for score, entry in found if score == 1]
    named = words[:1] in {"t", "T"} and words[1:].isdigit()
    return [*tasks, *likely, *unlikely] if named else [*likely, *tasks, *unlikely]


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
        tasks = self._tasks(words, MOST) if words else ()
        self.choices.offer(matching(self._entries, tasks, words))
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
        why_not = entry.why_not if entry is not None else None
        self.query_one("#problem", Plain).update(Content.styled(why_not or "", "$warn"))

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
        if entry is not None and entry.why_not is None:
            self._previewed = None
            self.dismiss(entry)

    def action_close(self) -> None:
        """What was only looked at is as it was."""
        self._take_back()
        super().action_close()
