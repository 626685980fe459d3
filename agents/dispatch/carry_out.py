"""One task carried out: its plan, arm by arm, until the harness says a result is good, or a person is needed."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from itertools import takewhile

from agents.dispatch.approaching import approach
from agents.dispatch.cooldown import Cooling
from agents.dispatch.council import Council
from agents.dispatch.ending import used_up
from agents.dispatch.finishing import finish
from agents.dispatch.footing import Footing, check_base, check_of, find_footing
from agents.dispatch.gate import HeldAgain, ours
from agents.dispatch.handing_over import hand_over, start_of
from agents.dispatch.leaving import Leave, Spawn
from agents.dispatch.orchestrating import orchestrate, standing
from agents.dispatch.order_table import Table
from agents.dispatch.overlap import overlaps
from agents.dispatch.planning import Planned, Planner
from agents.dispatch.readiness import Readiness
from agents.dispatch.slots import Slot, Slots
from agents.dispatch.worthwhile import still_worth
from agents.events import MissionEscalated, TaskPlanned, TaskStatusChanged
from agents.missions.mission import Ground, being_cancelled, run_mission
from agents.missions.orders import Orders, Report, Steering
from agents.missions.proof import Judgement
from agents.models.chat import ChatModel
from agents.models.connect import Connect
from agents.models.errors import RadioSilence
from agents.refusals import NoAdviser, NotPossible
from agents.routing.plan import NoTier, remaining
from agents.tasks import Arm, Outcome, Role, Task, TaskStatus, Variant
from agents.tools.sandbox import SandboxError
from agents.workspace import Base, WorkspaceError
from agents.workspace.git import to_the_end

_BESIDE = frozenset({TaskStatus.RUNNING, TaskStatus.REVIEW})
OVERTAKEN = "another sample ended the round"


class CarryOut:
    """Carries out tasks, each on its own."""

    def __init__(
        self,
        ground: Ground,
        *,
        slots: Slots,
        cooling: Cooling,
        connect: Connect,
        leave: Leave,
        spawn: Spawn,
        council: Council,
        planner: Planner,
    ) -> None:
        self.ground = ground
        self.slots = slots
        self.cooling = cooling
        self.connect = connect
        self.leave = leave
        self.spawn = spawn
        self.council = council
        self._planner = planner

    async def run(self, task: Task, ready: Readiness, steering: Steering) -> Task:
        """From queued to review, needs_human, failed or, when the surroundings fail, back to open. The stored task.

        What an earlier process got done of this dispatch is not done again. Raises Elsewhere when the task is another
        War Room's by now, HeldAgain when it has to go back to the gate.
        """
        ground = self.ground
        started = ground.clock.monotonic()
        try:
            task, planned = await self._planner.plan(task, ready)
        except NoTier as error:
            reasons = "; ".join(ready.missing.values())
            return await finish(ground, task, (), seconds=0, environment=f"{error}. {reasons}".strip(". "))
        told = (
            [] if planned.plan == task.plan else [TaskPlanned(at=ground.clock.now(), task=task.id, plan=planned.plan)]
        )
        task = await ground.store.save_task(task.id, told, provided=ours(ground.owner), plan=planned.plan)
        try:
            return await _Dispatch(self, task, planned, ready=ready, steering=steering, started=started).run()
        except (WorkspaceError, SandboxError, NotPossible, RadioSilence) as error:
            if being_cancelled():
                raise asyncio.CancelledError from error
            seconds = ground.clock.monotonic() - started
            return await finish(ground, task, (), seconds=seconds, environment=str(error))


class _Dispatch:
    """One task on its way through its plan."""

    def __init__(
        self, by: CarryOut, task: Task, planned: Planned, *, ready: Readiness, steering: Steering, started: float
    ) -> None:
        self._by = by
        self._ground = by.ground
        self._task = task
        self._planned = planned
        self._ready = ready
        self._steering = steering
        self._started = started
        self._reports: tuple[Report, ...] = ()
        """How the missions so far ended; of those side by side the one that was right last."""
        self._footing: Footing | None = None
        self._standing = asyncio.Lock()
        self._plan = ""
        """A stronger model's, for the arm that works after it."""

    async def run(self) -> Task:
        """To its end; the stored task."""
        self._reports = await self._done_before()
        if self._reports:
            self._footing = _kept(self._task, check_of(self._ground, self._task))
            if _settles(self._reports[-1]):
                return await self._finish()
        todo = [*remaining(self._planned.plan, [report.mission for report in self._reports])]
        while todo:
            beside = side_by_side(todo)
            todo = todo[len(beside) :]
            reports = await self._round(beside, alone=not todo and not self._reports)
            if reports and _settles(reports[-1]):
                return self._task
            changes = await used_up(self._ground.store, self._task.id)
            self._task = await self._ground.store.save_task(self._task.id, provided=ours(self._ground.owner), **changes)
            seconds = self._ground.clock.monotonic() - self._started
            for report in reports:
                todo = still_worth(todo, report, seconds=seconds, settings=self._ground.settings)
            if todo and reports:
                await self._escalate(todo[0], reports[-1])
        return await self._finish()

    async def _round(self, beside: tuple[Arm, ...], *, alone: bool) -> tuple[Report, ...]:
        """Missions side by side: the first that is right ends the others. That one is the last of the reports.

        `alone`: there is nothing else that could be tried, and nothing was.
        """
        if beside[0].variant is Variant.ORCHESTRATED:
            return await self._orchestrated(beside[0], alone=alone)
        if beside[0].variant is Variant.PLANNED and not await self._approached(beside[0]):
            return ()
        missions = await self._ground.store.missions(self._task.id)
        if len(beside) == 1:
            return (await self._mission(beside[0], len(missions) + 1, self._steering),)
        reports: list[Report] = []
        running: list[tuple[asyncio.Task[None], Steering]] = []

        def overtake() -> None:
            for other, held in running:
                if other is not asyncio.current_task():
                    held.reason = OVERTAKEN
                    other.cancel()

        async def sample(arm: Arm, number: int, steering: Steering) -> None:
            report = await self._mission(arm, number, steering, overtake)
            if report in self._reports:
                reports.append(report)
            elif report.mission.commit:  # right in the same moment as another one, which was taken
                await self._ground.repository.archive(report.mission.branch)

        try:
            async with asyncio.TaskGroup() as group:
                for place, arm in enumerate(beside, start=1):
                    held = replace(self._steering, reason="", whole=self._steering)
                    work = sample(arm, len(missions) + place, held)
                    running.append((group.create_task(work, name=f"{self._task.label} sample {place}"), held))
        except BaseExceptionGroup as errors:
            if being_cancelled():
                raise asyncio.CancelledError from errors
            raise errors.exceptions[0] from errors
        return tuple(reports)

    async def _orchestrated(self, arm: Arm, *, alone: bool) -> tuple[Report, ...]:
        """An arm of many missions, as one report; none where nobody can plan it and there are other arms."""
        slot = await self._slot(arm, self._steering)  # the task begins as any does
        await to_the_end(self._by.slots.give_back(slot))
        footing = await self._stand()
        last = self._reports[-1].mission.check if self._reports else None
        table = Table(
            council=self._by.council,
            task=self._task,
            arm=arm,
            footing=footing,
            ready=self._ready,
            steering=self._steering,
            expected=self._planned.expected(self._task, arm, self._reports),
            failure=last.output if last and self._ground.settings.check.show else "",
            send=self._send,
        )
        try:
            report = await orchestrate(table)
        except NoAdviser:
            if alone:
                raise
            return ()
        self._reports = (*self._reports, report)
        if _settles(report):
            self._task = await self._finish()
        return (report,)

    async def _send(self, arm: Arm, made: Callable[[Slot, ChatModel], Awaitable[Orders]]) -> Report:
        """A mission in a slot of the arm's tier that is no attempt at the task by itself."""
        return await self._in_slot(arm, self._steering, lambda slot, model: self._carried(made, slot, model))

    async def _carried(
        self, made: Callable[[Slot, ChatModel], Awaitable[Orders]], slot: Slot, model: ChatModel
    ) -> Report:
        return await run_mission(self._ground, await made(slot, model))

    async def _approached(self, arm: Arm) -> bool:
        """Whether there is a plan for an arm that works after one; without one it would be the plain arm once more."""
        slot = await self._slot(arm, self._steering)  # the task begins as any does
        await to_the_end(self._by.slots.give_back(slot))
        footing = await self._stand()
        self._plan = await approach(self._by.council, self._task, footing, self._reports)
        return bool(self._plan)

    async def _mission(
        self, arm: Arm, number: int, steering: Steering, on_settled: Callable[[], None] = lambda: None
    ) -> Report:
        """One mission in a slot of the arm's tier; what comes after one that settles the task is not counted. That one
        is stored as the task's end before the slot is free: whoever gets that sees how full the review is."""

        async def carried(slot: Slot, model: ChatModel) -> Report:
            async with self._standing:
                footing = await self._stand()
            orders = await self._orders(arm, number, slot=slot, model=model, footing=footing, steering=steering)
            report = await run_mission(self._ground, orders)
            if not any(_settles(earlier) for earlier in self._reports):
                self._reports = (*self._reports, report)
                if _settles(report):
                    on_settled()
                    self._task = await self._finish()
            return report

        return await self._in_slot(arm, steering, carried)

    async def _in_slot(
        self, arm: Arm, steering: Steering, carried: Callable[[Slot, ChatModel], Awaitable[Report]]
    ) -> Report:
        """What is `carried` out in a slot of the arm's tier by its model."""
        by = self._by
        slot = await self._slot(arm, steering)
        try:
            model = by.connect(arm.tier, self._ground.settings.tiers[arm.tier], slot.url)
        except BaseException:
            await by.slots.give_back(slot)
            raise
        by.cooling.begins(slot, model)
        try:
            return await carried(slot, model)
        finally:
            by.spawn(by.leave(slot, model))

    async def _slot(self, arm: Arm, steering: Steering) -> Slot:
        """A slot of the arm's tier; none is held for a task that a person paused meanwhile.

        Raises HeldAgain when the task has not begun yet and must not any more.
        """
        by, task = self._by, self._task
        while True:
            await steering.proceed()
            with by.cooling.asked(arm.tier, task):
                slot = await by.slots.take(arm.tier, priority=task.priority, task=task.id)
            try:
                begins = task.status is TaskStatus.RUNNING or await steering.admitted()
            except BaseException:
                await to_the_end(by.slots.give_back(slot))
                raise
            if begins and not steering.paused():
                return slot
            await to_the_end(by.slots.give_back(slot))
            if not begins:
                raise HeldAgain

    async def _done_before(self) -> tuple[Report, ...]:
        """The missions of this dispatch that ended by themselves in a process that is gone now; one that was right
        comes last."""
        missions = await self._ground.store.missions(self._task.id)
        found = [
            Report(mission=one, judgement=Judgement(outcome=one.outcome, reason=one.reason), files=one.files)
            for one in missions
            if one.number >= self._task.first_mission
            and one.role is Role.CODE
            and one.variant is not Variant.ORCHESTRATED  # of such an arm the store knows how far it is
            and one.outcome not in {None, Outcome.CANCELLED}
            and not one.interrupted
        ]
        return tuple(sorted(found, key=_settles))

    async def _stand(self) -> Footing:
        """The footing, with the task running on it and the check run there."""
        ground = self._ground
        if self._footing is None:
            self._footing = await find_footing(ground, self._task)
        footing = self._footing
        if self._task.status is not TaskStatus.RUNNING:
            self._task = await self._running(footing)
        known = self._task.base_check
        if footing.command != (known.command if known else None) or (known and known.commit != footing.base.commit):
            check = await check_base(ground, self._task, footing)
            self._task = await ground.store.save_task(self._task.id, provided=ours(ground.owner), base_check=check)
        return footing

    async def _running(self, footing: Footing) -> Task:
        """The person may have moved on since the task was posted: the base is pinned now."""
        task = self._task
        beside = await self._ground.store.tasks(repo=task.repo, statuses=_BESIDE)
        status = TaskStatusChanged(at=self._ground.clock.now(), task=task.id, status=TaskStatus.RUNNING)
        return await self._ground.store.save_task(
            task.id,
            [status],
            provided=ours(self._ground.owner),
            status=TaskStatus.RUNNING,
            base_commit=footing.base.commit,
            target_branch=footing.base.branch,
            built_on=footing.built_on,
            warnings=tuple(dict.fromkeys((*footing.base.warnings, *overlaps(task, beside)))),
            halted=None,
        )

    async def _orders(
        self, arm: Arm, number: int, *, slot: Slot, model: ChatModel, footing: Footing, steering: Steering
    ) -> Orders:
        task, base = self._task, footing.base.commit
        advice = sum(one.role is not Role.CODE for one in await self._ground.store.missions(task.id))
        attempt = number - advice
        return Orders(
            task=task,
            arm=arm,
            number=number,
            attempt=attempt,
            agent=slot.callsign,
            model=model,
            grade=self._ready.grades.get(arm.tier),
            base_commit=base,
            start_commit=start_of(arm, self._reports, base=base, known=task.base_check),
            check=footing.command,
            own_check=task.check is not None,
            base_check=task.base_check,
            hand_over=await hand_over(
                self._ground.repository,
                arm,
                self._reports,
                attempt=attempt,
                base=base,
                known=task.base_check,
                comment=task.comment,
                plan=self._plan if arm.variant is Variant.PLANNED else "",
                shown=self._ground.settings.check.show,
            ),
            steering=steering,
            expected=self._planned.expected(task, arm, self._reports),
        )

    async def _escalate(self, arm: Arm, report: Report) -> None:
        mission = report.mission
        await self._ground.store.append(
            MissionEscalated(
                at=self._ground.clock.now(),
                task=self._task.id,
                mission=mission.id,
                agent=mission.agent,
                tier=mission.tier,
                to_tier=arm.tier,
                variant=arm.variant,
                reason=report.judgement.reason,
            )
        )

    async def _finish(self) -> Task:
        seconds = self._ground.clock.monotonic() - self._started
        reports, more = await standing(self._ground.store, self._task, self._reports)
        return await finish(self._ground, self._task, reports, seconds=seconds, footing=self._footing, more=more)


def side_by_side(todo: list[Arm]) -> tuple[Arm, ...]:
    """The arms that are tried at once: fresh samples of one tier that follow each other, else one alone."""
    first = todo[0]
    if first.variant is not Variant.SAMPLE:
        return (first,)
    same = (first.tier, first.way, first.variant)
    return tuple(takewhile(lambda arm: (arm.tier, arm.way, arm.variant) == same, todo))


def _kept(task: Task, command: str | None) -> Footing | None:
    """The footing of a dispatch that an earlier process began."""
    if task.base_commit is None:
        return None
    base = Base(task.base_commit, task.target_branch, task.warnings)
    command = task.base_check.command if task.base_check else command
    return Footing(base=base, command=command, built_on=task.built_on)


def _settles(report: Report) -> bool:
    return report.judgement.outcome.accepted or report.environment
