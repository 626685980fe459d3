"""Work done for nothing: which results that stand were made in a free tier. Functions on an open connection."""

import json
import sqlite3
from datetime import datetime

from agents.store.ledger import day_of
from agents.store.records import FreeWork

_SETTLED_FREE = "state = 'settled' AND reserved_nano = 0 AND cost_nano = 0"
_DONE = f"""SELECT id, json_extract(data, '$.complexity') FROM tasks
    WHERE id IN (SELECT task FROM calls WHERE day >= ? AND {_SETTLED_FREE})
    AND json_extract(data, '$.outcome') IN ('proven', 'verified')
    AND EXISTS (
        SELECT 1 FROM calls WHERE calls.task = tasks.id AND {_SETTLED_FREE}
        AND json_extract(calls.data, '$.tier') = json_extract(tasks.data, '$.tier_used')
    )"""
_CODING = """SELECT id FROM missions WHERE task IN (SELECT value FROM json_each(?))
    AND coalesce(json_extract(data, '$.role'), 'code') = 'code'"""
"""A mission stored before missions had roles is a coding one."""


def free_work(sql: sqlite3.Connection, since: datetime | None = None) -> FreeWork:
    """What was proven or verified in a tier that cost nothing, with free calls on the day of `since` or later."""
    day = "" if since is None else day_of(since).isoformat()
    tasks = dict(sql.execute(_DONE, (day,)).fetchall())
    missions = sql.execute(_CODING, (json.dumps(list(tasks)),)).fetchall()
    return FreeWork(complexity=tasks, missions=frozenset(number for (number,) in missions))
