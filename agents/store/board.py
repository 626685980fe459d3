"""Tasks and missions as rows. Where a task stands is always what its events say. Functions on an open connection."""

import sqlite3
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

from agents.events import Event, TaskPosted, TaskStatusChanged
from agents.store import asks, log
from agents.store.database import Transaction
from agents.store.encoding import encode, load, plain
from agents.store.errors import AlreadyPosted, StoreError, UnknownRow
from agents.store.replay import POSTED, Standing, advance, moves
from agents.tasks import Frozen, Mission, NewTask, Outcome, Task, TaskStatus

R = TypeVar("R", bound=Frozen)


def insert_task(
    transaction: Transaction,
    new: NewTask,
    fields: Mapping[str, Any],
    at: datetime,
    events: Callable[[Task], Sequence[Event]],
) -> Task:
    """Post `new`: its row, a task.posted where `events` has none, and `events`. Raises AlreadyPosted."""
    sql = transaction.sql
    external = None if new.external_id is None else plain(new.external_id)
    try:
        cursor = sql.execute(
            "INSERT INTO tasks (repo, external_id, status, data) VALUES (?, ?, ?, '')",
            (plain(str(fields["repo"])), external, TaskStatus.OPEN.value),
        )
    except sqlite3.IntegrityError as error:
        raise AlreadyPosted(f"a task with the id {external} is already on the board of this repository") from error
    posted = {"id": cursor.lastrowid, "status": TaskStatus.OPEN, "created_at": at, "updated_at": at}
    task = _normal(Task.model_validate({**dict(new), **fields, **posted}))
    told = list(events(task))
    if not any(isinstance(event, TaskPosted) for event in told):
        told.insert(0, TaskPosted(at=at, task=task.id, title=task.title, priority=task.priority, repo=task.repo))
    return _put_task(transaction, task, told, standing=POSTED, changes={}, at=at)


def save_task(
    transaction: Transaction,
    task_id: int,
    events: Sequence[Event],
    changes: Mapping[str, Any],
    at: datetime,
    *,
    provided: Callable[[Task], None] | None = None,
) -> Task:
    """Change the row and append `events`; a task.status is added where none of them says the new status.

    The outcome is what the events say, so that the log and the row agree: it goes when the task is tried again.
    `provided` gets the row as it stands; what it raises is raised, and nothing is changed.

    Raises UnknownRow; ValueError for a wrong field or value, or an outcome that no task.finished tells.
    """
    before = _known(get_task(transaction.sql, task_id), f"task T{task_id}")
    if provided is not None:
        provided(before)
    return _put_task(transaction, before, events, standing=(before.status, before.outcome), changes=changes, at=at)


def record(transaction: Transaction, events: Sequence[Event], at: datetime, *, done: int | None = None) -> None:
    """Append `events` of any kind; the rows of the tasks they move follow, but of task `done`, whose row is written."""
    log.append(transaction, events)
    for event in events:
        if event.task is not None and event.task != done and moves(event):
            task = get_task(transaction.sql, event.task)
            if task is not None:
                status, outcome = advance((task.status, task.outcome), event)
                _update_task(transaction.sql, _changed(task, {"status": status, "outcome": outcome, "updated_at": at}))


def get_task(sql: sqlite3.Connection, task_id: int) -> Task | None:
    """The task, or None."""
    found = sql.execute("SELECT data FROM tasks WHERE id = ?", (task_id,)).fetchone()
    return load(Task, found[0], f"task T{task_id}") if found else None


def find_tasks(
    sql: sqlite3.Connection,
    *,
    repo: str | None = None,
    statuses: Collection[TaskStatus] | None = None,
    external_id: str | None = None,
    parent: int | None = None,
) -> list[Task]:
    """The tasks that match, by id."""
    conditions, values = ["1"], list[str | int]()
    if repo is not None:
        conditions.append("repo = ?")
        values.append(plain(repo))
    if external_id is not None:
        conditions.append("external_id = ?")
        values.append(plain(external_id))
    if parent is not None:
        conditions.append("json_valid(data) AND json_extract(data, '$.parent') = ?")
        values.append(parent)
    if statuses is not None:
        conditions.append(f"status IN ({', '.join('?' * len(statuses))})")
        values += [status.value for status in statuses]
    found = sql.execute(f"SELECT id, data FROM tasks WHERE {' AND '.join(conditions)} ORDER BY id", values)
    return [load(Task, data, f"task T{number}") for number, data in found]


def insert_mission(
    transaction: Transaction,
    fields: Mapping[str, Any],
    at: datetime,
    events: Callable[[Mission], Sequence[Event]],
    *,
    provided: Callable[[Task], None] | None = None,
) -> Mission:
    """A new mission: its row and `events`. Without a number it is the task's next one.

    Raises StoreError when the task is unknown or has that mission already, and what `provided` raises.
    """
    sql = transaction.sql
    task, number = fields["task"], fields["number"]
    if provided is not None:
        provided(_known(get_task(sql, task), f"task T{task}"))
    if number is None:
        (number,) = sql.execute("SELECT coalesce(max(number), 0) + 1 FROM missions WHERE task = ?", (task,)).fetchone()
    try:
        cursor = sql.execute("INSERT INTO missions (task, number, data) VALUES (?, ?, '')", (task, number))
    except sqlite3.IntegrityError as error:
        raise StoreError(f"task T{task} is not in this home, or has a mission {number} already") from error
    mission = _normal(Mission.model_validate({**fields, "number": number, "id": cursor.lastrowid, "started_at": at}))
    sql.execute("UPDATE missions SET data = ? WHERE id = ?", (encode(mission), mission.id))
    record(transaction, events(mission), at)
    return mission


