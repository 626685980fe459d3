"""The tables, and the steps that lead to them. A step that was released is never changed; a new one is appended.

`PRAGMA user_version` counts the steps taken. Rows hold a model as JSON, with the few columns that are searched. So a
new field of a stored model, or a new type of event, is a new schema too, even when no table changes: append a step.
"""

import sqlite3
from collections.abc import Sequence

from agents.store.errors import NewerSchema, StoreError

APPLICATION_ID = 0x57617252
"""Marks a SQLite file as a War Room's ("WarR")."""

_FIRST = (
    f"PRAGMA application_id = {APPLICATION_ID}",
    """CREATE TABLE tasks (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        repo TEXT NOT NULL,
        external_id TEXT,
        status TEXT NOT NULL,
        data TEXT NOT NULL
    )""",
    "CREATE UNIQUE INDEX tasks_external ON tasks (repo, external_id) WHERE external_id IS NOT NULL",
    "CREATE INDEX tasks_status ON tasks (status)",
    """CREATE TABLE missions (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        task INTEGER NOT NULL REFERENCES tasks (id),
        number INTEGER NOT NULL,
        finished INTEGER NOT NULL DEFAULT 0,
        data TEXT NOT NULL,
        UNIQUE (task, number)
    )""",
    "CREATE INDEX missions_open ON missions (id) WHERE finished = 0",
    """CREATE TABLE events (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        task INTEGER,
        data TEXT NOT NULL
    )""",
    "CREATE INDEX events_task ON events (task) WHERE task IS NOT NULL",
    """CREATE TABLE messages (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        mission INTEGER NOT NULL REFERENCES missions (id),
        data TEXT NOT NULL
    )""",
    "CREATE INDEX messages_mission ON messages (mission)",
    """CREATE TABLE calls (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        task INTEGER NOT NULL REFERENCES tasks (id),
        mission INTEGER REFERENCES missions (id),
        day TEXT NOT NULL,
        state TEXT NOT NULL CHECK (state IN ('open', 'settled', 'abandoned')),
        reserved_nano INTEGER NOT NULL CHECK (reserved_nano >= 0),
        cost_nano INTEGER CHECK (cost_nano >= 0),
        data TEXT NOT NULL
    )""",
    "CREATE INDEX calls_day ON calls (day, state, reserved_nano, cost_nano)",
    "CREATE INDEX calls_task ON calls (task, state, reserved_nano, cost_nano)",
    "CREATE INDEX calls_open ON calls (mission) WHERE state = 'open'",
    """CREATE TABLE probes (
        provider TEXT NOT NULL,
        model TEXT NOT NULL,
        data TEXT NOT NULL,
        PRIMARY KEY (provider, model)
    )""",
    """CREATE TABLE orders (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        task INTEGER NOT NULL REFERENCES tasks (id),
        taken INTEGER NOT NULL DEFAULT 0,
        data TEXT NOT NULL
    )""",
    "CREATE INDEX orders_waiting ON orders (task) WHERE taken = 0",
)

_OWNER = """SELECT application_id, user_version, (SELECT count(*) FROM sqlite_master)
    FROM pragma_application_id, pragma_user_version"""
"""One statement, so that what another process migrates meanwhile is seen whole or not at all."""

_SQUADS = (
    "CREATE TABLE owners (owner TEXT PRIMARY KEY, beat TEXT NOT NULL)",
    """CREATE TABLE slots (
        name TEXT PRIMARY KEY,
        owner TEXT NOT NULL,
        task INTEGER NOT NULL REFERENCES tasks (id)
    )""",
    """CREATE TABLE raises (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        day TEXT NOT NULL,
        cap_nano INTEGER NOT NULL CHECK (cap_nano >= 0)
    )""",
    "CREATE INDEX raises_day ON raises (day, cap_nano)",
    "CREATE TABLE warned (what TEXT NOT NULL, cap_nano INTEGER NOT NULL, PRIMARY KEY (what, cap_nano)) WITHOUT ROWID",
    "CREATE INDEX tasks_parent ON tasks (json_extract(data, '$.parent')) WHERE json_valid(data)",
)
"""Which War Rooms live, which slots of which tiers they hold, daily caps that a person raised, and of which caps a
warning was given; the parts of a task, asked for whenever one begins, among all tasks there ever were."""

