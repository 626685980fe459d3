"""What free work saved: the tokens that were measured, at the price of the tier the task would have gone to. An
estimate, and said to be one wherever it is shown: another model would have used more or fewer tokens."""

from collections.abc import Iterable, Mapping

from agents.models.prices import FREE, Price, call_price
from agents.settings import Settings
from agents.store import FreeCall


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

    def of(self, call: FreeCall) -> int | None:
        """Nano-dollars the call would have cost; None when no paid tier would have taken it, or at an unknown price."""
        price = self._prices[call.complexity]
        return None if price is None else price.cost_nano(call.usage)

    def total(self, calls: Iterable[FreeCall]) -> int | None:
        """Of all `calls`, those left out that have no price; 0 of none, None when not one of them has a price."""
        found = [self.of(call) for call in calls]
        known = [nano for nano in found if nano is not None]
        return None if found and not known else sum(known)


def _price(settings: Settings, complexity: int) -> Price | None:
    tier = settings.tiers.get(would_have_gone_to(settings, complexity) or "")
    return call_price(tier.provider, tier.model, free=tier.free) if tier else None
