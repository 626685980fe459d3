"""One task carried out: its plan, arm by arm, until the harness says a result is good, or a person is needed."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from agents.dispatch.cooldown import Cooling
from agents.dispatch.slots import Slot, Slots
from agents.events import (
    AgentHealth,
    CheckSummary,
    Event,
    MissionEscalated,
    TaskFinished,
    TaskPlanned,
    TaskStatusChanged,
    TokenCounts,
)
from agents.missions.attempt import HandOver
from agents.missions.mission import Ground, Orders, Report, being_cancelled, run_mission
from agents.models.chat import ChatModel
from agents.models.connect import Connect
from agents.routing.plan import NoTier, make_plan
from agents.sanitize import one_line, sanitize
from agents.store import Store
from agents.store.tally import tally
from agents.tasks import NANO, Arm, CheckResult, Grade, Health, Outcome, Task, TaskStatus, Variant, Way
from agents.tools.sandbox import SandboxError
from agents.workspace import Base, WorkspaceError
from agents.workspace.checks import bent_check, find_check, touched_tests
from agents.workspace.results import FileChange

Spawn = Callable[[Coroutine[Any, Any, None]], None]
"""Runs something in the background of Headquarters."""
DIFF_LIMIT = 6000
"""Characters of an earlier attempt's diff that a later one gets to see."""


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

    async def run(self, task: Task, ready: Readiness, comment: str = "") -> Task:
        """From queued to review, needs_human, failed or, when the surroundings fail, back to open. The stored task."""
        store = self.ground.store
        started = self.ground.clock.monotonic()
        try:
            plan = self._plan(task, ready)
        except NoTier as error:
            reasons = "; ".join(ready.missing.values())
            return await self._finish(task, _State(), started, environment=f"{error}. {reasons}".strip(". "))
        task = await store.save_task(
            task.id, [TaskPlanned(at=self.ground.clock.now(), task=task.id, plan=plan)], plan=plan
        )
        try:
            return await self._arms(task, plan, ready, started, comment)
        except (WorkspaceError, SandboxError) as error:
            if being_cancelled():
                raise asyncio.CancelledError from error
            return await self._finish(task, _State(), started, environment=str(error))

    def _plan(self, task: Task, ready: Readiness) -> tuple[Arm, ...]:
        return make_plan(
            settings=self.ground.settings,
            complexity=task.complexity,
            kind=task.kind,
            has_check=self._command(task) is not None,
            pin=task.tier,
            grades=ready.grades,
            small=ready.small,
            available=ready.available,
        )

    def _command(self, task: Task) -> str | None:
        return task.check or self.ground.settings.check.command or find_check(self.ground.repository.root)

    async def _arms(self, task: Task, plan: tuple[Arm, ...], ready: Readiness, started: float, comment: str) -> Task:
        ground = self.ground
        state = _State()
        base: Base | None = None
        base_check: CheckResult | None = None
        command = self._command(task)
        hopeless: set[tuple[str, Way]] = set()
        for index, arm in enumerate(plan):
            if (arm.tier, arm.way) in hopeless:
                continue
            slot = await self._slots.take(arm.tier, priority=task.priority, task=task.id)
            try:
                model = self._connect(arm.tier, ground.settings.tiers[arm.tier], slot.url)
            except BaseException:
                self._slots.give_back(slot)
                raise
            try:
                if base is None:
                    base = await ground.repository.base()
                    command, warnings = await self._committed(task, command, base)
                    task = await self._running(task, base, warnings)
                    base_check = await self._base_check(task, command, base.commit)
                    task = await ground.store.save_task(task.id, base_check=base_check)
                orders = Orders(
                    task=task,
                    arm=arm,
                    number=len(await ground.store.missions(task.id)) + 1,
                    agent=slot.callsign,
                    model=model,
                    grade=ready.grades.get(arm.tier),
                    base_commit=base.commit,
                    start_commit=_start(arm, state, base.commit),
                    check=command,
                    own_check=task.check is not None,
                    base_check=base_check,
                    hand_over=await self._hand_over(arm, state, base.commit, comment),
                )
                report = await run_mission(ground, orders)
            finally:
                self._spawn(self._leave(slot, model))
            state = _State((*state.reports, report))
            task = await ground.store.save_task(task.id, **await used_up(ground.store, task.id))
            if report.judgement.outcome.accepted or report.environment or report.over_budget:
                break
            if report.hopeless:
                hopeless.add((arm.tier, arm.way))
            following = (later for later in plan[index + 1 :] if (later.tier, later.way) not in hopeless)
            if (to := next(following, None)) is not None:
                await self._escalate(task, to, report)
        return await self._finish(task, state, started, base=base, environment=_environment(state))

    async def _leave(self, slot: Slot, model: ChatModel) -> None:
        """The agent is ready again, after its rest; the task does not wait for that."""
        try:
            at = self.ground.clock.now()
            await self.ground.store.append(AgentHealth(at=at, agent=slot.callsign, tier=slot.tier, health=Health.READY))
            await self._cooling.rest(slot, model)
        finally:
            self._slots.give_back(slot)
            await model.aclose()

    async def _committed(self, task: Task, command: str | None, base: Base) -> tuple[str | None, tuple[str, ...]]:
        """The check as the base commit has it: one found in files that are not committed could only ever be red."""
        if command is None or task.check or self.ground.settings.check.command:
            return command, ()
        async with self.ground.repository.checkout(base.commit) as folder:
            found = find_check(folder)
        if found == command:
            return command, ()
        return found, (f"`{one_line(command, 80)}` was not used as the check: what defines it is not committed yet",)

    async def _running(self, task: Task, base: Base, warnings: tuple[str, ...]) -> Task:
        """The person may have moved on since the task was posted: the base is pinned now."""
        status = TaskStatusChanged(at=self.ground.clock.now(), task=task.id, status=TaskStatus.RUNNING)
        return await self.ground.store.save_task(
            task.id,
            [status],
            status=TaskStatus.RUNNING,
            base_commit=base.commit,
            target_branch=base.branch,
            warnings=(*base.warnings, *warnings),
            halted=None,
        )

    async def _base_check(self, task: Task, command: str | None, commit: str) -> CheckResult | None:
        if command is None:
            return None
        return await self.ground.prover.run(
            command,
            commit,
            on="base",
            emit=self.ground.store.append,
            where=lambda: {"at": self.ground.clock.now(), "task": task.id},
        )

    async def _hand_over(self, arm: Arm, state: _State, base: str, comment: str) -> HandOver | None:
        """What the next attempt learns. What the person says is for every attempt."""
        says = sanitize(comment)
        # Every other sample knows nothing of what failed: they must not all err alike.
        blind = arm.variant is Variant.SAMPLE and len(state.reports) // 2 % 2
        if not state.reports or blind:
            return HandOver(diff="", failure="", comment=says) if says else None
        last = state.reports[-1]
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
        self, task: Task, state: _State, started: float, *, base: Base | None = None, environment: str = ""
    ) -> Task:
        last = state.reports[-1] if state.reports else None
        over = bool(last and last.over_budget)
        outcome = last.judgement.outcome if last else Outcome.FAILED
        status = _status(task, outcome, environment=bool(environment), over_budget=over)
        reason = environment or _reason(state, over)
        commit = last.mission.commit if last and outcome.accepted else None
        warnings = task.warnings + (last.judgement.warnings if last else ())
        if base is not None and commit:
            warnings += _touched(await self.ground.repository.changes(base.commit, commit), self._command(task))
        if self.ground.sandbox.warning:
            warnings += (self.ground.sandbox.warning,)
        changes: dict[str, Any] = {
            "status": status,
            "outcome": None if environment or over else outcome,
            "reason": one_line(reason, 500),
            "branch": last.mission.branch if last and commit else None,
            "commit": commit,
            "files": last.files if last and commit else (),
            "warnings": tuple(dict.fromkeys(warnings)),
            "result_check": _result_check(state, outcome),
            "seconds": round(self.ground.clock.monotonic() - started, 3),
            "tier_used": last.mission.tier if last else task.tier,
            "model_used": last.mission.model if last else None,
            "halted": "environment" if environment else "budget" if over else None,
        }
        after = task.model_copy(update=changes)
        return await self.ground.store.save_task(task.id, self._finished_events(after, outcome), **changes)

    def _finished_events(self, task: Task, outcome: Outcome) -> tuple[Event, ...]:
        at = self.ground.clock.now()
        status = TaskStatusChanged(at=at, task=task.id, status=task.status, reason=task.reason)
        return (status, finished_event(task, outcome, at))


