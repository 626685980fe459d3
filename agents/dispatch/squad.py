"""The tasks this process carries out: started, stopped, and never left half done, whatever ends them."""

import asyncio
import contextlib
import traceback
from collections.abc import Awaitable, Callable, Collection, Coroutine
from functools import partial
from pathlib import Path
from typing import Any

from agents.dispatch.approvals import Approvals
from agents.dispatch.carry_out import CarryOut
from agents.dispatch.cooldown import Cooling
from agents.dispatch.council import Council
from agents.dispatch.ending import finished_event, used_up
from agents.dispatch.gate import Elsewhere, Gate, HeldAgain, ours
from agents.dispatch.leases import Leases
from agents.dispatch.leaving import Leave
from agents.dispatch.planning import Planner
from agents.dispatch.readiness import Readiness, look
from agents.dispatch.reviewing import due_for_review, review_by_itself
from agents.dispatch.slots import Slots
from agents.events import Event, TaskQueued, TaskStatusChanged
from agents.missions.mission import Ground
from agents.missions.orders import Steering
from agents.models.connect import Connect
from agents.private_files import write_private
from agents.redactor import SECRETS
from agents.sanitize import one_line
from agents.store import StoreClosed, StoreError
from agents.tasks import Outcome, Task, TaskStatus
from agents.workspace.git import to_the_end

UNDER_WAY = frozenset({TaskStatus.QUEUED, TaskStatus.RUNNING, TaskStatus.BLOCKED})
CLOSED = "the War Room that had it was closed: the next one goes on with it"
_AGAIN_S = 0.5
"""How long it is waited before something is tried again that the store or a fault of ours prevented."""
_FRESH_S = 2.0
"""How long one look at the tiers holds for the tasks that start after it."""

AtRest = Callable[[Task], Awaitable[None]]
"""What is done with a task whose missions are over."""


