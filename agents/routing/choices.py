"""What could be tried at a task: every tier that codes, in its ways and variants, with what it takes."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from math import prod

from agents.models.prices import call_price
from agents.routing.choice import Choice, again, with_retry
from agents.routing.decision import MOST_OPTIONS, Option
from agents.routing.rounds import all_rounds, with_rounds
from agents.routing.situation import Situation
from agents.routing.task_odds import Effort, TaskOdds
from agents.settings import TierSettings
from agents.tasks import LED, Arm, Grade, TaskKind, Variant, Way

ONE_FILE_KINDS = frozenset({TaskKind.FUNCTION, TaskKind.EDIT, TaskKind.DOCS, TaskKind.TESTS})
MOST_SETS = 300
"""Sets of failed choices that are decided within some milliseconds."""
MOST_TIERS = 8
"""Tiers that are weighed where there are more than can be decided."""
DEAREST = "claude-opus-5-5"
"""What a model of unknown price is reckoned to cost."""


def way_for(tier: TierSettings, kind: TaskKind, grade: Grade | None, *, small: bool = False) -> Way:
    """The tier's first way of working for this kind of task.

    A set way wins. Paid models work in the loop. Small models are broken by the loop, not by the task, even those that
    pass a probe's tool calls: a local model works directly unless it was probed to call tools, is not `small`, and the
    task spans several files.
    """
    if tier.way != "auto":
        return tier.way
    if tier.provider == "anthropic" and tier.model.startswith("claude"):
        return Way.LOOP
    if tier.provider == "simulation":
        return Way.LOOP
    able = grade is Grade.TOOLS and not small
    return Way.LOOP if able and kind not in ONE_FILE_KINDS else Way.DIRECT


def choices_of(
    situation: Situation, names: Sequence[str], odds: TaskOdds, *, reserved: int = 0, beside: Sequence[Choice] = ()
) -> list[Choice]:
    """Of the tiers `names`, in their order; as many as can be decided quickly, merged or left out until they fit.
    `reserved`: missions of the plan's most that samples leave to other tiers; `beside`: choices made elsewhere."""
    base: list[Choice] = [*beside]
    for name in names:
        base += _plain(situation, name, odds)
    if situation.planned:
        base += _planned(situation, names, odds)
    plain = [one for one in base if one.first_way]
    for kept in (base, plain):
        rounds = all_rounds(situation, kept, odds, reserved)
        for merged in (*range(max(map(len, rounds.values()), default=0), 0, -1), 0):
            found = with_rounds(kept, rounds, merged)
            if _fits(found):
                return found
    return [with_retry(one, odds) for one in plain if not one.option.after][:MOST_TIERS]


def first_tries(situation: Situation, names: Sequence[str], odds: TaskOdds) -> list[Arm]:
    """Of the tiers `names`, one for every way that is open to it."""
    found = [choice for name in names for choice in _plain(situation, name, odds)]
    return [choice.arms[0] for choice in found if not choice.option.after]


def _plain(situation: Situation, name: str, odds: TaskOdds) -> list[Choice]:
    """Its usual way once and again; a local model whose way is open also once in the other one."""
    tier = situation.settings.tiers[name]
    grade, small = situation.grades.get(name), name in situation.small
    way = way_for(tier, situation.features.kind, grade, small=small)
    first = choice_of(situation, name, way, odds)
    retry = again(first, (Variant.RETRY,), after=first.option.name)
    found = [first, retry]
    local = tier.provider == "ollama" or (tier.free and not tier.model.startswith("claude"))
    if tier.way == "auto" and local:
        other = Way.DIRECT if way is Way.LOOP else Way.LOOP
        loops = grade is Grade.TOOLS and not small and odds.trusts_loop(tier.model)
        if other is Way.DIRECT or loops:
            found.append(replace(choice_of(situation, name, other, odds), first_way=False))
    return found


def choice_of(situation: Situation, name: str, way: Way, odds: TaskOdds, variant: Variant = Variant.ONCE) -> Choice:
    """One try of the tier in this way, with what it takes."""
    tier = situation.settings.tiers[name]
    price = call_price(tier.provider, tier.model, free=tier.free)
    takes = odds.expected(tier.model, way, variant, price)
    check_s = situation.check_seconds if situation.has_check else 0.0
    option = Option(f"{name} {way} {variant}", reckoned_usd(takes, odds, way), takes.seconds, check_s)
    return Choice(option, name, tier.model, way, (variant,), price, takes)


def reckoned_usd(takes: Effort, odds: TaskOdds, way: Way) -> float:
    """What it is weighed with: an unknown price counts as that of the dearest model."""
    if takes.usd is not None:
        return takes.usd
    return odds.expected(DEAREST, way, Variant.ONCE, call_price("anthropic", DEAREST)).usd or 0.0


def _fits(choices: Sequence[Choice]) -> bool:
    """Whether the sets of failed choices are few: each tier's choices in one way follow each other."""
    chains = Counter((one.tier, one.way, one.variants[0] in LED) for one in choices)
    return len(choices) <= MOST_OPTIONS and prod(length + 1 for length in chains.values()) <= MOST_SETS


def _planned(situation: Situation, names: Sequence[str], odds: TaskOdds) -> list[Choice]:
    """A planner's plan, carried out by the cheapest of the paid tiers that code."""
    can = [
        tier
        for name, tier in situation.settings.tiers.items()
        if tier.enabled and "plan" in tier.roles and (situation.available is None or name in situation.available)
    ]
    planner = can[0] if can else None
    paid = [choice_of(situation, name, Way.LOOP, odds, Variant.PLANNED) for name in names]
    editors = sorted((one for one in paid if not one.free), key=lambda one: one.option.usd)
    if planner is None or not editors:
        return []
    plan, edit = odds.planning(call_price(planner.provider, planner.model, free=planner.free)), editors[0]
    usd = None if plan.usd is None or edit.each.usd is None else plan.usd + edit.each.usd
    each = Effort(usd=usd, seconds=plan.seconds + edit.each.seconds)
    option = replace(edit.option, usd=reckoned_usd(each, odds, Way.LOOP), seconds=each.seconds)
    return [replace(edit, option=option, each=each)]
