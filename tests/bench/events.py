"""State events per second through store and bus: each one a transaction of its own, to one subscriber."""

import asyncio
import tempfile
import time
from pathlib import Path

from agents.bus import Subscription
from agents.clock import SystemClock
from agents.events import AgentHealth
from agents.store import Store
from agents.tasks import Health

EVENTS = 10_000


async def through_store_and_bus() -> None:
    """Append one by one, and read them all from a subscription."""
    clock = SystemClock()
    with tempfile.TemporaryDirectory() as folder:
        async with await Store.open(Path(folder) / "warroom.db", clock) as store:
            events = store.bus.subscribe()
            started = time.perf_counter()
            reader = asyncio.create_task(_read(events, EVENTS))
            for _ in range(EVENTS):
                await store.append(AgentHealth(at=clock.now(), agent="CodeX-7", tier="local", health=Health.WORKING))
            await reader
            seconds = time.perf_counter() - started
            events.close()
    print(f"events, store and bus {EVENTS / seconds:7.0f} /s   goal 2,000 /s")


async def _read(events: Subscription, count: int) -> None:
    async for _ in events:
        count -= 1
        if not count:
            return