async def used_up(store: Store, task_id: int) -> dict[str, Any]:
    """What the task has used up in all its missions, as the changes to its row: a retry forgets no money."""
    total = tally(await store.calls(task_id))
    return {
        "missions": len(await store.missions(task_id)),
        "steps": total.steps,
        "cost_nano": total.cost_nano,
        "usage": total.usage,
    }


def finished_event(task: Task, outcome: Outcome, at: Any) -> TaskFinished:
    """CONTRACT's `task.finished` for a task at the end of its missions."""
    base, result = task.base_check, task.result_check
    return TaskFinished(
        at=at,
        task=task.id,
        tier=task.tier_used,
        outcome=outcome,
        status=task.status,
        model=one_line(task.model_used, 80) if task.model_used else None,
        complexity=task.complexity,
        missions=task.missions,
        steps=task.steps,
        cost_usd=None if task.cost_nano is None else task.cost_nano / NANO,
        tokens=TokenCounts.of(task.usage),
        seconds=task.seconds,
        branch=task.branch,
        commit=task.commit,
        files=tuple(one_line(name, 300) for name in task.files),
        check=CheckSummary(
            command=sanitize(base.command) if base else None,
            exit_code=result.exit_code if result else None,
            base_exit_code=base.exit_code if base else None,
        ),
        warnings=tuple(one_line(text, 300) for text in task.warnings),
        reason=task.reason,
        simulated=task.simulated,
    )


