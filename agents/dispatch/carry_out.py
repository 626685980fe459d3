"""One task carried out: its plan, arm by arm, until the harness says a result is good, or a person is needed."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from agents.dispatch.cooldown import Cooling
from agents.dispatch.ending import (
    environment_of,
    finished_event,
    reason_of,
    result_check,
    status_after,
    touched,
    used_up,
)
from agents.dispatch.footing import Footing, check_base, check_of, find_footing
from agents.dispatch.free_tries import furthest, held, out_of_patience
from agents.dispatch.gate import HeldAgain, ours
from agents.dispatch.overlap import overlaps
from agents.dispatch.slots import Slot, Slots
from agents.events import AgentHealth, Event, MissionEscalated, TaskPlanned, TaskStatusChanged
from agents.missions.attempt import HandOver
from agents.missions.mission import Ground, Orders, Report, Steering, being_cancelled, run_mission
from agents.missions.proof import Judgement
from agents.models.chat import ChatModel
from agents.models.connect import Connect
from agents.refusals import NotPossible
from agents.routing.plan import NoTier, make_plan, remaining
from agents.sanitize import one_line, sanitize
from agents.tasks import Arm, CheckResult, Grade, Health, Outcome, Role, Task, TaskStatus, Variant
from agents.tools.sandbox import SandboxError
from agents.workspace import Base, WorkspaceError
from agents.workspace.git import to_the_end

Spawn = Callable[[Coroutine[Any, Any, None]], None]
"""Runs something in the background of Headquarters."""
DIFF_LIMIT = 6000
"""Characters of an earlier attempt's diff that a later one gets to see."""
_BESIDE = frozenset({TaskStatus.RUNNING, TaskStatus.REVIEW})


@dataclass(frozen=True)
class Readiness:
    """What is known of the tiers before a plan is made."""

    available: frozenset[str]
    grades: Mapping[str, Grade]
    small: frozenset[str]
    """Tiers whose model is too small to be trusted with the tool loop, whatever its grade."""
    missing: Mapping[str, str]
    """Why a tier is not available, with the fix."""


@dataclass(frozen=True)
class _State:
    """What the arms so far have left behind."""

    reports: tuple[Report, ...] = ()


