"""The stall watch: a mission whose files and failing tests have not changed for so long is stuck, whatever it does.

Reading, running and talking is no progress, nor is writing what was there before: only a tree or a set of failing
tests that this mission has not had yet. Looking costs a few runs of git, so it looks after a tool has run, not more
often than a twentieth of its patience, and when the patience is at its end; a mission that waits costs nothing.
The loop watch (watch.py) counts identical calls and is quicker where a model repeats itself; this one has the time."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, TypeVar

from agents.clock import Clock
from agents.events import Event, ToolFinished, ToolStarted
from agents.missions.attempt import AttemptEnded, LimitReached, Stuck
from agents.missions.failing import failing_tests
from agents.missions.stopwatch import Stopwatch
from agents.workspace import WorkspaceError
from agents.workspace.git import to_the_end

T = TypeVar("T")
Ask = Callable[[], Awaitable[str]]
LOOKS = 20
"""At most so many looks at the files within the patience, and one at its end."""


class Stalled(Stuck):
    """Nothing moved for too long."""


class StallWatch:
    """Stands beside one attempt's work and ends it when it stalls, or when its time is up."""

    def __init__(self, *, clock: Clock, stall_s: float, limit_s: float, start: Ask, tree: Ask) -> None:
        """`start`, `tree`: the hash of the files as the mission found them, and as they are now. A WorkspaceError of
        theirs counts as no change."""
        self._stall_s = stall_s
        self._limit_s = limit_s
        self._start = start
        self._tree = tree
        self._working = Stopwatch(clock)
        self._limit = Stopwatch(clock)
        self._trees: set[str] = set()
        self._failing: set[frozenset[str]] = set()
        self._looking = asyncio.Lock()
        self._moved_at = 0.0
        self._looked_at = 0.0
        self._touched_at: float | None = None
        """When a tool last ended that nobody has looked after yet."""
        self._tool_runs = False

    @property
    def worked_s(self) -> float:
        """Seconds so far in which the mission waited for nobody."""
        return self._working.seconds

    def suspended(self) -> AbstractContextManager[object]:
        """While the mission waits for what is not its fault (a rate limit, a model being loaded) it cannot stall."""
        return self._working.held()

    @contextmanager
    def paused(self) -> Iterator[None]:
        """While a person holds the mission it cannot stall, and its time limit does not come closer either."""
        with self._working.held(), self._limit.held():
            yield

    async def saw(self, event: Event) -> None:
        """What happened in the mission: while a tool runs, and when it has ended, files may have changed."""
        if not isinstance(event, ToolStarted | ToolFinished):
            return
        self._tool_runs = False
        if isinstance(event, ToolFinished):
            self._touched_at = self._working.seconds
        if self._touched_at is not None and self._working.seconds - self._looked_at >= self._stall_s / LOOKS:
            await self._look()
        self._tool_runs = isinstance(event, ToolStarted)

    def heard(self, output: str) -> None:
        """What a command printed. The first set of failing tests is where the mission stands, a new one is progress."""
        failing = failing_tests(output)
        if failing is None or failing in self._failing:
            return
        if self._failing:
            self._moved_at = self._working.seconds
        self._failing.add(failing)

    async def guard(self, work: Coroutine[Any, Any, T]) -> T:
        """Do `work`. Raises Stalled or LimitReached when that ended it; it is cancelled and over by then.

        The work is a task of its own: while it is being ended, the task that waits here is not one that was cancelled.
        """
        doing = asyncio.create_task(work)
        watching = [asyncio.create_task(self._until_stalled()), asyncio.create_task(self._until_limit())]
        over: AttemptEnded | None = None
        try:
            await asyncio.wait({doing, *watching}, return_when=asyncio.FIRST_COMPLETED)
            over = next((watch.result() for watch in watching if watch.done()), None)
        finally:
            await to_the_end(_end(doing, *watching))
        error = None if doing.cancelled() else doing.exception()
        if over is None or isinstance(error, AttemptEnded) or not (error or doing.cancelled()):
            return doing.result()
        raise over from error  # what was torn down may have complained in its own words

    async def _until_stalled(self) -> AttemptEnded:
        while True:
            until = self._moved_at + self._stall_s
            await self._working.reaches(until)
            if self._moved_at + self._stall_s <= until:
                await self._look()
            if self._moved_at + self._stall_s <= until:
                return Stalled(f"no progress for {in_words(self._stall_s)}")

    async def _until_limit(self) -> AttemptEnded:
        await self._limit.reaches(self._limit_s)
        return LimitReached(f"the limit of {self._limit_s:.0f} s was reached")

    async def _look(self) -> None:
        """Whether the files are as they never were in this mission."""
        async with self._looking:
            now = self._working.seconds
            # Only tools change files: it was the last one that ended, or the one that runs.
            at = now if self._touched_at is None or self._tool_runs else self._touched_at
            self._looked_at, self._touched_at = now, None
            try:
                if not self._trees:  # a mission that ends soon is never looked at
                    self._trees.add(await self._start())
                tree = await self._tree()
            except WorkspaceError:
                return
            if tree not in self._trees:
                self._trees.add(tree)
                self._moved_at = max(self._moved_at, at)


async def _end(*tasks: "asyncio.Task[Any]") -> None:
    """Cancel those that still run, and wait until all are over."""
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)
    for task in tasks:
        if not task.cancelled():
            task.exception()  # asked for, so that nobody complains that it was not


def in_words(seconds: float) -> str:
    """10 min, 90 s."""
    return f"{seconds / 60:g} min" if seconds % 60 == 0 and seconds else f"{seconds:g} s"