def _touched(changes: Sequence[FileChange], command: str | None) -> tuple[str, ...]:
    """What was done to the tests and to the check itself: a person wants to know before they trust the outcome."""
    tests = set(touched_tests(changes))
    bent = set(bent_check(command, changes)) if command else set()
    said: list[str] = []
    for status, path in changes:
        word = {"A": "added", "D": "deleted"}.get(status, "edited")
        if path in tests:
            said.append(f"a test was {word}: {one_line(path, 200)}")
        elif path in bent:
            said.append(f"what the check does depends on a file that was {word}: {one_line(path, 200)}")
    return tuple(said)


def _start(arm: Arm, state: _State, base: str) -> str:
    """A retry goes on from the failed work; every other arm starts from the base."""
    if arm.variant is Variant.RETRY and state.reports and state.reports[-1].mission.commit:
        return state.reports[-1].mission.commit
    return base


def _environment(state: _State) -> str:
    last = state.reports[-1] if state.reports else None
    return last.stopped or "" if last and last.environment else ""


def _result_check(state: _State, outcome: Outcome) -> CheckResult | None:
    """Of the result; of a failure the last that ran, as the last mission may have had nothing to run it on."""
    checks = [report.mission.check for report in state.reports[-1 if outcome.accepted else 0 :]]
    return next((check for check in reversed(checks) if check is not None), None)


def _status(task: Task, outcome: Outcome, *, environment: bool, over_budget: bool) -> TaskStatus:
    if environment:
        return TaskStatus.OPEN
    if over_budget:
        return TaskStatus.NEEDS_HUMAN
    if outcome.accepted:
        return TaskStatus.REVIEW
    return TaskStatus.FAILED if task.tier else TaskStatus.NEEDS_HUMAN


def _reason(state: _State, over_budget: bool) -> str:
    last = state.reports[-1]
    if over_budget:
        return last.stopped or last.judgement.reason
    if last.judgement.outcome.accepted or len(state.reports) == 1:
        return last.judgement.reason
    tried = ", ".join(
        f"{report.mission.tier} {report.mission.variant} ({report.judgement.reason})" for report in state.reports[-3:]
    )
    return f"{len(state.reports)} missions failed, the last of them: {tried}. What should change?"
