"""What a task that is only being written would be: how hard it looks, how it would be tried, with which odds."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from textual.content import Content

from app.screen.columns import joined
from app.screen.looks import complexity_colour, tier_colour
from app.screen.words import span

if TYPE_CHECKING:
    from agents.routing.odds import Odds
    from agents.settings import Settings
    from agents.tasks import Arm

ARMS = 3
"""Tries of the plan that are shown."""


@dataclass(frozen=True, slots=True)
class Wording:
    """What is written so far."""

    title: str
    brief: str = ""
    check: str | None = None
    tier: str | None = None


@dataclass(frozen=True, slots=True)
class Estimate:
    """The rules' reading, which asks no model and costs nothing."""

    complexity: int
    kind: str
    evidence: Sequence[str]
    plan: Sequence[Arm] = ()
    why_no_plan: str = ""


Estimated = Callable[[Wording], Awaitable[Estimate]]


class Estimator:
    """Estimates for one repository. Everything that takes time happens in a thread: no key waits for it."""

    def __init__(
        self,
        settings: Settings,
        root: Path,
        *,
        odds: Callable[[], Awaitable[Odds]] | None = None,
        offline: Callable[[], Collection[str]] = tuple,
    ) -> None:
        """`odds`: what this home has learnt, None for what is shipped; `offline`: tiers that cannot be reached."""
        self._settings = settings
        self._root = root
        self._odds = odds
        self._offline = offline
        self._files: frozenset[str] | None = None

    async def __call__(self, wording: Wording) -> Estimate:
        """The estimate. Raises OSError, and what reading the odds raises."""
        if self._files is None:
            from agents.workspace.listing import files_in

            self._files = await files_in(self._root)
        odds = await self._odds() if self._odds is not None else None
        return await asyncio.to_thread(self._estimate, wording, self._files, odds)

    def _estimate(self, wording: Wording, files: frozenset[str], odds: Odds | None) -> Estimate:
        from agents.routing.assessment import assess
        from agents.routing.odds import Odds
        from agents.routing.plan import NoTier, plan_for
        from agents.routing.situation import Situation
        from agents.routing.surroundings import survey
        from agents.workspace.checks import find_check

        settings, text = self._settings, f"{wording.title}\n\n{wording.brief}".strip()
        found = assess(text, survey(self._root, text, files), goes=settings.routing.goes)
        offline = set(self._offline())
        situation = Situation(
            settings=settings,
            features=found.features(),
            has_check=(wording.check or settings.check.command or find_check(self._root)) is not None,
            odds=odds if odds is not None else Odds([]),
            pin=wording.tier,
            available=frozenset(name for name, tier in settings.tiers.items() if tier.enabled and name not in offline),
        )
        try:
            plan, why = plan_for(situation), ""
        except NoTier as error:
            plan, why = (), str(error)
        return Estimate(found.complexity, found.kind.value, found.evidence, plan, why)


def estimate_lines(estimate: Estimate, paid: Collection[str]) -> list[Content]:
    """How hard it looks and why, in a line; how it would be tried, in another."""
    evidence = "; ".join(estimate.evidence[:2])
    looks = joined(
        (f"C{estimate.complexity}", f"bold {complexity_colour(estimate.complexity)}"),
        f" {estimate.kind}  ",
        (evidence, "$quiet"),
    )
    if not estimate.plan:
        return [looks, Content.styled(estimate.why_no_plan, "$warn")]
    arms: list[Content] = []
    for arm in estimate.plan[:ARMS]:
        odds = f" {arm.p:.2f}".replace(" 0.", " .") if arm.p is not None else ""
        cost = "n/a" if arm.cost_usd is None else "free" if arm.tier not in paid else f"${arm.cost_usd:.4f}"
        took = f" ~{span(arm.seconds)}" if arm.seconds is not None else ""
        arms.append(joined((arm.tier, tier_colour(arm.tier)), odds, (f" {arm.variant.value} {cost}{took}", "$quiet")))
    more = len(estimate.plan) - ARMS
    tail = (f" → {more} more", "$quiet") if more > 0 else ""
    return [looks, joined("would try ", *_between(arms, " → "), tail)]


def _between(items: Sequence[Content], separator: str) -> list[Content | str]:
    found: list[Content | str] = []
    for item in items:
        found += [separator, item] if found else [item]
    return found
