"""The dual weighting: what the rules and a judge say of one task, made into one complexity.

judge − rules ≥ 2: the judge saw what words do not show, and is believed. judge − rules ≤ −2: the rules are not quite
overruled, .6·rules + .4·judge. Else the mean."""

from typing import Literal

from pydantic import Field

from agents.tasks import Frozen

APART = 2.0
"""Points by which the two must differ to be weighted unequally."""
RULES_SHARE = 0.6
"""Of the rules, where the judge finds a task much easier than they do."""
_NOISE = 1e-9

Source = Literal["rules", "judge", "dual"]


class Rating(Frozen):
    """A task's complexity, what it was made from, and both raw scores."""

    complexity: int = Field(ge=1, le=10)
    score: float = Field(ge=1, le=10)
    source: Source
    """judge: its score alone decided."""
    rules: float = Field(ge=1, le=10)
    judge: int | None = Field(default=None, ge=1, le=10)
    """None: nobody was asked, or no answer came."""


def rate(rules: float, judge: int | None = None) -> Rating:
    """The rating for the raw score of the rules and, where one was heard, the judge's."""
    if judge is None:
        return Rating(complexity=to_complexity(rules), score=rules, source="rules", rules=rules)
    apart = judge - rules
    source: Source = "dual"
    if apart >= APART - _NOISE:
        score, source = float(judge), "judge"
    elif apart <= _NOISE - APART:
        score = RULES_SHARE * rules + (1 - RULES_SHARE) * judge
    else:
        score = (rules + judge) / 2
    return Rating(complexity=to_complexity(score), score=score, source=source, rules=rules, judge=judge)


def possible(rules_score: float) -> tuple[int, ...]:
    """The complexities that a judge could still make of it, in ascending order. One only: it need not be asked."""
    return tuple(sorted({rate(rules_score, judge).complexity for judge in range(1, 11)}))


def to_complexity(score: float) -> int:
    """`score` on the scale C1–C10: rounded, a half up, for a task must not look easier than it is."""
    return max(1, min(10, int(score + 0.5 + _NOISE)))
