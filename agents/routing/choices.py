"""What could be tried at a task: every tier that codes, in its ways and variants, with what it takes."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import prod

from agents.models.prices import FREE, Price, call_price
from agents.routing.decision import MOST_OPTIONS, Odds, Option
from agents.routing.odds import Counts, Effort, TaskOdds, counted
from agents.routing.situation import Situation
from agents.settings import TierSettings
from agents.tasks import Arm, Grade, TaskKind, Variant, Way

ONE_FILE_KINDS = frozenset({TaskKind.FUNCTION, TaskKind.EDIT, TaskKind.DOCS, TaskKind.TESTS})
FAST_CHECK_S = 60.0
"""A check that takes longer is not run over every sample."""
WORTH_ADDING = 0.005
"""A round of samples that adds less to the odds is left out, unless it is free and waiting costs nothing."""
MOST_SETS = 300
"""Sets of failed choices that are decided within some milliseconds."""
MOST_TIERS = 8
"""Tiers that are weighed where there are more than can be decided."""
DEAREST = "claude-opus-5-5"
"""What a model of unknown price is reckoned to cost."""


@dataclass(frozen=True)
class Choice:
    """An option of the decision, and the missions it stands for."""

    option: Option
    tier: str
    model: str
    way: Way
    variants: tuple[Variant, ...]
    price: Price | None
    """None: unknown."""
    each: Effort
    """What one of its missions takes."""
    first_way: bool = True
    """The way the tier works in as a rule."""

    @property
    def free(self) -> bool:
        """Its calls cost nothing."""
        return self.price == FREE

    @property
    def arms(self) -> tuple[Arm, ...]:
        """Its missions, each with what it takes; the odds depend on what went before."""
        plain = Arm(
            tier=self.tier,
            model=self.model,
            way=self.way,
            cost_usd=None if self.each.usd is None else round(self.each.usd, 9),
            seconds=round(self.each.seconds, 1),
        )
        return tuple(plain.model_copy(update={"variant": variant}) for variant in self.variants)


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


def choices_of(situation: Situation, names: Sequence[str], odds: TaskOdds, *, reserved: int = 0) -> list[Choice]:
    """Of the tiers `names`, in their order; as many as can be decided quickly, merged or left out until they fit.
    `reserved`: missions of the plan's most that samples leave to other tiers."""
    base: list[Choice] = []
    for name in names:
        base += _plain(situation, name, odds)
    if situation.planned:
        base += _planned(situation, names, odds)
    plain = [one for one in base if one.first_way]
    for kept in (base, plain):
        rounds = _all_rounds(situation, kept, odds, reserved)
        for merged in (*range(max(map(len, rounds.values()), default=0), 0, -1), 0):
            found = _with_rounds(kept, rounds, merged)
            if _fits(found):
                return found
    return [_both(one, odds) for one in plain if not one.option.after][:MOST_TIERS]


def first_tries(situation: Situation, names: Sequence[str], odds: TaskOdds) -> list[Arm]:
    """Of the tiers `names`, one for every way that is open to it."""
    found = [choice for name in names for choice in _plain(situation, name, odds)]
    return [choice.arms[0] for choice in found if not choice.option.after]


def odds_over(choices: Sequence[Choice], odds: TaskOdds, before: Sequence[str] = ()) -> Odds:
    """The decision's odds: P(one of the choice's missions is right | these choices failed, and `before` them the
    attempts of these models)."""
    by_name = {choice.option.name: choice for choice in choices}
    counts: dict[frozenset[str], Counts] = {}
    known: dict[tuple[str, Counts], float] = {}

    def p(name: str, failed: frozenset[str]) -> float:
        if failed not in counts:
            models = [one.model for other in failed for one in [by_name[other]] for _ in one.variants]
            counts[failed] = counted([*before, *models])
        key = (name, counts[failed])
        if key not in known:
            known[key] = any_right(by_name[name], odds, key[1])
        return known[key]

    return p


def any_right(choice: Choice, odds: TaskOdds, failed: Counts) -> float:
    """P(one of a choice's missions, one after the other, is right)."""
    missed, of = 1.0, Counter(dict(failed))
    for variant in choice.variants:
        missed *= 1 - odds.p_after(choice.model, choice.way, variant, counted(of.elements()))
        of[choice.model] += 1
    return min(0.999, 1 - missed)


def _plain(situation: Situation, name: str, odds: TaskOdds) -> list[Choice]:
    """Its usual way once and again; a local model whose way is open also once in the other one."""
    tier = situation.settings.tiers[name]
    grade, small = situation.grades.get(name), name in situation.small
    way = way_for(tier, situation.features.kind, grade, small=small)
    first = _choice(situation, name, way, odds)
    retry = _again(first, (Variant.RETRY,), after=first.option.name)
    found = [first, retry]
    local = tier.provider == "ollama" or (tier.free and not tier.model.startswith("claude"))
    if tier.way == "auto" and local:
        other = Way.DIRECT if way is Way.LOOP else Way.LOOP
        loops = grade is Grade.TOOLS and not small and odds.trusts_loop(tier.model)
        if other is Way.DIRECT or loops:
            found.append(replace(_choice(situation, name, other, odds), first_way=False))
    return found


