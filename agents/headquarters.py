"""The engine's front door: post, dispatch, cancel, accept; one object, no terminal.

async with Headquarters(settings, home=home, folder=folder) as hq:
    task = await hq.post(NewTask(title="Create slug.py with slugify(text)"))
    await hq.dispatch(task.id)
    task = await hq.wait(task.id)
"""

import asyncio
import contextlib
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from agents.bus import Listener, Subscription
from agents.clock import Clock, SystemClock
from agents.dispatch import budget, concluding, reviewing, splitting
from agents.dispatch.approvals import ALONE, SCRIPTED, Approvals, Attendance
from agents.dispatch.budget import Credits
from agents.dispatch.cooldown import Cooling
from agents.dispatch.follow import Follower
from agents.dispatch.gate import Gate
from agents.dispatch.leases import Leases
from agents.dispatch.owner import new_owner
from agents.dispatch.posting import edit, post, require_tier
from agents.dispatch.posting_all import Posted, post_all
from agents.dispatch.recovery import recover
from agents.dispatch.resting import all_possible, known_task, until_at_rest
from agents.dispatch.roster import Roster
from agents.dispatch.sending import Sending
from agents.dispatch.slots import Slots
from agents.dispatch.squad import UNDER_WAY, Squad
from agents.dispatch.verdicts import Verdicts
from agents.events import Event
from agents.missions.mission import Ground
from agents.missions.proof import Prover
from agents.models.chat import Message
from agents.models.connect import Connect, connector, within
from agents.private_files import private_folder
from agents.redactor import learn_secrets
from agents.refusals import Conflict, HeadquartersError, NoHome, NotPossible, UnknownTask
from agents.sanitize import sanitize
from agents.settings import Settings
from agents.store import Proving, Store
from agents.tasks import Agent, Mission, NewTask, Outcome, Task, TaskStatus
from agents.tools.closed import unless_trusted
from agents.tools.sandbox import choose_sandbox
from agents.workspace import Repository

__all__ = ["Conflict", "Credits", "Headquarters", "HeadquartersError", "NoHome", "NotPossible", "UnknownTask"]


