"""From a tier's settings to a model that can be talked to."""

from collections.abc import Callable
from random import Random

from agents.clock import Clock
from agents.models.chat import ChatModel
from agents.models.claude import ClaudeModel
from agents.models.limiter import Limiters
from agents.models.ollama import OllamaModel
from agents.settings import TierSettings

Connect = Callable[[str, TierSettings, str | None], ChatModel]
"""(tier name, its settings, endpoint URL or None for the client's default) → a model."""


def connector(clock: Clock, random: Random | None = None) -> Connect:
    """The real providers. All models with the same credential at the same address share a rate limit.

    `random` None: a different one in every process, so that those who share a credential do not move in step.
    """
    limiters = Limiters(clock, random or Random())

    def connect(name: str, tier: TierSettings, url: str | None) -> ChatModel:
        if tier.provider == "ollama":
            return OllamaModel(tier.model, url=url, settings=tier, clock=clock)
        if tier.provider == "anthropic":
            return ClaudeModel(tier.model, url=url, settings=tier, clock=clock, limiters=limiters)
        raise ValueError(f"tier {name}: the simulation runs in `warroom demo` only")

    return connect
