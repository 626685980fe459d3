"""`warroom retry ID`: once more, from the branch as it is now, with what the person says."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

import click

from app.commands.one_task import to_the_end
from app.commands.opening import FOLDER, TASK_ID, TRUST

if TYPE_CHECKING:
    from agents.headquarters import Headquarters


@click.command()
@click.argument("task", type=TASK_ID, metavar="ID")
@click.option("--comment", default="", metavar="TEXT", help="What the agent should know this time.")
@click.option("--from-review", is_flag=True, help="Tell it what the review of the result found.")
@click.option("--tier", metavar="NAME", help="Pin it to this tier from now on.")
@click.option("--up", is_flag=True, help="Begin with the next tier up, instead of the cheapest.")
@click.option("--repo", type=FOLDER, default=".", metavar="DIR", help="Work in this folder instead of the current one.")
@TRUST
@click.option("--json", "as_json", is_flag=True, help="Every event as a line of JSON on stdout.")
@click.option("--verbose", is_flag=True, help="Also what models write and tools print, as it comes.")
def command(
    task: int,
    *,
    comment: str,
    from_review: bool,
    tier: str | None,
    up: bool,
    repo: Path,
    trust: bool,
    as_json: bool,
    verbose: bool,
) -> int:
    """Do a task once more, to its end. A result that waits for review is thrown away."""
    if up and from_review:
        raise click.UsageError(
            "--up and --from-review exclude each other: a reviewed result goes back with --tier NAME."
        )
    if up and tier is not None:
        raise click.UsageError("--up and --tier exclude each other: the next tier up, or the one you name.")

    async def begin(hq: "Headquarters", mine: set[int]) -> None:
        await hq.task(task)
        mine.add(task)
        if up:
            await hq.escalate(task, comment)
        else:
            await (hq.send_back if from_review else hq.retry)(task, comment, tier=tier)

    return asyncio.run(to_the_end(repo, begin, trust=trust, as_json=as_json, verbose=verbose))
