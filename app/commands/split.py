"""`warroom split ID`: a planner divides a task that is too large for one mission."""

import asyncio
from pathlib import Path

import click

from app.commands.advice import part_row, put_parts, waited_for
from app.commands.console import put_json, say
from app.commands.failures import DONE, INTERRUPTED
from app.commands.opening import FOLDER, TASK_ID
from app.commands.watching import Interrupted


@click.command()
@click.argument("task", type=TASK_ID, metavar="ID")
@click.option("--repo", type=FOLDER, default=".", metavar="DIR", help="Work in this folder instead of the current one.")
@click.option("--json", "as_json", is_flag=True, help="A line of JSON per part.")
def command(task: int, repo: Path, as_json: bool) -> int:
    """Have an open or failed task divided into parts with checks of their own. Nothing starts before you approve."""
    try:
        parts = asyncio.run(waited_for(repo, task, lambda hq: hq.split(task), quiet=as_json))
    except Interrupted:
        say(f"Interrupted: T{task} was not split.", "yellow")
        return INTERRUPTED
    if as_json:
        for part in parts:
            put_json(part_row(part))
    else:
        put_parts(parts)
        say(f"Next: warroom approve T{task} sends them out; warroom cancel removes a part first", "dim")
    return DONE
