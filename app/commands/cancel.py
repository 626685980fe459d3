"""`warroom cancel ID`: stopped now, wherever it runs."""

import asyncio
from pathlib import Path

import click

from agents.tasks import Task
from app.commands.console import put, say
from app.commands.opening import FOLDER, TASK_ID, headquarters


@click.command()
@click.argument("task", type=TASK_ID, metavar="ID")
@click.option("--repo", type=FOLDER, default=".", metavar="DIR", help="Work in this folder instead of the current one.")
def command(task: int, repo: Path) -> None:
    """Stop a task now, also one that another War Room on this machine works on."""
    found = asyncio.run(_cancel(repo, task))
    put(f"{found.label} {found.status}")
    if found.branch:
        say(f"Its result was not merged and stays on {found.branch}; `warroom reject {found.label}` removes it.", "dim")


async def _cancel(folder: Path, task_id: int) -> Task:
    async with headquarters(folder) as hq:
        return await hq.cancel(task_id)
