"""Where a piece of text was probably meant to be, when it is not in the file as it was written."""

import difflib
import heapq
import re
from typing import NamedTuple

_CANDIDATES = 12
_LONGEST_LINE = 400
_NUMBERED = re.compile(r"^ *\d+(?:\t|: |\| ?)")


class Place(NamedTuple):
    """Lines of a file, counted from 1, and how alike they are to what was looked for: 0 to 1."""

    start: int
    end: int
    likeness: float


def closest(lines: list[str], wanted: list[str]) -> Place | None:
    """The run of `lines` most like `wanted`; None when nothing is half alike."""
    size = min(len(wanted), len(lines))
    if not size:
        return None
    keys = {line.strip() for line in wanted if line.strip()}
    hits = [1 if line.strip() in keys else 0 for line in lines]
    if not any(hits):
        hits = _near_first(lines, wanted)
    score, scores = sum(hits[:size]), []
    for start in range(len(lines) - size + 1):
        scores.append((score, -start))
        if start + size < len(lines):
            score += hits[start + size] - hits[start]
    best: Place | None = None
    target = _clipped(wanted)
    for found, negative in heapq.nlargest(_CANDIDATES, scores):
        if not found:
            break
        start = -negative
        ratio = difflib.SequenceMatcher(None, _clipped(lines[start : start + size]), target, autojunk=False).ratio()
        if best is None or ratio > best.likeness:
            best = Place(start + 1, start + size, ratio)
    return best if best is not None and best.likeness >= 0.5 else None


def without_line_numbers(text: str) -> str | None:
    """`text` less the numbers file_read shows before each line; None when not every line has one."""
    lines = text.split("\n")
    body = lines[:-1] if lines[-1] == "" else lines
    if not body or not all(_NUMBERED.match(line) for line in body):
        return None
    return "\n".join(_NUMBERED.sub("", line) for line in lines)


def numbered(lines: list[str], start: int) -> str:
    """`lines` with their numbers, the first being `start`; very long ones cut."""
    return "\n".join(
        f"{number}: {line if len(line) <= _LONGEST_LINE * 5 else line[: _LONGEST_LINE * 5] + '…'}"
        for number, line in enumerate(lines, start)
    )


def _near_first(lines: list[str], wanted: list[str]) -> list[int]:
    """1 for the lines most like the first line that is looked for, where no line is quite the same."""
    first = next((index for index, line in enumerate(wanted) if line.strip()), None)
    if first is None:
        return [0] * len(lines)
    matcher = difflib.SequenceMatcher(autojunk=False)
    matcher.set_seq2(wanted[first].strip()[:_LONGEST_LINE])
    ratios = []
    for index, line in enumerate(lines[:20_000]):
        matcher.set_seq1(line.strip()[:_LONGEST_LINE])
        ratios.append((matcher.ratio() if matcher.quick_ratio() >= 0.6 else 0.0, index))
    hits = [0] * len(lines)
    for ratio, index in heapq.nlargest(_CANDIDATES, ratios):
        hits[index] = 1 if ratio >= 0.6 else 0
    return hits


def _clipped(lines: list[str]) -> str:
    return "\n".join(line[:_LONGEST_LINE] for line in lines[:200])
