"""Rest of a local agent between missions: a pause, and now and then a full reset of its model."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from agents.clock import Clock
from agents.dispatch.gate import FORCED
from agents.dispatch.slots import Slot
from agents.events import AgentCooling, AgentHealth, Event, TaskStatusChanged
from agents.models.chat import ChatModel
from agents.models.errors import BadRequest, ModelError
from agents.models.ollama import OllamaModel
from agents.models.ollama_endpoint import is_this_machine
from agents.models.power import PowerWatch
from agents.sanitize import one_line
from agents.settings import Cooldown
from agents.store import Store
from agents.tasks import Health, Task


def rests(model: ChatModel) -> bool:
    """Whether an agent with this model rests between missions: only what heats this machine does.

    An Ollama rests when the host of its endpoint is this machine: loopback, an address of ours, or our own name. At any
    other host it is remote, whoever owns that host. What speaks the Messages API never rests, as nobody can tell what
    is behind it. In the simulation the models that play Claude do not rest either.
    """
    if isinstance(model, OllamaModel):
        try:
            return is_this_machine(model.server.url)
        except BadRequest:  # no address at all
            return False
    return model.provider != "anthropic" and not model.model.removeprefix("SIMULATION ").startswith("claude")


class _Served:
    """One model at one endpoint, which several slots may share."""

    def __init__(self) -> None:
        self.missions = 0
        self.working: set[Slot] = set()
        self.idle = asyncio.Event()
        """Set when a slot has stopped working."""
        self.fresh = asyncio.Event()
        """Not set while the model is being reset."""
        self.fresh.set()


class Cooling:
    """Counts the missions of each model at each endpoint, and lets its agents rest after each.

    Only the slots of this process are known to it: a reset does not break off what another process asks of the same
    server, as Ollama unloads no model that answers, but that process's next call loads it again.
    """

    def __init__(self, settings: Cooldown, store: Store, clock: Clock, power: PowerWatch) -> None:
        self._settings = settings
        self._store = store
        self._clock = clock
        self._power = power
        self._served: dict[tuple[str | None, str], _Served] = {}
        self._asking: Counter[tuple[int, str]] = Counter()
        """The tasks that wait for slots, and of which tier: how many."""
        self._forced: set[int] = set()
        """Those that are forced, whether they wait for a slot now or not."""
        self._urged: defaultdict[str, asyncio.Event] = defaultdict(asyncio.Event)

    def begins(self, slot: Slot, model: ChatModel) -> None:
        """`slot` works with `model` from now on, until it rests: no reset meanwhile."""
        self._of(slot, model).working.add(slot)

    @contextmanager
    def asked(self, tier: str, task: Task) -> Iterator[None]:
        """While `task` waits for a slot of `tier`: once it is forced, the tier's agents cut their pauses short."""
        self._asking[task.id, tier] += 1
        if task.forced:
            self._forced.add(task.id)
        self._hurry()
        try:
            yield
        finally:
            self._asking[task.id, tier] -= 1
            self._hurry()

    def hear(self, event: Event) -> None:
        """Something happened, here or in another War Room."""
        if not isinstance(event, TaskStatusChanged) or event.task is None:
            return
        if event.status.at_rest:
            self._forced.discard(event.task)
        elif event.reason == FORCED:
            self._forced.add(event.task)
            self._hurry()

    def _hurry(self) -> None:
        """Let those tiers' agents go from their pauses whom a forced task asks."""
        self._asking = +self._asking
        asked = {tier for task, tier in self._asking if task in self._forced}
        for tier in asked:
            self._urged[tier].set()
        for tier in self._urged.keys() - asked:
            self._urged[tier].clear()

    async def rest(self, slot: Slot, model: ChatModel) -> None:
        """Rest `slot` after a mission; after every `reset_every`-th of its model have that unloaded and loaded again
        meanwhile, as soon as no other slot works with it. What fails is said and ends nothing."""
        served = self._of(slot, model)
        served.working.discard(slot)
        served.idle.set()
        if not rests(model):
            return
        served.missions += 1
        every = self._settings.reset_every
        due = isinstance(model, OllamaModel) and bool(every) and served.missions % every == 0
        reset = due or not served.fresh.is_set()
        seconds = self._settings.rest_s
        if not seconds and not reset:
            return
        cooling = AgentCooling(**self._now(slot), seconds=seconds, reset=reset)
        await self._store.append(self._health(slot, f"{seconds:g} s"), cooling)
        note = ""
        pause = asyncio.create_task(self._pause(slot.tier, seconds))
        try:
            if isinstance(model, OllamaModel) and due and served.fresh.is_set():
                note = await self._reset(slot, model, served)
            await pause
            await served.fresh.wait()
        finally:
            pause.cancel()
        await self._store.append(AgentHealth(**self._now(slot), health=Health.READY, note=note))

    async def _pause(self, tier: str, seconds: float) -> None:
        """So many seconds, or until a forced task wants a slot of the tier: of the rest that is all it may cut."""
        ends = [asyncio.ensure_future(end) for end in (self._clock.sleep(seconds), self._urged[tier].wait())]
        try:
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for end in ends:
                end.cancel()

    async def _reset(self, slot: Slot, model: OllamaModel, served: _Served) -> str:
        """Unload and load again; empty, or what went wrong. Slots that come to rest meanwhile wait for it."""
        served.fresh.clear()
        try:
            while served.working:
                served.idle.clear()
                others = ", ".join(sorted(one.callsign for one in served.working))
                await self._store.append(self._health(slot, f"full reset, waits for {others}"))
                await served.idle.wait()
            await model.reload()
            power = await self._power.after_load(model, slot.callsign)
            if power is not None:
                await self._store.append(power.event(**self._now(slot), health=Health.COOLING))
        except ModelError as error:
            return one_line(f"full reset failed: {error}", 300)
        finally:
            served.fresh.set()
        return ""

    def _of(self, slot: Slot, model: ChatModel) -> _Served:
        return self._served.setdefault((slot.url, model.model), _Served())

    def _health(self, slot: Slot, note: str) -> AgentHealth:
        return AgentHealth(**self._now(slot), health=Health.COOLING, note=note)

    def _now(self, slot: Slot) -> dict[str, Any]:
        return {"at": self._clock.now(), "agent": slot.callsign, "tier": slot.tier}
