"""What free work saved: the tokens that were measured, at the price of the tier the task would have gone to. An
estimate, and said to be one wherever it is shown: another model would have used more or fewer tokens."""

from collections.abc import Iterable, Mapping

from agents.models.prices import FREE, Price, call_price
from agents.settings import Settings
from agents.tasks import Usage


def would_have_gone_to(settings: Settings, complexity: int) -> str | None:
    """The first tier that is enabled, codes, costs money and has `complexity` in its band; None when there is none."""
    for name, tier in settings.tiers.items():
        fits = tier.enabled and "code" in tier.roles and tier.band[0] <= complexity <= tier.band[1]
        if fits and call_price(tier.provider, tier.model, free=tier.free) != FREE:
            return name
    return None


class Savings:
    """Prices free calls as if they had been paid for, by the settings as they are now."""

    def __init__(self, settings: Settings) -> None:
        self._prices: Mapping[int, Price | None] = {level: _price(settings, level) for level in range(1, 11)}

    def of(self, usage: Usage, complexity: int) -> int | None:
        """Nano-dollars that a call with `usage` would have cost, for a task of `complexity`.

        None when no paid tier would have taken the task, or at an unknown price.
        """
        price = self._prices[complexity]
        return None if price is None else price.cost_nano(usage)


def total(nanos: Iterable[int | None]) -> int | None:
    """Of all that was saved, the unknown left out; 0 of nothing, None when not one of them is known."""
    found = list(nanos)
    known = [nano for nano in found if nano is not None]
    return None if found and not known else sum(known)


def _price(settings: Settings, complexity: int) -> Price | None:
    tier = settings.tiers.get(would_have_gone_to(settings, complexity) or "")
    return call_price(tier.provider, tier.model, free=tier.free) if tier else None
