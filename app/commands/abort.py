"""`warroom abort`: everything that is under way in this repository is cancelled."""

import asyncio
import sys
from pathlib import Path

import click

from agents.tasks import Task
from app.commands.console import put, say
from app.commands.opening import FOLDER, headquarters


@click.command()
@click.option("--repo", type=FOLDER, default=".", metavar="DIR", help="Work in this folder instead of the current one.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def command(repo: Path, *, yes: bool) -> None:
    """Cancel every task that is queued, blocked or running here, in every War Room. Results in review stay."""
    if not yes:
        _ask()
    stopped = asyncio.run(_abort(repo))
    for task in stopped:
        put(f"{task.label} {task.status}")
    if not stopped:
        say("Nothing was under way.", "dim")


def _ask() -> None:
    try:
        click.confirm("Abort everything that is under way in this repository?", abort=True, err=True)
    except click.Abort:
        if sys.stdin.isatty():
            raise
        raise click.UsageError("nobody said y: without a terminal, --yes aborts without asking.") from None


async def _abort(folder: Path) -> list[Task]:
    async with headquarters(folder) as hq:
        return await hq.abort_all()
