"""The engine's front door: post, dispatch, cancel, accept; one object, no terminal.

async with Headquarters(settings, home=home, folder=folder) as hq:
    task = await hq.post(NewTask(title="Create slug.py with slugify(text)"))
    await hq.dispatch(task.id)
    task = await hq.wait(task.id)
"""

import asyncio
import contextlib
from collections.abc import Coroutine
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from agents.bus import Subscription
from agents.clock import Clock, SystemClock
from agents.dispatch.carry_out import CarryOut, finished_event, used_up
from agents.dispatch.cooldown import Cooling
from agents.dispatch.owner import is_alive, this_process
from agents.dispatch.readiness import look
from agents.dispatch.recovery import recover
from agents.dispatch.slots import Slots
from agents.events import AgentHealth, Event, TaskAssessed, TaskPosted, TaskQueued, TaskStatusChanged
from agents.missions.mission import Ground
from agents.missions.proof import Prover
from agents.models.chat import Message
from agents.models.connect import Connect, connector
from agents.routing.assessment import assess
from agents.sanitize import one_line, sanitize
from agents.settings import Settings
from agents.store import Store
from agents.tasks import NANO, Agent, Frozen, Mission, NewTask, Outcome, Task, TaskStatus
from agents.tools.sandbox import choose_sandbox
from agents.workspace import MergeConflict, Repository, UnsavedWork, WorkspaceError

FOLLOW_S = 0.2
"""How often another process's events and orders are looked for: one PRAGMA on an idle home."""


class HeadquartersError(Exception):
    """What was asked cannot be done; the message says why and what to do."""

    exit_code = 2


class UnknownTask(HeadquartersError):
    """There is no such task."""


class NotPossible(HeadquartersError):
    """The task does not stand where this could be done with it."""


class Conflict(HeadquartersError):
    """The result does not fit the person's branch any more."""

    exit_code = 1


class NoHome(HeadquartersError):
    """The folder that should hold everything cannot be made or written."""

    exit_code = 3

    def __init__(self, home: Path, why: str) -> None:
        super().__init__(
            f"War Room's home {one_line(str(home), 300)} cannot be used ({why}): check the folder and its permissions, "
            "or set WARROOM_HOME to another one"
        )


class Credits(Frozen):
    """Today's money, in nano-dollars (UTC day)."""

    spent_nano: int
    reserved_nano: int
    cap_nano: int
    unknown_calls: int


