"""The roster: every slot's agent, and what an agent's news makes of what was known of it."""

from collections.abc import Iterable

from agents.bus import Subscription
from agents.dispatch.slots import Slot
from agents.events import AgentHealth
from agents.tasks import Agent


class Roster:
    """The agents of one War Room, kept by their news."""

    def __init__(self, slots: Iterable[Slot]) -> None:
        self._agents = {slot.callsign: Agent(callsign=slot.callsign, tier=slot.tier) for slot in slots}

    def agents(self) -> tuple[Agent, ...]:
        """All of them, as they are."""
        return tuple(self._agents.values())

    async def watch(self, events: Subscription) -> None:
        """Take what is told of them until `events` ends."""
        with events:
            async for event in events:
                if isinstance(event, AgentHealth) and event.agent in self._agents:
                    self._agents[event.agent] = after(self._agents[event.agent], event)


def after(agent: Agent, news: AgentHealth) -> Agent:
    """`agent` as it is after `news`. How its model lies in memory stays until somebody has looked again."""
    changes = {
        "health": news.health,
        "task": news.task,
        "mission": news.mission,
        "step": news.step,
        "note": news.note,
    }
    if news.low_power is not None:
        changes |= {"low_power": news.low_power, "power": news.note}
    return agent.model_copy(update=changes)
