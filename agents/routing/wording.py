"""A plan in words: why each arm stands where it stands, with the numbers."""

from collections.abc import Sequence

from agents.routing.task_odds import TaskOdds
from agents.tasks import LED, Arm, Variant

NAMED = 3
"""Tiers that the sentence about a whole plan names at most."""


def explain(plan: Sequence[Arm], odds: TaskOdds, *, has_check: bool = True) -> str:
    """One sentence why, with each tier's own odds and price: "local .62 (n=37) at $0 before haiku .88 at $.001"."""
    firsts: dict[tuple[str, bool], Arm] = {}
    for arm in plan:
        firsts.setdefault((arm.tier, arm.variant is Variant.ORCHESTRATED), arm)
    sentence = " before ".join(_of_tier(arm, odds) for arm in list(firsts.values())[:NAMED])
    checked = has_check or any(arm.variant is Variant.ORCHESTRATED for arm in plan)  # such an arm brings a check
    return sentence if checked else f"{sentence}: nothing checks it, so the result will be unverified"


def why_again(arm: Arm) -> str:
    """Why an arm that is not the first one is there."""
    what = {
        Variant.ONCE: f"{arm.tier} ({arm.way})",
        Variant.RETRY: f"{arm.tier} once more, seeing what failed",
        Variant.SAMPLE: f"{arm.tier} afresh at temperature .7",
        Variant.PLANNED: f"{arm.tier} with a stronger model's plan",
        Variant.ORCHESTRATED: f"{arm.tier} by a stronger model's work order, checked and reviewed",
    }[arm.variant]
    return f"{what}: {odds_in_words(arm.p)} at {dollars(arm.cost_usd)} if all before it fails"


def odds_in_words(p: float | None) -> str:
    """.62; n/a where nobody reckoned them."""
    return "n/a" if p is None else f"{p:.2f}".removeprefix("0")


def dollars(usd: float | None) -> str:
    """$0, $.0009, $.018, $1.20; n/a where the price is unknown."""
    if usd is None:
        return "n/a"
    if usd <= 0:
        return "$0"
    if usd >= 1:
        return f"${usd:.2f}"
    if usd < 0.00005:
        return "under $.0001"
    return "$" + f"{usd:.{4 if usd < 0.01 else 3}f}".removeprefix("0").rstrip("0")


def _of_tier(arm: Arm, odds: TaskOdds) -> str:
    # As the first try at the task: what the order was weighed by. The arm itself says what is left after the others.
    variant = arm.variant if arm.variant in LED else Variant.ONCE
    p = odds.p(arm.model, arm.way, variant, ())
    source = odds.source(arm.model, arm.way, variant, ())
    rests = f" ({source.removesuffix(' here')})" if source != "measured elsewhere" else ""
    name = f"{arm.tier} by work order" if arm.variant is Variant.ORCHESTRATED else arm.tier
    return f"{name} {odds_in_words(p)}{rests} at {dollars(arm.cost_usd)}"
