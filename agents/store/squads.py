"""Which War Rooms live, and which slots of which tiers they hold: what several processes on one home agree on.

Functions on an open connection."""

import json
import sqlite3
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from agents.store.encoding import plain
from agents.store.errors import StoreError
from agents.tasks import TaskStatus


def beat(sql: sqlite3.Connection, owner: str, at: datetime) -> None:
    """`owner` lives."""
    sql.execute("INSERT OR REPLACE INTO owners (owner, beat) VALUES (?, ?)", (plain(owner), at.isoformat()))


def beats(sql: sqlite3.Connection) -> dict[str, str]:
    """Every War Room that was heard and did not say goodbye, with its last beat."""
    return dict(sql.execute("SELECT owner, beat FROM owners"))


def forget(sql: sqlite3.Connection, owners: Collection[str]) -> None:
    """`owners` are gone, or leave: their slots are free."""
    names = json.dumps(list(owners))
    sql.execute("DELETE FROM owners WHERE owner IN (SELECT value FROM json_each(?))", (names,))
    sql.execute("DELETE FROM slots WHERE owner IN (SELECT value FROM json_each(?))", (names,))


def take_slot(
    sql: sqlite3.Connection, names: Sequence[str], *, owner: str, task: int, max_running: int
) -> tuple[str | None, bool]:
    """The first free slot of `names`, held by `owner` for `task` from now on; or None, and whether all are taken.

    `max_running` (0: no limit) counts tasks that run or hold a slot, in every War Room of this home; a task that runs
    already is one of them. Raises StoreError when there is no such task.
    """
    # The owner knows these as free: a row of its own is what could not be deleted when it gave the slot back.
    sql.execute(
        "DELETE FROM slots WHERE owner = ? AND name IN (SELECT value FROM json_each(?))",
        (plain(owner), json.dumps(list(names))),
    )
    if max_running:
        running = {int(row[0]) for row in sql.execute("SELECT id FROM tasks WHERE status = ?", (TaskStatus.RUNNING,))}
        running |= {int(row[0]) for row in sql.execute("SELECT task FROM slots")}
        if task not in running and len(running) >= max_running:
            return None, False
    held = {row[0] for row in sql.execute("SELECT name FROM slots")}
    free = next((name for name in names if name not in held), None)
    if free is None:
        return None, True
    try:
        sql.execute("INSERT INTO slots (name, owner, task) VALUES (?, ?, ?)", (plain(free), plain(owner), task))
    except sqlite3.IntegrityError as error:
        raise StoreError(f"task T{task} is not in this home") from error
    return free, False


def free_slot(sql: sqlite3.Connection, name: str, owner: str) -> None:
    """`owner` does not hold it any more."""
    sql.execute("DELETE FROM slots WHERE name = ? AND owner = ?", (name, owner))


def slot_holders(sql: sqlite3.Connection) -> dict[str, str]:
    """Who holds which slot, by the slot's name."""
    return dict(sql.execute("SELECT name, owner FROM slots"))


def standings(sql: sqlite3.Connection, repo: str) -> Mapping[int, TaskStatus]:
    """Where every task of a repository stands, without reading the tasks."""
    found = sql.execute("SELECT id, status FROM tasks WHERE repo = ?", (plain(repo),))
    return {int(number): TaskStatus(status) for number, status in found}


def parts_of(sql: sqlite3.Connection, parent: int) -> tuple[int, ...]:
    """The tasks a task was split into, but those a person cancelled; when all were, all of them: the task waits."""
    found = sql.execute(  # in the words of the index
        "SELECT id, status FROM tasks WHERE json_valid(data) AND json_extract(data, '$.parent') = ? ORDER BY id",
        (parent,),
    )
    parts = {int(number): status for number, status in found}
    living = tuple(number for number, status in parts.items() if status != TaskStatus.CANCELLED)
    return living or tuple(parts)
