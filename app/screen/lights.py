"""Provider lights: whether the models behind the tiers can be reached, at a glance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from app.screen.looks import Look
from app.screen.state import War

if TYPE_CHECKING:
    from agents.settings import Settings, TierSettings

ON = Look("●", "o", "", "$health-ready")
RETRYING = Look("◔", "~", "RETRIES", "$health-cooling")
PARTLY = Look("◐", "*", "PARTLY", "$health-working")
OFF = Look("○", ".", "OFF", "$health-offline")


def providers(settings: Settings) -> Mapping[str, tuple[str, ...]]:
    """The enabled tiers behind each light. Simulated tiers have a light each: there is no provider behind them."""
    found: dict[str, tuple[str, ...]] = {}
    for name, tier in settings.tiers.items():
        if tier.enabled:
            light = _name(name, tier)
            found[light] = (*found.get(light, ()), name)
    return found


def _name(name: str, tier: TierSettings) -> str:
    if tier.provider == "ollama":
        return "OLLAMA"
    if tier.provider == "anthropic" and all("anthropic.com" in endpoint.url for endpoint in tier.endpoints):
        return "CLAUDE"
    return name.upper()[:12]


def light(war: War, tiers: Sequence[str]) -> Look:
    """How a provider with these tiers is."""
    off = [tier for tier in tiers if tier in war.offline]
    if off:
        return OFF if len(off) == len(tiers) else PARTLY
    return RETRYING if any(tier in war.failing for tier in tiers) else ON
