"""A clock that a test moves by hand."""

import asyncio
from datetime import UTC, datetime


class HandClock:
    """Time stands still but for `pass_`; whoever sleeps wakes in the right order and sees the right time."""

    def __init__(self) -> None:
        self.at = 0.0
        self.asleep: list[tuple[float, asyncio.Future[None]]] = []

    def now(self) -> datetime:
        """The time since the epoch."""
        return datetime.fromtimestamp(self.at, UTC)

    def monotonic(self) -> float:
        """The same in seconds."""
        return self.at

    async def sleep(self, seconds: float) -> None:
        """Wait until so much has been passed."""
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        until: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.asleep.append((self.at + seconds, until))
        await until

    async def pass_(self, seconds: float) -> None:
        """Let time pass, and everybody do what they do then."""
        end = self.at + seconds
        await settle()
        while due := [sleeper for sleeper in self.asleep if sleeper[0] <= end]:
            sleeper = min(due, key=lambda sleeper: sleeper[0])
            self.asleep.remove(sleeper)
            if not sleeper[1].done():
                self.at = max(self.at, sleeper[0])
                sleeper[1].set_result(None)
                await settle()
        self.at = end
        await settle()


async def settle() -> None:
    """Until whoever can go on without waiting for the world has gone on."""
    for _ in range(20):
        await asyncio.sleep(0)
