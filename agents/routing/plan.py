"""The ordered list of arms a task is tried with: what the decision rule says, expanded into missions."""

from collections.abc import Mapping, Sequence
from functools import cache

from agents.models.prices import FREE, call_price
from agents.routing.choices import WORTH_ADDING, Choice, any_right, choices_of, odds_over
from agents.routing.decision import Economics, acceptance, charge, decide, reckon
from agents.routing.economics import MOST_UNSOLVED_USD, TIE_USD_PER_SECOND, economics_of
from agents.routing.features import Features
from agents.routing.odds import Odds, TaskOdds, counted
from agents.routing.situation import CHECK_S, Situation
from agents.routing.wording import explain, why_again
from agents.settings import Settings, TierSettings
from agents.tasks import Arm, Grade, Mission, Variant

_PROVIDER_ORDER = {"simulation": 0, "ollama": 0, "anthropic": 1}


class NoTier(Exception):
    """No tier can take the task; the message says why and what to configure."""


def make_plan(
    *,
    settings: Settings,
    features: Features,
    has_check: bool,
    odds: Odds | None = None,
    pin: str | None = None,
    at_least: str | None = None,
    grades: Mapping[str, Grade] | None = None,
    small: frozenset[str] = frozenset(),
    available: frozenset[str] | None = None,
    check_seconds: float = CHECK_S,
    slots: Mapping[str, int] | None = None,
    planned: bool = False,
) -> tuple[Arm, ...]:
    """The arms in the order they are tried, by the preset and its knobs; each with its odds, given that all before it
    failed, its price and its time. `odds`: from the priors alone where None. For the others see Situation.

    With a pin only that tier's arms; with `at_least` none of a tier that comes before it. Without a check a second try
    would have nothing to learn from: one arm. There is always at least one. Raises NoTier.
    """
    situation = Situation(
        settings=settings,
        features=features,
        has_check=has_check,
        odds=odds or prior_odds(),
        pin=pin,
        at_least=at_least,
        grades=grades or {},
        small=small,
        available=available,
        check_seconds=check_seconds,
        slots=slots,
        planned=planned,
    )
    return plan_for(situation)


def plan_for(situation: Situation) -> tuple[Arm, ...]:
    """The same, of a situation. Raises NoTier."""
    odds = situation.task_odds
    steps = [arm for choice in order_for(situation, odds) for arm in choice.arms]
    return with_odds(steps[: situation.settings.routing.max_missions], situation, odds)


@cache
def prior_odds() -> Odds:
    """What is believed where nothing was tried yet."""
    return Odds()


def order_for(situation: Situation, odds: TaskOdds) -> list[Choice]:
    """What is tried, in this order. Raises NoTier."""
    names = tiers_for(situation)
    if situation.pin or situation.settings.routing.preset == "bands":
        fixed = [choice for name in names for choice in _one_way(choices_of(situation, [name], odds))]
        return fixed if situation.has_check else fixed[:1]
    routing = situation.settings.routing
    free_first = routing.preset == "free-first"
    free = [name for name in names if free_first and _is_free(situation.settings.tiers[name])]
    others = [name for name in names if name not in free]
    choices = choices_of(situation, free, odds, reserved=2 * len(others)) if free else []
    choices += choices_of(situation, others, odds) if others else []
    economics = economics_of(routing, has_check=situation.has_check)
    order = _decided(choices, odds, economics, free_first=free_first)
    target = routing.target_success
    while target is not None and situation.has_check and economics.unsolved_usd < MOST_UNSOLVED_USD:
        if reckon([one.option for one in order], odds_over(order, odds), economics).solved >= target:
            break
        economics = economics.model_copy(update={"unsolved_usd": max(1.0, economics.unsolved_usd * 4)})
        order = _decided(choices, odds, economics, free_first=free_first)
    return order


def tiers_for(situation: Situation) -> list[str]:
    """The tiers that may be tried, those of one's own first. Raises NoTier."""
    settings, pin, at_least = situation.settings, situation.pin, situation.at_least
    if pin and pin not in settings.tiers:
        raise NoTier(f"there is no tier named {pin!r}: the tiers are {', '.join(settings.tiers)}")
    if pin and not settings.tiers[pin].enabled:
        raise NoTier(f"tier {pin!r} is switched off: set tiers.{pin}.enabled = true, or give the task to another")
    if pin:
        return [pin]
    coding = [
        (name, tier)
        for name, tier in settings.tiers.items()
        if tier.enabled and "code" in tier.roles and (situation.available is None or name in situation.available)
    ]
    cheap_first = sorted(coding, key=lambda item: _PROVIDER_ORDER[item[1].provider])
    names = [name for name, _ in cheap_first]
    if settings.routing.preset == "bands":
        complexity = situation.features.complexity
        names = [name for name, tier in cheap_first if tier.band[0] <= complexity <= tier.band[1]] or names
    if at_least is not None:
        names = [name for name in names if name not in cheaper_than(settings, at_least)]
    if not names:
        raise NoTier(
            "no tier can be reached: start Ollama or set ANTHROPIC_API_KEY (`warroom doctor` says what is missing)"
        )
    return names


