"""Where a local model lies: on the graphics card, partly on the CPU (LOW POWER), or on the CPU alone. Asked once per
load, as nothing changes in between."""

import asyncio
from typing import Any

from agents.events import AgentHealth
from agents.models.chat import ChatModel, Finished
from agents.models.errors import ModelError
from agents.models.ollama import OllamaModel
from agents.models.ollama_inventory import LoadedModel, same_model
from agents.tasks import Frozen, Health

LOADED_S = 0.5
"""A reply that waited so long for its model was the first after a load; a warm model takes some milliseconds."""
LOOK_S = 3.0
"""How long a server may take to say what it has in memory."""


class Power(Frozen):
    """What a person should know of a model's place in memory. `note` is empty where all of it lies on the card."""

    low: bool = False
    note: str = ""

    @classmethod
    def of(cls, memory: LoadedModel) -> "Power":
        """By what the server says. A machine without a card is slow as it should be: that is no low power."""
        if memory.on_cpu:
            return cls(note="CPU only")
        if memory.spilled:
            return cls(low=True, note=f"LOW POWER: {max(1, round(100 * memory.spilled_share))} % on the CPU")
        return cls()

    def event(self, *, health: Health, step: int = 0, **where: Any) -> AgentHealth:
        """It as an agent's news."""
        return AgentHealth(**where, health=health, step=step, note=self.note, low_power=self.low)


class PowerWatch:
    """Knows how every local model was found after its last load, and which agent was told."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, str], Power | None] = {}
        self._told: dict[str, Power] = {}

    async def after_reply(self, model: ChatModel, agent: str, finished: Finished) -> Power | None:
        """What to tell of `agent`, whose model has just replied; None when there is nothing new."""
        if not isinstance(model, OllamaModel):
            return None
        key = (model.server.url, model.model)
        loaded = finished.load_seconds >= LOADED_S
        if loaded or key not in self._found:
            self._found[key] = await _look(model)
        return self._news(agent, self._found[key], again=loaded)

    async def after_load(self, model: OllamaModel, agent: str) -> Power | None:
        """What to tell of `agent`, whose model was loaded while it rested; None when there is nothing new."""
        found = self._found[model.server.url, model.model] = await _look(model)
        return self._news(agent, found, again=True)

    def _news(self, agent: str, found: Power | None, *, again: bool) -> Power | None:
        """`again`: a new load, so that trouble is told once more."""
        before = self._told.get(agent, Power())
        if found is None or (found == before and not (again and found.low)):
            return None
        self._told[agent] = found
        return found


async def _look(model: OllamaModel) -> Power | None:
    """None where the server does not say: it has no /api/ps, or the model is not in its memory."""
    try:
        async with asyncio.timeout(LOOK_S):
            loaded = await model.server.loaded()
    except (ModelError, TimeoutError):
        return None
    memory = next((one for one in loaded if same_model(one.name, model.model) and one.size_bytes), None)
    return Power.of(memory) if memory is not None else None
