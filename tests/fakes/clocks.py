"""Clocks that do not make a test wait."""

import asyncio
from collections.abc import Coroutine
from datetime import UTC, datetime, timedelta
from heapq import heappop, heappush
from itertools import count
from typing import Any, TypeVar

from agents.clock import SystemClock

T = TypeVar("T")
START = datetime(2026, 10, 21, 12, tzinfo=UTC)
_SETTLED_AFTER = 60
"""Rounds of the event loop after which everybody waits for time or for each other."""


class VirtualClock:
    """Time goes on only when everything waits, and then at once to whoever wakes first. For work without any I/O."""

    def __init__(self) -> None:
        self.at = 0.0
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._order = count()

    def now(self) -> datetime:
        return START + timedelta(seconds=self.at)

    def monotonic(self) -> float:
        return self.at

    async def sleep(self, seconds: float) -> None:
        awake: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heappush(self._sleepers, (self.at + seconds, next(self._order), awake))
        await awake

    async def run(self, work: Coroutine[Any, Any, T]) -> T:
        """The result of `work`, as fast as it can be had. Fails when it waits for what never happens."""
        task = asyncio.ensure_future(work)
        while True:
            for _ in range(_SETTLED_AFTER):
                await asyncio.sleep(0)
            if task.done():
                return task.result()
            while self._sleepers and self._sleepers[0][-1].done():
                heappop(self._sleepers)
            if not self._sleepers:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
                raise AssertionError(f"at {self.at:.3f} s everybody waits, and nobody for the time")
            self.at, _, awake = heappop(self._sleepers)
            awake.set_result(None)


class FastClock:
    """The real clock, `speed` times as fast: for work with real sockets."""

    def __init__(self, speed: float) -> None:
        self.speed = speed
        self._real = SystemClock()
        self._began = self._real.monotonic()

    def now(self) -> datetime:
        return START + timedelta(seconds=self.monotonic())

    def monotonic(self) -> float:
        return (self._real.monotonic() - self._began) * self.speed

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds / self.speed)
