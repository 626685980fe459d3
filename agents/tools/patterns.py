"""Which commands a pattern means. What a person allows is never taken for more than they saw; what they want to be
asked about is looked for in every corner of a command line."""

import re
from collections.abc import Sequence
from fnmatch import fnmatchcase

from agents.permission import Pattern

_PLAIN = re.compile(r"[A-Za-z0-9_@%+=:,./ -]+")
"""Words and spaces: nothing in it means anything to a shell."""
_TOOLS = {
    **dict.fromkeys(("pytest", "mypy", "tsc", "jest", "vitest", "eslint", "prettier", "black", "flake8"), 1),
    **dict.fromkeys(("git", "npm", "pnpm", "yarn", "pip", "pip3", "cargo", "go", "uv", "poetry", "ruff", "gem"), 2),
}
"""Programs whose commands differ in their last words only, and how many of the first say what is done."""
_RUNS_ANYTHING = frozenset({"run", "exec", "x", "dlx", "config", "bisect", "submodule", "filter-branch", "generate"})
"""Words after a program that let it run whatever follows."""
_BREAKS = re.compile(r"[;&|<>(){}`$\"'\\\n\r!]+")
_SKIPPED_OPTIONS = 6


def pattern_of(command: str) -> Pattern:
    """What "commands like this one" means for `command`: with anything in it that means something to a shell, or that
    could run other programs, only itself."""
    words = words_of(command)
    leading = _TOOLS.get(words[0], 0) if words else 0
    if (
        not leading
        or len(words) < leading
        or any(word in _RUNS_ANYTHING or word[0] == "-" for word in words[1:leading])
    ):
        return Pattern(text=command)
    last_option = max((place for place, word in enumerate(words) if word.startswith("-")), default=0)
    return Pattern(text=" ".join(words[: max(leading, last_option + 1)]), begins=True)


def matches(pattern: Pattern, command: str) -> bool:
    """Whether `pattern` means `command`. One that leaves the end open means no command with options it does not have
    itself, and none with anything in it that means something to a shell."""
    if not pattern.begins:
        return command == pattern.text
    beginning, words = words_of(pattern.text), words_of(command)
    follow = words[len(beginning) :]
    return bool(beginning) and words[: len(beginning)] == beginning and not any(word[0] == "-" for word in follow)


def words_of(command: str) -> list[str]:
    """The words of a command line that holds nothing else; else none."""
    return command.split() if _PLAIN.fullmatch(command) else []


def listed(command: str, patterns: Sequence[str]) -> str | None:
    """The first of `patterns` (as in `git push*`) that some part of `command` fits, however it is wrapped or joined.

    It reads the line, not what scripts do: a reminder, no wall.
    """
    if not patterns:
        return None
    for part in _BREAKS.split(command):
        words = part.split()
        for place, word in enumerate(words):
            for said in _readings([word.rpartition("/")[2], *words[place + 1 :]]):
                for pattern in patterns:
                    if fnmatchcase(said, " ".join(pattern.split())):
                        return pattern
    return None


def _readings(words: Sequence[str]) -> list[str]:
    """`git -C . push` is `git push` too: without options, and without the words that may belong to them."""
    found = [" ".join(words)]
    for place in range(1, min(len(words), _SKIPPED_OPTIONS)):
        if words[1].startswith("-"):
            found.append(" ".join((words[0], *words[place + 1 :])))
    return found
