"""What the next attempt gets from those before it: where it starts, and what it learns; never the transcript."""

from collections.abc import Sequence

from agents.dispatch.free_tries import furthest, held
from agents.missions.attempt import HandOver
from agents.missions.orders import Report
from agents.sanitize import sanitize
from agents.tasks import Arm, CheckResult, Variant
from agents.workspace import Repository

DIFF_LIMIT = 6000
"""Characters of an earlier attempt's diff that a later one gets to see."""


async def hand_over(
    repository: Repository,
    arm: Arm,
    reports: Sequence[Report],
    *,
    attempt: int,
    base: str,
    known: CheckResult | None,
    comment: str,
    plan: str = "",
    shown: bool,
) -> HandOver | None:
    """What the task's `attempt`-th attempt learns from `reports`, and from the person, whose `comment` is for all,
    and from a stronger model's `plan`.

    `known` is the check's result on the base. A check that is not `shown` is not told in its output either.
    """
    says = sanitize(comment)
    # Every other sample knows nothing of what failed: they must not all err alike.
    blind = arm.variant is Variant.SAMPLE and attempt // 2 % 2
    if not reports or blind:
        return HandOver(diff="", failure="", comment=says, plan=plan) if says or plan else None
    best = furthest(reports, known) if arm.variant is Variant.RETRY else None
    if arm.variant is Variant.RETRY and known and best is None and held(known):
        return HandOver(diff="", failure=known.output if shown else "", comment=says)
    last = best or reports[-1]
    commit = last.mission.commit
    diff = await repository.diff(base, commit) if commit else ""
    failure = last.mission.check.output if last.mission.check and shown else ""
    note = "" if failure else last.judgement.reason
    return HandOver(diff=diff[:DIFF_LIMIT], failure=failure, note=note, comment=says, plan=plan)


def start_of(arm: Arm, reports: Sequence[Report], *, base: str, known: CheckResult | None) -> str:
    """A retry goes on from the failed work that came furthest; every other arm starts from the base."""
    best = furthest(reports, known) if arm.variant is Variant.RETRY else None
    return best.mission.commit if best and best.mission.commit else base
