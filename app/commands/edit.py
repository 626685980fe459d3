"""`warroom edit ID`: change what was posted, before it runs or once it came back."""

import asyncio
from pathlib import Path
from typing import Any

import click
from pydantic import ValidationError

from app.commands.console import put
from app.commands.opening import FOLDER, TASK_ID, headquarters


@click.command()
@click.argument("task", type=TASK_ID, metavar="ID")
@click.option("--title", metavar="TEXT", help="What the board shows.")
@click.option("--brief", metavar="TEXT", help="More words for the agent; empty takes them away.")
@click.option("--check", metavar="CMD", help="The command whose exit code decides; empty takes it away.")
@click.option("--priority", type=click.IntRange(1, 10), metavar="N", help="10 goes first.")
@click.option("--tier", metavar="NAME", help='Pin it to a tier; "auto" lets routing choose.')
@click.option("--orchestrate/--no-orchestrate", default=None, help="By a work order, and in no other way; or as usual.")
@click.option(
    "--after", "after", type=TASK_ID, multiple=True, metavar="ID", help="It waits for this task (repeatable)."
)
@click.option("--repo", type=FOLDER, default=".", metavar="DIR", help="Work in this folder instead of the current one.")
def command(task: int, repo: Path, **given: Any) -> None:
    """Change a task that neither runs nor waits for review."""
    changes = {name: value for name, value in given.items() if value is not None and name != "after"}
    if given["after"]:
        changes["depends_on"] = given["after"]
    if not changes:
        raise click.UsageError(
            "say what to change: --title, --brief, --check, --priority, --tier, --orchestrate or --after."
        )
    if changes.get("tier") == "auto":
        changes["tier"] = None
    if changes.get("check") == "":
        changes["check"] = None

    async def order() -> str:
        async with headquarters(repo) as hq:
            return (await hq.edit(task, **changes)).label

    try:
        put(f"{asyncio.run(order())} changed: {', '.join(changes)}")
    except ValidationError as error:
        first = error.errors()[0]
        raise click.UsageError(f"{'.'.join(map(str, first['loc']))}: {first['msg']}.") from error
