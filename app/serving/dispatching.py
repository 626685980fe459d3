"""`dispatch`, and waiting for a task: with progress, and with what becomes of it when the client wants no answer."""

import asyncio
import contextlib
from typing import TYPE_CHECKING

from agents.tasks import NANO, NewTask, Task
from app.commands.run import titled
from app.serving import arguments as given
from app.serving.orders import Answer, reported, show
from app.serving.progress import Progress, Tell
from app.serving.rooms import Room, Rooms

if TYPE_CHECKING:
    from agents.headquarters import Headquarters

IMPATIENT = ("timed out", "timeout", "time out", "deadline")
"""In the reason of a cancellation: it was the client's patience that ended, and nobody's wish."""


class Call:
    """A call that waits. Who made it can take it back, or just go away."""

    def __init__(self, tell: Tell) -> None:
        self.tell = tell
        self.waits = False
        """For a task, however long that takes; other calls are answered soon."""
        self.taken_back = False
        """The client cancelled it, and not because it would not wait any longer."""

    def cancelled(self, reason: str) -> None:
        """The client cancels it."""
        self.taken_back = not any(word in reason.lower() for word in IMPATIENT)


async def dispatch(rooms: Rooms, asked: given.Dispatch, call: Call) -> Answer:
    """Post a task, send it out and, if wanted, wait for its end. Raises NotPossible, UnknownTask.

    When the call is taken back the task is cancelled. When the client goes away or loses its patience it is not.
    """
    room = await rooms.at(asked.repo)
    begun = rooms.spawn(_begin(room.hq, new_task(asked)))
    try:
        task = await asyncio.shield(begun)
        if asked.wait:
            task = await _wait(room, task.id, asked.wait_s, call)
    except asyncio.CancelledError:
        if call.taken_back:
            rooms.spawn(_take_back(room.hq, begun))
        raise
    return await reported(room, task)


async def shown(rooms: Rooms, asked: given.Show, call: Call) -> Answer:
    """A task in full; first waited for, if wanted. Taking the call back changes nothing about the task."""
    room, task = await rooms.of(asked.task)
    if asked.wait_s is not None:
        task = await _wait(room, task.id, asked.wait_s, call)
    return await show(room, task)


def new_task(asked: given.Dispatch) -> NewTask:
    """What is posted for a call of dispatch."""
    title, words = titled(asked.task)
    return NewTask(
        title=title,
        brief="\n\n".join(filter(None, (words, asked.brief))),
        check=asked.check,
        tier=asked.tier,
        budget_nano=None if asked.budget_usd is None else round(asked.budget_usd * NANO),
        depends_on=asked.depends_on,
        orchestrate=asked.orchestrate,
    )


async def _begin(hq: "Headquarters", new: NewTask) -> Task:
    from agents.headquarters import NotPossible

    if hq.closed:
        raise NotPossible(hq.closed)
    task = await hq.post(new)
    return await hq.dispatch(task.id)


async def _take_back(hq: "Headquarters", begun: "asyncio.Task[Task]") -> None:
    from agents.headquarters import NotPossible

    task = await begun
    if not (await hq.task(task.id)).status.at_rest:
        with contextlib.suppress(NotPossible):  # it came to rest by itself meanwhile
            await hq.cancel(task.id)


async def _wait(room: Room, task_id: int, within_s: float | None, call: Call) -> Task:
    """Until the task is at rest, or the time is over; what happens meanwhile is told."""
    hq, call.waits = room.hq, True
    with hq.events() as events:
        following = asyncio.create_task(Progress(task_id, call.tell).follow(events))
        try:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(within_s):
                    await hq.wait(task_id)
            events.finish()
            await asyncio.wait({following}, timeout=1.0)  # a client that reads nothing is not waited for
        finally:
            following.cancel()
            await asyncio.gather(following, return_exceptions=True)
    return await hq.task(task_id)
