"""Time that passes only while nothing holds it: what a mission's limits are measured with."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from agents.clock import Clock

_SHORTEST_S = 0.001
"""Less may be too little to move a clock at all, as its figures are rounded."""


class Stopwatch:
    """Runs from the beginning; any number of holders may stop it, each for as long as it likes."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._passed = 0.0
        self._since = clock.monotonic()
        self._holders = 0
        self._running = asyncio.Event()
        self._running.set()

    @property
    def seconds(self) -> float:
        """What it shows."""
        return self._passed if self._holders else self._passed + self._clock.monotonic() - self._since

    @contextmanager
    def held(self) -> Iterator[None]:
        """It stands still meanwhile."""
        self._passed = self.seconds
        self._holders += 1
        self._running.clear()
        try:
            yield
        finally:
            self._holders -= 1
            if not self._holders:
                self._since = self._clock.monotonic()
                self._running.set()

    async def reaches(self, seconds: float) -> None:
        """Wait until it shows `seconds`. Costs nothing while it is held."""
        while True:
            await self._running.wait()
            if (left := seconds - self.seconds) <= 0:
                return
            await self._clock.sleep(max(left, _SHORTEST_S))
