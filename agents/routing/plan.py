"""The ordered list of arms a task is tried with: what the decision rule says, expanded into missions."""

from collections.abc import Mapping, Sequence
from functools import cache

from agents.models.prices import FREE, call_price
from agents.routing.choice import Choice
from agents.routing.choices import choices_of
from agents.routing.economics import economics_of
from agents.routing.features import Features
from agents.routing.odds import Odds
from agents.routing.orchestrated import orchestrated, orchestrated_by
from agents.routing.ordering import ordered
from agents.routing.situation import CHECK_S, Situation
from agents.routing.task_odds import TaskOdds
from agents.routing.wording import explain, why_again
from agents.settings import Settings, TierSettings
from agents.tasks import LED, Arm, Grade, Mission, Variant

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
    orchestrate: bool = False,
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
        orchestrate=orchestrate,
    )
    return plan_for(situation)


def plan_for(situation: Situation) -> tuple[Arm, ...]:
    """The same, of a situation. Raises NoTier."""
    odds = situation.task_odds
    if situation.orchestrate:
        by_order = orchestrated_by(situation, tiers_for(situation)[0], odds)
        return with_odds(by_order.arms, situation, odds)
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
    by_order = orchestrated(situation, names, odds)
    led = routing.mode == "orchestrated" and bool(by_order)
    free = [name for name in names if (free_first or led) and _is_free(situation.settings.tiers[name])]
    others = [name for name in names if name not in free]
    choices = choices_of(situation, free, odds, reserved=2 * len(others)) if free and not (led and others) else []
    if others or by_order:
        choices += choices_of(situation, others, odds, beside=() if led else by_order)
    economics = economics_of(routing, has_check=situation.has_check, false_accept=situation.false_accept)
    target = routing.target_success if situation.has_check else None
    if not led:
        return ordered(choices, odds, economics, free_first=free_first, target=target)
    first = max(by_order, key=lambda one: odds.p(one.model, one.way, Variant.ORCHESTRATED, ()))
    behind = ordered(choices, odds, economics, free_first=free_first, target=target)
    return [first, *behind] if situation.has_check else [first]


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


def _one_way(choices: Sequence[Choice]) -> list[Choice]:
    return [choice for choice in choices if choice.way is choices[0].way and choice.variants[0] not in LED]


def _is_free(tier: TierSettings) -> bool:
    return call_price(tier.provider, tier.model, free=tier.free) == FREE
