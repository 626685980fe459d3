"""`warroom review ID`: a stronger model reads the result's diff."""

import asyncio
from pathlib import Path

import click

from app.commands.advice import put_review, review_row, waited_for
from app.commands.console import put_json, say
from app.commands.failures import DONE, FAILED, INTERRUPTED
from app.commands.opening import FOLDER, TASK_ID
from app.commands.watching import Interrupted


@click.command()
@click.argument("task", type=TASK_ID, metavar="ID")
@click.option("--repo", type=FOLDER, default=".", metavar="DIR", help="Work in this folder instead of the current one.")
@click.option("--json", "as_json", is_flag=True, help="The review as a line of JSON.")
def command(task: int, repo: Path, as_json: bool) -> int:
    """Have a result that waits for you reviewed. Exit code 1 when the reviewer does not approve it."""
    try:
        reviewed = asyncio.run(waited_for(repo, task, lambda hq: hq.review(task), quiet=as_json))
    except Interrupted:
        say("Interrupted: the review was stopped.", "yellow")
        return INTERRUPTED
    if as_json:
        put_json(review_row(reviewed))
    else:
        put_review(reviewed)
        say(f"Next: warroom diff T{task}, then warroom accept T{task} or warroom retry T{task} --from-review", "dim")
    return DONE if reviewed.review is not None and reviewed.review.approves else FAILED
