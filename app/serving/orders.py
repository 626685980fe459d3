"""The tools that look, and those that decide about a result."""

from typing import TYPE_CHECKING, Any

import click

from agents.events import TaskFinished
from agents.refusals import NotPossible
from agents.tasks import Task, TaskStatus
from app.commands.advice import review_lines
from app.commands.bill_rows import bill_rows
from app.commands.board import recent
from app.commands.costs import RECENT, rows
from app.commands.report import merged_where
from app.serving import arguments as given
from app.serving.next_step import next_step
from app.serving.permissions import HOW_TO_ACCEPT
from app.serving.rooms import Room, Rooms
from app.serving.rows import (
    BRIEF_CHARS,
    OUTPUT_CHARS,
    arm_rows,
    check_of,
    mission_rows,
    result_of,
    safe_text,
    task_row,
)

if TYPE_CHECKING:
    from datetime import datetime

Answer = dict[str, Any]
BOARD_ROWS = 200


async def board(rooms: Rooms, asked: given.Board) -> Answer:
    """The tasks of a repository."""
    room = await rooms.at(asked.repo)
    tasks = await room.hq.tasks()
    shown = (tasks if asked.all else recent(tasks))[-BOARD_ROWS:]
    return {"tasks": [task_row(task) for task in shown], "older": len(tasks) - len(shown)}


def standing(room: Room, task: Task) -> Answer:
    """A task as it stands."""
    return {**task_row(task), "next": next_step(task, may_accept=room.may_accept)}


async def reported(room: Room, task: Task) -> Answer:
    """A task with what came of it."""
    finished = await room.hq.store.last_event(task.id, "task.finished")
    result = result_of(task, finished if isinstance(finished, TaskFinished) else None)
    return {**standing(room, task), "result": result}


async def show(room: Room, task: Task) -> Answer:
    """Everything a caller needs to judge a task."""
    missions, parts = await room.hq.missions(task.id), await room.hq.parts(task.id)
    check, review = task.result_check or task.base_check, task.present_review
    return {
        **await reported(room, task),
        "brief": task.brief[:BRIEF_CHARS],
        "check": task.check,
        "check_output": check.output[-OUTPUT_CHARS:] if check else "",
        "plan": arm_rows(task),
        "missions": mission_rows(missions),
        "parts": [part.id for part in parts],
        "review": "\n".join(line for line, _ in review_lines(review)) if review else None,
        "transcript": f"warroom://task/{task.id}/transcript",
    }


async def diff(rooms: Rooms, asked: given.Diff) -> Answer:
    """A page of a result's diff. Raises NotPossible when there is no result."""
    room, task = await rooms.of(asked.task)
    text = safe_text(await room.hq.diff(task.id))
    if not text:
        raise NotPossible(f"{task.label} has no result to show: it is {task.status}. {task.reason}".strip())
    page = text[asked.offset : asked.offset + asked.limit]
    end = asked.offset + len(page)
    return {
        "task": task.id,
        "files": list(task.files[:100]),
        "check": check_of(task).model_dump(mode="json"),
        "outcome": task.outcome,
        "diff": page,
        "offset": asked.offset,
        "total_chars": len(text),
        "next_offset": end if end < len(text) else None,
    }


async def accept(rooms: Rooms, asked: given.OneTask) -> Answer:
    """Merge a result, where the person allows it. Raises NotPossible, Conflict."""
    room, task = await rooms.of(asked.task)
    if not room.may_accept:
        raise NotPossible(f"{task.label} was not merged: " + HOW_TO_ACCEPT.format(task=task.label))
    done = await rooms.carry_out(room.hq.accept(task.id))
    if done.status is not TaskStatus.DONE:
        return {
            **standing(room, done),
            "next": "It does not fit the branch any more and is queued to be done again.",
        }
    return {**standing(room, done), "next": f"Merged {merged_where(done)}: {done.merged_commit}"}


async def reject(rooms: Rooms, asked: given.OneTask) -> Answer:
    """Throw a result away. Raises NotPossible."""
    room, task = await rooms.of(asked.task)
    return standing(room, await rooms.carry_out(room.hq.reject(task.id)))


async def cancel(rooms: Rooms, asked: given.OneTask) -> Answer:
    """Stop a task now. Raises NotPossible when it has ended."""
    room, task = await rooms.of(asked.task)
    return standing(room, await rooms.carry_out(room.hq.cancel(task.id)))


async def route(rooms: Rooms, asked: given.Route) -> Answer:
    """CONTRACT's row of `route`. Raises click.UsageError."""
    from agents.dispatch.known_odds import KnownOdds
    from agents.dispatch.readiness import without_looking
    from agents.workspace.checks import find_check
    from agents.workspace.listing import files_in
    from app.commands.route import Routed

    room = await rooms.own()
    settings, store, root = room.hq.settings, room.hq.store, room.root
    if asked.tier is not None and asked.tier not in settings.tiers:
        raise click.UsageError(f"there is no tier {asked.tier!r}: the tiers are {', '.join(settings.tiers)}")
    routed = await Routed.of(
        settings,
        root,
        await files_in(root),
        asked.task,
        check=asked.check or settings.check.command or find_check(root),
        pin=asked.tier,
        orchestrate=asked.orchestrate,
        known=KnownOdds(store, settings),
        ready=await without_looking(settings, store),
        strength=await store.strength(str(root)),
    )
    return routed.row()


async def costs(rooms: Rooms, asked: given.Costs) -> Answer:
    """CONTRACT's rows of `costs`. Raises click.UsageError for a date that is none."""
    from agents.routing.bill import bills
    from agents.routing.books import added_up
    from app.commands.values import Since

    own = await rooms.own()
    since: datetime | None = Since().convert(asked.since, None, None) if asked.since else None
    books = await added_up(own.hq.store, own.hq.settings, since)
    tasks = [await own.hq.store.task(int(line.key)) for line in books.lines("task")[-RECENT:]]
    # What other repositories work on is none of a caller's business; what it costs is the same person's money.
    titles = {task.id: task.title for task in tasks if task is not None and rooms.visible(own, task.repo)}
    orders = await bills(own.hq.store, own.hq.settings, since)
    found = [*rows(books, titles, since), *bill_rows(orders, titles)]
    kept = [row for by in ("total", "tier", "model") for row in found if row["by"] == by]
    kept += [
        row for by in ("task", "day", "orchestrated") for row in [one for one in found if one["by"] == by][-RECENT:]
    ]
    return {"rows": kept, "left_out": len(found) - len(kept)}
