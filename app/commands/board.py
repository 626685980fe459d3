"""`warroom board`: the tasks of this repository, from a shell."""

import asyncio
from pathlib import Path

import click

from agents.tasks import Task
from app.commands.console import paint, put, put_json, put_painted, say, table
from app.commands.opening import FOLDER, notebook
from app.commands.report import row, status_words, tier_of
from app.screen.words import dollars

RECENT = 20
"""Ended tasks that are listed without --all."""


@click.command()
@click.option("--all", "everything", is_flag=True, help="Every task of every repository.")
@click.option("--repo", type=FOLDER, default=".", metavar="DIR", help="Work in this folder instead of the current one.")
@click.option("--json", "as_json", is_flag=True, help="A line of JSON per task.")
def command(everything: bool, repo: Path, as_json: bool) -> None:
    """The tasks of this repository: all that have not ended, and the last ones that have."""
    tasks = asyncio.run(_tasks(repo, everything))
    shown = tasks if everything else recent(tasks)
    if as_json:
        for task in shown:
            put_json(row(task))
        return
    if not shown:
        say("No tasks here yet. `warroom run TEXT...` does one; `warroom` opens the command center.")
        return
    heads = ("ID", "C", "P", "STATUS", "TIER", "COST", "TITLE", *(("REPOSITORY",) if everything else ()))
    lines = table([heads, *(_cells(task, everything) for task in shown)], cut=6)
    put_painted(paint(lines[0], "bold"))
    for line in lines[1:]:
        put(line)
    if len(shown) < len(tasks):
        say(f"{len(tasks) - len(shown)} older ones have ended; --all lists them.", "dim")


def recent(tasks: list[Task]) -> list[Task]:
    """What has not ended and the RECENT last ended, in the order of `tasks`."""
    ended = sorted((task for task in tasks if task.status.ended), key=lambda task: task.updated_at)
    kept = {task.id for task in ended[-RECENT:]}
    return [task for task in tasks if not task.status.ended or task.id in kept]


def _cells(task: Task, everything: bool) -> tuple[str, ...]:
    simulated = "SIMULATION " if task.simulated else ""
    return (
        task.label,
        f"C{task.complexity}",
        f"P{task.priority}",
        status_words(task),
        tier_of(task) or "-",
        dollars(task.cost_nano),
        f"{simulated}{task.title}",
        *((task.repo,) if everything else ()),
    )


async def _tasks(folder: Path, everything: bool) -> list[Task]:
    async with notebook(folder) as (store, root):
        return await store.tasks(repo=None if everything else str(root))
