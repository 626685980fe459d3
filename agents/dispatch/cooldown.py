"""Rest of a local agent between missions: a pause, and now and then a full reset of the model."""

from collections import Counter

from agents.clock import Clock
from agents.dispatch.slots import Slot
from agents.events import AgentCooling, AgentHealth
from agents.models.chat import ChatModel
from agents.models.errors import ModelError
from agents.models.ollama import OllamaModel
from agents.settings import Cooldown
from agents.store import Store
from agents.tasks import Health


class Cooling:
    """Counts the missions of each slot and lets it rest after each."""

    def __init__(self, settings: Cooldown, store: Store, clock: Clock) -> None:
        self._settings = settings
        self._store = store
        self._clock = clock
        self._missions: Counter[Slot] = Counter()

    async def rest(self, slot: Slot, model: ChatModel) -> None:
        """Rest `slot`; every `reset_every`-th time unload its model first. Remote and simulated models do not reset."""
        if model.provider == "anthropic":
            return
        self._missions[slot] += 1
        every = self._settings.reset_every
        reset = bool(every) and self._missions[slot] % every == 0 and isinstance(model, OllamaModel)
        seconds = self._settings.rest_s
        if not seconds and not reset:
            return
        who = {"agent": slot.callsign, "tier": slot.tier}
        await self._store.append(
            AgentHealth(at=self._clock.now(), **who, health=Health.COOLING, note=f"{seconds:g} s"),
            AgentCooling(at=self._clock.now(), **who, seconds=seconds, reset=reset),
        )
        note = ""
        if reset and isinstance(model, OllamaModel):
            try:
                await model.server.unload(model.model)
            except ModelError as error:
                note = f"reset failed: {error}"
        await self._clock.sleep(seconds)
        await self._store.append(AgentHealth(at=self._clock.now(), **who, health=Health.READY, note=note))
