"""One mission from worktree to judgement."""

import asyncio
import contextlib
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from typing import Any

from agents.clock import Clock
from agents.events import AgentHealth, Event, MissionFinished, ToolOutput, ToolStarted
from agents.missions.asks import Asks, NobodyAnswers
from agents.missions.attempt import Attempt, AttemptEnded
from agents.missions.beginning import Begun, begin_mission, where_of
from agents.missions.calls import ModelCalls
from agents.missions.closing import close_mission
from agents.missions.context import READMES, project_context
from agents.missions.direct import run_direct
from agents.missions.loop import run_loop
from agents.missions.orders import Orders, Report, Steering
from agents.missions.proof import REPOSITORYS, Judgement, Prover, judge, unparsable
from agents.missions.stall import Stalled, StallWatch
from agents.models.chat import Finished, Message
from agents.models.errors import ModelError
from agents.models.power import PowerWatch
from agents.models.tokens import estimate_tokens
from agents.permission import Ruling, Wish
from agents.private_files import private_folder
from agents.redactor import learn_secrets
from agents.sanitize import one_line
from agents.settings import Settings
from agents.store import OverBudget, Proving, Store, UnknownPrice
from agents.tasks import NANO, CheckResult, Health, Outcome, Way
from agents.tools.sandbox import Sandbox, SandboxError
from agents.tools.toolbox import build_toolbox
from agents.workspace import Commit, GitError, Repository, WorkspaceError, Worktree
from agents.workspace.git import to_the_end


@dataclass(frozen=True)
class Ground:
    """What every mission of one Headquarters stands on."""

    store: Store
    repository: Repository
    sandbox: Sandbox
    prover: Prover
    settings: Settings
    clock: Clock
    logs: Path
    owner: str
    seed: int
    proving: Proving | None = None
    """What is carried out here are graded tasks, not the person's work."""
    power: PowerWatch = field(default_factory=PowerWatch)
    asks: Asks = field(default_factory=NobodyAnswers)


async def run_mission(ground: Ground, orders: Orders) -> Report:
    """Create the worktree, work, commit, check, judge. On cancellation the worktree stays when work is in it."""
    worktree = await ground.repository.add_worktree(orders.task.label, orders.number, orders.start_commit)
    begun: list[_Run] = []

    async def begin() -> None:
        begun.append(_Run(ground, orders, worktree, await begin_mission(ground, orders, worktree)))

    try:
        await to_the_end(begin())
        return await begun[0].run()
    except asyncio.CancelledError:
        await to_the_end(_put_away(ground, worktree, begun, Outcome.CANCELLED, orders.steering))
        raise
    except Exception as error:
        reason = one_line(str(error), 300) or type(error).__name__
        broken = replace(orders.steering, reason=reason, interrupted=False, whole=None)
        await to_the_end(_put_away(ground, worktree, begun, Outcome.FAILED, broken))
        raise
    finally:
        ground.repository.leave(worktree)


async def _put_away(
    ground: Ground, worktree: Worktree, begun: "list[_Run]", outcome: Outcome, steering: Steering
) -> None:
    """End a mission that was cancelled or broke: its row and its money in order, its work kept. One that was judged
    already stays so; its branch too, where the task goes on later and ends with it."""
    kept = stands = False
    reason, interrupted = steering.ending()
    for run in begun:
        mission, kept = run.mission, run.committed
        if mission.finished_at is None:
            await close_mission(ground.store, ground.clock, mission, outcome, reason, interrupted=interrupted)
        else:
            stands = interrupted and mission.outcome is not None and mission.outcome.accepted
    with contextlib.suppress(WorkspaceError):  # what cannot be put away now stays; nothing is lost by it
        if not await ground.repository.has_unsaved_work(worktree.path):
            await ground.repository.remove(worktree.path, branch=None if kept else worktree.branch)
            if kept and not stands:
                await ground.repository.archive(worktree.branch)


