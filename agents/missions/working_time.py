"""A limit on the time an agent works: waiting for a person, or for a provider's rate limit, is not work."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Self


class WorkingTime:
    """`async with` it around the work: raises TimeoutError when the work took longer than `limit_s` seconds."""

    def __init__(self, limit_s: float) -> None:
        self.limit_s = limit_s
        self._timeout = asyncio.timeout(None)
        self._over = False

    async def __aenter__(self) -> Self:
        """The watch runs from here."""
        await self._timeout.__aenter__()
        self._timeout.reschedule(asyncio.get_running_loop().time() + self.limit_s)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Raises TimeoutError if the time was up."""
        self._over = True
        await self._timeout.__aexit__(kind, error, trace)

    @contextmanager
    def held(self) -> Iterator[None]:
        """The watch stands still meanwhile."""
        until = self._timeout.when()
        if until is None or self._over or self._timeout.expired():  # held already, or there is no watch any more
            yield
            return
        loop = asyncio.get_running_loop()
        left = until - loop.time()
        self._timeout.reschedule(None)
        try:
            yield
        finally:
            if not self._over:
                self._timeout.reschedule(loop.time() + left)
