"""Search and replace in a text, exact and unique; where a model's white space is a little off, still unique."""

from collections.abc import Callable, Sequence
from difflib import SequenceMatcher

from agents.sanitize import sanitize

SHOWN_LINES = 12
MAX_LINES = 20_000
"""A longer file is searched exactly, without a look for what is nearly the same."""


class NoMatch(Exception):
    """The search text is not there exactly once; the message tells the model where it nearly is."""


def replace_once(path: str, text: str, search: str, replacement: str) -> str:
    """`text` with the one place that is `search` replaced. Line ends are \\n throughout.

    Falls back to whole lines that differ in trailing white space, then in a uniform indentation (which the replacement
    is then given too), each only where exactly one place matches. Raises NoMatch.
    """
    search, replacement = _unix(search), _unix(replacement)
    found = text.count(search) if search else 0
    if found == 1:
        return _exact(text, search, replacement)
    lines = text.split("\n")
    wanted = _without_empty_ends(search.split("\n"))
    if found > 1 or not wanted:
        raise NoMatch(_many(path, text, search) if found else f"The SEARCH text for {path} is empty.")
    if len(lines) <= MAX_LINES:
        new = _without_empty_ends(replacement.split("\n"))
        for same in (str.rstrip, str.strip):
            places = _places(lines, wanted, same)
            shifts = [_shift(lines[at : at + len(wanted)], wanted) for at in places]
            fitting = [(at, shift) for at, shift in zip(places, shifts, strict=True) if shift is not None]
            if len(fitting) == 1:
                at, shift = fitting[0]
                return "\n".join([*lines[:at], *_indented(new, *shift), *lines[at + len(wanted) :]])
            if len(fitting) > 1:
                numbers = ", ".join(str(at + 1) for at, _ in fitting[:8])
                raise NoMatch(f"The SEARCH text fits {path} at lines {numbers}: give more lines, so that it is unique.")
    raise NoMatch(f"The SEARCH text is not in {path}. {_closest(lines, wanted)}")


def _exact(text: str, search: str, replacement: str) -> str:
    at = text.index(search)
    end = at + len(search)
    if not replacement and (at == 0 or text[at - 1] == "\n") and text.startswith("\n", end):
        end += 1  # whole lines go with their line end
    return text[:at] + replacement + text[end:]


def _many(path: str, text: str, search: str) -> str:
    numbers: list[str] = []
    at = text.find(search)
    while at >= 0 and len(numbers) < 8:
        numbers.append(str(text.count("\n", 0, at) + 1))
        at = text.find(search, at + 1)
    places = ", ".join(numbers)
    return f"The SEARCH text is in {path} more than once (lines {places}): give more lines, so that it is unique."


def _places(lines: Sequence[str], wanted: Sequence[str], same: Callable[[str], str]) -> list[int]:
    goal = [same(line) for line in wanted]
    have = [same(line) for line in lines]
    first = goal[0]
    last = len(have) - len(goal)
    return [at for at in range(last + 1) if have[at] == first and have[at : at + len(goal)] == goal]


def _shift(actual: Sequence[str], wanted: Sequence[str]) -> tuple[str, str] | None:
    """(indentation to take away, indentation to put before) that turns `wanted` into `actual`; None if not uniform."""
    shifts = {
        (_indent(want), _indent(line))
        for line, want in zip(actual, wanted, strict=True)
        if line.strip() or want.strip()
    }
    pairs = sorted(shifts, key=lambda pair: len(pair[0]))
    if not pairs:
        return "", ""
    away, put = pairs[0]
    for want, line in pairs:
        if not want.startswith(away) or line != put + want[len(away) :]:
            return None
    return away, put


def _indented(lines: Sequence[str], away: str, put: str) -> list[str]:
    return [put + line.removeprefix(away) if line.strip() else line for line in lines]


def _indent(line: str) -> str:
    return line[: len(line) - len(line.lstrip())]


def _closest(lines: Sequence[str], wanted: Sequence[str]) -> str:
    """The most similar place, with its line numbers, as it really is."""
    goal = {line.strip() for line in wanted if line.strip()}
    have = [line.strip() for line in lines[:MAX_LINES]]
    size = len(wanted)
    hits = [line in goal for line in have]
    running = sum(hits[:size])
    best, best_at = running, 0
    for at in range(1, max(1, len(have) - size + 1)):
        running += hits[at + size - 1] - hits[at - 1]
        if running > best:
            best, best_at = running, at
    if not best:
        best_at = _similar_line(have, next(line.strip() for line in wanted if line.strip()))
        if best_at < 0:
            return "Copy the lines exactly as they are in the file."
    end = min(len(lines), best_at + min(size, SHOWN_LINES))
    shown = "\n".join(sanitize(line[:200]) for line in lines[best_at:end])
    return f"The closest lines are {best_at + 1}-{end}:\n{shown}\nCopy them exactly."


def _similar_line(have: Sequence[str], wanted: str) -> int:
    matcher = SequenceMatcher(a="", b=wanted[:200], autojunk=False)
    best, best_at = 0.6, -1
    for at, line in enumerate(have[:5000]):
        if not line:
            continue
        matcher.set_seq1(line[:200])
        if matcher.real_quick_ratio() > best and matcher.quick_ratio() > best and matcher.ratio() > best:
            best, best_at = matcher.ratio(), at
    return best_at


def _without_empty_ends(lines: list[str]) -> list[str]:
    start, end = 0, len(lines)
    while start < end and not lines[start].strip():
        start += 1
    while end > start and not lines[end - 1].strip():
        end -= 1
    return lines[start:end]


def _unix(text: str) -> str:
    return text.replace("\r\n", "\n")
