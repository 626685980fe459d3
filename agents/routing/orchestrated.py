"""The orchestrated arm as a choice: a free tier writes what a stronger one orders, checks and reviews."""

from collections.abc import Sequence
from dataclasses import replace

from agents.models.prices import FREE, call_price
from agents.routing.advisers import ORDERING, adviser_of
from agents.routing.choice import Choice
from agents.routing.choices import choice_of, reckoned_usd, way_for
from agents.routing.situation import Situation
from agents.routing.task_odds import TaskOdds
from agents.tasks import Variant


def orchestrated_by(situation: Situation, name: str, odds: TaskOdds) -> Choice:
    """The tier `name` writes what a planner orders. Where nobody can be asked for an order its price is unknown."""
    settings = situation.settings
    tier = settings.tiers[name]
    way = way_for(tier, situation.features.kind, situation.grades.get(name), small=name in situation.small)
    writes = choice_of(situation, name, way, odds, Variant.ORCHESTRATED)
    asked = _adviser(situation, name)
    adviser = settings.tiers[asked] if asked else None
    price = call_price(adviser.provider, adviser.model, free=adviser.free) if adviser else None
    each = odds.ordering(tier.model, way, writes.each, price, check_seconds=writes.option.check_seconds)
    option = replace(writes.option, usd=reckoned_usd(each, odds, way), seconds=each.seconds)
    return replace(writes, option=option, each=each, price=price)


def orchestrated(situation: Situation, names: Sequence[str], odds: TaskOdds) -> list[Choice]:
    """One for every tier of `names` that is free and has somebody to order from who is not."""
    found: list[Choice] = []
    for name in names:
        tier = situation.settings.tiers[name]
        writes_free = call_price(tier.provider, tier.model, free=tier.free) == FREE
        if writes_free and _adviser(situation, name) is not None:
            choice = orchestrated_by(situation, name, odds)
            found += [] if choice.free else [choice]
    return found


def _adviser(situation: Situation, name: str) -> str | None:
    return adviser_of(
        situation.settings,
        ORDERING,
        situation.features.complexity,
        available=situation.available,
        never={situation.settings.tiers[name].model},
    )
