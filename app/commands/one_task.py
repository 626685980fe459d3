"""One task followed to where it comes to rest: what `run` and `retry` share."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING

from agents.tasks import Task
from app.commands.advice import put_review
from app.commands.console import say
from app.commands.failures import INTERRUPTED
from app.commands.opening import headquarters
from app.commands.report import next_steps, print_result, split_advice
from app.commands.watching import Interrupted, exit_code, shower, watched

if TYPE_CHECKING:
    from agents.headquarters import Headquarters

Begin = Callable[["Headquarters", set[int]], Awaitable[None]]
"""Posts or finds the task, adds its number to the set, dispatches it."""


async def to_the_end(
    folder: Path,
    begin: Begin,
    *,
    accept: bool = False,
    trust: bool = False,
    ask: bool = False,
    yes_in_sandbox: bool = False,
    as_json: bool,
    verbose: bool,
) -> int:
    """Carry one task out in `folder` and tell how it went; the exit code."""
    async with headquarters(folder, trusted=trust, runs=True, ask=ask, yes_in_sandbox=yes_in_sandbox) as hq:
        for warning in hq.warnings:
            say(warning, "yellow")

        mine: set[int] = set()
        begun = asyncio.Event()

        async def work() -> None:
            await begin(hq, mine)
            begun.set()
            (task_id,) = mine
            task = await hq.wait(task_id)
            if accept and exit_code(task) == 0:
                await hq.accept(task_id)

        try:
            await watched(hq, shower(as_json=as_json, verbose=verbose), work, mine)
        except Interrupted:
            say("Interrupted: " + (", ".join(f"T{number}" for number in mine) or "nothing") + " stopped.", "yellow")
            return INTERRUPTED
        finally:
            if begun.is_set() and not as_json:
                for number in mine:
                    _tell(await hq.task(number))
        (task_id,) = mine
        return exit_code(await hq.task(task_id))


def _tell(task: Task) -> None:
    print_result(task)
    put_review(task)
    for advice in filter(None, (next_steps(task), split_advice(task))):
        say(advice, "dim")
