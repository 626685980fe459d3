"""`warroom show ID`: everything known of one task."""

import asyncio
from pathlib import Path

import click

from agents.store.work_orders import Orchestration
from agents.tasks import Mission, Task
from app.commands.advice import put_parts, put_review
from app.commands.console import paint, put_json, put_painted, say
from app.commands.opening import FOLDER, TASK_ID, known_task, notebook
from app.commands.report import print_task, row, split_advice
from app.screen.order_words import order_lines

_STYLES = {"plain": "", "quiet": "dim", "info": "cyan", "good": "green", "bad": "red", "warn": "yellow"}


@click.command()
@click.argument("task", type=TASK_ID, metavar="ID")
@click.option("--repo", type=FOLDER, default=".", metavar="DIR", help="Work in this folder instead of the current one.")
@click.option("--json", "as_json", is_flag=True, help="One line of JSON.")
def command(task: int, repo: Path, as_json: bool) -> None:
    """One task: its plan with the reasons, its missions, its check, its review, its parts, its cost."""
    found, missions, parts, order = asyncio.run(_look(repo, task))
    if as_json:
        more = found.model_dump(mode="json", exclude={"id"})
        all_missions = [mission.model_dump(mode="json") for mission in missions]
        ordered = order.model_dump(mode="json") if order is not None else None
        put_json(
            {
                **more,
                **row(found),
                "missions": all_missions,
                "parts": [part.id for part in parts],
                "work_order": ordered,
            }
        )
        return
    print_task(found, missions)
    put_review(found)
    if order is not None:
        put_painted(paint("Work order", "bold"))
        for text, tone in order_lines(order, missions):
            put_painted(f"  {paint(text, _STYLES[tone])}")
    if parts:
        put_painted(paint("Parts", "bold"))
        put_parts(parts)
    if advice := split_advice(found):
        say(advice, "dim")


async def _look(folder: Path, task_id: int) -> tuple[Task, list[Mission], list[Task], Orchestration | None]:
    async with notebook(folder) as (store, _):
        task, missions = await known_task(store, task_id), await store.missions(task_id)
        return task, missions, await store.tasks(parent=task_id), await store.work_order(task_id)