def being_cancelled() -> bool:
    """Whether the current task was asked to stop."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def _raise_if_cancelled(error: Exception | None = None) -> None:
    """What was torn down may complain in its own words, or say nothing."""
    if being_cancelled():
        raise asyncio.CancelledError from error


class _Run:
    def __init__(self, ground: Ground, orders: Orders, worktree: Worktree, begun: Begun) -> None:
        self.ground = ground
        self.orders = orders
        self.ordered = orders.ordered
        self.worktree = worktree
        self.begun = begun
        self.mission = begun.mission
        self.started = ground.clock.monotonic()
        self.tool_call = 0
        self.committed = False
        """The work is on the branch."""
        self.over_budget = False
        self.hopeless = False
        self.stalled = False
        settings = ground.settings
        self.stall = StallWatch(
            clock=ground.clock,
            stall_s=settings.dispatch.stall_s,
            limit_s=orders.task.timeout_s or settings.mission.timeout_s,
            start=lambda: ground.repository.tree_at(orders.start_commit),
            tree=lambda: ground.repository.tree(worktree.path),
        )
        self.calls = ModelCalls(
            orders.model,
            store=ground.store,
            mission=begun.mission,
            clock=ground.clock,
            random=Random(f"{ground.seed}:{orders.task.id}:{orders.number}"),
            daily_cap_nano=settings.budget.daily_nano,
            task_cap_nano=settings.budget.task_nano,
            warn_at=settings.budget.warn_at,
            free=settings.tiers[orders.arm.tier].free,
            redact=settings.sandbox.redact_prompts,
            on_activity=self._activity,
            suspended=self.stall.suspended,
            held=self.stall.paused,
            on_reply=self._look_at_power,
        )

    async def run(self) -> Report:
        try:
            note = await self._work()
        except (ModelError, SandboxError) as error:
            _raise_if_cancelled(error)
            return await self._stopped(error)
        _raise_if_cancelled()
        report = await self._judged(note)
        report = report.model_copy(update={"hopeless": self.hopeless, "stalled": self.stalled})
        if not self.over_budget:
            return report
        return report.model_copy(update={"stopped": note, "over_budget": not report.judgement.outcome.accepted})

    async def _work(self) -> str:
        """The way of working, inside its limits. Empty, or why it ended early (what was written is checked anyway).

        Raises ModelError and SandboxError when the surroundings failed.
        """
        await asyncio.to_thread(learn_secrets, self.worktree.path)
        attempt = self._attempt()
        try:
            await self.stall.guard(run_direct(attempt) if self.orders.arm.way is Way.DIRECT else run_loop(attempt))
        except AttemptEnded as ended:
            self.stalled = isinstance(ended, Stalled)
            if self.stalled:
                await self._activity(str(ended), Health.STUCK)
            return str(ended)
        except (OverBudget, UnknownPrice) as error:
            self.over_budget = True
            return one_line(str(error), 300)
        except ModelError as error:
            if error.environment:
                raise
            self.hopeless = True
            return one_line(str(error), 300)
        return ""

    async def _judged(self, note: str) -> Report:
        """Commit, check, judge. `note`: why the attempt ended early."""
        try:
            commit = await self._commit()
        except GitError:
            raise
        except WorkspaceError as error:  # the agent led its worktree astray: that is its failure
            return await self._end(Judgement(outcome=Outcome.FAILED, reason=one_line(str(error), 300)), None, None)
        if commit is None:
            reason = "it changed no file" + (f"; {note}" if note else "")
            return await self._end(Judgement(outcome=Outcome.FAILED, reason=reason), None, None)
        self.committed = True
        check, judgement = await self._judge(commit)
        failed = judgement.outcome is Outcome.FAILED
        warnings = (*judgement.warnings, *self.worktree.warnings, *commit.warnings)
        if note and not failed:
            warnings += (f"the agent did not end by itself: {note}",)
        reason = f"{judgement.reason}; {note}" if note and failed else judgement.reason
        judgement = judgement.model_copy(update={"reason": reason, "warnings": warnings})
        final = await self.ground.repository.seal(
            self.worktree,
            commit,
            base=self.orders.base_commit,
            message=self._message(),
            trailers=self._trailers(judgement.outcome),
            without=() if self.ordered is None or self.ordered.kept else tuple(self.ordered.protected),
        )
        return await self._end(judgement, final, check)

    def _attempt(self) -> Attempt:
        orders, settings, files = self.orders, self.ground.settings, self.begun.files
        folder = private_folder(self.ground.logs / f"{orders.task.label}-{orders.number}")
        base = orders.base_check
        room = orders.model.window // 6 - estimate_tokens(self.begun.conventions) if settings.mission.context else 0
        return Attempt(
            task=orders.task,
            mission=self.mission,
            arm=orders.arm,
            grade=orders.grade,
            settings=settings,
            root=self.worktree.path,
            calls=self.calls,
            stall=self.stall,
            toolbox=build_toolbox(
                root=self.worktree.path,
                logs=folder,
                sandbox=self.ground.sandbox,
                settings=settings,
                on_output=self._tool_output,
                permit=self._permit,
                answerable=self.ground.asks.answerable,
                place=self.ground.repository.place(self.worktree),
                veiled=self.calls.veiled,
            ),
            emit=self._emit,
            check=orders.check,
            base_failure=base.output if base is not None and not base.green and settings.check.show else "",
            context=project_context(self.worktree.path, files, token_budget=room, guides=READMES) if room > 0 else "",
            conventions=self.begun.conventions,
            hand_over=orders.hand_over,
            ordinal=orders.attempt,
            max_steps=orders.task.max_steps or settings.mission.max_steps,
            clock=self.ground.clock,
            proceed=self._proceed,
            files=tuple(name for name in files if self.ordered is None or name not in self.ordered.protected),
        )

    async def _commit(self) -> Commit | None:
        repository = self.ground.repository
        commit = await repository.commit(self.worktree, self._message(), self._trailers(None))
        if commit is not None and self.ordered is not None:
            return await repository.restored(self.worktree, commit, self.ordered.protected)
        return commit

    async def _judge(self, commit: Commit) -> tuple[CheckResult | None, Judgement]:
        orders = self.orders
        if orders.check is None:
            broken = unparsable(self.worktree.path, commit.files)
            judgement = judge(own=False, base=None, result=None, broken=broken)
            if self.ordered is not None and not broken:
                judgement = judgement.model_copy(update={"reason": f"{self.ordered.part} is written"})
            return None, judgement
        await self._activity("checking")
        result = await self.ground.prover.run(
            orders.check, commit.commit, on="result", emit=self._emit, where=self._now
        )
        whose = self.ordered.whose if self.ordered is not None else REPOSITORYS
        return result, judge(own=orders.own_check, base=orders.base_check, result=result, whose=whose)

    async def _stopped(self, error: Exception) -> Report:
        """The surroundings ended it: what was written is kept on the branch, nothing is judged."""
        commit = None
        with contextlib.suppress(WorkspaceError):
            commit = await self._commit()
        reason = one_line(str(error), 300)
        report = await self._end(Judgement(outcome=Outcome.FAILED, reason=reason), commit, None, interrupted=True)
        return report.model_copy(update={"stopped": reason, "environment": True})

    async def _end(
        self, judgement: Judgement, commit: Commit | None, check: CheckResult | None, *, interrupted: bool = False
    ) -> Report:
        ground = self.ground
        seconds = round(ground.clock.monotonic() - self.started, 3)
        files = commit.files if commit else ()
        finished = MissionFinished(
            **self._now(),
            outcome=judgement.outcome,
            reason=judgement.reason,
            steps=self.calls.made,
            seconds=seconds,
            commit=commit.commit if commit else None,
            files=tuple(one_line(name, 200) for name in files[:100]),
        )
        changes: dict[str, Any] = {
            "finished_at": ground.clock.now(),
            "outcome": judgement.outcome,
            "reason": judgement.reason,
            "commit": commit.commit if commit else None,
            "files": files,
            "interrupted": interrupted,
            "steps": self.calls.made,
            "cost_nano": self.calls.cost_nano,
            "usage": self.calls.usage,
            "seconds": seconds,
            "check": check,
        }
        if interrupted or self._teaches_nothing(judgement.outcome):
            mission = await ground.store.save_mission(self.mission.id, [finished], **changes)
        else:
            mission = await ground.store.judge_mission(self.mission.id, [finished], self.orders.expected, **changes)
        self.mission = mission
        with contextlib.suppress(WorkspaceError):  # what could not be committed stays where the person finds it
            await ground.repository.remove(
                self.worktree.path,
                branch=None if commit else self.worktree.branch,
                force=commit is not None and self.ordered is not None,  # it is committed, but for what was put back
            )
        if commit and not judgement.outcome.accepted:
            await ground.repository.archive(self.worktree.branch)
        return Report(mission=mission, judgement=judgement, files=files)

    def _teaches_nothing(self, outcome: Outcome) -> bool:
        """No check judges it, it was money that ended the attempt and not the model, or it is no attempt as the
        person's own are."""
        apart = self.ground.proving is Proving.APART
        part = self.ordered is not None  # the whole attempt is what is learned from
        return apart or part or self.orders.check is None or (self.over_budget and outcome is Outcome.FAILED)

    def _message(self) -> str:
        return one_line(self.ordered.title if self.ordered is not None else self.orders.task.title, 72)

    def _trailers(self, outcome: Outcome | None) -> dict[str, str]:
        cost = self.calls.cost_nano
        return {
            "War-Room-Task": self.orders.task.label,
            "War-Room-Mission": self.mission.label,
            "War-Room-Tier": self.orders.arm.tier,
            "War-Room-Model": one_line(self.orders.arm.model, 80),
            "War-Room-Cost": "n/a" if cost is None else f"${cost / NANO:.6f}",
            "War-Room-Outcome": outcome.value if outcome else "not checked",
        }

    async def _proceed(self) -> None:
        """Before each step: wait while a person holds the task. That time is not the mission's."""
        with self.stall.paused():
            await self.orders.steering.proceed()

    async def _permit(self, wish: Wish) -> Ruling:
        """Before a command that an agent may not run by itself. The time a person takes is not the mission's."""
        with self.stall.paused():
            ruling = await self.ground.asks.rule(self.mission, wish, step=self.calls.made)
            await self.orders.steering.proceed()  # they may have held the task meanwhile
        return ruling

    async def _activity(self, note: str, health: Health = Health.WORKING) -> None:
        await self._emit(AgentHealth(**self._now(), health=health, step=self.calls.made, note=note))

    async def _look_at_power(self, finished: Finished) -> None:
        power = await self.ground.power.after_reply(self.orders.model, self.mission.agent, finished)
        if power is not None:
            await self._emit(power.event(**self._now(), health=Health.WORKING, step=self.calls.made))

    async def _emit(self, *events: Event, message: Message | None = None) -> None:
        for event in events:
            if isinstance(event, ToolStarted):
                self.tool_call = event.call
        if message is None:
            await self.ground.store.append(*events)
        else:
            await self.ground.store.add_message(self.mission.id, message, events)
        for event in events:
            await self.stall.saw(event)

    def _tool_output(self, text: str) -> None:
        self.ground.store.bus.publish(ToolOutput(**self._now(), call=self.tool_call, text=text))

    def _now(self) -> dict[str, Any]:
        return where_of(self.ground.clock, self.mission)
