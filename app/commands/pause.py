"""`warroom pause ID`: held before its next step, wherever it runs."""

import asyncio
from pathlib import Path

import click

from app.commands.console import put
from app.commands.opening import FOLDER, TASK_ID, headquarters


@click.command()
@click.argument("task", type=TASK_ID, metavar="ID")
@click.option("--repo", type=FOLDER, default=".", metavar="DIR", help="Work in this folder instead of the current one.")
def command(task: int, repo: Path) -> None:
    """Hold a task before its next step, also one that another War Room works on."""

    async def order() -> str:
        async with headquarters(repo) as hq:
            return (await hq.pause(task)).label

    put(f"{asyncio.run(order())} paused")
