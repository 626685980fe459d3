"""The odds as this home's trials have them now, built again only when there are new ones."""

import asyncio

from agents.routing.odds import Odds
from agents.settings import Settings
from agents.store import Store


class KnownOdds:
    """Reads the store's trials and the speeds of probed models."""

    def __init__(self, store: Store, settings: Settings) -> None:
        self._store = store
        self._settings = settings
        self._known: tuple[int, Odds] | None = None
        self._reading = asyncio.Lock()

    async def now(self) -> Odds:
        """With every trial stored so far, whichever War Room made it."""
        last = await self._store.last_trial()
        async with self._reading:
            if self._known is None or self._known[0] < last:
                trials = await self._store.trials()
                speeds = await self._speeds()
                # Hundreds of trials take a tenth of a second: not in the event loop's time.
                self._known = last, await asyncio.to_thread(Odds, trials, tokens_per_second=speeds)
            return self._known[1]

    async def _speeds(self) -> dict[str, float]:
        speeds: dict[str, float] = {}
        for tier in self._settings.tiers.values():
            probe = await self._store.probe(tier.provider, tier.model)
            if probe is not None and probe.tokens_per_second:
                speeds[tier.model] = probe.tokens_per_second
        return speeds