class Squad:
    """Runs tasks side by side, in as many slots as there are, in one task group of Headquarters."""

    def __init__(
        self,
        ground: Ground,
        *,
        slots: Slots,
        gate: Gate,
        cooling: Cooling,
        leases: Leases,
        approvals: Approvals,
        connect: Connect,
        conclude: Callable[[Task, tuple[int, ...]], Awaitable[Task]],
        at_rest: AtRest,
    ) -> None:
        """`conclude` ends a task all of whose parts are done; `at_rest` is told of every task that was carried out."""
        self._ground = ground
        self._store = ground.store
        self.slots, self.gate, self.leases = slots, gate, leases
        self._approvals = approvals
        self._conclude, self._at_rest = conclude, at_rest
        self._cooling = cooling
        leave = Leave(ground.store, ground.clock, slots, cooling)
        self.council = Council(ground, slots, connect, leave, self.spawn)
        self.planner = Planner(self.council)
        self._carry_out = CarryOut(
            ground,
            slots=slots,
            cooling=cooling,
            connect=connect,
            leave=leave,
            spawn=self.spawn,
            council=self.council,
            planner=self.planner,
        )
        self._running: dict[int, tuple[asyncio.Task[None], Steering]] = {}
        self._group = asyncio.TaskGroup()
        self._background: set[asyncio.Task[Any]] = set()
        self._looked: tuple[float, asyncio.Task[Readiness]] | None = None

    async def open(self) -> None:
        """Begin: grant slots, let tasks through the gate, hear what happens."""
        await self._group.__aenter__()
        self.keep_on(self.slots.run, self.slots.stir)
        self.keep_on(self.gate.run, self.gate.stir)
        self.spawn(self._hear())

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Run `work` beside everything else; it ends with the squad."""
        task = self._group.create_task(self._guarded(work))
        self._background.add(task)
        task.add_done_callback(self._background.discard)

    def keep_on(self, work: Callable[[], Awaitable[None]], stir: Callable[[], None] = lambda: None) -> None:
        """Do what never ends beside everything else, and begin it again after a fault, having told it to `stir`."""
        self.spawn(self._keep_on(work, stir))

    @property
    def busy(self) -> tuple[int, ...]:
        """The tasks this process carries out or holds back."""
        return tuple(self._running)

    def runs(self, task_id: int) -> bool:
        """Whether the task is carried out here."""
        return task_id in self._running

    def start(self, *tasks: Task) -> None:
        """Carry out queued or blocked tasks, in the order they are given."""
        for task in tasks:
            steering = Steering(
                proceed=partial(self.gate.proceed, task.id),
                admitted=partial(self.gate.admits, task.id),
                paused=partial(self.gate.is_paused, task.id),
            )
            running = self._group.create_task(self._run(task, steering), name=task.label)
            self._running[task.id] = (running, steering)
            running.add_done_callback(partial(self._ended, task.id))

    def _ended(self, task_id: int, ended: "asyncio.Task[None]") -> None:
        running = self._running.get(task_id)
        if running is not None and running[0] is ended:
            del self._running[task_id]
            self.gate.leave(task_id)
            self.gate.stir()

    async def join(self, task_id: int) -> None:
        """Until this process has nothing more to do with the task."""
        running = self._running.get(task_id)
        if running is not None:
            await asyncio.wait({running[0]})
        await self.council.join(task_id)

    async def stop(self, task_id: int) -> None:
        """Cancel a task that runs here, and wait until that is done: stream closed, processes killed, slot free."""
        running = self._running.get(task_id)
        if running is None:
            return
        if not running[0].cancelling():  # asked once already, a second time would only disturb the tidying up
            running[0].cancel()
        await asyncio.wait({running[0]})
        await self.cancelled(task_id, among=UNDER_WAY)

    async def again(self, task_id: int, reason: str) -> None:
        """Break a task off that is carried out here and begin it anew, with what a person changed about it."""
        running = self._running.get(task_id)
        if running is None or running[0].cancelling():
            return
        running[1].interrupted, running[1].reason = True, reason
        running[0].cancel()
        await asyncio.wait({running[0]})
        task = await self._store.task(task_id)
        if task is not None and task.status in UNDER_WAY and task.owner == self._ground.owner:
            self.start(task)

    async def cancelled(self, task_id: int, *, among: Collection[TaskStatus]) -> None:
        """Mark the task cancelled, if it still stands at one of `among`."""
        task = await self._store.task(task_id)
        if task is None or task.status not in among:
            return

        def still(now: Task) -> None:
            if now.status not in among:
                raise Elsewhere

        # Whoever hung and was taken for dead must not go on with it when it wakes up: nobody owns it.
        await self._end(task, TaskStatus.CANCELLED, Outcome.CANCELLED, "cancelled", still, forced=False, owner="")

    async def _end(
        self,
        task: Task,
        status: TaskStatus,
        outcome: Outcome,
        reason: str,
        provided: Callable[[Task], None],
        **changes: object,
    ) -> None:
        """Write where a task stands that did not come to its end by itself, unless it stands elsewhere by now."""
        at = self._ground.clock.now()
        changes |= await used_up(self._store, task.id) | {"status": status, "reason": reason}
        events = (
            TaskStatusChanged(at=at, task=task.id, status=status, reason=reason),
            finished_event(task.model_copy(update=changes), outcome, at),
        )
        with contextlib.suppress(Elsewhere):
            await self._store.save_task(task.id, events, provided=provided, outcome=outcome, **changes)

    def lost(self, task_id: int) -> None:
        """Another War Room took the task, thinking that we are dead: let go of it."""
        running = self._running.get(task_id)
        if running is not None and not running[0].cancelling():
            running[1].interrupted, running[1].reason = True, "another War Room took it over"
            running[0].cancel()

    async def close(self) -> None:
        """Stop in order: nothing more is begun, what runs is broken off and put back in the queue, then tidied up."""
        while pending := [running for running, _ in self._running.values() if not running.done()]:
            await asyncio.sleep(0)  # what has not begun could not put itself back
            for running, steering in self._running.values():  # one that was begun anew meanwhile is among them
                if not running.cancelling():
                    steering.interrupted, steering.reason = True, CLOSED
                    running.cancel()
            await asyncio.wait(pending)
        await self.council.close()
        while rest := [task for task in self._background if not task.done()]:
            await asyncio.sleep(0)  # what has not begun could not tidy up either
            for task in rest:
                task.cancel()
            await asyncio.wait(rest)
        await self._group.__aexit__(None, None, None)
        with contextlib.suppress(StoreError):
            await self.leases.release()

    async def until_idle(self) -> None:
        """Until no task is under way here but those that wait for a person, or for such a one, and nobody is asked."""
        while self._running:
            await self.gate.settled()
            waits = (self.gate, self._approvals)
            for one in waits:
                one.entered.clear()
            held = self.gate.held | self._approvals.held
            going = {running for number, (running, _) in self._running.items() if number not in held}
            if not going:
                break
            entered = [asyncio.create_task(one.entered.wait()) for one in waits]  # one that went may be held again
            try:
                await asyncio.wait({*going, *entered}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for one_entered in entered:
                    one_entered.cancel()
        await self.council.idle()

    async def _hear(self) -> None:
        with self._store.bus.subscribe() as events:
            async for event in events:
                self.gate.hear(event)
                self._approvals.hear(event)
                self._cooling.hear(event)

    def _ready(self) -> "asyncio.Task[Readiness]":
        """What can be reached now; tasks that start together look together."""
        now = self._ground.clock.monotonic()
        if self._looked is None or now - self._looked[0] >= _FRESH_S or self._looked[1].cancelled():
            # Not in the group: what goes wrong with it is for those that wait for it, and ends nobody else.
            looking = asyncio.create_task(look(self._ground.settings, self._store))
            self._background.add(looking)
            looking.add_done_callback(self._looked_around)
            self._looked = (now, looking)
        return self._looked[1]

    def _looked_around(self, looking: "asyncio.Task[Readiness]") -> None:
        self._background.discard(looking)
        if not looking.cancelled():
            looking.exception()  # whoever waits has it; if nobody does any more, it must not be complained of

    async def _run(self, task: Task, steering: Steering) -> None:
        try:
            await self._carried_out(task, steering)
        except asyncio.CancelledError:
            await to_the_end(self._insist(partial(self._broken_off, task.id, steering)))
        except Elsewhere:
            return
        except Exception as error:
            await to_the_end(self._insist(partial(self._broken, task.id, error)))

    async def _carried_out(self, task: Task, steering: Steering) -> None:
        while True:
            try:
                task = await self.gate.wait(task.id)
                parts = await self._store.parts_of(task.id)
                if parts:
                    task = await self._conclude(task, parts)
                    break
                # One that is cancelled does not take the look from the others.
                ready = await asyncio.shield(self._ready())
                task = await self._carry_out.run(task, ready, steering)
            except HeldAgain:
                continue
            if await due_for_review(self._store, self._ground.settings, task):
                self.council.begin(task, review_by_itself(self.council, task))
            break
        await self._at_rest(task)

    async def _insist(self, end: Callable[[], Awaitable[None]]) -> None:
        """Write how a task ended, again until the store takes it: a busy or full disk must leave none under way."""
        while True:
            try:
                await end()
                return
            except StoreClosed:
                return
            except StoreError as error:
                self._note_fault("store", error)
                await self._ground.clock.sleep(_AGAIN_S)

    async def _keep_on(self, work: Callable[[], Awaitable[None]], stir: Callable[[], None]) -> None:
        """Do what never ends again and again: without it no task would ever be begun here."""
        while True:
            try:
                await work()
                return
            except StoreClosed:
                return
            except Exception as error:
                self._note_fault("background", error)
                await self._ground.clock.sleep(_AGAIN_S)
                stir()

    async def _guarded(self, work: Coroutine[Any, Any, None]) -> None:
        """What runs in the background must not end the squad: a store that is closed or busy says so elsewhere."""
        try:
            await work
        except StoreError:
            return
        except Exception as error:
            self._note_fault("background", error)

    def _note_fault(self, what: str, error: Exception) -> Path:
        """Write a fault of ours where a person finds it."""
        log = self._ground.logs / f"{what}-fault.log"
        with contextlib.suppress(OSError):
            write_private(log, SECRETS.redact("".join(traceback.format_exception(error))))
        return log

    async def _broken_off(self, task_id: int, steering: Steering) -> None:
        if not steering.interrupted:
            await self.cancelled(task_id, among=UNDER_WAY)
            return

        task = await self._store.task(task_id)
        events: tuple[Event, ...] = ()
        changes: dict[str, Any] = {"owner": "" if steering.reason == CLOSED else self._ground.owner}
        if task is None or task.status is not TaskStatus.BLOCKED:  # what waits for others goes on waiting
            at = self._ground.clock.now()
            said = TaskStatusChanged(at=at, task=task_id, status=TaskStatus.QUEUED, reason=steering.reason)
            events = (said, TaskQueued(at=at, task=task_id))
            changes |= {"status": TaskStatus.QUEUED, "reason": steering.reason}
            changes |= await used_up(self._store, task_id)
        with contextlib.suppress(Elsewhere):
            await self._store.save_task(task_id, events, provided=self._under_way, **changes)

    def _under_way(self, now: Task) -> None:
        """A condition for `Store.save_task`: it is ours and has not ended. Raises Elsewhere."""
        ours(self._ground.owner)(now)
        if now.status not in UNDER_WAY:
            raise Elsewhere

    async def _broken(self, task_id: int, error: Exception) -> None:
        """A fault of ours must not leave a task under way for ever; a result that is there already stays."""
        task = await self._store.task(task_id)
        if task is None:
            return
        log = self._note_fault(task.label, error)
        reason = one_line(f"War Room itself failed: {type(error).__name__}: {error} (see {log})", 500)
        await self._end(task, TaskStatus.NEEDS_HUMAN, Outcome.FAILED, reason, self._under_way)
