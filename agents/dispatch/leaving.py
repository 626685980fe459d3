"""An agent leaves its work: it is ready again after its rest, its slot is given back, its model closed."""

from collections.abc import Callable, Coroutine
from typing import Any

from agents.clock import Clock
from agents.dispatch.cooldown import Cooling
from agents.dispatch.slots import Slot, Slots
from agents.events import AgentHealth
from agents.models.chat import ChatModel
from agents.store import Store
from agents.tasks import Health
from agents.workspace.git import to_the_end

Spawn = Callable[[Coroutine[Any, Any, None]], None]
"""Runs something in the background of Headquarters."""


class Leave:
    """What is done with a slot when a mission in it has ended. The task does not wait for that: spawn it."""

    def __init__(self, store: Store, clock: Clock, slots: Slots, cooling: Cooling) -> None:
        self._store, self._clock = store, clock
        self._slots, self._cooling = slots, cooling

    async def __call__(self, slot: Slot, model: ChatModel) -> None:
        """Rest, then give back."""
        try:
            at = self._clock.now()
            await self._store.append(AgentHealth(at=at, agent=slot.callsign, tier=slot.tier, health=Health.READY))
            await self._cooling.rest(slot, model)
        finally:
            await to_the_end(self._put_back(slot, model))  # a client closed by half leaves its connection open

    async def _put_back(self, slot: Slot, model: ChatModel) -> None:
        try:
            await self._slots.give_back(slot)
        finally:
            await model.aclose()
