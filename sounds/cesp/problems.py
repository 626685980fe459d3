"""What is wrong with a pack, in words a person can act on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong. Its texts are printable: names in a pack are a stranger's."""

    file: str
    """The file it is in, relative to the pack, or the archive."""
    key: str
    """The key of the manifest; empty where the whole file is meant."""
    what: str

    def __str__(self) -> str:
        return f"{printable(self.file)}: {f'{printable(self.key)}: ' if self.key else ''}{printable(self.what)}"


class PackError(Exception):
    """A pack cannot be used. `str(error)` names file and key of the first few problems."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        more = len(problems) - _SHOWN
        told = [str(problem) for problem in problems[:_SHOWN]] + ([f"... and {more} more."] if more > 0 else [])
        super().__init__("\n".join(told))


def refused(file: str, key: str, what: str) -> PackError:
    """An error with one problem."""
    return PackError([Problem(file, key, what)])


def printable(text: str, limit: int = 256) -> str:
    """`text` on one line without anything a terminal would obey, at most `limit` characters."""
    line = " ".join("".join(letter if letter.isprintable() else " " for letter in text[: limit * 4]).split())
    return line if len(line) <= limit else line[: limit - 1] + "…"
