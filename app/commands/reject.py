"""`warroom reject ID`: the result thrown away."""

import asyncio
from pathlib import Path

import click

from agents.tasks import Task
from app.commands.console import put
from app.commands.opening import FOLDER, TASK_ID, headquarters


@click.command()
@click.argument("task", type=TASK_ID, metavar="ID")
@click.option("--repo", type=FOLDER, default=".", metavar="DIR", help="Work in this folder instead of the current one.")
def command(task: int, repo: Path) -> None:
    """Throw a result away, its branch and worktree too. The task goes back to open."""
    found = asyncio.run(_reject(repo, task))
    put(f"{found.label} rejected: its branch is gone and it is {found.status} again")


async def _reject(folder: Path, task_id: int) -> Task:
    async with headquarters(folder) as hq:
        return await hq.reject(task_id)
