"""Waiting for a task to come to rest, whichever War Room carries it out."""

import asyncio
from collections.abc import Awaitable, Iterable

from agents.dispatch.gate import is_stuck
from agents.events import TaskStatusChanged
from agents.refusals import NotPossible, UnknownTask
from agents.store import Store
from agents.tasks import Task, TaskStatus


async def known_task(store: Store, task_id: int) -> Task:
    """Raises UnknownTask."""
    task = await store.task(task_id)
    if task is None:
        raise UnknownTask(f"there is no task T{task_id}: `warroom board --all` lists them")
    return task


async def until_at_rest(store: Store, task_id: int, within_s: float | None = None) -> Task:
    """Until it ended, is in review, open, or needs a person, or waits for a task that does. Raises UnknownTask;
    NotPossible when that took longer than `within_s` seconds."""
    with store.bus.subscribe() as events:
        task = await known_task(store, task_id)
        if task.status.at_rest or await is_stuck(store, task):
            return task
        try:
            async with asyncio.timeout(within_s):
                async for event in events:
                    blocked = task.status is TaskStatus.BLOCKED
                    if isinstance(event, TaskStatusChanged) and (event.task == task_id or blocked):
                        task = await known_task(store, task_id)
                        if task.status.at_rest or await is_stuck(store, task):
                            return task
        except TimeoutError:
            raise NotPossible(f"{task.label} is {task.status} in another War Room that does not answer") from None
    return task


async def all_possible(orders: Iterable[Awaitable[Task]]) -> list[Task]:
    """Carry out orders beside each other; the tasks of those that were possible. Raises the first fault."""
    ended = await asyncio.gather(*orders, return_exceptions=True)
    if faults := [one for one in ended if isinstance(one, Exception) and not isinstance(one, NotPossible)]:
        raise faults[0]
    return [one for one in ended if isinstance(one, Task)]