def cheaper_than(settings: Settings, tier: str) -> tuple[str, ...]:
    """The tiers a person means by "below this one": those before it, local ones first, then as they are configured."""
    order = sorted(settings.tiers, key=lambda name: _PROVIDER_ORDER[settings.tiers[name].provider])
    return tuple(order[: order.index(tier)]) if tier in order else ()


def remaining(plan: Sequence[Arm], done: Sequence[Mission]) -> tuple[Arm, ...]:
    """The arms of `plan` that come after those of `done`, the missions that have ended, in their order."""
    rest = list(plan)
    for mission in done:
        ended = (mission.tier, mission.way, mission.variant)
        place = next((at for at, arm in enumerate(rest) if (arm.tier, arm.way, arm.variant) == ended), None)
        if place is not None:
            rest = rest[place + 1 :]
    return tuple(rest)


def with_odds(arms: Sequence[Arm], situation: Situation, odds: TaskOdds) -> tuple[Arm, ...]:
    """`arms` in this order, each with its odds given that all before it failed, and why it is there."""
    failed: list[str] = []
    found: list[Arm] = []
    for arm in arms:
        known = arm.model_copy(update={"p": round(odds.p(arm.model, arm.way, arm.variant, failed), 4)})
        found.append(known.model_copy(update={"why": why_again(known)}))
        failed.append(arm.model)
    why = explain(found, odds, has_check=situation.has_check)
    return (found[0].model_copy(update={"why": why}), *found[1:])


def _decided(choices: Sequence[Choice], odds: TaskOdds, economics: Economics, *, free_first: bool) -> list[Choice]:
    """The order of least expected loss; free first, that of the free ones and then that of the others."""
    if not free_first:
        order = _least(choices, odds, economics, ())
        return _worth_it(order, odds) or _best_single(choices, odds, economics)
    free = [choice for choice in choices if choice.free]
    patient = economics.model_copy(update={"second_usd": max(economics.second_usd, TIE_USD_PER_SECOND)})
    order = _least(free, odds, patient, ())
    if order and economics.false_accept == 1:
        return order
    tried = [choice.model for choice in order for _ in choice.variants]
    order += _least([choice for choice in choices if not choice.free], odds, economics, tried)
    return order or _best_single(free or choices, odds, economics)


def _least(choices: Sequence[Choice], odds: TaskOdds, economics: Economics, before: Sequence[str]) -> list[Choice]:
    by_name = {choice.option.name: choice for choice in choices}
    decision = decide([choice.option for choice in choices], odds_over(choices, odds, before), economics)
    return [by_name[name] for name in decision.order]


def _worth_it(order: Sequence[Choice], odds: TaskOdds) -> list[Choice]:
    """`order` without what adds next to nothing, and what can only follow that: a person reads this plan."""
    left_out: set[str] = set()
    kept: list[Choice] = []
    reached, failed = 1.0, list[str]()
    for choice in order:
        p = any_right(choice, odds, counted(failed))
        if choice.option.after & left_out or reached * p < WORTH_ADDING:
            left_out.add(choice.option.name)
            continue
        kept.append(choice)
        reached *= 1 - p
        failed += [choice.model] * len(choice.variants)
    return kept


def _best_single(choices: Sequence[Choice], odds: TaskOdds, economics: Economics) -> list[Choice]:
    """Nothing is worth its charge, but a person wants the task tried: what gives most for it."""

    def rate(choice: Choice) -> float:
        p = odds.p(choice.model, choice.way, choice.variants[0], ())
        return charge(choice.option, p, economics) / acceptance(p, economics, choice.option.tries)

    return [min((choice for choice in choices if not choice.option.after), key=rate)]


def _one_way(choices: Sequence[Choice]) -> list[Choice]:
    return [choice for choice in choices if choice.way is choices[0].way and choice.variants[0] is not Variant.PLANNED]


def _is_free(tier: TierSettings) -> bool:
    return call_price(tier.provider, tier.model, free=tier.free) == FREE
