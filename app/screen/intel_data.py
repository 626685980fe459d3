"""What the Intel screen shows, read from the store and added up: pure of Textual."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

from agents.proving.figures import Share, by
from agents.routing.books import added_up
from agents.routing.calibration import Calibration, Source, calibrate, of_sources, source_of

if TYPE_CHECKING:
    from agents.settings import Settings
    from agents.store import Store
    from agents.store.breakdown import Line
    from agents.store.records import Trial

Sources = tuple[Source, ...]
REAL: Sources = ("own", "proving")
CHOICES: tuple[Sources, ...] = (REAL, ("own",), ("proving",), ("simulated",))
"""Whose attempts can be looked at together. What the simulation played is never mixed with what was real."""
NAMES: Mapping[Source, str] = {"own": "your work", "proving": "the proving ground", "simulated": "the simulation"}

DAYS_BY_TIER = 5
"""Days of which the tiers are told apart."""


@dataclass(frozen=True, slots=True)
class ToolTime:
    """How long the calls of a tool took, in seconds."""

    tool: str
    count: int
    failed: int
    median: float
    p95: float


@dataclass(frozen=True, slots=True)
class Intel:
    """Everything the screen shows. Money is this home's, over all repositories."""

    whose: Sources
    counts: Mapping[Source, int]
    """Checked attempts of each."""
    calibration: Calibration
    tiers: Mapping[str, Share]
    complexities: Mapping[int, Share]
    total: Line
    tier_costs: Sequence[Line]
    days: Sequence[Line]
    """Oldest first."""
    tiers_of_days: Mapping[str, Sequence[Line]]
    """What each tier took of a day, for the last of them."""
    tools: Sequence[ToolTime]
    """The slowest first."""

    @property
    def attempts(self) -> int:
        """Of those that are shown."""
        return sum(self.counts.get(one, 0) for one in self.whose)


async def gather(store: Store, settings: Settings, whose: Sources) -> Intel:
    """Read and add up; figures are reckoned in a thread. Raises StoreError."""
    trials = await store.trials()
    books = await added_up(store, settings)
    times = await store.tool_times()
    chosen = of_sources(trials, whose)
    calibration, tools = await asyncio.to_thread(lambda: (calibrate(chosen), slowest(times)))
    return Intel(
        whose=whose,
        counts=_counts(trials),
        calibration=calibration,
        tiers=by(chosen, lambda one: one.tier, lambda one: one.success),
        complexities=dict(sorted(by(chosen, lambda one: one.complexity, lambda one: one.success).items())),
        total=books.total(),
        tier_costs=books.lines("tier"),
        days=(days := books.lines("day")),
        tiers_of_days={str(day.key): books.tiers_of(str(day.key)) for day in days[-DAYS_BY_TIER:]},
        tools=tools,
    )


def slowest(times: Sequence[tuple[str, float, bool]]) -> list[ToolTime]:
    """By tool, the one with the longest median first; p95 is the time that 95 % of its calls did not exceed."""
    calls: dict[str, list[tuple[float, bool]]] = {}
    for tool, seconds, ok in times:
        calls.setdefault(tool, []).append((seconds, ok))
    found = []
    for tool, made in calls.items():
        took = sorted(seconds for seconds, _ in made)
        p95 = took[max(0, -(-len(took) * 95 // 100) - 1)]
        found.append(ToolTime(tool, len(made), sum(not ok for _, ok in made), median(took), p95))
    return sorted(found, key=lambda one: (-one.median, one.tool))


def _counts(trials: Sequence[Trial]) -> dict[Source, int]:
    counts: dict[Source, int] = {}
    for trial in trials:
        source = source_of(trial)
        counts[source] = counts.get(source, 0) + 1
    return counts


def after(whose: Sources) -> Sources:
    """The next choice."""
    return CHOICES[(CHOICES.index(whose) + 1) % len(CHOICES)]
