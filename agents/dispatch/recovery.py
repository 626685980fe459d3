"""After a crash: what a dead process left running is marked interrupted and put back in the queue. Nothing is lost."""

import contextlib
from collections.abc import Collection

from agents.clock import Clock
from agents.dispatch.carry_out import used_up
from agents.dispatch.owner import is_alive
from agents.events import MissionFinished, TaskQueued, TaskStatusChanged
from agents.store import Store
from agents.store.tally import tally
from agents.tasks import Outcome, Task, TaskStatus
from agents.workspace import Repository

_UNDER_WAY = frozenset({TaskStatus.QUEUED, TaskStatus.RUNNING})
REASON = "interrupted: the War Room that ran it ended"


class _Taken(Exception):
    """Another War Room recovers the task."""


async def recover(store: Store, repository: Repository, clock: Clock, owner: str) -> list[Task]:
    """Requeue the tasks of this repository whose process is dead, for `owner` to carry out; those tasks.

    Each is taken by one War Room, however many start at once. Money stays counted (open calls settle to their
    reservation). A worktree with unsaved work in it stays.
    """
    taken: list[int] = []
    for task in await store.tasks(repo=str(repository.root), statuses=_UNDER_WAY):
        if not is_alive(task.owner):
            at = clock.now()
            status = TaskStatusChanged(at=at, task=task.id, status=TaskStatus.QUEUED, reason=REASON)
            events = (status, TaskQueued(at=at, task=task.id))
            changes = {"status": TaskStatus.QUEUED, "reason": REASON, "owner": owner}
            with contextlib.suppress(_Taken):
                await store.save_task(task.id, events, provided=_require_abandoned, **changes)
                taken.append(task.id)
    await _end_missions(store, repository, clock, taken)
    return [await store.save_task(task_id, **await used_up(store, task_id)) for task_id in taken]


def _require_abandoned(task: Task) -> None:
    if task.status not in _UNDER_WAY or is_alive(task.owner):
        raise _Taken


async def _end_missions(store: Store, repository: Repository, clock: Clock, taken: Collection[int]) -> None:
    """Mark what dead processes left open: of the tasks we took, and of those that are not under way any more."""
    for mission in await store.open_missions():
        task = await store.task(mission.task)
        if task is None or task.repo != str(repository.root) or is_alive(mission.owner):
            continue
        if task.status in _UNDER_WAY and task.id not in taken:
            continue
        await store.settle_abandoned(mission.id)
        total = tally(await store.calls(mission.task), mission=mission.id)
        at = clock.now()
        finished = MissionFinished(
            at=at,
            task=mission.task,
            mission=mission.id,
            agent=mission.agent,
            tier=mission.tier,
            outcome=Outcome.FAILED,
            reason=REASON,
            steps=total.steps,
            seconds=mission.seconds,
        )
        await store.save_mission(
            mission.id, [finished], outcome=Outcome.FAILED, reason=REASON, finished_at=at, **dict(total)
        )