def _choice(situation: Situation, name: str, way: Way, odds: TaskOdds, variant: Variant = Variant.ONCE) -> Choice:
    tier = situation.settings.tiers[name]
    price = call_price(tier.provider, tier.model, free=tier.free)
    takes = odds.expected(tier.model, way, variant, price)
    check_s = situation.check_seconds if situation.has_check else 0.0
    option = Option(f"{name} {way} {variant}", _reckoned_usd(takes, odds, way), takes.seconds, check_s)
    return Choice(option, name, tier.model, way, (variant,), price, takes)


def _reckoned_usd(takes: Effort, odds: TaskOdds, way: Way) -> float:
    if takes.usd is not None:
        return takes.usd
    return odds.expected(DEAREST, way, Variant.ONCE, call_price("anthropic", DEAREST)).usd or 0.0


def _again(first: Choice, variants: tuple[Variant, ...], *, after: str, rounds: int = 0, number: int = 0) -> Choice:
    """More missions of the same tier in the same way, once `after` has failed. A round takes as long as one sample and
    one retry: its samples run beside each other."""
    name = f"{first.tier} {first.way} {variants[0]}" + (f" {number}" if number else "")
    one_after_the_other = 2 * rounds or 1
    option = replace(
        first.option,
        name=name,
        usd=first.option.usd * len(variants),
        seconds=first.option.seconds * one_after_the_other,
        check_seconds=first.option.check_seconds * one_after_the_other,
        after=first.option.after | {after},
        tries=len(variants),
    )
    return replace(first, option=option, variants=variants)


def _all_rounds(
    situation: Situation, base: Sequence[Choice], odds: TaskOdds, reserved: int
) -> dict[str, list[tuple[Variant, ...]]]:
    """Best of n by the name of the retry it follows: where it is free, in one reply, and the check is fast."""
    routing = situation.settings.routing
    if not situation.has_check or situation.check_seconds > FAST_CHECK_S or not routing.samples:
        return {}
    retries = [one for one in base if one.variants == (Variant.RETRY,) and one.free and one.way is Way.DIRECT]
    most = (routing.max_missions - len(base) - reserved) // len(retries) if retries else 0
    return {one.option.name: _rounds(situation, one, odds, most) for one in retries}


def _rounds(situation: Situation, retry: Choice, odds: TaskOdds, missions: int) -> list[tuple[Variant, ...]]:
    """As many samples beside each other as the tier has slots, then one retry of the best; and again, while that still
    adds something."""
    samples, width = situation.settings.routing.samples, situation.slots_of(retry.tier)
    rounds: list[tuple[Variant, ...]] = []
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


def _with_rounds(base: Sequence[Choice], rounds: Mapping[str, list[tuple[Variant, ...]]], most: int) -> list[Choice]:
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
            found.append(_again(one, together, after=found[-1].option.name, rounds=len(part), number=number))
    return found


def _fits(choices: Sequence[Choice]) -> bool:
    """Whether the sets of failed choices are few: each tier's choices in one way follow each other."""
    chains = Counter((one.tier, one.way, one.variants[0] is Variant.PLANNED) for one in choices)
    return len(choices) <= MOST_OPTIONS and prod(length + 1 for length in chains.values()) <= MOST_SETS


def _both(first: Choice, odds: TaskOdds) -> Choice:
    """A tier's first try and its retry as one: the second costs something only where the first failed."""
    if first.variants != (Variant.ONCE,):
        return first
    share = 2 - odds.p(first.model, first.way, first.variants[0], ())
    option = first.option
    option = replace(
        option,
        usd=option.usd * share,
        seconds=option.seconds * share,
        check_seconds=option.check_seconds * share,
        tries=2,
    )
    return replace(first, option=option, variants=(*first.variants, Variant.RETRY))


def _planned(situation: Situation, names: Sequence[str], odds: TaskOdds) -> list[Choice]:
    """A planner's plan, carried out by the cheapest of the paid tiers that code."""
    tiers = situation.settings.tiers
    planner = next((tier for tier in tiers.values() if tier.enabled and "plan" in tier.roles), None)
    paid = [_choice(situation, name, Way.LOOP, odds, Variant.PLANNED) for name in names]
    editors = sorted((one for one in paid if not one.free), key=lambda one: one.option.usd)
    if planner is None or not editors:
        return []
    plan, edit = odds.planning(call_price(planner.provider, planner.model, free=planner.free)), editors[0]
    usd = None if plan.usd is None or edit.each.usd is None else plan.usd + edit.each.usd
    each = Effort(usd=usd, seconds=plan.seconds + edit.each.seconds)
    option = replace(edit.option, usd=_reckoned_usd(each, odds, Way.LOOP), seconds=each.seconds)
    return [replace(edit, option=option, each=each)]
