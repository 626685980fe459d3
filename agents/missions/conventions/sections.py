"""A document divided at its headings, so that a prompt gets the parts it needs."""

import re
from collections.abc import Iterator

from agents.models.tokens import estimate_tokens
from agents.sanitize import one_line
from agents.tasks import Frozen

MOST_SECTIONS = 200
"""Of one document; what comes after belongs to the last."""
_HEADING = re.compile(r"(#{1,6})[ \t]+(.*?)[ \t]*#*[ \t]*$")
_FENCE = re.compile(r"[ \t]{0,3}(`{3,}|~{3,})")


class Section(Frozen):
    """A heading with what stands below it, up to the next heading of any level. Foreign text, not sanitized."""

    title: str
    """One line, sanitized; empty for what stands before the first heading."""
    level: int
    """1 to 6; 0 without a heading."""
    above: tuple[str, ...] = ()
    """The headings it stands under."""
    text: str
    """With its heading."""
    tokens: int

    @property
    def body(self) -> str:
        """Without its heading."""
        return self.text.partition("\n")[2].strip() if self.level else self.text


def sections_of(text: str) -> tuple[Section, ...]:
    """`text` in sections, in its order; headings with nothing below them only name what they hold."""
    above: list[tuple[int, str]] = []
    found: list[Section] = []
    for level, title, block in _blocks(text):
        while above and level and above[-1][0] >= level:
            above.pop()
        section = Section(
            title=title,
            level=level,
            above=tuple(name for _, name in above),
            text=block,
            tokens=estimate_tokens(block),
        )
        if section.body:
            found.append(section)
        if level:
            above.append((level, title))
    return tuple(found)


def _blocks(text: str) -> Iterator[tuple[int, str, str]]:
    """Level, title and lines of every section; a # in fenced code is no heading."""
    level, title, lines, fence, count = 0, "", list[str](), "", 0
    for line in text.split("\n"):
        if mark := _FENCE.match(line):
            if not fence:
                fence = mark[1]
            elif mark[1].startswith(fence) and not line.strip().strip(fence[0]):
                fence = ""
        heading = None if fence or count >= MOST_SECTIONS else _HEADING.match(line[:400])
        if heading is None:
            lines.append(line)
            continue
        if block := "\n".join(lines).strip():
            yield level, title, block
        level, title, lines = len(heading[1]), one_line(heading[2], 80), [line]
        count += 1
    if block := "\n".join(lines).strip():
        yield level, title, block
