"""From a task to its plan: what is known of it and of the tiers, put to routing."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random

from agents.dispatch.council import Council
from agents.dispatch.footing import check_of
from agents.dispatch.judging import is_worth_asking, judged
from agents.dispatch.known_odds import KnownOdds
from agents.dispatch.readiness import Readiness, without_looking
from agents.events import TaskPlanned
from agents.missions.orders import Report
from agents.routing.assessment import goes_of
from agents.routing.economics import false_accept_here
from agents.routing.exploring import explored
from agents.routing.features import Features
from agents.routing.plan import NoTier, plan_for
from agents.routing.situation import CHECK_S, Situation
from agents.settings import Goes
from agents.store import Expected
from agents.tasks import Arm, Outcome, Role, Task, TaskStatus


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
            rules_score=task.rules.score if task.rules else None,
            judge_score=task.judge.score if task.judge else None,
            language=task.language,
            size=task.size,
            failed_before=tuple(report.mission.model for report in reports),
            predicted=arm.p,
            propensity=self.propensity,
            proving=self.proving,
            simulated=task.simulated,
        )


class Planner:
    """Plans tasks of one Headquarters."""

    def __init__(self, council: Council) -> None:
        self._council = council
        self._ground = council.ground
        self.odds = KnownOdds(self._ground.store, self._ground.settings)

    async def plan(self, task: Task, ready: Readiness) -> tuple[Task, Planned]:
        """The task as it is stored now, the judge asked where that is worth it, and its plan. Raises NoTier, Elsewhere.

        A dispatch that was broken off goes on with the plan it had.
        """
        ground = self._ground
        situation = await self._situation(task, ready)
        # Reckoning takes milliseconds, with many tiers a tenth of a second: not in the event loop's time.
        pinned = task.orchestrate  # whatever a judge says, the plan is the same
        if not pinned and await asyncio.to_thread(is_worth_asking, task, situation) and not await self._was_asked(task):
            task = await judged(self._council, task)
            situation = await self._situation(task, ready)
        plan = await asyncio.to_thread(plan_for, situation)
        random = Random(f"{ground.seed}:{task.id}:{task.first_mission}")
        plan, propensity = explored(plan, situation, random)
        return task, Planned(plan, propensity, proving=ground.proving is not None)

    async def _was_asked(self, task: Task) -> bool:
        """Whether a judge was asked and had no usable answer: asked again it would only cost again."""
        missions = await self._ground.store.missions(task.id)
        return any(one.role is Role.JUDGE and one.outcome is Outcome.FAILED and not one.interrupted for one in missions)

    async def forecast(self, task: Task) -> Task:
        """The plan `task` would have now, as far as that is known without asking any server; stored and told."""
        ready = await without_looking(self._ground.settings, self._ground.store)
        try:
            plan = await asyncio.to_thread(plan_for, await self._situation(task, ready))
            if plan == task.plan:
                return task
            told = TaskPlanned(at=self._ground.clock.now(), task=task.id, plan=plan)
            return await self._ground.store.save_task(task.id, [told], provided=_not_begun, plan=plan)
        except NoTier:
            return task

    async def _situation(self, task: Task, ready: Readiness) -> Situation:
        settings = self._ground.settings
        tried, accepted = await self._ground.store.strength(task.repo)
        planners = {name for name, tier in settings.tiers.items() if tier.enabled and Role.PLAN.value in tier.roles}
        return Situation(
            settings=settings,
            features=features_of(task, settings.routing.goes),
            has_check=check_of(self._ground, task) is not None,
            odds=await self.odds.now(),
            pin=task.tier,
            at_least=task.at_least,
            grades=ready.grades,
            small=ready.small,
            available=ready.available,
            check_seconds=task.base_check.seconds if task.base_check else CHECK_S,
            planned=bool(planners & ready.available),
            false_accept=false_accept_here(settings.routing.false_accept, tried=tried, accepted=accepted),
            orchestrate=task.orchestrate,
        )


def features_of(task: Task, goes: Mapping[str, Goes]) -> Features:
    """What the odds of `task` depend on. `goes`: where each sort of work goes."""
    return Features(
        kind=task.kind,
        complexity=task.complexity,
        language=task.language,
        size=task.size,
        goes=goes_of(task.text, task.kind, goes),
    )


def _not_begun(now: Task) -> None:
    """A condition for `Store.save_task`: a forecast is for a task that nobody carries out yet. Raises NoTier."""
    if now.status is not TaskStatus.OPEN:
        raise NoTier(f"{now.label} is under way")