class Headquarters:
    """One repository's command. Enter it to open the store and the workspace; leaving cancels what still runs."""

    def __init__(
        self,
        settings: Settings,
        *,
        home: Path,
        folder: Path,
        clock: Clock | None = None,
        seed: int = 0,
        simulated: bool = False,
        connect: Connect | None = None,
        recover: bool = False,
    ) -> None:
        self.settings = settings
        self.simulated = simulated
        self.warnings: tuple[str, ...] = ()
        self._home = home
        self._folder = folder
        self._clock = clock or SystemClock()
        self._seed = seed
        self._connect = connect or connector(self._clock)
        self._recover = recover
        self._owner = this_process()
        self._running: dict[int, asyncio.Task[None]] = {}
        self._background: set[asyncio.Task[None]] = set()
        self._agents: dict[str, Agent] = {}

    async def __aenter__(self) -> Self:
        """Open everything. Raises NoHome, StoreError, WorkspaceError, SandboxError."""
        try:
            (self._home / "logs").mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise NoHome(self._home, error.strerror or str(error)) from error
        self.repository = await Repository.open(self._folder, self._home)
        self.store = await Store.open(self._home / "warroom.db", self._clock)
        try:
            await self._open()
        except BaseException:
            await self.store.close()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Cancel what runs, in order, and close."""
        for running in [*self._running.values(), *self._background]:
            running.cancel()
        await asyncio.gather(*self._running.values(), *self._background, return_exceptions=True)
        await self.store.close()

    async def _open(self) -> None:
        settings = self.settings
        sandbox = await choose_sandbox(settings.sandbox.kind, hidden=[self._home])
        self.warnings = (sandbox.warning,) if sandbox.warning else ()
        logs = self._home / "logs"
        ground = Ground(
            store=self.store,
            repository=self.repository,
            sandbox=sandbox,
            prover=Prover(
                self.repository,
                sandbox,
                timeout_s=settings.check.timeout_s,
                logs=logs,
                output_cap=settings.mission.output_cap,
                network=settings.sandbox.network,
            ),
            settings=settings,
            clock=self._clock,
            logs=logs,
            owner=self._owner,
            seed=self._seed,
        )
        slots = Slots(settings.tiers)
        for slot in (slot for group in slots.all.values() for slot in group):
            self._agents[slot.callsign] = Agent(callsign=slot.callsign, tier=slot.tier)
        cooling = Cooling(settings.cooldown, self.store, self._clock)
        self._carry_out = CarryOut(ground, slots, cooling, self._connect, self._spawn)
        self._spawn(self._watch_agents(self.store.bus.subscribe()))
        self._spawn(self._follow())
        if self._recover:
            for task in await recover(self.store, self.repository, self._clock, self._owner):
                self._start(task)

    # -- what is there ------------------------------------------------------------------------------------------

    def events(self) -> Subscription:
        """Everything that happens from now on, on this home. Close it when done."""
        return self.store.bus.subscribe()

    def agents(self) -> tuple[Agent, ...]:
        """The roster: every slot's agent and how it is."""
        return tuple(self._agents.values())

    async def task(self, task_id: int) -> Task:
        """Raises UnknownTask."""
        task = await self.store.task(task_id)
        if task is None:
            raise UnknownTask(f"there is no task T{task_id}: `warroom board --all` lists them")
        return task

    async def tasks(self, *, everywhere: bool = False) -> list[Task]:
        """The board of this repository, or of every repository of this home."""
        return await self.store.tasks(repo=None if everywhere else str(self.repository.root))

    async def missions(self, task_id: int) -> list[Mission]:
        """The missions of a task, first to last."""
        return await self.store.missions(task_id)

    async def transcript(self, mission_id: int) -> list[Message]:
        """What was said in a mission."""
        return await self.store.transcript(mission_id)

    async def diff(self, task_id: int) -> str:
        """The result's unified diff against its base; empty when there is no result. Foreign text: not sanitized."""
        task = await self.task(task_id)
        if not task.base_commit or not task.commit:
            return ""
        self._require_here(task)
        return await self.repository.diff(task.base_commit, task.commit)

    async def credits(self) -> Credits:
        """Money spent and reserved today against the daily cap."""
        day = await self.store.spending(self._clock.now().date())
        return Credits(
            spent_nano=day.spent_nano,
            reserved_nano=day.reserved_nano,
            cap_nano=round(self.settings.budget.daily_usd * NANO),
            unknown_calls=day.unknown_calls,
        )

    # -- orders -------------------------------------------------------------------------------------------------

    async def post(self, new: NewTask) -> Task:
        """Put a task on the board, assessed. Raises NotPossible for a tier or a dependency that does not exist."""
        if new.tier is not None and new.tier not in self.settings.tiers:
            raise NotPossible(f"there is no tier {new.tier!r}: the tiers are {', '.join(self.settings.tiers)}")
        for needed in new.depends_on:
            await self.task(needed)
        new = new.model_copy(update={"title": one_line(new.title, 500) or "untitled", "brief": sanitize(new.brief)})
        base = await self.repository.base()
        files = frozenset(await self.repository.files_at(base.commit))
        assessment = assess(f"{new.title}\n\n{new.brief}", existing_files=files)
        at = self._clock.now()

        def posted(task: Task) -> tuple[Event, ...]:
            return (
                TaskPosted(at=at, task=task.id, title=task.title, priority=task.priority, repo=task.repo),
                TaskAssessed(
                    at=at,
                    task=task.id,
                    complexity=assessment.complexity,
                    kind=assessment.kind,
                    evidence=assessment.evidence,
                ),
            )

        return await self.store.insert_task(
            new,
            repo=str(self.repository.root),
            complexity=assessment.complexity,
            kind=assessment.kind,
            simulated=self.simulated,
            events=posted,
        )

    async def dispatch(self, task_id: int, comment: str = "") -> Task:
        """Queue a task and carry it out as soon as there is a slot. Raises NotPossible when it is on its way."""
        task = await self.task(task_id)
        if task.repo != str(self.repository.root):
            raise NotPossible(f"{task.label} belongs to another repository: {task.repo}")
        if task.status in {TaskStatus.QUEUED, TaskStatus.RUNNING} and is_alive(task.owner):
            raise NotPossible(f"{task.label} is {task.status} already")
        if task.status in {TaskStatus.DONE, TaskStatus.REVIEW}:
            raise NotPossible(f"{task.label} is {task.status}: reject it first, or retry it with a comment")
        at = self._clock.now()
        status = TaskStatusChanged(at=at, task=task.id, status=TaskStatus.QUEUED)
        task = await self.store.save_task(
            task.id,
            [status, TaskQueued(at=at, task=task.id)],
            status=TaskStatus.QUEUED,
            owner=self._owner,
            reason="",
            outcome=None,
            halted=None,
        )
        self._start(task, comment)
        return task

    async def dispatch_all(self) -> list[Task]:
        """Dispatch every open task of this repository, by priority, then age."""
        waiting = [task for task in await self.tasks() if task.status is TaskStatus.OPEN]
        waiting.sort(key=lambda task: (-task.priority, task.id))
        return [await self.dispatch(task.id) for task in waiting]

    async def retry(self, task_id: int, comment: str = "") -> Task:
        """Once more, from the person's branch as it is now, with what the person says. Keeps nothing of the result."""
        task = await self.task(task_id)
        if task.status is TaskStatus.DONE:
            raise NotPossible(f"{task.label} is accepted already: post a new task")
        if task.status is TaskStatus.REVIEW:
            task = await self.reject(task_id)
        return await self.dispatch(task.id, sanitize(comment))

    async def cancel(self, task_id: int) -> Task:
        """Stop it now: stream closed, processes killed, slot free. Another process's task is stopped over there."""
        task = await self.task(task_id)
        running = self._running.get(task_id)
        if running is not None:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
            return await self.task(task_id)
        if task.status in {TaskStatus.QUEUED, TaskStatus.RUNNING} and is_alive(task.owner):
            await self.store.give_order(task_id, "cancel")
            return await self._until_at_rest(task_id, within_s=5.0)
        if task.status.ended:
            raise NotPossible(f"{task.label} is {task.status} already")
        return await self._cancelled(task)

    async def accept(self, task_id: int) -> Task:
        """Merge the result onto the person's branch. When the branch moved, the check runs on the merged tree first.

        Raises NotPossible, Conflict; on either the person's checkout is as it was.
        """
        task = await self.task(task_id)
        if task.status is not TaskStatus.REVIEW or not task.commit:
            raise NotPossible(f"{task.label} is {task.status}: only a task in review can be accepted")
        self._require_here(task)
        try:
            preview = await self.repository.merge_preview(task.commit, task.target_branch)
            if preview.moved and task.base_check is not None:
                await self._check_merged(task, preview.commit)
            await self.repository.apply_merge(preview)
        except MergeConflict as error:
            raise Conflict(f"{task.label}: {error}") from error
        except WorkspaceError as error:
            raise Conflict(f"{task.label} was not merged: {error}") from error
        await self._forget_branches(task, force=False)
        status = TaskStatusChanged(at=self._clock.now(), task=task.id, status=TaskStatus.DONE, reason="accepted")
        return await self.store.save_task(
            task.id, [status], status=TaskStatus.DONE, reason="accepted", merged_commit=preview.commit
        )

    async def reject(self, task_id: int) -> Task:
        """Throw the result away, branch and worktree; the task goes back to open."""
        task = await self.task(task_id)
        if task.status not in {TaskStatus.REVIEW, TaskStatus.NEEDS_HUMAN, TaskStatus.FAILED, TaskStatus.CANCELLED}:
            raise NotPossible(f"{task.label} is {task.status}: there is no result to reject")
        self._require_here(task)
        await self._forget_branches(task, force=True)
        status = TaskStatusChanged(at=self._clock.now(), task=task.id, status=TaskStatus.OPEN, reason="rejected")
        return await self.store.save_task(
            task.id,
            [status],
            status=TaskStatus.OPEN,
            reason="rejected",
            outcome=None,
            commit=None,
            branch=None,
            files=(),
            result_check=None,
        )

    async def wait(self, task_id: int) -> Task:
        """Until the task is at rest: ended, in review, with a person, or back on the board."""
        running = self._running.get(task_id)
        if running is not None:
            await asyncio.shield(asyncio.gather(running, return_exceptions=True))
        return await self._until_at_rest(task_id)

    # -- inside -------------------------------------------------------------------------------------------------

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)

    def _start(self, task: Task, comment: str = "") -> None:
        running = asyncio.create_task(self._run(task, comment), name=task.label)
        self._running[task.id] = running
        running.add_done_callback(lambda _: self._running.pop(task.id, None))

    async def _run(self, task: Task, comment: str) -> None:
        try:
            ready = await look(self.settings, self.store)
            await self._carry_out.run(task, ready, comment)
        except asyncio.CancelledError:
            await self._cancelled(await self.task(task.id))
        except Exception as error:
            await self._broken(await self.task(task.id), error)
            raise

    async def _cancelled(self, task: Task) -> Task:
        at = self._clock.now()
        used = await used_up(self.store, task.id)
        after = task.model_copy(update={**used, "status": TaskStatus.CANCELLED, "reason": "cancelled"})
        events = (
            TaskStatusChanged(at=at, task=task.id, status=TaskStatus.CANCELLED, reason="cancelled"),
            finished_event(after, Outcome.CANCELLED, at),
        )
        return await self.store.save_task(
            task.id, events, status=TaskStatus.CANCELLED, outcome=Outcome.CANCELLED, reason="cancelled", **used
        )

    async def _broken(self, task: Task, error: Exception) -> None:
        """A fault of ours must not leave a task running for ever."""
        at = self._clock.now()
        reason = one_line(f"War Room itself failed: {type(error).__name__}: {error}", 500)
        used = await used_up(self.store, task.id)
        after = task.model_copy(update={**used, "status": TaskStatus.NEEDS_HUMAN, "reason": reason})
        events = (
            TaskStatusChanged(at=at, task=task.id, status=TaskStatus.NEEDS_HUMAN, reason=reason),
            finished_event(after, Outcome.FAILED, at),
        )
        await self.store.save_task(
            task.id, events, status=TaskStatus.NEEDS_HUMAN, outcome=Outcome.FAILED, reason=reason, **used
        )

    async def _until_at_rest(self, task_id: int, within_s: float | None = None) -> Task:
        with self.events() as events:
            task = await self.task(task_id)
            if task.status.at_rest:
                return task
            try:
                async with asyncio.timeout(within_s):
                    async for event in events:
                        if event.task == task_id and isinstance(event, TaskStatusChanged):
                            task = await self.task(task_id)
                            if task.status.at_rest:
                                return task
            except TimeoutError:
                raise NotPossible(f"{task.label} is {task.status} in another War Room that does not answer") from None
        return task

    async def _check_merged(self, task: Task, commit: str) -> None:
        assert task.base_check is not None
        result = await self._carry_out.ground.prover.run(
            task.base_check.command,
            commit,
            on="merge",
            emit=self.store.append,
            where=lambda: {"at": self._clock.now(), "task": task.id},
        )
        if not result.green:
            raise Conflict(
                f"{task.label} was not merged: your branch has moved on, and on the merged tree the check "
                f"{'did not end in time' if result.exit_code is None else f'exits {result.exit_code}'}. "
                f"`warroom retry {task.label}` does it again from your branch as it is now"
            )

    async def _forget_branches(self, task: Task, *, force: bool) -> None:
        """Remove what the task's missions left behind; without `force` not a worktree with uncommitted work in it."""
        for mission in await self.store.missions(task.id):
            with contextlib.suppress(UnsavedWork):
                await self.repository.remove(Path(mission.worktree), branch=mission.branch, force=force)

    def _require_here(self, task: Task) -> None:
        if task.repo != str(self.repository.root):
            raise NotPossible(f"{task.label} belongs to another repository: run this in {task.repo}")

    async def _watch_agents(self, events: Subscription) -> None:
        with events:
            async for event in events:
                if isinstance(event, AgentHealth) and event.agent in self._agents:
                    before = self._agents[event.agent]
                    self._agents[event.agent] = before.model_copy(
                        update={
                            "health": event.health,
                            "task": event.task,
                            "mission": event.mission,
                            "step": event.step,
                            "note": event.note,
                        }
                    )

    async def _follow(self) -> None:
        """What other processes on this home did and ordered."""
        while True:
            await asyncio.sleep(FOLLOW_S)
            if not await self.store.changed():
                continue
            await self.store.publish_foreign()
            for order in await self.store.take_orders(tuple(self._running)):
                running = self._running.get(order.task)
                if order.order == "cancel" and running is not None:
                    running.cancel()