class CarryOut:
    """Carries out one task at a time; Headquarters runs one of these per running task."""

    def __init__(self, ground: Ground, slots: Slots, cooling: Cooling, connect: Connect, spawn: Spawn) -> None:
        self.ground = ground
        self._slots = slots
        self._cooling = cooling
        self._connect = connect
        self._spawn = spawn
        self._ours = ours(ground.owner)

    async def run(self, task: Task, ready: Readiness, steering: Steering) -> Task:
        """From queued to review, needs_human, failed or, when the surroundings fail, back to open. The stored task.

        What an earlier process got done of this dispatch is not done again. Raises Elsewhere when the task is another
        War Room's by now, HeldAgain when it has to go back to the gate.
        """
        store = self.ground.store
        started = self.ground.clock.monotonic()
        try:
            plan = self._plan(task, ready)
        except NoTier as error:
            reasons = "; ".join(ready.missing.values())
            return await self._finish(task, _State(), started, environment=f"{error}. {reasons}".strip(". "))
        planned = [] if plan == task.plan else [TaskPlanned(at=self.ground.clock.now(), task=task.id, plan=plan)]
        task = await store.save_task(task.id, planned, provided=self._ours, plan=plan)
        try:
            return await self._arms(task, plan, ready, started, steering)
        except (WorkspaceError, SandboxError, NotPossible) as error:
            if being_cancelled():
                raise asyncio.CancelledError from error
            return await self._finish(task, _State(), started, environment=str(error))

    def _plan(self, task: Task, ready: Readiness) -> tuple[Arm, ...]:
        return make_plan(
            settings=self.ground.settings,
            complexity=task.complexity,
            kind=task.kind,
            has_check=check_of(self.ground, task) is not None,
            pin=task.tier,
            at_least=task.at_least,
            grades=ready.grades,
            small=ready.small,
            available=ready.available,
        )

    async def _arms(
        self, task: Task, plan: tuple[Arm, ...], ready: Readiness, started: float, steering: Steering
    ) -> Task:
        ground = self.ground
        state = await self._done_before(task)
        footing = _kept(task, check_of(ground, task)) if state.reports else None
        if state.reports and _settles(state.reports[-1]):
            return await self._finish(task, state, started, footing=footing)
        todo = [*remaining(plan, [report.mission for report in state.reports])]
        while todo:
            arm = todo.pop(0)
            slot = await self._slot(task, arm, steering)
            try:
                model = self._connect(arm.tier, ground.settings.tiers[arm.tier], slot.url)
            except BaseException:
                await self._slots.give_back(slot)
                raise
            self._cooling.begins(slot, model)
            try:
                task, footing = await self._stand(task, footing)
                report = await run_mission(
                    ground,
                    await self._orders(
                        task=task,
                        arm=arm,
                        slot=slot,
                        model=model,
                        ready=ready,
                        footing=footing,
                        state=state,
                        steering=steering,
                    ),
                )
                state = _State((*state.reports, report))
                if _settles(report):  # stored before the slot is free: whoever gets that sees how full the review is
                    environment = environment_of(state.reports)
                    return await self._finish(task, state, started, footing=footing, environment=environment)
            finally:
                self._spawn(self.leave(slot, model))
            task = await ground.store.save_task(task.id, provided=self._ours, **await used_up(ground.store, task.id))
            todo = self._still_worth(todo, report, self.ground.clock.monotonic() - started)
            if todo:
                await self._escalate(task, todo[0], report)
        return await self._finish(task, state, started, footing=footing)

    async def _slot(self, task: Task, arm: Arm, steering: Steering) -> Slot:
        """A slot of the arm's tier; none is held for a task that a person paused meanwhile.

        Raises HeldAgain when the task has not begun yet and must not any more.
        """
        while True:
            await steering.proceed()
            with self._cooling.asked(arm.tier, task):
                slot = await self._slots.take(arm.tier, priority=task.priority, task=task.id)
            try:
                begins = task.status is TaskStatus.RUNNING or await steering.admitted()
            except BaseException:
                await to_the_end(self._slots.give_back(slot))
                raise
            if begins and not steering.paused():
                return slot
            await to_the_end(self._slots.give_back(slot))
            if not begins:
                raise HeldAgain

    async def _done_before(self, task: Task) -> _State:
        """The missions of this dispatch that ended by themselves in a process that is gone now."""
        missions = await self.ground.store.missions(task.id)
        return _State(
            tuple(
                Report(mission=one, judgement=Judgement(outcome=one.outcome, reason=one.reason), files=one.files)
                for one in missions
                if one.number >= task.first_mission
                and one.role is Role.CODE
                and one.outcome is not None
                and not one.interrupted
            )
        )

    async def _stand(self, task: Task, footing: Footing | None) -> tuple[Task, Footing]:
        """The task running, on its footing, with the check run there."""
        ground = self.ground
        if footing is None:
            footing = await find_footing(ground, task)
        if task.status is not TaskStatus.RUNNING:
            task = await self._running(task, footing)
        known = task.base_check
        if footing.command != (known.command if known else None) or (known and known.commit != footing.base.commit):
            check = await check_base(ground, task, footing)
            task = await ground.store.save_task(task.id, provided=self._ours, base_check=check)
        return task, footing

    async def _running(self, task: Task, footing: Footing) -> Task:
        """The person may have moved on since the task was posted: the base is pinned now."""
        beside = await self.ground.store.tasks(repo=task.repo, statuses=_BESIDE)
        status = TaskStatusChanged(at=self.ground.clock.now(), task=task.id, status=TaskStatus.RUNNING)
        return await self.ground.store.save_task(
            task.id,
            [status],
            provided=self._ours,
            status=TaskStatus.RUNNING,
            base_commit=footing.base.commit,
            target_branch=footing.base.branch,
            built_on=footing.built_on,
            warnings=tuple(dict.fromkeys((*footing.base.warnings, *overlaps(task, beside)))),
            halted=None,
        )

    async def _orders(
        self,
        *,
        task: Task,
        arm: Arm,
        slot: Slot,
        model: ChatModel,
        ready: Readiness,
        footing: Footing,
        state: _State,
        steering: Steering,
    ) -> Orders:
        base = footing.base.commit
        earlier = await self.ground.store.missions(task.id)
        return Orders(
            task=task,
            arm=arm,
            number=len(earlier) + 1,
            attempt=sum(mission.role is Role.CODE for mission in earlier) + 1,
            agent=slot.callsign,
            model=model,
            grade=ready.grades.get(arm.tier),
            base_commit=base,
            start_commit=_start(arm, state, base, task.base_check),
            check=footing.command,
            own_check=task.check is not None,
            base_check=task.base_check,
            hand_over=await self._hand_over(arm, state, base, task.base_check, task.comment),
            steering=steering,
        )

    async def leave(self, slot: Slot, model: ChatModel) -> None:
        """The agent is ready again, after its rest; the task does not wait for that."""
        try:
            at = self.ground.clock.now()
            await self.ground.store.append(AgentHealth(at=at, agent=slot.callsign, tier=slot.tier, health=Health.READY))
            await self._cooling.rest(slot, model)
        finally:
            await to_the_end(self._put_back(slot, model))  # a client closed by half leaves its connection open

    async def _put_back(self, slot: Slot, model: ChatModel) -> None:
        try:
            await self._slots.give_back(slot)
        finally:
            await model.aclose()

    def _still_worth(self, todo: Sequence[Arm], report: Report, seconds: float) -> list[Arm]:
        """The arms that may still succeed: none in the same way where that was hopeless, none paid without money, no
        more free tries when `seconds` have used up the patience for them."""
        rest = [arm for arm in todo if not (gives_up(report, todo) and _same_way(arm, report))]
        if seconds > self.ground.settings.routing.free_s:
            rest = out_of_patience(rest, frozenset(arm.tier for arm in rest if self._is_free(arm)))
        return [arm for arm in rest if self._is_free(arm)] if report.over_budget else rest

    def _is_free(self, arm: Arm) -> bool:
        tier = self.ground.settings.tiers[arm.tier]
        return tier.free or tier.provider == "ollama"

    async def _hand_over(
        self, arm: Arm, state: _State, base: str, known: CheckResult | None, comment: str
    ) -> HandOver | None:
        """What the next attempt learns. What the person says is for every attempt."""
        says = sanitize(comment)
        # Every other sample knows nothing of what failed: they must not all err alike.
        blind = arm.variant is Variant.SAMPLE and len(state.reports) // 2 % 2
        if not state.reports or blind:
            return HandOver(diff="", failure="", comment=says) if says else None
        best = furthest(state.reports, known) if arm.variant is Variant.RETRY else None
        if arm.variant is Variant.RETRY and known and best is None and held(known):
            return HandOver(diff="", failure=known.output, comment=says)
        last = best or state.reports[-1]
        commit = last.mission.commit
        diff = await self.ground.repository.diff(base, commit) if commit else ""
        failure = last.mission.check.output if last.mission.check else ""
        note = "" if failure else last.judgement.reason
        return HandOver(diff=diff[:DIFF_LIMIT], failure=failure, note=note, comment=says)

    async def _escalate(self, task: Task, arm: Arm, report: Report) -> None:
        mission = report.mission
        await self.ground.store.append(
            MissionEscalated(
                at=self.ground.clock.now(),
                task=task.id,
                mission=mission.id,
                agent=mission.agent,
                tier=mission.tier,
                to_tier=arm.tier,
                variant=arm.variant,
                reason=report.judgement.reason,
            )
        )

    async def _finish(
        self, task: Task, state: _State, started: float, *, footing: Footing | None = None, environment: str = ""
    ) -> Task:
        reports = state.reports
        last = reports[-1] if reports else None
        over = bool(last and last.over_budget)
        outcome = last.judgement.outcome if last else Outcome.FAILED
        status = status_after(task, outcome, environment=bool(environment), over_budget=over)
        commit = last.mission.commit if last and outcome.accepted else None
        warnings = task.warnings + (last.judgement.warnings if last else ())
        if footing is not None and commit:
            changes = await self.ground.repository.changes(footing.base.commit, commit)
            warnings += touched(changes, check_of(self.ground, task))
        if self.ground.sandbox.warning:
            warnings += (self.ground.sandbox.warning,)
        changed: dict[str, Any] = {
            "status": status,
            "outcome": None if environment or over else outcome,
            "reason": one_line(environment or reason_of(reports, over), 500),
            "branch": last.mission.branch if last and commit else None,
            "commit": commit,
            "files": last.files if last and commit else (),
            "warnings": tuple(dict.fromkeys(warnings)),
            "result_check": result_check(reports, outcome),
            "seconds": round(self.ground.clock.monotonic() - started, 3),
            "tier_used": last.mission.tier if last else task.tier,
            "model_used": last.mission.model if last else None,
            "halted": "environment" if environment else "budget" if over else None,
            "forced": False,
            "paused": False,
            "review": None,
        }
        changed |= await used_up(self.ground.store, task.id)
        after = task.model_copy(update=changed)
        return await self.ground.store.save_task(
            task.id, self._finished_events(after, outcome), provided=self._ours, **changed
        )

    def _finished_events(self, task: Task, outcome: Outcome) -> tuple[Event, ...]:
        at = self.ground.clock.now()
        status = TaskStatusChanged(at=at, task=task.id, status=task.status, reason=task.reason)
        return (status, finished_event(task, outcome, at))


def _kept(task: Task, command: str | None) -> Footing | None:
    """The footing of a dispatch that an earlier process began."""
    if task.base_commit is None:
        return None
    base = Base(task.base_commit, task.target_branch, task.warnings)
    command = task.base_check.command if task.base_check else command
    return Footing(base=base, command=command, built_on=task.built_on)


def _settles(report: Report) -> bool:
    return report.judgement.outcome.accepted or report.environment


def gives_up(report: Report, todo: Sequence[Arm]) -> bool:
    """Whether the same tier in the same way gets no other try: it would end the same. An attempt that stalled has cost
    so much time that it gets one only where there is nothing else to try."""
    elsewhere = not all(_same_way(arm, report) for arm in todo)
    return report.hopeless or (report.stalled and (elsewhere or report.mission.variant is not Variant.ONCE))


def _same_way(arm: Arm, report: Report) -> bool:
    return (arm.tier, arm.way) == (report.mission.tier, report.mission.way)


def _start(arm: Arm, state: _State, base: str, known: CheckResult | None) -> str:
    """A retry goes on from the failed work that came furthest; every other arm starts from the base."""
    best = furthest(state.reports, known) if arm.variant is Variant.RETRY else None
    return best.mission.commit if best and best.mission.commit else base
