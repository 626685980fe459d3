"""Trials: attempts that a check judged, in the order they ended. Functions on an open connection."""

import sqlite3
from datetime import datetime

from agents.store.database import Transaction
from agents.store.encoding import encode, load
from agents.store.records import Expected, Trial
from agents.tasks import Mission, Outcome


def add(transaction: Transaction, mission: Mission, expected: Expected, at: datetime) -> None:
    """Keep what the harness said of `mission`, which has ended, beside what was `expected` of it.

    Raises ValueError when no check judged it: what only its own agent vouches for teaches nothing.
    """
    if mission.outcome not in {Outcome.PROVEN, Outcome.VERIFIED, Outcome.FAILED}:
        raise ValueError(f"mission {mission.label} ended {mission.outcome}: that is no trial")
    trial = Trial(
        **dict(expected),
        mission=mission.id,
        task=mission.task,
        at=at,
        tier=mission.tier,
        model=mission.model,
        way=mission.way,
        variant=mission.variant,
        success=mission.outcome is not Outcome.FAILED,
        cost_nano=mission.cost_nano,
        seconds=mission.seconds,
        usage=mission.usage,
    )
    transaction.sql.execute(
        "INSERT OR REPLACE INTO trials (mission, data) VALUES (?, ?)", (trial.mission, encode(trial))
    )


def newest(sql: sqlite3.Connection, limit: int) -> tuple[Trial, ...]:
    """The last `limit` trials, oldest first."""
    found = sql.execute("SELECT mission, data FROM trials ORDER BY id DESC LIMIT ?", (limit,)).fetchall()
    return tuple(load(Trial, data, f"the trial of mission {mission}") for mission, data in reversed(found))


def last(sql: sqlite3.Connection) -> int:
    """The number of the last trial; 0: there is none."""
    return int(sql.execute("SELECT coalesce(max(id), 0) FROM trials").fetchone()[0])
