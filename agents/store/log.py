"""The event log: an append-only table whose rowid is the sequence number. Functions on an open connection.

Seqs are given under SQLite's one write lock and rolled back with their transaction. So over all processes their order
is the order of the commits, and there are no holes: whoever sees seq n sees every smaller one.
"""

import sqlite3
from collections.abc import Iterable
from datetime import UTC, datetime

from agents.events import Event
from agents.store.database import Transaction
from agents.store.encoding import load_event, normal_event, without_secrets


def append(transaction: Transaction, events: Iterable[Event]) -> None:
    """Append the state events; after the commit all of them are told, in this order, transient ones included.

    Raises ValueError when an event could not be read back (an infinite number, a type nobody knows).
    """
    for event in events:
        if event.transient:
            transaction.told.append(without_secrets(event))
            continue
        stored, data = normal_event(event)
        cursor = transaction.sql.execute("INSERT INTO events (task, data) VALUES (?, ?)", (stored.task, data))
        transaction.told.append(stored.model_copy(update={"seq": cursor.lastrowid}))


def after(
    sql: sqlite3.Connection, seq: int, limit: int, task: int | None = None, since: datetime | None = None
) -> list[Event]:
    """The oldest events after `seq`, at most `limit`, in order; of one task and of the second of `since` or later."""
    conditions, values = ["seq > ?"], list[int | str]([seq])
    if task is not None:
        conditions.append("task = ?")
        values.append(task)
    if since is not None:
        # Events are told in UTC, so that their times sort as text does, down to the second.
        conditions.append("substr(json_extract(data, '$.at'), 1, 19) >= ?")
        values.append(since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S"))
    found = sql.execute(
        f"SELECT seq, data FROM events WHERE {' AND '.join(conditions)} ORDER BY seq LIMIT ?", (*values, limit)
    )
    return [load_event(number, data) for number, data in found]


def newest(sql: sqlite3.Connection, limit: int, repo: str | None = None) -> list[Event]:
    """The last `limit` events, oldest first; of `repo`'s tasks and of no task, if given."""
    if repo is None:
        found = sql.execute("SELECT seq, data FROM events ORDER BY seq DESC LIMIT ?", (max(limit, 0),)).fetchall()
    else:
        found = sql.execute(
            "SELECT events.seq, events.data FROM events LEFT JOIN tasks ON tasks.id = events.task"
            " WHERE events.task IS NULL OR tasks.repo = ? ORDER BY events.seq DESC LIMIT ?",
            (repo, max(limit, 0)),
        ).fetchall()
    return [load_event(number, data) for number, data in reversed(found)]


def last_seq(sql: sqlite3.Connection) -> int:
    """The seq of the newest event; 0 in an empty log."""
    return int(sql.execute("SELECT coalesce(max(seq), 0) FROM events").fetchone()[0])


def last_of(sql: sqlite3.Connection, task: int, kind: str) -> Event | None:
    """The newest event of a task whose type is `kind`; None when there is none."""
    found = sql.execute(
        "SELECT seq, data FROM events WHERE task = ? AND json_extract(data, '$.type') = ? ORDER BY seq DESC LIMIT 1",
        (task, kind),
    ).fetchone()
    return load_event(*found) if found else None


def tool_times(sql: sqlite3.Connection, among: int) -> list[tuple[str, float, bool]]:
    """Tool, seconds and success of the tool calls that ended among the last `among` events, newest first."""
    found = sql.execute(
        "SELECT json_extract(data, '$.tool'), json_extract(data, '$.seconds'), json_extract(data, '$.ok')"
        " FROM (SELECT seq, data FROM events ORDER BY seq DESC LIMIT ?)"
        " WHERE json_extract(data, '$.type') = 'tool.finished'",
        (among,),
    )
    return [(str(tool), float(seconds), bool(ok)) for tool, seconds, ok in found]
