"""The shape of a failure: in which of the ways that models fail an attempt at a graded task failed."""

from collections.abc import Collection
from enum import StrEnum

from agents.tasks import CheckResult, Mission


class Shape(StrEnum):
    """How an attempt failed."""

    NO_CALL = "no tool call"
    NOTHING = "changed nothing"
    WRONG_FILE = "wrong file"
    SYNTAX = "syntax"
    WRONG_ANSWER = "wrong answer"
    LOOP = "loop"
    TIME_OUT = "time-out"
    REFUSED = "refused"
    TOO_LARGE = "does not fit"


_SAID: tuple[tuple[str, Shape], ...] = (
    ("no usable tool call", Shape.NO_CALL),
    ("no usable reply", Shape.NO_CALL),
    ("refused the task", Shape.REFUSED),
    ("does not fit", Shape.TOO_LARGE),
    ("looped", Shape.LOOP),
    ("in circles", Shape.LOOP),
    ("no progress for", Shape.TIME_OUT),
    ("was reached", Shape.TIME_OUT),
)
"""What the harness says of an attempt that did not end by itself."""
_SYNTAX = ("SyntaxError", "IndentationError", "TabError", "unexpected token", "syntax error")


def shape_of(mission: Mission, wanted: Collection[str]) -> Shape:
    """The shape of a failed attempt; `wanted`: the files a solution has to touch."""
    said = next((shape for words, shape in _SAID if words in mission.reason), None)
    if not mission.files:
        return said or Shape.NOTHING
    if _is_syntax(mission.check):
        return Shape.SYNTAX
    if not set(mission.files) & set(wanted):
        return Shape.WRONG_FILE
    if mission.check is not None and mission.check.exit_code is None:
        return Shape.TIME_OUT
    return said or Shape.WRONG_ANSWER


def _is_syntax(check: CheckResult | None) -> bool:
    return check is not None and any(word in check.output for word in _SYNTAX)
