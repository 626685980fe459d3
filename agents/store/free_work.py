"""Work that was done for nothing: the free calls behind results that stand. Functions on an open connection."""

import sqlite3
from datetime import datetime

from agents.store.encoding import load
from agents.store.ledger import day_of
from agents.store.records import FreeCall
from agents.tasks import Usage

_FREE_WORK = """WITH
    free AS (
        SELECT id, task, mission, data FROM calls
        WHERE day >= ? AND id > ? AND state = 'settled' AND reserved_nano = 0 AND cost_nano = 0
    ),
    done AS MATERIALIZED (
        SELECT id, json_extract(data, '$.complexity') AS complexity FROM tasks
        WHERE id IN (SELECT task FROM free) AND json_extract(data, '$.outcome') IN ('proven', 'verified')
        AND EXISTS (
            SELECT 1 FROM calls AS used WHERE used.task = tasks.id AND used.state = 'settled'
            AND used.reserved_nano = 0 AND used.cost_nano = 0
            AND json_extract(used.data, '$.tier') = json_extract(tasks.data, '$.tier_used')
        )
    ),
    coding AS MATERIALIZED (
        SELECT missions.id FROM missions JOIN done ON done.id = missions.task
        WHERE coalesce(json_extract(missions.data, '$.role'), 'code') = 'code'
    )
    SELECT free.id, json_extract(free.data, '$.at'), free.task, done.complexity,
        json_extract(free.data, '$.tier'), json_extract(free.data, '$.model'), json_extract(free.data, '$.usage')
    FROM free JOIN done ON done.id = free.task
    WHERE free.mission IN (SELECT id FROM coding) ORDER BY free.id LIMIT ?"""
"""A mission stored before missions had roles is a coding one."""


def after(sql: sqlite3.Connection, call_id: int, limit: int, since: datetime | None = None) -> list[FreeCall]:
    """The oldest such calls after `call_id` of the day of `since` and later, at most `limit`, in order."""
    day = "" if since is None else day_of(since).isoformat()
    return [
        FreeCall(
            id=number,
            at=datetime.fromisoformat(at),
            task=task,
            complexity=complexity,
            tier=tier,
            model=model,
            usage=load(Usage, usage, f"call {number}"),
        )
        for number, at, task, complexity, tier, model, usage in sql.execute(_FREE_WORK, (day, call_id, limit))
    ]
