"""What `pause` and `resume` share: an order about one task, obeyed in whichever War Room has it."""

import asyncio
from pathlib import Path

import click

from app.commands.console import put
from app.commands.opening import FOLDER, TASK_ID, headquarters


def holding(verb: str, said: str, help: str) -> click.Command:
    """The command that calls Headquarters' `verb` and says what the task is now."""

    @click.command(help=help)
    @click.argument("task", type=TASK_ID, metavar="ID")
    @click.option(
        "--repo", type=FOLDER, default=".", metavar="DIR", help="Work in this folder instead of the current one."
    )
    def command(task: int, repo: Path) -> None:
        put(f"{asyncio.run(_order(repo, verb, task))} {said}")

    return command


async def _order(folder: Path, verb: str, task_id: int) -> str:
    async with headquarters(folder) as hq:
        order = {"pause": hq.pause, "resume": hq.resume}[verb]
        return (await order(task_id)).label
