"""Caps: what is configured, or more where a person raised it. Read and raised in the transactions that reserve, so that
a raise holds at once for every process of the home. Functions on an open connection."""

import sqlite3
from datetime import date, datetime
from typing import Literal

from agents.events import BudgetRaised, BudgetWarning
from agents.store import board, log
from agents.store.database import Transaction
from agents.store.errors import NotRaised, UnknownRow
from agents.store.records import MOST_NANO, Call
from agents.tasks import Task


def raised_cap(sql: sqlite3.Connection, day: date) -> int:
    """The highest daily cap a person gave `day`, in nano-dollars; 0 when nobody raised it."""
    found = sql.execute("SELECT coalesce(max(cap_nano), 0) FROM raises WHERE day = ?", (day.isoformat(),)).fetchone()
    return int(found[0])


def daily_cap(sql: sqlite3.Connection, day: date, configured_nano: int) -> int:
    """The cap in force on `day` for a process that has `configured_nano` configured."""
    return max(configured_nano, raised_cap(sql, day))


def task_cap(sql: sqlite3.Connection, task_id: int, configured_nano: int) -> int:
    """The task's own cap; `configured_nano` where it has none."""
    found = sql.execute("SELECT json_extract(data, '$.budget_nano') FROM tasks WHERE id = ?", (task_id,)).fetchone()
    return configured_nano if found is None or found[0] is None else int(found[0])


def raise_daily(
    transaction: Transaction, day: date, cap_nano: int, *, configured_nano: int, at: datetime, by: str
) -> int:
    """Raise the cap of `day` for every process of the home and say so; the cap before. Raises NotRaised, ValueError."""
    before = daily_cap(transaction.sql, day, configured_nano)
    _require_more("day", before, cap_nano)
    transaction.sql.execute("INSERT INTO raises (day, cap_nano) VALUES (?, ?)", (day.isoformat(), cap_nano))
    log.append(transaction, [BudgetRaised(at=at, scope="day", from_nano=before, cap_nano=cap_nano, by=by)])
    return before


def raise_task(
    transaction: Transaction, task_id: int, cap_nano: int, *, configured_nano: int, at: datetime, by: str
) -> Task:
    """Give the task a higher cap and say so. Raises NotRaised, UnknownRow, ValueError."""
    if board.get_task(transaction.sql, task_id) is None:
        raise UnknownRow(f"there is no task T{task_id} in this home: `warroom board --all` lists what is")
    before = task_cap(transaction.sql, task_id, configured_nano)
    _require_more("task", before, cap_nano)
    event = BudgetRaised(at=at, task=task_id, scope="task", from_nano=before, cap_nano=cap_nano, by=by)
    return board.save_task(transaction, task_id, [event], {"budget_nano": cap_nano}, at)


def warn(transaction: Transaction, call: Call, what: str, event: BudgetWarning) -> None:
    """Append `event` when what it says is spent has reached the line of its cap: once for `what` and cap, over all
    processes. `what`: the day or the task that the cap is for."""
    cap = event.cap_nano
    if cap <= 0 or event.spent_nano < int(call.warn_at * cap):
        return
    cursor = transaction.sql.execute("INSERT OR IGNORE INTO warned VALUES (?, ?)", (what, cap))
    if cursor.rowcount == 1:
        log.append(transaction, [event])


def _require_more(scope: Literal["task", "day"], before: int, cap_nano: int) -> None:
    if not 0 <= cap_nano <= MOST_NANO:
        raise ValueError(f"no cap is {cap_nano} nano-dollars")
    if cap_nano <= before:
        raise NotRaised(scope, from_nano=before, cap_nano=cap_nano)