_TRIALS = (
    """CREATE TABLE trials (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        mission INTEGER NOT NULL UNIQUE REFERENCES missions (id),
        data TEXT NOT NULL
    )""",
)
"""Attempts that a check judged: what odds are learned from."""

_APPROVALS = (
    """CREATE TABLE asks (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        task INTEGER NOT NULL REFERENCES tasks (id),
        mission INTEGER REFERENCES missions (id),
        waits INTEGER NOT NULL DEFAULT 1,
        data TEXT NOT NULL
    )""",
    "CREATE INDEX asks_waiting ON asks (task) WHERE waits = 1",
    "CREATE INDEX asks_mission ON asks (mission) WHERE mission IS NOT NULL",
    """CREATE TABLE remembered (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        repo TEXT NOT NULL,
        data TEXT NOT NULL
    )""",
    "CREATE INDEX remembered_repo ON remembered (repo)",
)
"""What agents asked a person and how it was answered, and what is allowed for good in a repository."""

_CONVENTIONS: tuple[str, ...] = ()
"""Missions say which guides and skills of the repository they were told."""

_WORK_ORDERS = (
    "CREATE TABLE work_orders (task INTEGER PRIMARY KEY REFERENCES tasks (id), data TEXT NOT NULL)",
    """CREATE TABLE strengths (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        repo TEXT NOT NULL,
        tried INTEGER NOT NULL CHECK (tried >= 0),
        accepted INTEGER NOT NULL CHECK (accepted BETWEEN 0 AND tried)
    )""",
    "CREATE INDEX strengths_repo ON strengths (repo)",
)
"""Orchestrated work: orders with how far they are, and how many stubs the checks of a repository let pass. With it come
the events `order.*`, a task's pin `orchestrate`, and the variant `orchestrated`."""

STEPS: tuple[tuple[str, ...], ...] = (_FIRST, _SQUADS, _TRIALS, _APPROVALS, _CONVENTIONS, _WORK_ORDERS)
SCHEMA = len(STEPS)


def refuse_newer(sql: sqlite3.Connection, known: int = SCHEMA) -> int:
    """The schema the database has now. Raises NewerSchema when we do not know it."""
    found = int(sql.execute("PRAGMA user_version").fetchone()[0])
    if found > known:
        raise NewerSchema(found, known)
    return found


def refuse_foreign(sql: sqlite3.Connection) -> None:
    """Raises StoreError when the file is another program's database. An empty one is nobody's."""
    owner, schema, tables = sql.execute(_OWNER).fetchone()
    if owner != APPLICATION_ID and (schema or tables):
        raise StoreError("the database in this home belongs to another program: set WARROOM_HOME to another folder")


def migrate(sql: sqlite3.Connection, steps: Sequence[Sequence[str]] = STEPS) -> None:
    """Take the steps not taken yet, each in a transaction of its own. Safe when several processes do it at once.

    Raises NewerSchema, and StoreError when the file is another program's.
    """
    while refuse_newer(sql, len(steps)) < len(steps):
        sql.execute("BEGIN IMMEDIATE")
        try:
            refuse_foreign(sql)
            found = refuse_newer(sql, len(steps))  # again, under the lock: another process may have been first
            if found < len(steps):
                for statement in steps[found]:
                    sql.execute(statement)
                sql.execute(f"PRAGMA user_version = {found + 1}")
            sql.execute("COMMIT")
        except BaseException:
            if sql.in_transaction:
                sql.execute("ROLLBACK")
            raise
