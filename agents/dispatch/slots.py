"""Slots: how many missions a tier runs at once, on which endpoint, under which callsign."""

import asyncio
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from heapq import heappop, heappush
from itertools import count

from agents.settings import TierSettings

CALLSIGNS: Mapping[str, tuple[str, ...]] = {
    "local": ("CodeX-7", "Forge-1", "Anvil-3", "Rivet-5"),
    "haiku": ("Viper-2", "Falcon-6", "Comet-8", "Swift-9"),
    "sonnet": ("Hawk-4", "Raven-5", "Ghost-1", "Lance-3"),
    "opus": ("Oracle-1", "Marshal-2", "Atlas-3", "Titan-4"),
}


@dataclass(frozen=True)
class Slot:
    """One place to work: an agent at an endpoint of a tier."""

    tier: str
    callsign: str
    url: str | None
    """None: the client's own default."""


_Waiting = tuple[int, int, int, "asyncio.Future[Slot]"]
"""Minus the priority, the task, the order of asking, and what is granted."""


class Slots:
    """The free slots of every tier: to the most urgent who waits, and of those to the oldest task."""

    def __init__(self, tiers: Mapping[str, TierSettings]) -> None:
        self.all: dict[str, tuple[Slot, ...]] = {name: _slots(name, tier) for name, tier in tiers.items()}
        self._free: dict[str, deque[Slot]] = {name: deque(slots) for name, slots in self.all.items()}
        self._waiting: dict[str, list[_Waiting]] = {name: [] for name in self.all}
        self._asked = count()

    async def take(self, tier: str, *, priority: int = 5, task: int = 0) -> Slot:
        """Wait for a free slot of `tier`; whoever takes it gives it back. `priority`: 10 goes first."""
        granted: asyncio.Future[Slot] = asyncio.get_running_loop().create_future()
        heappush(self._waiting[tier], (-priority, task, next(self._asked), granted))
        self._grant(tier)
        try:
            return await granted
        except asyncio.CancelledError:
            if granted.done() and not granted.cancelled():
                self.give_back(granted.result())
            raise

    def give_back(self, slot: Slot) -> None:
        """`slot` is free again."""
        self._free[slot.tier].append(slot)
        self._grant(slot.tier)

    def _grant(self, tier: str) -> None:
        free, waiting = self._free[tier], self._waiting[tier]
        while free and waiting:
            granted = heappop(waiting)[-1]
            if not granted.done():
                granted.set_result(free.popleft())


def _slots(name: str, tier: TierSettings) -> tuple[Slot, ...]:
    if not tier.enabled:
        return ()
    urls: list[str | None] = [endpoint.url for endpoint in tier.endpoints for _ in range(endpoint.slots)]
    urls = urls or [None] * tier.slots
    names = CALLSIGNS.get(name, ())
    return tuple(
        Slot(tier=name, callsign=names[index] if index < len(names) else f"{name.title()}-{index + 1}", url=url)
        for index, url in enumerate(urls)
    )
