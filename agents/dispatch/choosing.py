"""Which tier plans, writes the check and reviews when work is orchestrated."""

from collections.abc import Collection, Iterable
from math import inf

from agents.dispatch.council import Adviser
from agents.models.prices import call_price
from agents.refusals import NoAdviser
from agents.routing.plan import cheaper_than
from agents.settings import Settings, TierSettings
from agents.tasks import Arm, Role, Task, Usage

STRONGEST_ABOVE = 8
"""Up to this complexity the cheapest tier with the role is asked (by default Sonnet), above it the dearest (Opus): the
order is a few hundred tokens, and what it is worth grows with the task."""
ORDERING = frozenset({Role.PLAN, Role.REVIEW})
"""Roles that a tier has for orchestrated work whose role is "order"."""
_TYPICAL = Usage(input=5000, output=800)
"""Tokens of an order and of what is shown for it, by which prices are compared."""


def adviser_for(
    task: Task, roles: Collection[Role], settings: Settings, available: Collection[str], *, never: Collection[str] = ()
) -> Adviser:
    """The tier with one of `roles` that is asked about `task`, of those within whose band it lies, where there are any.

    `never`: models that must not be asked. Raises NoAdviser, with what to do.
    """
    wanted = {role.value for role in roles} | ({"order"} if ORDERING & set(roles) else set())
    able = [
        (name, tier)
        for name, tier in settings.tiers.items()
        if tier.enabled and name in available and wanted & set(tier.roles) and tier.model not in never
    ]
    fitting = [one for one in able if one[1].band[0] <= task.complexity <= one[1].band[1]] or able
    if not fitting:
        role = "order" if "order" in wanted else "code"
        raise NoAdviser(
            f"{task.label} cannot be orchestrated: no tier that can be reached has the role {role!r} and another model "
            f'than the one that writes (`warroom doctor` says which can); give one tiers.NAME.roles = ["{role}"] in '
            "warroom.toml"
        )
    by_price = sorted(fitting, key=lambda one: _typical_nano(one[1]))
    return Adviser(*by_price[-1 if task.complexity > STRONGEST_ABOVE else 0])


def check_writer(
    task: Task, settings: Settings, available: Collection[str], *, writers: Iterable[str], first: str
) -> Adviser:
    """Who writes the acceptance check: the planner's tier `first`, unless its model is one of the `writers`; else
    another that plans or reviews, or the next one up that codes. Raises NoAdviser."""
    never = set(writers)
    tier = settings.tiers.get(first)
    if tier is not None and tier.model not in never:
        return Adviser(first, tier)
    try:
        return adviser_for(task, (Role.PLAN, Role.REVIEW), settings, available, never=never)
    except NoAdviser:
        return adviser_for(task, (Role.CODE,), settings, available, never=never)


def next_up(arm: Arm, settings: Settings, available: Collection[str], *, never: Collection[str]) -> str | None:
    """The tier that gets a part which the arm's own could not write; None: there is none."""
    for name, tier in settings.tiers.items():
        codes = tier.enabled and "code" in tier.roles and name in available
        if codes and arm.tier in cheaper_than(settings, name) and tier.model not in {arm.model, *never}:
            return name
    return None


def _typical_nano(tier: TierSettings) -> float:
    price = call_price(tier.provider, tier.model, free=tier.free)
    return inf if price is None else price.cost_nano(_TYPICAL)
