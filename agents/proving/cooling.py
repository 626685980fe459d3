"""The cooldown between graded tasks. Each has a Headquarters of its own, which ends before its agent has rested."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

from agents.clock import Clock
from agents.dispatch.cooldown import rests
from agents.models.connect import Connect
from agents.models.errors import ModelError
from agents.models.ollama import OllamaModel
from agents.settings import Cooldown, TierSettings


@dataclass
class Turn:
    """One task's turn in a place."""

    worked: bool = True
    """False: it was measured before, so nobody has to rest after it."""


class Places:
    """As many tasks at a time as the tier has slots, with rests and full resets in between, as the settings say."""

    def __init__(
        self, slots: int, settings: Cooldown, *, name: str, tier: TierSettings, connect: Connect, clock: Clock
    ) -> None:
        self._settings, self._name, self._tier = settings, name, tier
        self._connect, self._clock = connect, clock
        self._places = asyncio.Semaphore(slots)
        self._resetting = asyncio.Lock()
        self._idle = asyncio.Event()
        """Nobody is at work."""
        self._idle.set()
        self._working = self._warm = self._since = 0
        """At work; places that have not rested yet; tasks since the last reset."""

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[Turn]:
        """A place for one task, rested."""
        async with self._places:
            if self._warm:
                self._warm -= 1
                await self._rest()
            turn = Turn()
            self._working += 1
            self._idle.clear()
            try:
                yield turn
            finally:
                self._working -= 1
                self._warm += turn.worked
                self._since += turn.worked
                if not self._working:
                    self._idle.set()

    async def _rest(self) -> None:
        every = self._settings.reset_every
        urls: list[str | None] = [endpoint.url for endpoint in self._tier.endpoints]
        models = [self._connect(self._name, self._tier, url) for url in urls or [None]]
        try:
            heating = [model for model in models if rests(model)]
            if heating:
                await self._clock.sleep(self._settings.rest_s)
            async with self._resetting:
                if every and self._since >= every:
                    await self._idle.wait()
                    self._since = 0
                    for model in heating:
                        if isinstance(model, OllamaModel):
                            with suppress(ModelError):  # whatever is wrong with the server, the next task meets it too
                                await model.reload()
        finally:
            for model in models:
                await model.aclose()