def save_mission(
    transaction: Transaction, mission_id: int, events: Sequence[Event], changes: Mapping[str, Any], at: datetime
) -> Mission:
    """Change the row and append `events`. Raises UnknownRow, and ValueError as `save_task` does."""
    sql = transaction.sql
    found = sql.execute("SELECT data FROM missions WHERE id = ?", (mission_id,)).fetchone()
    before = _known(load(Mission, found[0], f"mission {mission_id}") if found else None, f"mission {mission_id}")
    mission = _changed(before, changes)
    sql.execute(
        "UPDATE missions SET finished = ?, data = ? WHERE id = ?",
        (mission.finished_at is not None, encode(mission), mission_id),
    )
    if mission.finished_at is not None:
        asks.close(transaction, at, mission=mission_id)
    record(transaction, events, at)
    return mission


def missions_of(sql: sqlite3.Connection, task_id: int) -> list[Mission]:
    """The task's missions, first to last."""
    found = sql.execute("SELECT id, data FROM missions WHERE task = ? ORDER BY number", (task_id,))
    return [load(Mission, data, f"mission {number}") for number, data in found]


def proven_missions(sql: sqlite3.Connection, mission_id: int, limit: int) -> list[Mission]:
    """The oldest proven coding missions after `mission_id`. One stored before missions had roles is a coding one."""
    found = sql.execute(
        "SELECT id, data FROM missions WHERE id > ? AND finished = 1 AND json_extract(data, '$.outcome') = 'proven'"
        " AND coalesce(json_extract(data, '$.role'), 'code') = 'code' ORDER BY id LIMIT ?",
        (mission_id, limit),
    )
    return [load(Mission, data, f"mission {number}") for number, data in found]


def count_results(sql: sqlite3.Connection, repo: str, tiers: Collection[str], until: Mission) -> int:
    """Accepted code missions of `tiers` on tasks of `repo`, in the order they ended, up to and with `until`; those that
    wrote a part of a work order brought no result by themselves."""
    accepted = [outcome.value for outcome in Outcome if outcome.accepted]
    found = sql.execute(
        f"""SELECT missions.data FROM missions JOIN tasks ON tasks.id = missions.task
        WHERE tasks.repo = ? AND missions.finished = 1
        AND json_extract(missions.data, '$.tier') IN ({", ".join("?" * len(tiers))})
        AND json_extract(missions.data, '$.outcome') IN ({", ".join("?" * len(accepted))})
        AND json_extract(missions.data, '$.variant') <> 'orchestrated'
        AND coalesce(json_extract(missions.data, '$.role'), 'code') = 'code'""",
        (plain(repo), *tiers, *accepted),
    )
    last = _ending(until)
    return sum(_ending(load(Mission, data, "a mission")) <= last for (data,) in found)


def _ending(mission: Mission) -> tuple[datetime, int]:
    """When it ended; of two that ended in the same moment the first one begun counts as the first."""
    return mission.finished_at or datetime.max.replace(tzinfo=UTC), mission.id


def open_missions(sql: sqlite3.Connection) -> list[Mission]:
    """Missions that did not finish, whoever runs them or ran them."""
    found = sql.execute("SELECT id, data FROM missions WHERE finished = 0 ORDER BY id")
    return [load(Mission, data, f"mission {number}") for number, data in found]


def _put_task(
    transaction: Transaction,
    task: Task,
    events: Sequence[Event],
    *,
    standing: Standing,
    changes: Mapping[str, Any],
    at: datetime,
) -> Task:
    told = list(events)
    for event in told:
        if event.task == task.id:
            standing = advance(standing, event)
    after = _changed(task, {**changes, "updated_at": at})
    if "status" in changes and after.status != standing[0]:
        said = TaskStatusChanged(at=at, task=task.id, status=after.status, reason=after.reason)
        standing = advance(standing, said)
        told.append(said)
    if "outcome" in changes and after.outcome not in (None, standing[1]):
        raise ValueError(f"the outcome of {task.label} becomes {after.outcome}, but no task.finished event says so")
    after = _changed(after, {"status": standing[0], "outcome": standing[1]})
    _update_task(transaction.sql, after)
    record(transaction, told, at, done=task.id)
    return after


def _update_task(sql: sqlite3.Connection, task: Task) -> None:
    sql.execute("UPDATE tasks SET status = ?, data = ? WHERE id = ?", (task.status.value, encode(task), task.id))


def _changed(row: R, changes: Mapping[str, Any]) -> R:
    if "id" in changes and changes["id"] != dict(row)["id"]:
        raise ValueError("a row keeps its id")
    return _normal(type(row).model_validate({**dict(row), **changes}))


def _normal(row: R) -> R:
    """`row` as it will be read again. Raises ValueError when it could not be."""
    return type(row).model_validate_json(encode(row))


def _known(row: R | None, what: str) -> R:
    if row is None:
        raise UnknownRow(f"there is no {what} in this home: `warroom board --all` lists what is")
    return row
