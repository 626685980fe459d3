"""The diff beside its proof: what the result changes, and what the check said before and after."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container
from textual.content import Content

from agents.sanitize import sanitize
from app.screen.actions import Situation, Where, bindings
from app.screen.check_page import finding_line, output_lines, review_lines, verdict_lines
from app.screen.columns import joined
from app.screen.footer import KeyLine
from app.screen.pages import Page, Prose
from app.screen.place import Place
from app.screen.strips import StatusLine

if TYPE_CHECKING:
    from agents.tasks import Finding, Review, Task

_HUNK = re.compile(r"^@@ -\d+(?:,\d+)? \+(\d{1,9})(?:,(\d{1,9}))? @@")
LINE = 2_000
"""Characters of one line that are shown."""


def diff_lines(text: str, review: Review | None = None) -> tuple[list[Content], list[int]]:
    """A unified diff as coloured lines with the findings of `review` below the lines they are about, and where each
    file begins. `text` is foreign."""
    lines: list[Content] = []
    files: list[int] = []
    in_hunk = False
    places = _Places(review)
    for raw in sanitize(text).expandtabs(4).rstrip("\n").split("\n"):
        line = raw if len(raw) <= LINE else raw[:LINE] + "…"
        if line.startswith("diff --git "):
            files.append(len(lines))
            in_hunk = False
        elif line.startswith("@@"):
            in_hunk = True
        lines.append(Content.styled(line, _colour(line, in_hunk)))
        lines += [joined("  ", finding_line(finding, with_place=False)) for finding in places.at(raw)]
    return lines, files


class _Places:
    """Where in the new files a diff is, line by line of it, and the findings that are about just there."""

    def __init__(self, review: Review | None) -> None:
        self._findings: dict[tuple[str, int], list[Finding]] = {}
        for finding in review.findings if review is not None else ():
            if finding.line is not None:
                self._findings.setdefault((finding.path, finding.line), []).append(finding)
        self._path = ""
        self._line = 0
        self._left = 0
        """Lines of the new file that the hunk still holds: only inside of hunks is a `+` a line of it."""

    def at(self, raw: str) -> list[Finding]:
        """Take in the next line of the diff; what was found in it."""
        if self._left == 0 and raw.startswith("+++ "):
            self._path = raw[4:].removeprefix("b/").rstrip("\t")
        elif self._left == 0 and (hunk := _HUNK.match(raw)) is not None:
            self._line, self._left = int(hunk[1]), int(hunk[2] or 1)
        elif self._left and raw[:1] in {"+", " ", ""}:
            here = self._findings.get((self._path, self._line), [])
            self._line, self._left = self._line + 1, self._left - 1
            return here
        return []


def _colour(line: str, in_hunk: bool) -> str:
    if not in_hunk:
        return "bold $loud" if line.startswith("diff --git ") else "$quiet"
    return {"@": "$info", "+": "$good", "-": "$bad", "\\": "$quiet"}.get(line[:1], "")


FOLDED = 44
"""Cells of a line of the review: the narrowest pane it is shown in beside a diff."""


class DiffScreen(Place):
    """One task's result."""

    where: ClassVar[Where] = "diff"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(where="diff")]

    def __init__(
        self, task: Task, lines: Sequence[Content], files: Sequence[int], situation: Situation, *, ascii_only: bool
    ) -> None:
        self._reviewed = task
        self._lines = lines
        self._files = files
        self._ascii = ascii_only
        super().__init__(task.id, situation)

    def compose(self) -> ComposeResult:
        """Verdict, diff, output of the check, status, keys."""
        verdict = Prose(verdict_lines(self._reviewed, ascii_only=self._ascii), id="verdict")
        verdict.can_focus = False
        yield verdict
        with Container(id="proof"):
            diff = Page(self._lines, id="diff", classes="pane")
            diff.border_title = f"DIFF  {len(self._files)} {'file' if len(self._files) == 1 else 'files'}"
            yield diff
            output = output_lines(self._reviewed) or [Content.styled("The check was not run.", "$quiet")]
            review = self._reviewed.present_review
            said = review_lines(review, ascii_only=self._ascii)
            folded = [part for line in said for part in line.wrap(FOLDED)]
            check = Page([*folded, Content(""), *output] if said else output, id="check-output", classes="pane")
            check.border_title = "REVIEW AND CHECK" if said else "CHECK"
            yield check
        yield StatusLine()
        yield KeyLine("diff")

    def on_mount(self) -> None:
        """The diff takes the keys."""
        self.query_one("#diff", Page).focus()

    def action_file(self, step: int) -> None:
        """To the next file, or the one before."""
        diff = self.query_one("#diff", Page)
        here = diff.scroll_offset.y
        if step > 0:
            target = next((start for start in self._files if start > here), None)
        else:
            target = next((start for start in reversed(self._files) if start < here), None)
        if target is None:
            self.query_one(StatusLine).say(
                "This is the last file." if step > 0 else "This is the first file.", "$quiet"
            )
        else:
            diff.scroll_to(y=target, animate=False, force=True)
