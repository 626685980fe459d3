"""How much of the gap between the cheap and the strong tier a score recovers (Ong et al. 2024, "RouteLLM").

Tasks are sent to the strong tier from the highest score down; PGR is the share of the gap in solved tasks that is
recovered, APGR the area under it over the share of strong calls, CPT(x) the share of strong calls at which x of the gap
is recovered. Equal scores are broken at random, in expectation: within a tie the curve is a straight line, else a
coarse score would look better than it is."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby


@dataclass(frozen=True, slots=True)
class Scored:
    """A task with its score."""

    score: float
    gain: float
    """What the strong tier's pass rate is above the cheap one's; below 0 where it is worse."""


def areas(tasks: Sequence[Scored]) -> tuple[float, ...]:
    """The tasks' parts of the area: APGR is the sum of these over the sum of the gains.

    A task adds its gain times the share of tasks that come after it. These parts are linearized, so that their
    resampled mean also varies with who else is drawn: each task's own product, plus what it lends to those that are
    scored higher, less the mean.
    """
    total = len(tasks)
    order = sorted(range(total), key=lambda at: tasks[at].score)
    after, lent = [0.0] * total, [0.0] * total
    seen, above = 0, sum(task.gain for task in tasks)
    for _, group in groupby(order, key=lambda at: tasks[at].score):
        tied = list(group)
        inside = sum(tasks[at].gain for at in tied)
        above -= inside
        for at in tied:
            after[at] = (seen + len(tied) / 2) / total
            lent[at] = (above + inside / 2) / total
        seen += len(tied)
    mean = sum(task.gain * share for task, share in zip(tasks, after, strict=True)) / total if total else 0.0
    return tuple(task.gain * share + others - mean for task, share, others in zip(tasks, after, lent, strict=True))


def calls_for(tasks: Sequence[Scored], recovered: float) -> float | None:
    """CPT: the least share of strong calls that recovers this share of the gap. None where there is no gap."""
    gap = sum(task.gain for task in tasks)
    if gap <= 0:
        return None
    best_first = sorted(tasks, key=lambda task: -task.score)
    calls, gained = 0, 0.0
    for _, group in groupby(best_first, key=lambda task: task.score):
        tied = list(group)
        inside = sum(task.gain for task in tied)
        if gained + inside >= recovered * gap - 1e-12 and inside > 0:
            part = max(0.0, recovered * gap - gained) / inside
            return min(1.0, (calls + part * len(tied)) / len(tasks))
        calls += len(tied)
        gained += inside
    return 1.0
