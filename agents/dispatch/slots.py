"""Slots: how many missions a tier runs at once, where, under which callsign, over all War Rooms of a home."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from heapq import heappush
from itertools import count

from agents.dispatch.leases import Leases
from agents.settings import TierSettings
from agents.store import Store
from agents.workspace.git import to_the_end

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
    name: str
    """What the War Rooms of a home call it among themselves: whoever holds the name works there."""


_Waiting = tuple[int, int, int, "asyncio.Future[Slot]"]
"""Minus the priority, the task, the order of asking, and what is granted."""


class Slots:
    """The slots of every tier: to the most urgent who waits, and of those to the oldest task.

    Between processes a slot is held by a row of the store; who is dead holds none.
    """

    def __init__(
        self, tiers: Mapping[str, TierSettings], store: Store, leases: Leases, *, max_running: int = 0
    ) -> None:
        self.all: dict[str, tuple[Slot, ...]] = {name: _slots(name, tier) for name, tier in tiers.items()}
        self._store, self._leases, self._max_running = store, leases, max_running
        self._free: dict[str, list[Slot]] = {name: list(slots) for name, slots in self.all.items()}
        self._waiting: dict[str, list[_Waiting]] = {name: [] for name in self.all}
        self._asked = count()
        self._stirred = asyncio.Event()

    async def take(self, tier: str, *, priority: int = 5, task: int) -> Slot:
        """Wait for a free slot of `tier`; whoever takes it gives it back. `priority`: 10 goes first."""
        granted: asyncio.Future[Slot] = asyncio.get_running_loop().create_future()
        heappush(self._waiting[tier], (-priority, task, next(self._asked), granted))
        self.stir()
        try:
            return await granted
        except asyncio.CancelledError:
            if granted.done() and not granted.cancelled():
                await to_the_end(self.give_back(granted.result()))
            raise

    async def give_back(self, slot: Slot) -> None:
        """`slot` is free again."""
        try:
            await self._store.free_slot(slot.name, self._leases.owner)
        finally:
            self._free[slot.tier].append(slot)
            self.stir()

    @property
    def held(self) -> bool:
        """Somebody here works in a slot, or rests in it."""
        return any(len(self._free[tier]) < len(slots) for tier, slots in self.all.items())

    @property
    def wanted(self) -> bool:
        """Somebody waits for a slot."""
        return any(self._waiting.values())

    def stir(self) -> None:
        """Somebody asks, or a slot may be free: look again."""
        self._stirred.set()

    async def run(self) -> None:
        """Grant slots whenever something stirred. Cancel it to stop."""
        while True:
            await self._stirred.wait()
            self._stirred.clear()
            for tier in self._waiting:
                await self._grant(tier)

    async def _grant(self, tier: str) -> None:
        free = self._free[tier]
        for asked in sorted(self._waiting[tier]):
            if not free:
                break
            _, task, _, granted = asked
            if granted.done():
                continue
            slot, full = await self._hold(free, task)
            if slot is None:
                if full:
                    break  # the others wait for the same slots; with one task too many, one that runs may go on
                continue
            free.remove(slot)
            if granted.done():  # cancelled while we asked
                await self.give_back(slot)
            else:
                granted.set_result(slot)
        self._waiting[tier] = [asked for asked in self._waiting[tier] if not asked[-1].done()]

    async def _hold(self, free: list[Slot], task: int) -> tuple[Slot | None, bool]:
        """One of `free` for the task, or None and whether every slot is taken."""
        names = {slot.name: slot for slot in free}
        for _ in range(2):
            name, full = await self._store.take_slot(
                tuple(names), owner=self._leases.owner, task=task, max_running=self._max_running
            )
            if name is not None:
                return names[name], False
            holders = await self._store.slot_holders()
            dead = await self._leases.dead(set(holders.values()))
            if not dead:
                return None, full
            await self._store.forget_owners(dead)
        return None, True


def _slots(name: str, tier: TierSettings) -> tuple[Slot, ...]:
    if not tier.enabled:
        return ()
    urls: list[str | None] = [endpoint.url for endpoint in tier.endpoints for _ in range(endpoint.slots)]
    urls = urls or [None] * tier.slots
    names = CALLSIGNS.get(name, ())
    return tuple(
        Slot(
            tier=name,
            callsign=names[number] if number < len(names) else f"{name.title()}-{number + 1}",
            url=url,
            name=f"{name} {url or 'default'} {number + 1}",
        )
        for number, url in enumerate(urls)
    )
