"""From a task to its plan: what is known of it and of the tiers, put to routing."""

from collections.abc import Sequence
from dataclasses import dataclass

from agents.dispatch.footing import check_of
from agents.dispatch.readiness import Readiness
from agents.missions.mission import Ground
from agents.missions.orders import Report
from agents.routing.features import Features
from agents.routing.plan import make_plan
from agents.store import Expected
from agents.tasks import Arm, Task


@dataclass(frozen=True)
class Planned:
    """A plan, and the probability with which it was chosen."""

    plan: tuple[Arm, ...]
    propensity: float = 1.0
    proving: bool = False

    def expected(self, task: Task, arm: Arm, reports: Sequence[Report]) -> Expected:
        """What is known of an attempt of `arm` before it is made, after `reports`."""
        return Expected(
            kind=task.kind,
            complexity=task.complexity,
            failed_before=tuple(report.mission.model for report in reports),
            predicted=arm.p,
            propensity=self.propensity,
            proving=self.proving,
            simulated=task.simulated,
        )


class Planner:
    """Plans tasks of one Headquarters."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground

    async def plan(self, task: Task, ready: Readiness) -> tuple[Task, Planned]:
        """The task as it is stored now, and its plan. Raises NoTier."""
        plan = make_plan(
            settings=self._ground.settings,
            features=Features(kind=task.kind, complexity=task.complexity),
            has_check=check_of(self._ground, task) is not None,
            pin=task.tier,
            at_least=task.at_least,
            grades=ready.grades,
            small=ready.small,
            available=ready.available,
        )
        return task, Planned(plan, proving=self._ground.proving)
