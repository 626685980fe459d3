"""The diff beside its proof: what the result changes, and what the check said before and after."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container
from textual.content import Content

from app.screen.actions import Situation, Where, bindings
from app.screen.check_page import output_lines, review_lines, verdict_lines
from app.screen.diff_pane import DiffPane
from app.screen.footer import KeyLine
from app.screen.pages import Page, Prose
from app.screen.patch import FilePatch, patch
from app.screen.place import Place
from app.screen.query_line import QueryLine
from app.screen.strips import StatusLine
from app.screen.syntax import coloured

if TYPE_CHECKING:
    from agents.tasks import Task

FOLDED = 44
"""Cells of a line of the review: the narrowest pane it is shown in beside a diff."""


def read_diff(text: str) -> tuple[list[FilePatch], Mapping[int, Content]]:
    """A diff and the colours of its lines; work for a thread."""
    files = patch(text)
    colours: dict[int, Content] = {}
    for file in files:
        colours |= coloured(file)
    return files, colours


class DiffScreen(Place):
    """One task's result."""

    where: ClassVar[Where] = "diff"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(where="diff")]

    def __init__(
        self,
        task: Task,
        files: Sequence[FilePatch],
        colours: Mapping[int, Content],
        situation: Situation,
        *,
        ascii_only: bool,
    ) -> None:
        self._reviewed = task
        self._ascii = ascii_only
        self.pane = DiffPane(files, colours, task.present_review, ascii_only=ascii_only)
        super().__init__(task.id, situation)

    def compose(self) -> ComposeResult:
        """Verdict, diff, output of the check, status, keys."""
        verdict = Prose(verdict_lines(self._reviewed, ascii_only=self._ascii), id="verdict")
        verdict.can_focus = False
        yield verdict
        with Container(id="proof"):
            yield self.pane
            output = output_lines(self._reviewed) or [Content.styled("The check was not run.", "$quiet")]
            review = self._reviewed.present_review
            said = review_lines(review, ascii_only=self._ascii)
            folded = [part for line in said for part in line.wrap(FOLDED)]
            check = Page([*folded, Content(""), *output] if said else output, id="check-output", classes="pane")
            check.title("REVIEW AND CHECK" if said else "CHECK")
            yield check
        yield QueryLine()
        yield StatusLine()
        yield KeyLine("diff")

    def on_mount(self) -> None:
        """The diff takes the keys."""
        self.pane.focus()

    def action_file(self, step: int) -> None:
        """To the next file, or the one before."""
        self._answer(self.pane.walk("file", step))

    def action_hunk(self, step: int) -> None:
        """To the next hunk, or the one before."""
        self._answer(self.pane.walk("hunk", step))

    def action_layout(self) -> None:
        """Side by side, or one below the other."""
        self._answer(f"The diff is {self.pane.turn()}.")

    def action_proof(self) -> None:
        """The diff alone, or with the check beside it."""
        self.set_class(not self.has_class("-diff-alone"), "-diff-alone")

    def _answer(self, text: str) -> None:
        if text:
            self.query_one(StatusLine).say(text, "$quiet")
