"""Best of n: rounds of fresh samples, each followed by one retry of the best of them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from agents.routing.choice import Choice, again, any_right
from agents.routing.situation import Situation
from agents.routing.task_odds import TaskOdds, counted
from agents.tasks import Variant, Way

FAST_CHECK_S = 60.0
"""A check that takes longer is not run over every sample."""
WORTH_ADDING = 0.005
"""A round of samples that adds less to the odds is left out, unless it is free and waiting costs nothing."""
Round = tuple[Variant, ...]
"""The missions of one round, in their order."""


def all_rounds(situation: Situation, base: Sequence[Choice], odds: TaskOdds, reserved: int) -> dict[str, list[Round]]:
    """Best of n by the name of the retry it follows: where it is free, in one reply, and the check is fast."""
    routing = situation.settings.routing
    if not situation.has_check or situation.check_seconds > FAST_CHECK_S or not routing.samples:
        return {}
    retries = [one for one in base if one.variants == (Variant.RETRY,) and one.free and one.way is Way.DIRECT]
    most = (routing.max_missions - len(base) - reserved) // len(retries) if retries else 0
    return {one.option.name: _rounds(situation, one, odds, most) for one in retries}


def with_rounds(base: Sequence[Choice], rounds: Mapping[str, list[Round]], most: int) -> list[Choice]:
    """Each tier's rounds behind its retry, merged into at most so many choices."""
    found: list[Choice] = []
    for one in base:
        found.append(one)
        of = rounds.get(one.option.name, []) if most else []
        size = -(-len(of) // most) if of else 1
        for at in range(0, len(of), size):
            part = of[at : at + size]
            together = tuple(variant for each in part for variant in each)
            number = at // size + 1
            found.append(again(one, together, after=found[-1].option.name, rounds=len(part), number=number))
    return found


def _rounds(situation: Situation, retry: Choice, odds: TaskOdds, missions: int) -> list[Round]:
    """As many samples beside each other as the tier has slots, then one retry of the best; and again, while that still
    adds something."""
    samples, width = situation.settings.routing.samples, situation.slots_of(retry.tier)
    rounds: list[Round] = []
    failed, reached = [retry.model] * 2, 1.0
    while samples > 0:
        variants = (Variant.SAMPLE,) * min(width, samples) + (Variant.RETRY,)
        missions -= len(variants)
        gain = reached * any_right(replace(retry, variants=variants), odds, counted(failed))
        if missions < 0 or (situation.waiting_costs and gain < WORTH_ADDING):
            break
        rounds.append(variants)
        samples, failed, reached = samples - width, failed + [retry.model] * len(variants), reached - gain
    return rounds
