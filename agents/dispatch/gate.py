"""What a dispatched task waits for, other than a slot: tasks before it, its parts, a person's pause, a full review."""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from agents.clock import Clock
from agents.events import Event, TaskPaused, TaskQueued, TaskStatusChanged
from agents.settings import Dispatch
from agents.store import Store
from agents.tasks import Frozen, Task, TaskStatus

SATISFIED = frozenset({TaskStatus.REVIEW, TaskStatus.DONE})
"""A result that the harness found good is enough to build on; accepting it may come later."""
FORCED = "forced by you"
"""Why a task that waited is queued: a person does not want it to wait."""
_DEAD_ENDS = {
    TaskStatus.FAILED: "failed: retry it, or edit or drop this one",
    TaskStatus.CANCELLED: "was cancelled: dispatch it, or edit or drop this one",
    TaskStatus.NEEDS_HUMAN: "needs you",
    TaskStatus.OPEN: "is not dispatched",
}


class Hold(Frozen):
    """Why a task is not started now, and as what it waits."""

    status: TaskStatus
    reason: str


class Elsewhere(Exception):
    """The task is another War Room's by now, or stands where nothing is to be done with it."""


class HeldAgain(Exception):
    """While the task waited for its first slot something came up that it has to wait for."""


def hold(task: Task, board: Mapping[int, TaskStatus], parts: Sequence[int], settings: Dispatch) -> Hold | None:
    """What holds `task` on a `board` of its repository; None: nothing. `parts` are the tasks it was split into."""
    if task.paused:
        return Hold(status=TaskStatus.QUEUED, reason="paused by you")
    if unfinished := [part for part in parts if board.get(part) is not TaskStatus.DONE]:
        return Hold(status=TaskStatus.BLOCKED, reason=f"waits for its parts {_listed(unfinished, board)}")
    if task.forced:
        return None
    if unmet := unmet_dependencies(task, board):
        return Hold(status=TaskStatus.BLOCKED, reason=f"waits for {_listed(unmet, board)}")
    if settings.max_in_review:
        in_review = sum(status is TaskStatus.REVIEW for status in board.values())
        if in_review >= settings.max_in_review:
            reason = f"{in_review} results wait for your review before more is begun"
            return Hold(status=TaskStatus.QUEUED, reason=reason)
    return None


def unmet_dependencies(task: Task, board: Mapping[int, TaskStatus]) -> list[int]:
    """The tasks that `task` still waits for."""
    return [number for number in task.depends_on if board.get(number) not in SATISFIED]


async def is_stuck(store: Store, task: Task) -> bool:
    """Whether it waits, directly or through others, for a task that nobody carries out."""
    todo = [task] if task.status is TaskStatus.BLOCKED else []
    seen = {task.id}
    while todo:
        waiting = todo.pop()
        parts = await store.parts_of(waiting.id)
        enough = {TaskStatus.DONE} if parts else SATISFIED
        for number in parts or waiting.depends_on:
            needed = await store.task(number)
            if needed is None or (needed.status.at_rest and needed.status not in enough):
                return True
            if needed.status is TaskStatus.BLOCKED and number not in seen:
                todo.append(needed)
            seen.add(number)
    return False


def _listed(numbers: Sequence[int], board: Mapping[int, TaskStatus]) -> str:
    """T3, T4 (failed: …): what will not pass by itself is said."""
    said = []
    for number in numbers[:5]:
        status = board.get(number)
        why = "review: accept it" if status is TaskStatus.REVIEW else _DEAD_ENDS.get(status) if status else "is gone"
        said.append(f"T{number}" + (f" ({why})" if why else ""))
    return ", ".join(said) + (f" and {len(numbers) - 5} more" if len(numbers) > 5 else "")


class _Entry:
    """One waiting task. `task` is read again when it is `stale`: something happened to it."""

    def __init__(self, passed: "asyncio.Future[Task]") -> None:
        self.task: Task | None = None
        self.stale = True
        self.parts: tuple[int, ...] | None = None
        self.passed = passed


