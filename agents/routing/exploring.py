"""Now and then something cheaper is tried first that the plan would not begin with: an arm that is never tried has no
outcomes, and its odds stay what they were believed to be."""

from collections.abc import Sequence
from random import Random

from agents.routing.choices import first_tries
from agents.routing.plan import tiers_for, with_odds
from agents.routing.situation import Situation
from agents.tasks import Arm, Variant


def explored(plan: Sequence[Arm], situation: Situation, random: Random) -> tuple[tuple[Arm, ...], float]:
    """`plan`, or with the probability `routing.explore` one that begins with another arm, and the probability with
    which the plan that is returned comes about (the propensity of its first arm).

    Only where a check tells how it went, never past a pin, and never with anything dearer than the plan begins with.
    """
    others = _others(plan, situation)
    share = situation.settings.routing.explore
    if not others or not share:
        return tuple(plan), 1.0
    if random.random() >= share:
        return tuple(plan), 1.0 - share
    chosen = random.choice(others)
    rest = [arm for arm in plan if _same(arm) != _same(chosen)]
    order = [chosen, *rest][: situation.settings.routing.max_missions]
    return with_odds(order, situation, situation.task_odds), share / len(others)


def _others(plan: Sequence[Arm], situation: Situation) -> list[Arm]:
    """First tries that cost no more than the plan's first arm, and are not it."""
    if not plan or not situation.has_check or situation.pin or situation.orchestrate or plan[0].cost_usd is None:
        return []
    most = plan[0].cost_usd
    return [
        arm
        for arm in first_tries(situation, tiers_for(situation), situation.task_odds)
        if _same(arm) != _same(plan[0]) and arm.cost_usd is not None and arm.cost_usd <= most
    ]


def _same(arm: Arm) -> tuple[str, str, Variant]:
    return (arm.tier, arm.way, arm.variant)
