"""`warroom accept ID`: the result merged onto the person's branch."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

import click

from agents.tasks import Task, TaskStatus
from app.commands.console import put, say
from app.commands.failures import DONE, FAILED
from app.commands.one_task import to_the_end
from app.commands.opening import FOLDER, TASK_ID, TRUST, headquarters
from app.commands.report import merged_where

if TYPE_CHECKING:
    from agents.headquarters import Headquarters


@click.command()
@click.argument("task", type=TASK_ID, metavar="ID")
@click.option("--repo", type=FOLDER, default=".", metavar="DIR", help="Work in this folder instead of the current one.")
@TRUST
@click.option("--rework", is_flag=True, help="Where it does not fit any more, have it done again, to its end.")
def command(task: int, *, repo: Path, trust: bool, rework: bool) -> int:
    """Merge a result onto your branch, if it applies cleanly; your uncommitted work stays as it is."""
    if rework:
        return asyncio.run(_rework(repo, task, trust=trust))
    done = asyncio.run(_accept(repo, task, trust=trust))
    if done.status is not TaskStatus.DONE:
        say(f"{done.label} does not fit your branch any more: it is queued to be done again.", "yellow")
        return FAILED
    if done.outcome == "unverified":
        say(f"{done.label} was unverified: nothing was run beyond parsing its files.", "yellow")
    put(f"{done.label} merged {merged_where(done)}: {done.merged_commit}")
    return DONE


async def _accept(folder: Path, task_id: int, *, trust: bool) -> Task:
    async with headquarters(folder, trusted=trust) as hq:
        return await hq.accept(task_id)


async def _rework(folder: Path, task_id: int, *, trust: bool) -> int:
    async def begin(hq: "Headquarters", mine: set[int]) -> None:
        await hq.task(task_id)
        mine.add(task_id)
        await hq.rework(task_id)

    return await to_the_end(folder, begin, trust=trust, as_json=False, verbose=False)
