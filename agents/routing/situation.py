"""Everything a plan is made from, in one piece."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from agents.routing.economics import economics_of
from agents.routing.features import Features
from agents.routing.odds import Odds
from agents.routing.task_odds import TaskOdds
from agents.settings import Settings
from agents.tasks import Grade

CHECK_S = 5.0
"""What a check takes that was never timed, in seconds."""


@dataclass(frozen=True)
class Situation:
    """A task, the tiers as they can be used now, and what is known of them."""

    settings: Settings
    features: Features
    has_check: bool
    odds: Odds
    pin: str | None = None
    """This tier only."""
    at_least: str | None = None
    """No tier that comes before this one."""
    grades: Mapping[str, Grade] = field(default_factory=dict)
    small: frozenset[str] = frozenset()
    """Tiers whose model is too small for the tool loop."""
    available: frozenset[str] | None = None
    """Tiers that can be reached; None: all of them."""
    check_seconds: float = CHECK_S
    slots: Mapping[str, int] | None = None
    """Missions a tier can run beside each other; None: as the settings say."""
    planned: bool = False
    """A planner's plan in a cheaper tier's hands may be part of the plan."""
    false_accept: float | None = None
    """α as it was found in this repository; None: as it is set."""
    orchestrate: bool = False
    """A person wants it done by a work order, and in no other way."""

    @property
    def waiting_costs(self) -> bool:
        """λ is above 0."""
        return economics_of(self.settings.routing).second_usd > 0

    @property
    def task_odds(self) -> TaskOdds:
        """Of this task, freshly made."""
        tiers = self.settings.tiers.values()
        return self.odds.of(
            self.features, beside=[tier.model for tier in tiers if tier.enabled and "code" in tier.roles]
        )

    def slots_of(self, tier: str) -> int:
        """How many samples run beside each other."""
        if self.slots is not None and tier in self.slots:
            return max(1, self.slots[tier])
        return self.settings.tiers[tier].total_slots
