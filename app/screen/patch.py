"""A unified diff, read: files, hunks, lines with their numbers on both sides. The text is foreign."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from agents.sanitize import spelt_out

LINE = 2_000
"""Characters of one line that are shown."""
_HUNK = re.compile(r"^@@ -(\d{1,9})(?:,(\d{1,9}))? \+(\d{1,9})(?:,(\d{1,9}))? @@")
Sign = Literal["+", "-", " ", "\\"]


@dataclass(frozen=True, slots=True)
class PatchLine:
    """A line of a hunk. Numbers are None on the side it is not on."""

    sign: Sign
    text: str
    old: int | None = None
    new: int | None = None


@dataclass(slots=True)
class Hunk:
    """Some changed lines with those around them."""

    header: str
    lines: list[PatchLine] = field(default_factory=list)


@dataclass(slots=True)
class FilePatch:
    """What is changed in one file. `header`: the lines before its first hunk; of a binary file that is all."""

    path: str = ""
    header: list[str] = field(default_factory=list)
    hunks: list[Hunk] = field(default_factory=list)

    @property
    def added(self) -> int:
        """Lines that are new."""
        return sum(line.sign == "+" for hunk in self.hunks for line in hunk.lines)

    @property
    def removed(self) -> int:
        """Lines that are gone."""
        return sum(line.sign == "-" for hunk in self.hunks for line in hunk.lines)


def patch(text: str) -> list[FilePatch]:
    """Read a diff as git writes it. Only inside of hunks is a + or - a changed line: the counts in a hunk's header say
    how far it goes."""
    files: list[FilePatch] = []
    reader = _Hunks()
    for raw in spelt_out(text.replace("\r\n", "\n")).rstrip("\n").split("\n"):
        line = raw[:1].replace("\t", " ") + raw[1:LINE].expandtabs() if "\t" in raw else raw  # a tab cannot be drawn
        line = line if len(raw) <= LINE else line[:LINE] + "…"
        if reader.open and files and files[-1].hunks:
            taken = reader.take(line)
            if taken is not None:
                files[-1].hunks[-1].lines.append(taken)
                continue
        if line.startswith("diff --git "):
            files.append(FilePatch(header=[line]))
        elif files and (found := _HUNK.match(line)) is not None:
            files[-1].hunks.append(Hunk(line))
            reader.begin(found)
        elif files and line.startswith("\\") and files[-1].hunks:
            files[-1].hunks[-1].lines.append(PatchLine("\\", line))
        elif line or files:
            if not files:
                files.append(FilePatch())
            files[-1].header.append(line)
    for file in files:
        file.path = _path(file.header)
    return files


class _Hunks:
    """Where in a hunk the reader is, on both sides."""

    def __init__(self) -> None:
        self._old = self._new = self._old_left = self._new_left = 0

    @property
    def open(self) -> bool:
        return self._old_left > 0 or self._new_left > 0

    def begin(self, found: re.Match[str]) -> None:
        self._old, self._new = int(found[1]), int(found[3])
        self._old_left = int(found[2]) if found[2] is not None else 1
        self._new_left = int(found[4]) if found[4] is not None else 1

    def take(self, line: str) -> PatchLine | None:
        """The next line of the hunk; None when it is none of it."""
        sign, text = line[:1] or " ", line[1:]
        old, new = self._old, self._new
        if sign == "+" and self._new_left:
            self._new, self._new_left = new + 1, self._new_left - 1
            return PatchLine("+", text, None, new)
        if sign == "-" and self._old_left:
            self._old, self._old_left = old + 1, self._old_left - 1
            return PatchLine("-", text, old, None)
        if sign == " " and self._old_left and self._new_left:
            self._old, self._old_left = old + 1, self._old_left - 1
            self._new, self._new_left = new + 1, self._new_left - 1
            return PatchLine(" ", text, old, new)
        if sign == "\\":
            return PatchLine("\\", line)
        self._old_left = self._new_left = 0
        return None


def _path(header: list[str]) -> str:
    """The file's name on the new side, else on the old one."""
    for mark in ("+++ b/", "rename to ", "--- a/"):
        for line in header:
            if line.startswith(mark):
                return line.removeprefix(mark).rstrip("\t")
    named = header[0].removeprefix("diff --git ") if header else ""
    return named.rpartition(" b/")[2] or named


def pairs(hunk: Hunk) -> Iterator[tuple[PatchLine | None, PatchLine | None]]:
    """The lines of a hunk side by side: what went beside what came in its place."""
    gone: list[PatchLine] = []
    came: list[PatchLine] = []

    def together() -> Iterator[tuple[PatchLine | None, PatchLine | None]]:
        for place in range(max(len(gone), len(came))):
            yield gone[place] if place < len(gone) else None, came[place] if place < len(came) else None
        gone.clear()
        came.clear()

    for line in hunk.lines:
        if line.sign == "-":
            if came:
                yield from together()
            gone.append(line)
        elif line.sign == "+":
            came.append(line)
        elif line.sign == " ":
            yield from together()
            yield line, line
    yield from together()
