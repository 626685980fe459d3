"""Tries that cost nothing but time: how long they go on, and which of the failed ones the next one builds on."""

from collections.abc import Sequence

from agents.missions.failure import holding
from agents.missions.mission import Report
from agents.tasks import Arm, Variant


def furthest(reports: Sequence[Report]) -> Report | None:
    """The failed attempt with work on its branch that came furthest: most of the check's own checks hold, where they
    were counted; of equals the last."""
    found = [(_held(report), at, report) for at, report in enumerate(reports) if report.mission.commit]
    return max(found, key=lambda item: item[:2])[2] if found else (reports[-1] if reports else None)


def _held(report: Report) -> float:
    counted = holding(report.mission.check.output) if report.mission.check else None
    return counted[0] / counted[1] if counted and counted[1] else 0.0


def out_of_patience(todo: Sequence[Arm], free: frozenset[str]) -> list[Arm]:
    """What is left of a plan when the time for free tries is used up: each tier's first try, and all that is paid."""
    return [arm for arm in todo if arm.tier not in free or arm.variant is Variant.ONCE]
