"""`warroom resume ID`: let a held task go on."""

import asyncio
from pathlib import Path

import click

from app.commands.console import put
from app.commands.opening import FOLDER, TASK_ID, headquarters


@click.command()
@click.argument("task", type=TASK_ID, metavar="ID")
@click.option("--repo", type=FOLDER, default=".", metavar="DIR", help="Work in this folder instead of the current one.")
def command(task: int, repo: Path) -> None:
    """Let a paused task go on, in the War Room that has it."""

    async def order() -> str:
        async with headquarters(repo) as hq:
            return (await hq.resume(task)).label

    put(f"{asyncio.run(order())} resumed")
