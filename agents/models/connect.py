"""From a tier's settings to a model that can be talked to."""

from collections.abc import Callable

from agents.clock import Clock
from agents.models.chat import ChatModel
from agents.models.claude import ClaudeModel
from agents.models.ollama import OllamaModel
from agents.settings import TierSettings

Connect = Callable[[str, TierSettings, str | None], ChatModel]
"""(tier name, its settings, endpoint URL or None for the client's default) → a model."""


def connector(clock: Clock) -> Connect:
    """The real providers."""

    def connect(name: str, tier: TierSettings, url: str | None) -> ChatModel:
        if tier.provider == "ollama":
            return OllamaModel(tier.model, url=url, settings=tier, clock=clock)
        if tier.provider == "anthropic":
            return ClaudeModel(tier.model, url=url, settings=tier, clock=clock)
        raise ValueError(f"tier {name}: the simulation runs in `warroom demo` only")

    return connect
