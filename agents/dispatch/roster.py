"""The roster: what an agent's news makes of what was known of it."""

from agents.events import AgentHealth
from agents.tasks import Agent


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