class Headquarters:
    """One repository's command. Enter it to open the store and the workspace.

    Leaving breaks off what still runs and puts it back in the queue, where the next War Room finds it.
    """

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
        proving: Proving | None = None,
        attendance: Attendance = ALONE,
        trusted: bool = True,
    ) -> None:
        """`trusted`: the person vouches for what the repository runs; else nothing of it runs outside a wall."""
        self.settings, self.simulated = settings, simulated
        self.warnings: tuple[str, ...] = ()
        self.closed = ""  # why nothing of this repository is run here
        self._home, self._folder, self.walled = home, folder, True
        self._clock, self._seed = clock or SystemClock(), seed
        self._connect = within(settings.routing, connect or connector(self._clock, routing=settings.routing))
        self._recover, self._proving, self._trusted, self._who = recover, proving, trusted, attendance
        self._owner = new_owner()

    async def __aenter__(self) -> Self:
        """Open everything. Raises NoHome, StoreError, WorkspaceError, SandboxError."""
        try:
            private_folder(self._home / "logs")
        except OSError as error:
            raise NoHome(self._home, error.strerror or str(error)) from error
        self.repository = await Repository.open(self._folder, self._home, trusted=self._trusted)
        await asyncio.to_thread(learn_secrets, self.repository.root)
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
        """Stop in order: what runs goes back in the queue; then close."""
        try:
            await self._squad.close()
        finally:
            await self.store.close()

    async def _open(self) -> None:
        settings = self.settings
        chosen = await choose_sandbox(settings.sandbox.kind, hidden=[self._home], limits=settings.sandbox)
        sandbox, self.closed = unless_trusted(chosen, trusted=self._trusted)
        self._recover = self._recover and not self.closed
        self.warnings, self.walled = ((sandbox.warning,) if sandbox.warning else ()), sandbox.wall
        logs, repo = self._home / "logs", str(self.repository.root)
        who = SCRIPTED if self.simulated else self._who
        self.approvals = Approvals(self.store, self._clock, settings.sandbox, owner=self._owner, repo=repo, who=who)
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
                network=settings.network,
            ),
            settings=settings,
            clock=self._clock,
            logs=logs,
            owner=self._owner,
            seed=self._seed,
            proving=self._proving,
            asks=self.approvals,
        )
        leases = Leases(self.store, self._clock, self._owner, settings.dispatch.lease_s)
        slots = Slots(settings.tiers, self.store, leases, max_running=settings.dispatch.max_running)
        self._roster = Roster(slot for group in slots.all.values() for slot in group)
        self._ground, self._verdicts = ground, Verdicts(ground)
        self._squad = Squad(
            ground,
            slots=slots,
            gate=Gate(
                self.store, settings.dispatch, repo=repo, owner=self._owner, clock=self._clock, closed=self.closed
            ),
            cooling=Cooling(settings.cooldown, self.store, self._clock, ground.power),
            leases=leases,
            approvals=self.approvals,
            connect=self._connect,
            conclude=partial(concluding.conclude, ground),
            at_rest=self._at_rest,
        )
        self._sending = Sending(ground, self._squad)
        self.opened_at = await self.store.last_seq()
        """The log's last event before this War Room did anything."""
        adopt = partial(recover, self.store, self.repository, self._clock, leases)
        recovered = await adopt() if self._recover else []
        await self._squad.open()
        self._squad.spawn(self._roster.watch(self.store.bus.subscribe()))
        follower = Follower(
            self.store, self._squad, leases, self._clock, repo=repo, adopt=adopt if self._recover else None
        )
        self._squad.keep_on(follower.run)
        self._squad.start(*recovered)

    # -- what is there ------------------------------------------------------------------------------------------

    def events(self, after_seq: int | None = None) -> Subscription:
        """Everything that happens from now on, on this home, or after `after_seq`. Close it when done."""
        return self.store.bus.subscribe(after_seq=after_seq)

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Call `listener` the moment an event of this process is told; it must take no time and raise nothing."""
        return self.store.bus.listen(listener)

    async def history(self, limit: int) -> list[Event]:
        """The last `limit` events of this repository, oldest first; the squad's and the money's among them."""
        return await self.store.recent_events(limit, repo=str(self.repository.root))

    def agents(self) -> tuple[Agent, ...]:
        """The roster: every slot's agent and how it is."""
        return self._roster.agents()

    async def task(self, task_id: int) -> Task:
        """Raises UnknownTask."""
        return await known_task(self.store, task_id)

    async def tasks(self, *, everywhere: bool = False) -> list[Task]:
        """The board of this repository, or of every repository of this home."""
        return await self.store.tasks(repo=None if everywhere else str(self.repository.root))

    async def missions(self, task_id: int) -> list[Mission]:
        """The missions of a task, first to last."""
        return await self.store.missions(task_id)

    async def open_missions(self) -> list[Mission]:
        """Missions under way, on this home."""
        return await self.store.open_missions()

    async def transcript(self, mission_id: int) -> list[Message]:
        """What was said in a mission."""
        return await self.store.transcript(mission_id)

    async def diff(self, task_id: int) -> str:
        """The result's unified diff against its base; empty when there is no result. Foreign text: not sanitized."""
        task = await self._here(task_id)
        if not task.base_commit or not task.commit:
            return ""
        return await self.repository.diff(task.base_commit, task.commit)

    async def credits(self) -> Credits:
        """Money spent and reserved today against the cap in force, and what free work saved today."""
        return await budget.credits(self.store, self.settings, self._clock.now())

    # -- orders -------------------------------------------------------------------------------------------------

    async def post(self, new: NewTask) -> Task:
        """Put a task on the board, assessed. Raises NotPossible for a tier or a dependency that does not exist."""
        return await self._squad.planner.forecast(await post(self._ground, new, simulated=self.simulated))

    async def post_all(self, news: Sequence[NewTask], needs: Mapping[str, Sequence[str]]) -> list[Posted]:
        """Put tasks on the board that are not there by their external ids; all of them. See `posting_all`."""
        posted = await post_all(self._ground, news, needs, simulated=self.simulated)
        return [
            one.model_copy(update={"task": await self._squad.planner.forecast(one.task)}) if one.fresh else one
            for one in posted
        ]

    async def edit(self, task_id: int, **changes: Any) -> Task:
        """Change title, brief, check, priority, tier or depends_on. Raises NotPossible while it runs or is reviewed."""
        task = await edit(self._ground, await self._here(task_id), **changes)
        if task.status is TaskStatus.QUEUED:
            await self._sending.anew(task)
        return await self._squad.planner.forecast(task)

    async def dispatch(self, task_id: int, comment: str = "", *, at_least: str | None = None) -> Task:
        """Queue a task and carry it out as soon as nothing holds it and there is a slot.

        `comment` reaches every mission of this dispatch; no tier cheaper than `at_least` is asked. Raises NotPossible
        when the task is on its way already.
        """
        return await self._sending.dispatch(await self.task(task_id), comment=sanitize(comment), at_least=at_least)

    async def dispatch_all(self, among: Collection[int] | None = None) -> list[Task]:
        """Dispatch every open task of this repository, by priority, then age; parts only once they are approved.

        `among`: these, wherever they stand, but for those that are on their way or have a result.
        """
        return await self._sending.dispatch_all(among)

    async def retry(self, task_id: int, comment: str = "", *, tier: str | None = None) -> Task:
        """Once more, from the person's branch as it is now, with what the person says. Keeps nothing of the result.

        `tier` pins the task to it from now on.
        """
        task = await self.task(task_id)
        require_tier(self._ground, tier)
        if task.status is TaskStatus.DONE:
            raise NotPossible(f"{task.label} is accepted already: post a new task")
        if task.status is TaskStatus.REVIEW:
            task = await self.reject(task_id)
        if tier is not None:
            task = await self.edit(task_id, tier=tier)
        return await self.dispatch(task.id, comment)

    async def pause(self, task_id: int) -> Task:
        """Hold a task before its next step, in whichever War Room it runs. Raises NotPossible when it has ended."""
        return await self._sending.pause(await self.task(task_id), paused=True)

    async def resume(self, task_id: int) -> Task:
        """Let a paused task go on."""
        return await self._sending.pause(await self.task(task_id), paused=False)

    async def force(self, task_id: int) -> Task:
        """Start a task whatever it waits for, but for a slot and for money. Raises NotPossible."""
        return await self._sending.force(await self.task(task_id))

    async def escalate(self, task_id: int, comment: str = "") -> Task:
        """Give a task to the next tier up: what runs is broken off, what waits for a person is sent out again.

        Raises NotPossible when there is no tier above.
        """
        return await self._sending.escalate(await self.task(task_id), comment=sanitize(comment))

    async def raise_daily_cap(self, usd: float) -> Credits:
        """Let today (UTC) cost up to `usd` in all, in every War Room of this home. Raises NotPossible for no more."""
        await budget.raise_daily(self.store, self.settings, budget.nano_of(usd), by=self._owner)
        return await self.credits()

    async def raise_task_cap(self, task_id: int, usd: float) -> Task:
        """Let a task cost up to `usd` in all, from its next call on. Raises UnknownTask; NotPossible for no more."""
        await self.task(task_id)
        return await budget.raise_task(self.store, self.settings, task_id, budget.nano_of(usd), by=self._owner)

    async def review(self, task_id: int) -> Task:
        """Have a stronger tier read the result's diff. Raises NotPossible, NoAdviser, NoAdvice, NoFunds."""
        return await reviewing.review(self._squad.council, await self._here(task_id))

    async def send_back(self, task_id: int, comment: str = "", *, tier: str | None = None) -> Task:
        """Retry with what the review of the present result found, after what the person says. Raises NotPossible."""
        return await self.retry(task_id, reviewing.findings_as_comment(await self.task(task_id), comment), tier=tier)

    async def split(self, task_id: int) -> tuple[Task, ...]:
        """Have a planner divide a task; its parts, which start when approved. Raises as `review` does."""
        parts = await splitting.split(self._squad.council, await self._here(task_id))
        return tuple([await self._squad.planner.forecast(part) for part in parts])

    async def approve(self, task_id: int) -> tuple[Task, ...]:
        """Send out a split task, which waits for its parts, and these; the parts. Raises NotPossible."""
        return await concluding.approve(self._ground, await self._here(task_id), self.dispatch)

    async def parts(self, task_id: int) -> list[Task]:
        """The parts of a split task."""
        return await self.store.tasks(parent=task_id)

    async def cancel(self, task_id: int) -> Task:
        """Stop it now: stream closed, processes killed, slot free. Another process's task is stopped over there.

        A result that was there before the order came stays. Raises NotPossible when the task has ended.
        """
        await self._squad.council.stop(task_id)
        task = await self.task(task_id)
        if self._squad.runs(task_id):
            await self._squad.stop(task_id)
            return await self.task(task_id)
        if task.status in UNDER_WAY and task.owner not in await self._squad.leases.dead({task.owner}):
            await self.store.give_order(task_id, "cancel")
            return await until_at_rest(self.store, task_id, within_s=5.0)
        if task.status.ended:
            raise NotPossible(f"{task.label} is {task.status} already")
        await self._squad.cancelled(task_id, among=[status for status in TaskStatus if not status.ended])
        return await self.task(task_id)

    async def abort_all(self) -> list[Task]:
        """Cancel everything that is under way in this repository, in every War Room of this home; what was stopped."""
        under_way = [task for task in await self.tasks() if task.status in UNDER_WAY]
        return await all_possible(self.cancel(task.id) for task in under_way)

    async def accept(self, task_id: int) -> Task:
        """Merge the result onto the person's branch. When the branch moved, the check runs on the merged tree first.

        A result that does not fit any more is sent out again where `dispatch.on_conflict` says so. Raises NotPossible,
        Conflict; on either the person's checkout is as it was.
        """
        return await self._accepted(task_id, or_again=self.settings.dispatch.on_conflict == "retry")

    async def rework(self, task_id: int) -> Task:
        """Accept it, or where it does not fit the branch any more send an agent out with the conflict as its brief."""
        return await self._accepted(task_id, or_again=True)

    async def _accepted(self, task_id: int, *, or_again: bool) -> Task:
        task = await self._here(task_id)
        try:
            return await self._verdicts.accept(task)
        except Conflict as conflict:
            if not or_again or not conflict.brief:
                raise
            brief = await self._verdicts.brief_of(task, conflict)
        await self._verdicts.reject(task)
        return await self.dispatch(task.id, brief)

    async def reject(self, task_id: int) -> Task:
        """Throw the result away, branch and worktree; the task goes back to open."""
        task = await self._here(task_id)
        return await self._verdicts.reject(task)

    async def wait(self, task_id: int) -> Task:
        """Until nothing more happens to the task by itself: it ended, is in review, open, or needs a person, or waits
        for a task that does."""
        task = await until_at_rest(self.store, task_id)
        if task.status is not TaskStatus.BLOCKED:
            await self._squad.join(task_id)
        return await self.task(task_id)

    async def until_idle(self) -> None:
        """Until this process has nothing under way but what waits for a person."""
        await self._squad.until_idle()

    def under_way(self) -> frozenset[int]:
        """The tasks this process carries out or holds back; those of other War Rooms are not among them."""
        return frozenset(self._squad.busy)

    # -- inside -------------------------------------------------------------------------------------------------

    async def _at_rest(self, task: Task) -> None:
        """A task's missions are over."""
        if self.settings.dispatch.auto_accept and task.status is TaskStatus.REVIEW and task.outcome is Outcome.PROVEN:
            with contextlib.suppress(Conflict, NotPossible):  # it stays in review, where a person sees it
                await self.accept(task.id)

    async def _here(self, task_id: int) -> Task:
        """The task, if it is this repository's. Raises UnknownTask, NotPossible."""
        task = await self.task(task_id)
        if task.repo != str(self.repository.root):
            raise NotPossible(f"{task.label} belongs to another repository: run this in {task.repo}")
        return task
