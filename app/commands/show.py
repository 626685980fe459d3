"""`warroom show ID`: everything known of one task."""

import asyncio
from pathlib import Path

import click

from agents.sanitize import one_line, sanitize
from agents.store.work_orders import Orchestration
from agents.tasks import Mission, Outcome, Role, Task
from app.commands.advice import put_parts, put_review
from app.commands.console import paint, put, put_json, put_painted, say
from app.commands.opening import FOLDER, TASK_ID, known_task, notebook
from app.commands.report import print_task, row, split_advice
from app.screen.order_words import order_lines

ANSWER_LINES = 12
"""Of an answer of no use that are shown."""
_STYLES = {"plain": "", "quiet": "dim", "info": "cyan", "good": "green", "bad": "red", "warn": "yellow"}


@click.command()
@click.argument("task", type=TASK_ID, metavar="ID")
@click.option("--repo", type=FOLDER, default=".", metavar="DIR", help="Work in this folder instead of the current one.")
@click.option("--json", "as_json", is_flag=True, help="One line of JSON.")
def command(task: int, repo: Path, as_json: bool) -> None:
    """One task: its plan with the reasons, its missions, its check, its review, its parts, its cost."""
    found, missions, parts, order, unread = asyncio.run(_look(repo, task))
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
    for label, answer in unread:
        put_painted(paint(f"What {label} answered, which could not be used", "bold"))
        for line in sanitize(answer).splitlines()[:ANSWER_LINES]:
            put(f"  {one_line(line, 200)}")
    if order is not None:
        put_painted(paint("Work order", "bold"))
        for text, tone in order_lines(order, missions):
            put_painted(f"  {paint(text, _STYLES[tone])}")
    if parts:
        put_painted(paint("Parts", "bold"))
        put_parts(parts)
    if advice := split_advice(found):
        say(advice, "dim")


async def _look(
    folder: Path, task_id: int
) -> tuple[Task, list[Mission], list[Task], Orchestration | None, list[tuple[str, str]]]:
    async with notebook(folder) as (store, _):
        task, missions = await known_task(store, task_id), await store.missions(task_id)
        unread = [
            (mission.label, said[-1])
            for mission in missions
            if mission.role is not Role.CODE and mission.outcome is Outcome.FAILED
            if (said := [one.content for one in await store.transcript(mission.id) if one.role == "assistant"])
        ]
        return task, missions, await store.tasks(parent=task_id), await store.work_order(task_id), unread
