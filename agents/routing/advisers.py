"""Who is asked for a work order and its reviews: of the tiers with the role, the cheapest that will do."""

from collections.abc import Collection
from math import inf

from agents.models.prices import call_price
from agents.settings import Settings, TierSettings
from agents.tasks import Usage

STRONGEST_ABOVE = 8
"""Up to this complexity the cheapest tier with the role is asked (by default Sonnet), above it the dearest (Opus): the
order is a few hundred tokens, and what it is worth grows with the task."""
ORDERING = frozenset({"plan", "review", "order"})
"""Roles whose tiers may be asked for an order."""
_TYPICAL = Usage(input=5000, output=800)
"""Tokens of an order and of what is shown for it, by which prices are compared."""


def adviser_of(
    settings: Settings,
    roles: Collection[str],
    complexity: int,
    *,
    available: Collection[str] | None = None,
    never: Collection[str] = (),
) -> str | None:
    """The tier with one of `roles` that is asked about a task of this complexity, of those within whose band it lies,
    where there are any; None: there is none. `available`: None for all; `never`: models that must not be asked."""
    able = [
        (name, tier)
        for name, tier in settings.tiers.items()
        if tier.enabled
        and (available is None or name in available)
        and set(roles) & set(tier.roles)
        and tier.model not in never
    ]
    fitting = [one for one in able if one[1].band[0] <= complexity <= one[1].band[1]] or able
    by_price = sorted(fitting, key=lambda one: _typical_nano(one[1]))
    return by_price[-1 if complexity > STRONGEST_ABOVE else 0][0] if by_price else None


def _typical_nano(tier: TierSettings) -> float:
    price = call_price(tier.provider, tier.model, free=tier.free)
    return inf if price is None else price.cost_nano(_TYPICAL)
