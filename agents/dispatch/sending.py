"""A person's orders to the squad: send out, hold, let go, hurry, give it to a better one."""

import contextlib
from collections.abc import Collection
from typing import Any

from agents.dispatch.gate import FORCED
from agents.dispatch.squad import UNDER_WAY, Squad
from agents.events import Event, TaskPaused, TaskQueued, TaskStatusChanged
from agents.missions.mission import Ground
from agents.refusals import NotPossible
from agents.routing.plan import cheaper_than
from agents.tasks import Role, Task, TaskStatus

ESCALATED = "a better tier was asked for"


class Sending:
    """Orders about tasks of one repository."""

    def __init__(self, ground: Ground, squad: Squad) -> None:
        self._ground, self._squad = ground, squad
        self._store, self._settings = ground.store, ground.settings

    async def dispatch(
        self, task: Task, *, comment: str = "", at_least: str | None = None, forced: bool = False
    ) -> Task:
        """Queue it and carry it out. Raises NotPossible."""
        task = await self._queue(task, comment=comment, at_least=at_least, forced=forced)
        self._squad.start(task)
        return task

    async def dispatch_all(self, among: Collection[int] | None = None) -> list[Task]:
        """Dispatch every open task, by priority, then age; the parts of a task only once they were approved.

        `among`: these, wherever they stand, but for those that are on their way or have a result.
        """
        tasks = {task.id: task for task in await self._store.tasks(repo=str(self._ground.repository.root))}
        waiting = [
            task for task in tasks.values() if (task.status is TaskStatus.OPEN if among is None else task.id in among)
        ]
        waiting.sort(key=lambda task: (-task.priority, task.id))
        queued: list[Task] = []
        try:
            for task in waiting:
                parent = tasks.get(task.parent) if task.parent is not None else None
                if parent is not None and parent.status is not TaskStatus.BLOCKED:
                    continue
                with contextlib.suppress(NotPossible):  # another War Room was quicker
                    queued.append(await self._queue(task))
        finally:
            self._squad.start(*queued)  # those that are ours already, whatever ended this
        return queued

    async def _queue(self, task: Task, *, comment: str = "", at_least: str | None = None, forced: bool = False) -> Task:
        """Make the task ours: looked at and taken in one transaction, so no other process runs it too."""
        dead = await self._squad.leases.dead({task.owner})

        def dispatchable(now: Task) -> None:
            if now.repo != str(self._ground.repository.root):
                raise NotPossible(f"{now.label} belongs to another repository: {now.repo}")
            if now.status in UNDER_WAY and now.owner not in dead:
                raise NotPossible(f"{now.label} is {now.status} already")
            if now.status in {TaskStatus.DONE, TaskStatus.REVIEW}:
                raise NotPossible(f"{now.label} is {now.status}: reject it first, or retry it with a comment")

        dispatchable(task)
        await self._store.take_orders([task.id])  # what was ordered of an earlier dispatch and came too late for it
        at = self._ground.clock.now()
        events: tuple[Event, ...] = (
            TaskStatusChanged(at=at, task=task.id, status=TaskStatus.QUEUED),
            TaskQueued(at=at, task=task.id),
            *((TaskPaused(at=at, task=task.id, paused=False),) if task.paused else ()),
        )
        afresh: dict[str, Any] = {"reason": "", "outcome": None, "halted": None, "built_on": {}, "paused": False}
        return await self._store.save_task(
            task.id,
            events,
            provided=dispatchable,
            status=TaskStatus.QUEUED,
            owner=self._ground.owner,
            comment=comment,
            at_least=at_least,
            forced=forced,
            first_mission=len(await self._store.missions(task.id)) + 1,
            **afresh,
        )

    async def pause(self, task: Task, *, paused: bool) -> Task:
        """Hold it before its next step, or let it go on. Raises NotPossible when there is nothing to hold."""

        def under_way(now: Task) -> None:
            if now.status not in UNDER_WAY:
                can = "paused" if paused else "resumed"
                raise NotPossible(f"{now.label} is {now.status}: only a task on its way can be {can}")

        under_way(task)
        if task.paused == paused:
            return task
        event = TaskPaused(at=self._ground.clock.now(), task=task.id, paused=paused)
        return await self._store.save_task(task.id, [event], provided=under_way, paused=paused)

    async def force(self, task: Task) -> Task:
        """Start it whatever it waits for. Raises NotPossible."""
        if task.status not in UNDER_WAY:
            return await self.dispatch(task, comment=task.comment, forced=True)
        if task.status is TaskStatus.RUNNING:
            raise NotPossible(f"{task.label} is running already")
        at = self._ground.clock.now()
        events: tuple[Event, ...] = (
            TaskStatusChanged(at=at, task=task.id, status=TaskStatus.QUEUED, reason=FORCED),
            TaskPaused(at=at, task=task.id, paused=False),
        )

        def waits(now: Task) -> None:
            if now.status not in {TaskStatus.QUEUED, TaskStatus.BLOCKED}:
                raise NotPossible(f"{now.label} is {now.status} by now")

        changes: dict[str, Any] = {"forced": True, "paused": False, "status": TaskStatus.QUEUED}
        return await self._store.save_task(task.id, events, provided=waits, reason=FORCED, **changes)

    async def escalate(self, task: Task, *, comment: str = "") -> Task:
        """Go on with the next tier up. Raises NotPossible."""
        above = self._above(await self._tier_of(task))
        if above is None:
            raise NotPossible(f"{task.label}: there is no tier above {await self._tier_of(task)}")
        if task.status not in UNDER_WAY:
            if task.status is TaskStatus.REVIEW:
                raise NotPossible(f"{task.label} is in review: retry it with a comment and a tier, or reject it")
            return await self.dispatch(task, comment=comment or task.comment, at_least=above)
        task = await self._store.save_task(task.id, at_least=above, tier=None)
        await self.anew(task, ESCALATED)
        return await self._now(task)

    async def anew(self, task: Task, reason: str = "changed by you") -> None:
        """Have a task on its way begun anew with its row as it is now, in whichever War Room it is."""
        if self._squad.runs(task.id):
            await self._squad.again(task.id, reason)
        else:
            await self._store.give_order(task.id, "again", reason)

    async def _tier_of(self, task: Task) -> str:
        """The tier that works on it, or worked on it last, or would be asked first."""
        missions = [one for one in await self._store.missions(task.id) if one.role is Role.CODE]
        if missions and missions[-1].number >= task.first_mission:
            return missions[-1].tier
        return task.tier or (task.plan[0].tier if task.plan else next(iter(self._settings.tiers)))

    def _above(self, tier: str) -> str | None:
        able = [name for name, one in self._settings.tiers.items() if one.enabled and "code" in one.roles]
        return next((name for name in able if tier in cheaper_than(self._settings, name)), None)

    async def _now(self, task: Task) -> Task:
        return await self._store.task(task.id) or task
