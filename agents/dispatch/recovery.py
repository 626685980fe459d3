"""After a crash: what a dead process left running is marked interrupted and put back in the queue. Nothing is lost."""

import contextlib
from collections.abc import Collection

from agents.clock import Clock
from agents.dispatch.ending import used_up
from agents.dispatch.leases import Leases
from agents.dispatch.leftovers import archive_leftovers
from agents.dispatch.squad import UNDER_WAY
from agents.events import Event, TaskQueued, TaskStatusChanged
from agents.missions.closing import close_mission
from agents.store import Store
from agents.tasks import Outcome, Task, TaskStatus
from agents.workspace import Repository, WorkspaceError

REASON = "interrupted: the War Room that ran it ended"


class _Taken(Exception):
    """Another War Room recovers the task."""


async def recover(store: Store, repository: Repository, clock: Clock, leases: Leases) -> list[Task]:
    """Take the tasks of this repository whose War Room is gone, for ours to carry out; those tasks.

    Each is taken by one War Room, however many start at once. Money stays counted (open calls settle to their
    reservation). A worktree with unsaved work in it stays; an empty one that no mission uses goes.
    """
    tasks = await store.tasks(repo=str(repository.root), statuses=UNDER_WAY)
    dead = await leases.dead({task.owner for task in tasks})
    taken: list[int] = []
    for task in tasks:
        if task.owner in dead:
            with contextlib.suppress(_Taken):
                await _take(store, clock, leases.owner, task)
                taken.append(task.id)
    for task_id in taken:
        await store.close_asks(task_id)
    await _end_missions(store, repository, clock, leases, taken)
    paid = await store.settle_abandoned_of_dead(leases.dead)
    await store.forget_owners(dead - {""})
    with contextlib.suppress(WorkspaceError):  # what cannot be tidied up now waits; the tasks that were taken do not
        await repository.sweep()
        await archive_leftovers(store, repository)
    for task_id in set(paid) - set(taken):
        await store.save_task(task_id, **await used_up(store, task_id))
    return [await store.save_task(task_id, **await used_up(store, task_id)) for task_id in taken]


async def _take(store: Store, clock: Clock, owner: str, task: Task) -> None:
    """Make it ours if it still is the dead one's. One that waits for others goes on waiting. Raises _Taken."""

    def abandoned(now: Task) -> None:
        if now.status not in UNDER_WAY or now.owner != task.owner:
            raise _Taken

    at = clock.now()
    events: tuple[Event, ...] = ()
    status, reason = task.status, task.reason
    if task.status is TaskStatus.RUNNING:
        status, reason = TaskStatus.QUEUED, REASON
        events = (TaskStatusChanged(at=at, task=task.id, status=status, reason=reason), TaskQueued(at=at, task=task.id))
    await store.save_task(task.id, events, provided=abandoned, status=status, reason=reason, owner=owner)


async def _end_missions(
    store: Store, repository: Repository, clock: Clock, leases: Leases, taken: Collection[int]
) -> None:
    """Mark what dead processes left open: of the tasks we took, and of those that are not under way any more."""
    missions = await store.open_missions()
    dead = await leases.dead({mission.owner for mission in missions})
    for mission in missions:
        task = await store.task(mission.task)
        if task is None or task.repo != str(repository.root) or mission.owner not in dead:
            continue
        if task.status in UNDER_WAY and task.id not in taken:
            continue
        await close_mission(store, clock, mission, Outcome.FAILED, REASON, interrupted=True, seconds=mission.seconds)
