"""Tries that cost nothing but time: how long they go on, and which of the failed ones the next one builds on."""

from collections.abc import Sequence

from agents.missions.failure import holding
from agents.missions.orders import Report
from agents.tasks import Arm, CheckResult, Variant


def furthest(reports: Sequence[Report], base: CheckResult | None) -> Report | None:
    """The failed attempt with work on its branch that came furthest: most of the check's own checks hold, where they
    were counted; of equals the last. None when all of them fell back behind the untouched base, or only kept up with
    it: seen in a transcript, a right answer put into a file that an earlier attempt had spoilt elsewhere."""
    found = [(held(report.mission.check), at, report) for at, report in enumerate(reports) if report.mission.commit]
    best = max(found, key=lambda item: item[:2], default=None)
    return None if best is None or 0 < held(base) >= best[0] else best[2]


def held(check: CheckResult | None) -> float:
    """The share of a red check's own checks that hold; 0 where they were not counted."""
    counted = holding(check.output) if check else None
    return counted[0] / counted[1] if counted and counted[1] else 0.0


def out_of_patience(todo: Sequence[Arm], free: frozenset[str]) -> list[Arm]:
    """What is left of a plan when the time for free tries is used up: each tier's first try, and all that is paid."""
    stay = {Variant.ONCE, Variant.ORCHESTRATED}
    return [arm for arm in todo if arm.tier not in free or arm.variant in stay]
