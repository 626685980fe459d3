"""What could be tried at a task: every tier that codes, in its ways and variants, with what it takes."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from agents.models.prices import FREE, Price, call_price
from agents.routing.decision import MOST_OPTIONS, Odds, Option
from agents.routing.odds import Expected, TaskOdds
from agents.routing.situation import Situation
from agents.settings import TierSettings
from agents.tasks import Grade, TaskKind, Variant, Way

ONE_FILE_KINDS = frozenset({TaskKind.FUNCTION, TaskKind.EDIT, TaskKind.DOCS, TaskKind.TESTS})
FAST_CHECK_S = 60.0
"""A check that takes longer is not run over every sample."""
WORTH_ADDING = 0.005
"""A round of samples that adds less to the odds is left out, unless it is free and waiting costs nothing."""
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

    @property
    def free(self) -> bool:
        """Its calls cost nothing."""
        return self.price == FREE

    @property
    def sampled(self) -> bool:
        """A round of samples."""
        return self.variants[0] is Variant.SAMPLE


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


def choices_of(situation: Situation, names: Sequence[str], odds: TaskOdds) -> list[Choice]:
    """Of the tiers `names`, in their order: at most as many as can be decided, rounds of samples merged to fit."""
    base: list[Choice] = []
    for name in names:
        base += _plain(situation, name, odds)
    if situation.planned:
        base += _planned(situation, names, odds)
    if len(base) > MOST_OPTIONS:  # first tries before second ones
        base = sorted(base, key=lambda one: bool(one.option.after))[:MOST_OPTIONS]
    routing = situation.settings.routing
    sampling = [
        one
        for one in base
        if one.variants == (Variant.RETRY,) and one.free and one.way is Way.DIRECT and situation.has_check
    ]
    if not sampling or situation.check_seconds > FAST_CHECK_S or not routing.samples:
        return base
    options_left = (MOST_OPTIONS - len(base)) // len(sampling)
    missions_left = (routing.max_missions - len(base)) // len(sampling)
    rounds: list[Choice] = []
    for retry in sampling:
        rounds += _rounds(situation, retry, odds, options_left, missions_left)
    return [more for one in base for more in (one, *(found for found in rounds if _follows(found, one)))]


def odds_over(choices: Sequence[Choice], odds: TaskOdds, before: Sequence[str] = ()) -> Odds:
    """The decision's odds: P(one of the choice's missions is right | these choices failed, and `before` them the
    attempts of these models)."""
    by_name = {choice.option.name: choice for choice in choices}
    known: dict[tuple[str, frozenset[str]], float] = {}

    def p(name: str, failed: frozenset[str]) -> float:
        if (name, failed) not in known:
            models = list(before)
            for other in sorted(failed):
                models += [by_name[other].model] * len(by_name[other].variants)
            known[name, failed] = any_right(by_name[name], odds, models)
        return known[name, failed]

    return p


def any_right(choice: Choice, odds: TaskOdds, failed: Sequence[str]) -> float:
    """P(one of a choice's missions, one after the other, is right)."""
    missed, models = 1.0, list(failed)
    for variant in choice.variants:
        missed *= 1 - odds.p(choice.model, choice.way, variant, models)
        models.append(choice.model)
    return min(0.999, 1 - missed)


def _plain(situation: Situation, name: str, odds: TaskOdds) -> list[Choice]:
    """Its usual way once and again; a local model whose way is open also once in the other one."""
    tier = situation.settings.tiers[name]
    grade, small = situation.grades.get(name), name in situation.small
    way = way_for(tier, situation.features.kind, grade, small=small)
    first = _choice(situation, name, way, odds)
    retry = _again(first, (Variant.RETRY,), first.option.name, first.option.seconds)
    found = [first, retry]
    local = tier.provider == "ollama" or (tier.free and not tier.model.startswith("claude"))
    if tier.way == "auto" and local:
        other = Way.DIRECT if way is Way.LOOP else Way.LOOP
        loops = grade is Grade.TOOLS and not small and odds.trusts_loop(tier.model)
        if other is Way.DIRECT or loops:
            found.append(_choice(situation, name, other, odds))
    return found


def _choice(situation: Situation, name: str, way: Way, odds: TaskOdds, variant: Variant = Variant.ONCE) -> Choice:
    tier = situation.settings.tiers[name]
    price = call_price(tier.provider, tier.model, free=tier.free)
    takes = odds.expected(tier.model, way, variant, price)
    option = Option(f"{name} {way} {variant}", _reckoned_usd(takes, odds, way), takes.seconds, situation.check_seconds)
    return Choice(option, name, tier.model, way, (variant,), price)


def _reckoned_usd(takes: Expected, odds: TaskOdds, way: Way) -> float:
    if takes.usd is not None:
        return takes.usd
    return odds.expected(DEAREST, way, Variant.ONCE, call_price("anthropic", DEAREST)).usd or 0.0


def _again(first: Choice, variants: tuple[Variant, ...], after: str, seconds: float, number: int = 0) -> Choice:
    """More missions of the same tier in the same way, once `after` has failed."""
    name = f"{first.tier} {first.way} {variants[0]}" + (f" {number}" if number else "")
    option = replace(
        first.option,
        name=name,
        usd=first.option.usd * len(variants),
        seconds=seconds,
        check_seconds=first.option.check_seconds * (2 if len(variants) > 1 else 1),
        after=first.option.after | {after},
    )
    return replace(first, option=option, variants=variants)


def _rounds(situation: Situation, retry: Choice, odds: TaskOdds, options: int, missions: int) -> list[Choice]:
    """Best of n: as many samples beside each other as the tier has slots, then one retry of the best; and again."""
    samples, width = situation.settings.routing.samples, situation.slots_of(retry.tier)
    rounds: list[tuple[Variant, ...]] = []
    failed, reached = [retry.model] * 2, 1.0
    while samples > 0:
        variants = (Variant.SAMPLE,) * min(width, samples) + (Variant.RETRY,)
        missions -= len(variants)
        gain = reached * any_right(replace(retry, variants=variants), odds, failed)
        if missions < 0 or (situation.waiting_costs and gain < WORTH_ADDING):
            break
        rounds.append(variants)
        samples, failed, reached = samples - width, failed + [retry.model] * len(variants), reached - gain
    if not rounds or options < 1:
        return []
    merged = -(-len(rounds) // options)
    found: list[Choice] = []
    last = retry.option.name
    for at in range(0, len(rounds), merged):
        part = rounds[at : at + merged]
        together = tuple(variant for one in part for variant in one)
        # A round takes as long as one sample and one retry: its samples run beside each other.
        again = _again(retry, together, last, retry.option.seconds * 2 * len(part), len(found) + 1)
        found.append(again)
        last = again.option.name
    return found


def _follows(found: Choice, one: Choice) -> bool:
    return one.variants == (Variant.RETRY,) and (found.tier, found.way) == (one.tier, one.way)


def _planned(situation: Situation, names: Sequence[str], odds: TaskOdds) -> list[Choice]:
    """A planner's plan, carried out by the cheapest of the paid tiers that code."""
    tiers = situation.settings.tiers
    planner = next((tier for tier in tiers.values() if tier.enabled and "plan" in tier.roles), None)
    paid = [_choice(situation, name, Way.LOOP, odds, Variant.PLANNED) for name in names]
    editors = sorted((one for one in paid if not one.free), key=lambda one: one.option.usd)
    if planner is None or not editors:
        return []
    cost = odds.planning(call_price(planner.provider, planner.model, free=planner.free))
    option = editors[0].option
    usd = option.usd + (cost.usd if cost.usd is not None else option.usd * 10)
    return [replace(editors[0], option=replace(option, usd=usd, seconds=option.seconds + cost.seconds))]
