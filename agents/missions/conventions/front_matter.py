"""The head of a SKILL.md: the few plain keys that tell what the skill is for.

Not YAML: descriptions in the wild hold unquoted colons ("Use when: the user asks"), which YAML refuses, and a
stranger's anchors, tags and nesting are nothing we want built. Each key is one line of text, whatever form it had."""

import re
from collections.abc import Sequence

from agents.sanitize import one_line
from agents.tasks import Frozen

MOST_LINES = 200
"""A head that has not ended by then is no head."""
LONGEST = 2_000
"""Characters of one value."""
_KEY = re.compile(r"([A-Za-z][\w -]{0,40}?)[ \t]*:(?:[ \t]+(.*)|[ \t]*)$")
_BLOCK = re.compile(r"[|>][+-]?\d?[+-]?(?:[ \t]+#.*)?$")
_WHEN = ("when-to-use", "when", "use-when", "whentouse", "usage")


class FrontMatter(Frozen):
    """What a skill says of itself. Foreign text, one line each, sanitized; empty where it says nothing."""

    name: str = ""
    description: str = ""
    when: str = ""
    """When to use it, where that is a key of its own."""


def split_front_matter(text: str) -> tuple[FrontMatter, str]:
    """The head of `text` between two lines of dashes, and the rest; without a head nothing, and all of it."""
    lines = text.split("\n", MOST_LINES)
    if lines[0].rstrip() != "---":
        return FrontMatter(), text
    end = next((at for at, line in enumerate(lines[1:MOST_LINES], 1) if line.rstrip() in {"---", "..."}), None)
    if end is None:
        return FrontMatter(), text
    found = _values(lines[1:end])
    when = next((found[key] for key in _WHEN if found.get(key)), "")
    head = FrontMatter(name=found.get("name", "")[:100], description=found.get("description", ""), when=when)
    return head, "\n".join(lines[end + 1 :])


def _values(lines: Sequence[str]) -> dict[str, str]:
    """Every key at the left margin with its text; of one that is there twice the first."""
    found: dict[str, str] = {}
    at = 0
    while at < len(lines):
        key = _KEY.match(lines[at])
        at += 1
        if key is None:
            continue
        belongs = at
        while belongs < len(lines) and (not lines[belongs].strip() or lines[belongs][0] in " \t-"):
            belongs += 1
        name = re.sub(r"[ _]", "-", key[1].lower())
        found.setdefault(name, _text((key[2] or "").strip(), lines[at:belongs]))
        at = belongs
    return found


def _text(first: str, more: Sequence[str]) -> str:
    """A value as one line: plain, quoted, folded, a block or a list."""
    block = _BLOCK.match(first) is not None
    parts = [] if block else [first]
    parts += [line.strip().removeprefix("- ") for line in more]
    joined = " ".join(part for part in parts if part)
    if len(joined) > 1 and joined[0] == joined[-1] and joined[0] in "\"'" and not block:
        joined = joined[1:-1].replace('\\"', '"').replace("''", "'")
    return one_line(joined, LONGEST)