class Gate:
    """Tasks wait here until nothing holds them; pausing one that runs holds it before its next step."""

    def __init__(
        self, store: Store, settings: Dispatch, *, repo: str, owner: str, clock: Clock, closed: str = ""
    ) -> None:
        """`closed`: why nothing at all is let through here, whoever forces it."""
        self._closed = Hold(status=TaskStatus.QUEUED, reason=closed) if closed else None
        self._store, self._settings, self._repo, self._owner, self._clock = store, settings, repo, owner, clock
        self._entries: dict[int, _Entry] = {}
        self._going: dict[int, asyncio.Event] = {}
        """Of every task here: clear while it is paused."""
        self._halted: Counter[int] = Counter()
        """Those that were let through, and stand still before a step because a person holds them."""
        self.entered = asyncio.Event()
        """Set when a task comes to wait or stands still; whoever waits for that clears it."""
        self._stirred = asyncio.Event()
        self._settled = asyncio.Event()
        self._settled.set()

    @property
    def held(self) -> frozenset[int]:
        """The tasks that wait here, or stand still because a person holds them."""
        return (
            frozenset(number for number, entry in self._entries.items() if not entry.passed.done())
            | self._halted.keys()
        )

    async def settled(self) -> None:
        """Until what has happened so far was looked at."""
        await self._settled.wait()

    async def wait(self, task_id: int) -> Task:
        """Until nothing holds the task; it, queued. Raises Elsewhere."""
        passed: asyncio.Future[Task] = asyncio.get_running_loop().create_future()
        self._entries[task_id] = _Entry(passed)
        self.entered.set()
        self._going.setdefault(task_id, asyncio.Event()).set()
        self.stir()
        try:
            return await passed
        finally:
            self._entries.pop(task_id, None)

    async def admits(self, task_id: int) -> bool:
        """Whether nothing holds a task by now that was let through, and waited for a slot since."""
        task = await self._store.task(task_id)
        if task is None or task.owner != self._owner:
            raise Elsewhere
        board, parts = await self._store.standings(self._repo), await self._store.parts_of(task_id)
        return (self._closed or hold(task, board, parts, self._settings)) is None

    async def proceed(self, task_id: int) -> bool:
        """Before each step of a task that runs: wait while it is paused. True when it had to."""
        going = self._going.get(task_id)
        if going is None or going.is_set():
            return False
        self._halted[task_id] += 1
        self.entered.set()
        try:
            await going.wait()
        finally:
            self._halted[task_id] -= 1
            self._halted = +self._halted
        return True

    def is_paused(self, task_id: int) -> bool:
        """Whether a person holds it."""
        going = self._going.get(task_id)
        return going is not None and not going.is_set()

    def leave(self, task_id: int) -> None:
        """The task is carried out no more."""
        self._going.pop(task_id, None)

    def stir(self) -> None:
        """Something may have changed: look again."""
        self._settled.clear()
        self._stirred.set()

    def hear(self, event: Event) -> None:
        """Something happened, here or in another War Room."""
        if isinstance(event, TaskPaused) and event.task is not None and (going := self._going.get(event.task)):
            going.clear() if event.paused else going.set()
        if isinstance(event, TaskPaused | TaskStatusChanged):
            if event.task in self._entries:
                self._entries[event.task].stale = True
            self.stir()

    async def run(self) -> None:
        """Look again whenever something stirred. Cancel it to stop."""
        while True:
            await self._stirred.wait()
            self._stirred.clear()
            await self._look()
            if not self._stirred.is_set():
                self._settled.set()

    async def _look(self) -> None:
        if not self._entries:
            return
        board = await self._store.standings(self._repo)
        for number, entry in tuple(self._entries.items()):
            if entry.passed.done():
                continue
            if entry.stale:
                entry.stale = False
                entry.task = await self._store.task(number)
            if entry.parts is None or entry.parts:  # a part may be cancelled meanwhile
                entry.parts = await self._store.parts_of(number)
            try:
                await self._consider(entry, board)
            except Elsewhere as error:
                if not entry.passed.done():
                    entry.passed.set_exception(error)

    async def _consider(self, entry: _Entry, board: Mapping[int, TaskStatus]) -> None:
        task = entry.task
        if task is None or task.owner != self._owner or task.status not in {TaskStatus.QUEUED, TaskStatus.BLOCKED}:
            raise Elsewhere
        held = self._closed or hold(task, board, entry.parts or (), self._settings)
        status, reason = (held.status, held.reason) if held else (TaskStatus.QUEUED, "")
        if (task.status, task.reason) != (status, reason) and (held or task.status is not TaskStatus.QUEUED):
            at = self._clock.now()
            said: tuple[Event, ...] = (TaskStatusChanged(at=at, task=task.id, status=status, reason=reason),)
            said += () if held else (TaskQueued(at=at, task=task.id),)
            entry.task = task = await self._store.save_task(
                task.id, said, provided=ours(self._owner), status=status, reason=reason
            )
        if task.paused:
            self._going[task.id].clear()
        if held is None and not task.paused and not entry.stale and not entry.passed.done():
            self._going[task.id].set()
            entry.passed.set_result(task)


def ours(owner: str) -> Callable[[Task], None]:
    """A condition for `Store.save_task`: the task is still `owner`'s. It raises Elsewhere."""

    def check(task: Task) -> None:
        if task.owner != owner:
            raise Elsewhere

    return check
