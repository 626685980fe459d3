"""The diff as lines: one below the other, or both sides beside each other where there is room for two."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from textual.content import Content
from textual.events import Resize

from app.screen.check_page import finding_line
from app.screen.columns import cell, joined
from app.screen.lines import Lines
from app.screen.patch import FilePatch, PatchLine, pairs
from app.screen.words import counted

if TYPE_CHECKING:
    from agents.tasks import Finding, Review

SPLIT = 110
"""Cells from which both sides stand beside each other, unless a person wants it otherwise."""
Layout = Literal["auto", "unified", "split"]
_COLOURS = {"+": "$good", "-": "$bad", " ": "", "\\": "$quiet"}
_TINTS = {"+": "on $good 12%", "-": "on $bad 12%"}


@dataclass(frozen=True, slots=True)
class _Row:
    """A line of the pane: a heading, a remark, or a line of a hunk on one side or on both."""

    said: Content | None = None
    left: PatchLine | None = None
    right: PatchLine | None = None


class DiffPane(Lines):
    """Drawn as it is looked at. `{` and `}` walk its hunks, other keys its files."""

    wide = True

    def __init__(
        self,
        files: Sequence[FilePatch],
        colours: Mapping[int, Content],
        review: Review | None = None,
        *,
        ascii_only: bool = False,
    ) -> None:
        self._files = files
        self._colours = colours
        self._ascii = ascii_only
        self._findings: dict[tuple[str, int], list[Finding]] = {}
        for finding in review.findings if review is not None else ():
            if finding.line is not None:
                self._findings.setdefault((finding.path, finding.line), []).append(finding)
        self._wanted: Layout = "auto"
        self._split = False
        self._rows: list[_Row] = []
        self._starts: list[int] = []
        self._hunks: list[int] = []
        lines = [line for file in files for hunk in file.hunks for line in hunk.lines]
        self._digits = max(3, len(str(max((line.new or line.old or 0 for line in lines), default=0))))
        headings = [len(text) for file in files for text in (*file.header, *(hunk.header for hunk in file.hunks))]
        self._widest = max([*headings, *(Content(line.text).cell_length + 12 for line in lines)], default=0)
        super().__init__(id="diff", classes="pane")
        self._lay_out()

    @property
    def places(self) -> tuple[list[int], list[int]]:
        """The lines at which files and hunks begin."""
        return self._starts, self._hunks

    # Layout

    def on_resize(self, event: Resize) -> None:
        """Two sides where there is room; the line at the top stays there."""
        self._choose()
        super().on_resize(event)

    def turn(self) -> str:
        """The other layout than the one shown; what it is now."""
        self._wanted = "unified" if self._split else "split"
        self._choose()
        self.changed()
        return "side by side" if self._split else "one below the other"

    def _choose(self) -> None:
        width = self.scrollable_content_region.width
        split = self._wanted == "split" or (self._wanted == "auto" and width >= SPLIT)
        if split == self._split:
            return
        hunk = sum(start <= self.scroll_offset.y for start in self._hunks) - 1
        self._split = split
        self._lay_out()
        if hunk >= 0:
            self.call_after_refresh(self.scroll_to, y=self._hunks[hunk], animate=False, force=True)

    def _lay_out(self) -> None:
        self._rows, self._starts, self._hunks = [], [], []
        for file in self._files:
            self._starts.append(len(self._rows))
            changes = joined((f"  +{file.added}", "$good"), (f" -{file.removed}", "$bad"))
            self._rows.append(_Row(joined((file.path, "bold $loud"), changes)))
            self._rows += [_Row(Content.styled(text, "$quiet")) for text in file.header]
            for hunk in file.hunks:
                self._hunks.append(len(self._rows))
                self._rows.append(_Row(Content.styled(hunk.header, "$info")))
                if self._split:
                    for left, right in pairs(hunk):
                        self._rows.append(_Row(None, left, right))
                        self._remark(file, right)
                else:
                    for line in hunk.lines:
                        self._rows.append(_Row(None, line))
                        self._remark(file, line)

    def _remark(self, file: FilePatch, line: PatchLine | None) -> None:
        for finding in self._findings.get((file.path, line.new), ()) if line is not None and line.new else ():
            self._rows.append(_Row(joined("  ", finding_line(finding, with_place=False, ascii_only=self._ascii))))

    # Walking

    def walk(self, what: Literal["file", "hunk"], step: int) -> str:
        """To the next file or hunk, or the one before; where there is none a sentence about it."""
        starts = self._starts if what == "file" else self._hunks
        here = self.scroll_offset.y
        if step > 0:
            target = next((start for start in starts if start > here), None)
        else:
            target = next((start for start in reversed(starts) if start < here), None)
        if target is None or (step > 0 and here >= self.max_scroll_y):
            return f"This is the {'last' if step > 0 else 'first'} {what}."
        self.scroll_to(y=target, animate=False, force=True)
        return ""

    # Drawing

    def changed(self) -> None:
        """Say where one is."""
        super().changed()
        self._say()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Another file may be at the top."""
        super().watch_scroll_y(old_value, new_value)
        self._say()

    def _say(self) -> None:
        at = sum(start <= round(self.scroll_offset.y) for start in self._starts)
        hunks = counted(len(self._hunks), "hunk")
        self.title(
            f"DIFF  {counted(len(self._starts), 'file')}  {hunks}  at file {max(1, at)}" if self._starts else "DIFF"
        )

    def line_count(self) -> int:
        """Lines of the layout."""
        return len(self._rows)

    def widest(self) -> int:
        """The widest line; both sides together are as wide as the pane."""
        return self.scrollable_content_region.width if self._split else self._widest

    def fields(self, index: int) -> dict[str, str]:
        """What a search may find."""
        row = self._rows[index]
        said = row.said.plain if row.said is not None else ""
        return {"text": "\n".join([said, *(line.text for line in (row.left, row.right) if line is not None)])}

    def whole(self) -> str:
        """The diff as git wrote it, for a pager and the clipboard."""
        lines: list[str] = []
        for file in self._files:
            lines += file.header
            for hunk in file.hunks:
                lines.append(hunk.header)
                lines += [f"{line.sign}{line.text}" if line.sign != "\\" else line.text for line in hunk.lines]
        return "\n".join(lines) + "\n"

    def line(self, index: int, width: int) -> Content:
        """One of them."""
        row = self._rows[index]
        if row.said is not None:
            return row.said
        if not self._split:
            return self._unified(row.left) if row.left is not None else Content("")
        half = (width - 1) // 2
        bar = "|" if self._ascii else "│"
        left = self._side(row.left, half, old=True)
        return joined(left, (bar, "$frame"), self._side(row.right, width - 1 - half, old=False))

    def _unified(self, line: PatchLine) -> Content:
        if line.sign == "\\":
            return Content.styled(line.text, "$quiet")
        numbers = f"{line.old or '':>{self._digits}} {line.new or '':>{self._digits}} "
        content = joined((line.sign, _COLOURS[line.sign]), self._code(line))
        tint = _TINTS.get(line.sign)
        return joined((numbers, "$quiet"), content.stylize(tint) if tint else content)

    def _side(self, line: PatchLine | None, width: int, *, old: bool) -> Content:
        if line is None:
            return Content(" " * width)
        number = line.old if old else line.new
        sign = line.sign if line.sign in "+-" else " "
        content = cell(joined((sign, _COLOURS[line.sign]), self._code(line)), width - self._digits - 1)
        tint = _TINTS.get(line.sign)
        return joined((f"{number or '':>{self._digits}} ", "$quiet"), content.stylize(tint) if tint else content)

    def _code(self, line: PatchLine) -> Content:
        known = self._colours.get(id(line))
        return known if known is not None else Content(line.text)
