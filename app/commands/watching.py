"""Work followed to its end: every event shown as it comes, stopped in order when the person wants it stopped."""

import asyncio
import sys
from collections.abc import Callable, Collection, Coroutine
from typing import TYPE_CHECKING

from agents.events import Event
from agents.tasks import Outcome, Task, TaskStatus
from app.commands.console import discard, put_json, say
from app.commands.failures import BUDGET, DONE, ENVIRONMENT, FAILED, INTERRUPTED
from app.commands.interrupts import interruptible
from app.commands.narration import narrate

if TYPE_CHECKING:
    from agents.bus import Subscription
    from agents.headquarters import Headquarters

Show = Callable[[Event], None]


class Interrupted(Exception):
    """The person, or whoever ended the reader of our output, wanted it stopped; it was stopped in order."""


def shower(*, as_json: bool, verbose: bool) -> Show:
    """How events are shown: NDJSON on stdout, or one short line each on stderr."""

    def as_row(event: Event) -> None:
        if verbose or not event.transient:
            put_json(event.row())

    def as_line(event: Event) -> None:
        line = narrate(event, verbose=verbose)
        if line is not None:
            say(*line)

    return as_row if as_json else as_line


async def watched(
    hq: "Headquarters",
    show: Show,
    work: Callable[[], Coroutine[None, None, None]],
    mine: set[int] | None,
    *,
    leave: bool = False,
    hung_up: Callable[[], None] | None = None,
) -> None:
    """Do `work` and show what happens meanwhile to the tasks in `mine`, which it fills; None: to all of this home's.

    Raises Interrupted on a signal or when the reader of stdout is gone: the tasks in `mine` were cancelled. `leave`:
    they were not, and closing Headquarters will put them back into the queue; and what happened to them since
    Headquarters opened is shown too. `hung_up` is called, and the work goes on, when the terminal is lost.
    """
    with interruptible(hung_up) as wish, hq.events(hq.opened_at if leave else None) as events:
        working = asyncio.create_task(work())
        following = asyncio.create_task(_follow(events, show, mine))
        stopping = asyncio.create_task(wish.wait())
        try:
            await asyncio.wait({working, following, stopping}, return_when=asyncio.FIRST_COMPLETED)
            interrupted = not working.done()
            if interrupted:
                working.cancel()
                await asyncio.gather(working, return_exceptions=True)
                await _cancel(hq, () if leave else mine or ())
            events.finish()
            trouble = (await asyncio.gather(following, return_exceptions=True))[0]
        finally:
            for task in (working, following, stopping):
                task.cancel()
            await asyncio.gather(working, following, stopping, return_exceptions=True)
    if isinstance(trouble, BrokenPipeError):
        # What could not be written would be tried again at the end, and its failure taken for the command's.
        discard(sys.stdout)
    elif isinstance(trouble, Exception):
        raise trouble
    if interrupted:
        raise Interrupted
    await working


async def _follow(events: "Subscription", show: Show, mine: set[int] | None) -> None:
    """Show the events of our tasks. The bus carries everyone's on this home."""
    early: list[Event] = []
    async for event in events:
        if mine is None:
            show(event)
            continue
        early.append(event)
        if mine:  # until our task has its number, its first events wait here
            for one in early:
                if one.task in mine:
                    show(one)
            early.clear()


async def _cancel(hq: "Headquarters", mine: Collection[int]) -> None:
    """Cancel what an agent works on or is about to; a result that waits for review stays."""
    from agents.headquarters import NotPossible

    for task_id in mine:
        if not (await hq.task(task_id)).status.at_rest:
            try:
                await hq.cancel(task_id)
            except NotPossible:
                continue  # it came to rest by itself meanwhile


def exit_code(task: Task) -> int:
    """CONTRACT's code for where `task` came to rest."""
    if task.halted == "environment":
        return ENVIRONMENT
    if task.halted == "budget":
        return BUDGET
    if task.outcome is Outcome.CANCELLED or task.status is TaskStatus.CANCELLED:
        return INTERRUPTED
    return DONE if task.outcome is not None and task.outcome.accepted else FAILED
