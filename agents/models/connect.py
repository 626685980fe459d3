"""From a tier's settings to a model that can be talked to, and to the server it is on.

The only door to a network: models and servers are made here and nowhere else, and under radio silence (silence.py)
none is made that is on another machine."""

from collections.abc import Callable
from random import Random

from agents.clock import Clock
from agents.models.chat import ChatModel
from agents.models.claude import ClaudeModel
from agents.models.limiter import Limiters
from agents.models.ollama import OllamaModel
from agents.models.ollama_server import OllamaServer
from agents.models.silence import is_silent, refuse
from agents.settings import Routing, TierSettings

SPEAKING = Routing()
"""As it is where nobody said otherwise: anything configured may be asked."""
Connect = Callable[[str, TierSettings, str | None], ChatModel]
"""(tier name, its settings, endpoint URL or None for the client's default) → a model. Raises RadioSilence."""


def connector(clock: Clock, random: Random | None = None, *, routing: Routing = SPEAKING) -> Connect:
    """The real providers. All models with the same credential at the same address share a rate limit.

    `random` None: a different one in every process, so that those who share a credential do not move in step.
    """
    limiters, direct = Limiters(clock, random or Random()), is_silent(routing)

    def connect(name: str, tier: TierSettings, url: str | None) -> ChatModel:
        if tier.provider == "ollama":
            return OllamaModel(tier.model, url=url, settings=tier, clock=clock, direct=direct)
        if tier.provider == "anthropic":
            return ClaudeModel(tier.model, url=url, settings=tier, clock=clock, limiters=limiters, direct=direct)
        raise ValueError(f"tier {name}: the simulation runs in `warroom demo` only")

    return within(routing, connect)


def within(routing: Routing, connect: Connect) -> Connect:
    """`connect`, which raises RadioSilence for what must not be asked."""

    def guarded(name: str, tier: TierSettings, url: str | None) -> ChatModel:
        refuse(tier, url, routing)
        return connect(name, tier, url)

    return guarded


def ollama_model(tier: TierSettings, url: str | None, routing: Routing, clock: Clock) -> OllamaModel:
    """A tier's local model, to be probed. Raises RadioSilence."""
    refuse(tier, url, routing)
    return OllamaModel(tier.model, url=url, settings=tier, clock=clock, direct=is_silent(routing))


def ollama_server(
    tier: TierSettings, url: str | None, routing: Routing, *, connect_s: float | None = None, answer_s: float = 30.0
) -> OllamaServer:
    """The server of a local tier, to be looked at. Raises RadioSilence."""
    refuse(tier, url, routing)
    return OllamaServer(url, connect_s=connect_s or tier.connect_s, answer_s=answer_s, direct=is_silent(routing))
