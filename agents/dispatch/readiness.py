"""Which tiers can be reached at this moment, and what is known of their models."""

import asyncio
import os
from collections.abc import Mapping
from dataclasses import dataclass

from agents.models.connect import ollama_server
from agents.models.errors import ModelError
from agents.models.silence import elsewhere, is_silent, refusal_of_all
from agents.settings import Routing, Settings, TierSettings
from agents.store import Store
from agents.tasks import Grade

LOOK_S = 3.0
"""How long a server may take to say which models it has before its tier counts as out of reach."""

SMALL_BYTES = 3_000_000_000
"""A model smaller than this (a 3B at four bits) fails in the tool loop even when single tool calls succeed."""


@dataclass(frozen=True)
class Readiness:
    """What is known of the tiers before a plan is made."""

    available: frozenset[str]
    grades: Mapping[str, Grade]
    small: frozenset[str]
    """Tiers whose model is too small to be trusted with the tool loop, whatever its grade."""
    missing: Mapping[str, str]
    """Why a tier is not available, with the fix."""


async def look(settings: Settings, store: Store, environ: Mapping[str, str] = os.environ) -> Readiness:
    """Ask every enabled tier's endpoint, all at once."""
    tiers = {name: tier for name, tier in settings.tiers.items() if tier.enabled}
    looks = (_missing(tier, settings.routing, environ) for tier in tiers.values())
    missing = dict(zip(tiers, await asyncio.gather(*looks), strict=True))
    return await _known(tiers, missing, store)


async def without_looking(settings: Settings, store: Store, environ: Mapping[str, str] = os.environ) -> Readiness:
    """The same without asking any server: a local one is believed to be there, a paid one where there is a key."""
    tiers = {name: tier for name, tier in settings.tiers.items() if tier.enabled}
    missing = {
        name: refusal_of_all(tier, settings.routing, environ)
        or (_keyless(tier, environ) if tier.provider == "anthropic" else "")
        for name, tier in tiers.items()
    }
    return await _known(tiers, missing, store)


async def _known(tiers: Mapping[str, TierSettings], missing: Mapping[str, str], store: Store) -> Readiness:
    grades: dict[str, Grade] = {}
    small: set[str] = set()
    for name, tier in tiers.items():
        probe = await store.probe(tier.provider, tier.model)
        if probe is not None:
            grades[name] = probe.grade
            if probe.size_bytes is not None and probe.size_bytes < SMALL_BYTES:
                small.add(name)
    return Readiness(
        available=frozenset(name for name, why in missing.items() if not why),
        grades=grades,
        small=frozenset(small),
        missing={name: why for name, why in missing.items() if why},
    )


def credential(environ: Mapping[str, str]) -> str | None:
    """The variable whose credential the Claude tiers will bill, or None."""
    return next((name for name in ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN") if environ.get(name)), None)


async def _missing(tier: TierSettings, routing: Routing, environ: Mapping[str, str]) -> str:
    """Why the tier cannot be used now, with the fix; empty when it can."""
    if refused := refusal_of_all(tier, routing, environ):
        return refused
    if tier.provider == "simulation":
        return ""
    if tier.provider == "anthropic":
        return _keyless(tier, environ)
    urls: list[str | None] = [endpoint.url for endpoint in tier.endpoints]
    urls = urls or [None]
    answers = await asyncio.gather(*(_missing_at(tier, url, routing) for url in urls))
    return "" if any(not answer for answer in answers) else answers[0]


async def _missing_at(tier: TierSettings, url: str | None, routing: Routing) -> str:
    server = ollama_server(tier, url, routing)
    try:
        await server.client()  # its import takes a busy machine seconds that are not the server's
        async with asyncio.timeout(LOOK_S):
            facts = await server.facts(tier.model)
    except TimeoutError:
        return f"Ollama did not answer within {LOOK_S:g} s"
    except ModelError as error:
        return str(error)
    finally:
        await server.aclose()
    return elsewhere(tier.model) if facts.remote and is_silent(routing) else ""


def _keyless(tier: TierSettings, environ: Mapping[str, str]) -> str:
    return "" if tier.free or credential(environ) else f"{tier.model} needs a credential: set ANTHROPIC_API_KEY"
