"""`warroom diff ID`: the result as a unified diff, raw for a program, safe and coloured for a terminal."""

import asyncio
import sys
from pathlib import Path

import click

from agents.sanitize import spelt_out
from agents.tasks import Task
from app.commands.advice import say_review
from app.commands.console import colourful, paint, put_painted, say, write
from app.commands.failures import DONE, USAGE
from app.commands.opening import FOLDER, TASK_ID, headquarters
from app.commands.report import check_words


@click.command()
@click.argument("task", type=TASK_ID, metavar="ID")
@click.option("--repo", type=FOLDER, default=".", metavar="DIR", help="Work in this folder instead of the current one.")
def command(task: int, repo: Path) -> int:
    """The result of a task against the commit it began on; its check and its review are told beside it."""
    text, found = asyncio.run(_diff(repo, task))
    if not text:
        say(f"warroom: T{task} has no result to show; `warroom show T{task}` says why.", "red")
        return USAGE
    if sys.stdout.isatty():
        for line in spelt_out(text.replace("\r\n", "\n")).split("\n"):
            put_painted(_painted(line))
    else:
        write(text)
    # Not on stdout: what is piped into `git apply` is the diff alone.
    say(check_words(found), "dim")
    say_review(found)
    return DONE


async def _diff(folder: Path, task_id: int) -> tuple[str, Task]:
    async with headquarters(folder) as hq:
        return await hq.diff(task_id), await hq.task(task_id)


def _painted(line: str) -> str:
    if not colourful(sys.stdout):
        return line
    if line.startswith(("+++", "---", "diff ", "index ")):
        return paint(line, "bold")
    return paint(line, {"+": "green", "-": "red", "@": "cyan"}.get(line[:1], ""))
