"""The engine's front door: post, dispatch, cancel, accept; one object, no terminal.

async with Headquarters(settings, home=home, folder=folder) as hq:
    task = await hq.post(NewTask(title="Create slug.py with slugify(text)"))
    await hq.dispatch(task.id)
    task = await hq.wait(task.id)
"""

import asyncio
import contextlib
from pathlib import Path
from types import TracebackType
from typing import Self

from agents.bus import Subscription
from agents.clock import Clock, SystemClock
from agents.dispatch.cooldown import Cooling
from agents.dispatch.owner import is_alive, this_process
from agents.dispatch.recovery import recover
from agents.dispatch.slots import Slots
from agents.dispatch.squad import UNDER_WAY, Squad
from agents.events import AgentHealth, Event, TaskAssessed, TaskPosted, TaskQueued, TaskStatusChanged
from agents.missions.mission import Ground
from agents.missions.proof import Prover
from agents.models.chat import Message
from agents.models.connect import Connect, connector
from agents.refusals import Conflict, HeadquartersError, NoHome, NotPossible, UnknownTask
from agents.routing.assessment import assess
from agents.sanitize import one_line, sanitize
from agents.settings import Settings
from agents.store import Store
from agents.tasks import NANO, Agent, Frozen, Mission, NewTask, Task, TaskStatus
from agents.tools.sandbox import choose_sandbox
from agents.workspace import MergeConflict, Repository, UnsavedWork, WorkspaceError

__all__ = ["Conflict", "Credits", "Headquarters", "HeadquartersError", "NoHome", "NotPossible", "UnknownTask"]


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
        try:
            await self._squad.close()
        finally:
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
        recovered: list[Task] = []
        if self._recover:
            recovered = await recover(self.store, self.repository, self._clock, self._owner)
        self._squad = Squad(ground, slots, cooling, self._connect)
        self._squad.spawn(self._watch_agents(self.store.bus.subscribe()))
        self._squad.spawn(self._squad.follow())
        self._squad.start(*recovered)

    # -- what is there ------------------------------------------------------------------------------------------

    def events(self) -> Subscription:
        """Everything that happens from now on, on this home. Close it when done."""
        return self.store.bus.subscribe()

    async def history(self, limit: int) -> list[Event]:
        """The last `limit` events of this repository, oldest first; the squad's and the money's among them."""
        return await self.store.recent_events(limit, repo=str(self.repository.root))

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
        task = await self._queue(task_id)
        self._squad.start(task, comment=comment)
        return task

    async def dispatch_all(self) -> list[Task]:
        """Dispatch every open task of this repository, by priority, then age."""
        waiting = [task for task in await self.tasks() if task.status is TaskStatus.OPEN]
        waiting.sort(key=lambda task: (-task.priority, task.id))
        queued: list[Task] = []
        for task in waiting:
            with contextlib.suppress(NotPossible):  # another War Room was quicker
                queued.append(await self._queue(task.id))
        self._squad.start(*queued)
        return queued

    async def _queue(self, task_id: int) -> Task:
        """Make the task ours: looked at and taken in one transaction, so no other process runs it too."""
        at = self._clock.now()
        events = (
            TaskStatusChanged(at=at, task=task_id, status=TaskStatus.QUEUED),
            TaskQueued(at=at, task=task_id),
        )
        self._require_dispatchable(await self.task(task_id))
        return await self.store.save_task(
            task_id,
            events,
            provided=self._require_dispatchable,
            status=TaskStatus.QUEUED,
            owner=self._owner,
            reason="",
            outcome=None,
            halted=None,
        )

    def _require_dispatchable(self, task: Task) -> None:
        if task.repo != str(self.repository.root):
            raise NotPossible(f"{task.label} belongs to another repository: {task.repo}")
        if task.status in UNDER_WAY and is_alive(task.owner):
            raise NotPossible(f"{task.label} is {task.status} already")
        if task.status in {TaskStatus.DONE, TaskStatus.REVIEW}:
            raise NotPossible(f"{task.label} is {task.status}: reject it first, or retry it with a comment")

    async def retry(self, task_id: int, comment: str = "") -> Task:
        """Once more, from the person's branch as it is now, with what the person says. Keeps nothing of the result."""
        task = await self.task(task_id)
        if task.status is TaskStatus.DONE:
            raise NotPossible(f"{task.label} is accepted already: post a new task")
        if task.status is TaskStatus.REVIEW:
            task = await self.reject(task_id)
        return await self.dispatch(task.id, sanitize(comment))

    async def cancel(self, task_id: int) -> Task:
        """Stop it now: stream closed, processes killed, slot free. Another process's task is stopped over there.

        A result that was there before the order came stays. Raises NotPossible when the task has ended.
        """
        task = await self.task(task_id)
        if self._squad.runs(task_id):
            await self._squad.stop(task_id)
            return await self.task(task_id)
        if task.status in UNDER_WAY and is_alive(task.owner):
            await self.store.give_order(task_id, "cancel")
            return await self._until_at_rest(task_id, within_s=5.0)
        if task.status.ended:
            raise NotPossible(f"{task.label} is {task.status} already")
        await self._squad.cancelled(task_id, among=[status for status in TaskStatus if not status.ended])
        return await self.task(task_id)

    async def accept(self, task_id: int) -> Task:
        """Merge the result onto the person's branch. When the branch moved, the check runs on the merged tree first.

        Raises NotPossible, Conflict; on either the person's checkout is as it was.
        """
        task = await self.task(task_id)
        commit = self._require_review(task)
        self._require_here(task)
        try:
            preview = await self.repository.merge_preview(commit, task.target_branch)
            if preview.moved and task.base_check is not None:
                await self._check_merged(task, task.base_check.command, preview.commit)
            if self._require_review(await self.task(task_id)) != commit:
                raise NotPossible(f"{task.label} has another result by now: look at it, then accept again")
            await self.repository.apply_merge(preview)
        except MergeConflict as error:
            raise Conflict(f"{task.label}: {error}") from error
        except WorkspaceError as error:
            raise Conflict(f"{task.label} was not merged: {error}") from error
        with contextlib.suppress(WorkspaceError):  # it is merged; a branch somebody has checked out stays
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
        try:
            await self._forget_branches(task, force=True)
        except WorkspaceError as error:
            raise NotPossible(f"{task.label} was not rejected: {error}") from error
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
        await self._squad.join(task_id)
        return await self._until_at_rest(task_id)

    # -- inside -------------------------------------------------------------------------------------------------

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

    async def _check_merged(self, task: Task, command: str, commit: str) -> None:
        result = await self._squad.check_merged(task, command, commit)
        if not result.green:
            raise Conflict(
                f"{task.label} was not merged: your branch has moved on, and on the merged tree the check "
                f"{'did not end in time' if result.exit_code is None else f'exits {result.exit_code}'}. "
                f"`warroom retry {task.label}` does it again from your branch as it is now"
            )

    @staticmethod
    def _require_review(task: Task) -> str:
        """The commit in review. Raises NotPossible."""
        if task.status is not TaskStatus.REVIEW or not task.commit:
            raise NotPossible(f"{task.label} is {task.status}: only a task in review can be accepted")
        return task.commit

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
