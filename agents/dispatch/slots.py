"""Slots: how many missions a tier runs at once, on which endpoint, under which callsign."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

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


class Slots:
    """The free slots of every tier, given out in the order they were asked for."""

    def __init__(self, tiers: Mapping[str, TierSettings]) -> None:
        self.all: dict[str, tuple[Slot, ...]] = {name: _slots(name, tier) for name, tier in tiers.items()}
        self._free: dict[str, asyncio.Queue[Slot]] = {}
        for name, slots in self.all.items():
            queue: asyncio.Queue[Slot] = asyncio.Queue()
            for slot in slots:
                queue.put_nowait(slot)
            self._free[name] = queue

    async def take(self, tier: str) -> Slot:
        """Wait for a free slot of `tier`; whoever takes it gives it back."""
        return await self._free[tier].get()

    def give_back(self, slot: Slot) -> None:
        """`slot` is free again."""
        self._free[slot.tier].put_nowait(slot)


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
