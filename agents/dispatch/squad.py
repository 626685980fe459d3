"""The tasks this process carries out: started, stopped, and never left half done, whatever ends them."""

import asyncio
import contextlib
import traceback
from collections.abc import Collection, Coroutine
from functools import partial
from typing import Any

from agents.dispatch.carry_out import CarryOut, Readiness, finished_event, used_up
from agents.dispatch.cooldown import Cooling
from agents.dispatch.readiness import look
from agents.dispatch.slots import Slots
from agents.events import TaskStatusChanged
from agents.missions.mission import Ground
from agents.models.connect import Connect
from agents.sanitize import one_line
from agents.store import StoreError
from agents.tasks import CheckResult, Outcome, Task, TaskStatus
from agents.workspace.git import to_the_end

FOLLOW_S = 0.2
"""How often another process's events and orders are looked for: one PRAGMA on an idle home."""

UNDER_WAY = frozenset({TaskStatus.QUEUED, TaskStatus.RUNNING})


class _Elsewhere(Exception):
    """The task stands somewhere else by now."""


class Squad:
    """Runs tasks side by side, in as many slots as there are."""

    def __init__(self, ground: Ground, slots: Slots, cooling: Cooling, connect: Connect) -> None:
        self._ground = ground
        self._store = ground.store
        self._carry_out = CarryOut(ground, slots, cooling, connect, self.spawn)
        self._running: dict[int, asyncio.Task[None]] = {}
        self._background: set[asyncio.Task[Any]] = set()

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Run `work` beside everything else; it ends with the squad."""
        task = asyncio.create_task(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)

    def start(self, *tasks: Task, comment: str = "") -> None:
        """Carry out queued tasks. They look at the tiers together, and go on in the order they are given."""
        if not tasks:
            return
        looking = asyncio.create_task(look(self._ground.settings, self._store))
        self._background.add(looking)
        looking.add_done_callback(self._background.discard)
        for task in tasks:
            running = asyncio.create_task(self._run(task, looking, comment), name=task.label)
            self._running[task.id] = running
            running.add_done_callback(partial(self._ended, task.id))

    def _ended(self, task_id: int, running: "asyncio.Task[None]") -> None:
        if self._running.get(task_id) is running:
            del self._running[task_id]

    def runs(self, task_id: int) -> bool:
        """Whether the task is carried out here."""
        return task_id in self._running

    async def join(self, task_id: int) -> None:
        """Until this process has nothing more to do with the task."""
        running = self._running.get(task_id)
        if running is not None:
            await asyncio.wait({running})

    async def stop(self, task_id: int) -> None:
        """Cancel a task that runs here, and wait until that is done: stream closed, processes killed, slot free."""
        running = self._running.get(task_id)
        if running is None:
            return
        if not running.cancelling():  # asked once already, a second time would only disturb the tidying up
            running.cancel()
        await asyncio.wait({running})
        await self.cancelled(task_id, among=UNDER_WAY)

    async def cancelled(self, task_id: int, *, among: Collection[TaskStatus]) -> None:
        """Mark the task cancelled, if it still stands at one of `among`."""
        task = await self._store.task(task_id)
        if task is None or task.status not in among:
            return

        def still(now: Task) -> None:
            if now.status not in among:
                raise _Elsewhere

        at = self._ground.clock.now()
        used = await used_up(self._store, task_id)
        after = task.model_copy(update={**used, "status": TaskStatus.CANCELLED, "reason": "cancelled"})
        events = (
            TaskStatusChanged(at=at, task=task_id, status=TaskStatus.CANCELLED, reason="cancelled"),
            finished_event(after, Outcome.CANCELLED, at),
        )
        changes = {"status": TaskStatus.CANCELLED, "outcome": Outcome.CANCELLED, "reason": "cancelled", **used}
        with contextlib.suppress(_Elsewhere):
            await self._store.save_task(task_id, events, provided=still, **changes)

    async def follow(self) -> None:
        """What other processes on this home did and ordered."""
        while True:
            await asyncio.sleep(FOLLOW_S)
            with contextlib.suppress(StoreError):  # another process holds the file; the next round sees it all
                if await self._store.changed():
                    await self._store.publish_foreign()
                for order in await self._store.take_orders(tuple(self._running)) if self._running else ():
                    running = self._running.get(order.task)
                    if order.order == "cancel" and running is not None and not running.cancelling():
                        running.cancel()

    async def close(self) -> None:
        """Cancel what runs, in order: the missions, then what tidies up after them."""
        ids = tuple(self._running)
        while pending := [task for task in self._running.values() if not task.done()]:
            for task in pending:
                if not task.cancelling():
                    task.cancel()
            await asyncio.wait(pending)
        for task_id in ids:
            await self.cancelled(task_id, among=UNDER_WAY)
        while rest := [task for task in self._background if not task.done()]:
            await asyncio.sleep(0)  # what has not begun could not tidy up either
            for task in rest:
                task.cancel()
            await asyncio.wait(rest)

    async def check_merged(self, task: Task, command: str, commit: str) -> CheckResult:
        """Run the task's check on a merged commit. Raises SandboxError, WorkspaceError."""
        return await self._ground.prover.run(
            command,
            commit,
            on="merge",
            emit=self._store.append,
            where=lambda: {"at": self._ground.clock.now(), "task": task.id},
        )

    async def _run(self, task: Task, looking: "asyncio.Task[Readiness]", comment: str) -> None:
        try:
            ready = await asyncio.shield(looking)  # one that is cancelled does not take the look from the others
            await self._carry_out.run(task, ready, comment)
        except asyncio.CancelledError:
            await to_the_end(self.cancelled(task.id, among=UNDER_WAY))
        except Exception as error:
            await self._broken(task.id, error)

    async def _broken(self, task_id: int, error: Exception) -> None:
        """A fault of ours must not leave a task under way for ever."""
        task = await self._store.task(task_id)
        if task is None:
            return
        at = self._ground.clock.now()
        log = self._ground.logs / f"{task.label}-fault.log"
        with contextlib.suppress(OSError):
            log.write_text("".join(traceback.format_exception(error)), errors="replace")
        reason = one_line(f"War Room itself failed: {type(error).__name__}: {error} (see {log})", 500)
        used = await used_up(self._store, task_id)
        after = task.model_copy(update={**used, "status": TaskStatus.NEEDS_HUMAN, "reason": reason})
        events = (
            TaskStatusChanged(at=at, task=task_id, status=TaskStatus.NEEDS_HUMAN, reason=reason),
            finished_event(after, Outcome.FAILED, at),
        )
        changes = {"status": TaskStatus.NEEDS_HUMAN, "outcome": Outcome.FAILED, "reason": reason, **used}
        await self._store.save_task(task_id, events, **changes)
