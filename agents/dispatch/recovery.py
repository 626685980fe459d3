"""After a crash: what a dead process left running is marked interrupted and put back in the queue. Nothing is lost."""

from agents.clock import Clock
from agents.dispatch.carry_out import used_up
from agents.dispatch.owner import is_alive
from agents.events import MissionFinished, TaskQueued, TaskStatusChanged
from agents.store import Store
from agents.store.tally import tally
from agents.tasks import Outcome, Task, TaskStatus
from agents.workspace import Repository

REASON = "interrupted: the War Room that ran it ended"


async def recover(store: Store, repository: Repository, clock: Clock, owner: str) -> list[Task]:
    """Requeue the tasks of this repository whose process is dead, for `owner` to carry out; those tasks.

    Money stays counted (open calls settle to their reservation). A worktree with unsaved work in it stays.
    """
    found: list[Task] = []
    for mission in await store.open_missions():
        task = await store.task(mission.task)
        if task is None or task.repo != str(repository.root) or is_alive(mission.owner):
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
    for task in await store.tasks(repo=str(repository.root), statuses={TaskStatus.QUEUED, TaskStatus.RUNNING}):
        if is_alive(task.owner):
            continue
        at = clock.now()
        status = TaskStatusChanged(at=at, task=task.id, status=TaskStatus.QUEUED, reason=REASON)
        found.append(
            await store.save_task(
                task.id,
                [status, TaskQueued(at=at, task=task.id)],
                status=TaskStatus.QUEUED,
                reason=REASON,
                owner=owner,
                **await used_up(store, task.id),
            )
        )
    return found
