"""Secrets put back into a text that was written by somebody who saw only marks in their places."""

from collections import defaultdict

from agents.redaction import Redaction
from agents.sanitize import one_line
from agents.secret_formats import Span
from agents.secret_values import MARK


class MarkLeft(ValueError):
    """A mark that stands for no secret that could be told; the message is for the model."""


def restored(new: str, old: Redaction) -> str:
    """`new`, a changed `old.shown`, with the secrets of `old.text` in the places of their marks.

    A line that was not changed gets its own secret back; so does one that was only moved or indented, and any line
    where there is but one secret. Where `old` has none, marks are plain text. Raises MarkLeft.
    """
    if MARK not in new or not old.spans:
        return new
    lines, before, true = new.split("\n"), old.shown.split("\n"), _true_lines(old)
    most = min(len(lines), len(before))
    head = next((at for at in range(most) if lines[at] != before[at]), most)
    tail = next((at for at in range(most - head) if lines[-1 - at] != before[-1 - at]), most - head)
    middle = slice(head, len(lines) - tail)
    lost = (before[head : len(before) - tail], true[head : len(true) - tail])
    lines[middle] = _placed(lines[middle], lost, old, first=head + 1)
    return "\n".join([*true[:head], *lines[middle], *true[len(true) - tail :]])


def _true_lines(old: Redaction) -> list[str]:
    """What is there for each line that is shown; a key of many lines is shown as a part of one."""
    shown, at = list[Span](), 0
    for line in old.shown.split("\n"):
        shown.append((at, at + len(line)))
        at += len(line) + 1
    return [old.text[start:end] for start, end in old.true_spans(shown)]


def _placed(lines: list[str], lost: tuple[list[str], list[str]], old: Redaction, *, first: int) -> list[str]:
    """`lines` with what was `lost` (as shown, and as it is) put back where it can be told."""
    meant: dict[str, set[str]] = defaultdict(set)
    plain = set()
    for shown, true in zip(*lost, strict=True):
        if shown != true:
            meant[shown.strip()].add(true.strip())
        elif MARK in shown:
            plain.add(shown.strip())
    secrets = {old.text[start:end] for start, end in old.spans}
    for at, line in enumerate(lines):
        key = line.strip()
        if MARK not in line or key in plain:
            continue
        if len(meant.get(key, ())) == 1:
            lines[at] = line.replace(key, next(iter(meant[key])))
        elif len(secrets) == 1:
            lines[at] = line.replace(MARK, next(iter(secrets)))
        else:
            raise MarkLeft(
                f"Line {first + at} of the new text ({one_line(line.strip(), 80)}) holds {MARK}, which stands for a "
                "secret that you are not shown, and it cannot be told for which one. Keep lines with a mark exactly as "
                "they are: what they stand for is put back. Or write a line without the mark."
            )
    return lines
