"""`warroom accept ID`: the result merged onto the person's branch."""

import asyncio
from pathlib import Path

import click

from agents.tasks import Task
from app.commands.console import put, say
from app.commands.opening import FOLDER, TASK_ID, headquarters
from app.commands.report import merged_where


@click.command()
@click.argument("task", type=TASK_ID, metavar="ID")
@click.option("--repo", type=FOLDER, default=".", metavar="DIR", help="Work in this folder instead of the current one.")
def command(task: int, repo: Path) -> None:
    """Merge a result onto your branch, if it applies cleanly; your uncommitted work stays as it is."""
    done = asyncio.run(_accept(repo, task))
    if done.outcome == "unverified":
        say(f"{done.label} was unverified: nothing was run beyond parsing its files.", "yellow")
    put(f"{done.label} merged {merged_where(done)}: {done.merged_commit}")


async def _accept(folder: Path, task_id: int) -> Task:
    async with headquarters(folder) as hq:
        return await hq.accept(task_id)
