"""The ledger: one row per model call. Money is reserved before it is spent, under SQLite's write lock, so the caps hold
over all processes. A call belongs to the UTC day on which it was reserved. Functions on an open connection."""

import json
import sqlite3
from collections.abc import Collection, Sequence
from datetime import UTC, date, datetime
from typing import Any, Literal

from agents.events import BudgetReserved, BudgetSpent, BudgetWarning, Event
from agents.models.chat import Message
from agents.store import board, caps, log, notes
from agents.store.database import Transaction
from agents.store.encoding import encode, load
from agents.store.errors import OverBudget, StoreError, UnknownPrice, UnknownRow
from agents.store.records import LOCAL_PROVIDERS, MOST_NANO, Call, CallState, NewCall, Spending
from agents.tasks import Usage

_TOTALS = """SELECT
    coalesce(sum(CASE WHEN state = 'open' THEN 0 ELSE coalesce(cost_nano, reserved_nano) END), 0),
    coalesce(sum(CASE WHEN state = 'open' THEN reserved_nano ELSE 0 END), 0),
    count(*),
    coalesce(sum(state <> 'open' AND cost_nano IS NULL), 0)
    FROM calls WHERE """
_OPEN = "calls LEFT JOIN missions ON missions.id = calls.mission WHERE calls.state = 'open'"
_OWNER = """coalesce(
    nullif(json_extract(calls.data, '$.owner'), ''), json_extract(missions.data, '$.owner'), '')"""


def day_of(at: datetime) -> date:
    """The day `at` is counted on: UTC."""
    return at.astimezone(UTC).date()


def spending(sql: sqlite3.Connection, day: date) -> Spending:
    """Of all calls reserved on `day`."""
    return _spending(sql.execute(_TOTALS + "day = ?", (day.isoformat(),)).fetchone())


def task_spending(sql: sqlite3.Connection, task_id: int) -> Spending:
    """Of all calls of a task, on any day."""
    return _spending(sql.execute(_TOTALS + "task = ?", (task_id,)).fetchone())


def reserve(
    transaction: Transaction,
    new: NewCall,
    at: datetime,
    *,
    daily_cap_nano: int,
    task_cap_nano: int,
    warn_at: float,
) -> int:
    """Open a call and set its worst case aside; its id. A call that costs nothing fits every cap.

    The caps are those configured; what a person raised or gave the task is looked up here, under the write lock.
    Raises OverBudget, UnknownPrice, StoreError when its task or mission is not in this home.
    """
    sql, day = transaction.sql, day_of(at)
    amount = new.reserved_nano
    if amount is None:
        if new.provider not in LOCAL_PROVIDERS:
            raise UnknownPrice(new.provider, new.model)
        amount = 0
    if amount:
        _fit("task", new.task, amount, task_spending(sql, new.task), caps.task_cap(sql, new.task, task_cap_nano))
        _fit("day", new.task, amount, spending(sql, day), caps.daily_cap(sql, day, daily_cap_nano))
    try:
        cursor = sql.execute(
            "INSERT INTO calls (task, mission, day, state, reserved_nano, data) VALUES (?, ?, ?, 'open', ?, '')",
            (new.task, new.mission, day.isoformat(), amount),
        )
    except sqlite3.IntegrityError as error:
        raise StoreError(f"task T{new.task} or mission {new.mission} of a call is not in this home") from error
    number = int(cursor.lastrowid or 0)
    configured = {"daily_cap_nano": daily_cap_nano, "task_cap_nano": task_cap_nano, "warn_at": warn_at}
    more = {**configured, "reserved_nano": amount}
    call = Call.model_validate({**dict(new), **more, "id": number, "at": at, "state": CallState.OPEN})
    _update(sql, call)
    if amount:
        log.append(transaction, [BudgetReserved(**_where(sql, call, at), call=number, amount_nano=amount)])
    return number


def settle(
    transaction: Transaction,
    call_id: int,
    at: datetime,
    *,
    usage: Usage,
    cost_nano: int | None,
    request_id: str | None,
    error: str | None,
    reply: Message | None,
    events: Sequence[Event],
) -> None:
    """End a call at its true cost; None counts as its whole reservation. Add its `reply` to the mission's transcript,
    append `events` and what it did to the day.

    Nothing is done when it was settled before. An abandoned call may still be settled: whoever made it was not gone
    after all. Raises UnknownRow.
    """
    if cost_nano is not None and not 0 <= cost_nano <= MOST_NANO:
        raise ValueError(f"no call costs {cost_nano} nano-dollars")
    call = get(transaction.sql, call_id)
    if call.state is CallState.SETTLED:
        return
    ended = {"state": CallState.SETTLED, "usage": usage, "cost_nano": cost_nano, "request_id": request_id}
    if reply is not None and call.mission is not None:
        notes.add_message(transaction.sql, call.mission, reply)
    board.record(transaction, events, at)
    _end(transaction, Call.model_validate({**dict(call), **ended, "error": error}), at)


def abandon(transaction: Transaction, mission_id: int, at: datetime) -> None:
    """End the mission's open calls at their whole reservation: nobody will ever say what they cost."""
    for call in _found(transaction.sql, "mission = ? AND state = 'open'", mission_id):
        _abandon(transaction, call, at)


def open_owners(sql: sqlite3.Connection) -> list[str]:
    """Whose calls are open: of every call its owner, else its mission's; an empty one where neither is known."""
    return [str(owner) for (owner,) in sql.execute(f"SELECT DISTINCT {_OWNER} FROM {_OPEN}")]


def abandon_of(transaction: Transaction, owners: Collection[str], at: datetime) -> tuple[int, ...]:
    """End every open call of `owners` at its whole reservation; the tasks whose money that was."""
    found = transaction.sql.execute(
        f"SELECT calls.id FROM {_OPEN} AND {_OWNER} IN (SELECT value FROM json_each(?)) ORDER BY calls.id",
        (json.dumps(list(owners)),),
    ).fetchall()
    calls = [get(transaction.sql, number) for (number,) in found]
    for call in calls:
        _abandon(transaction, call, at)
    return tuple(sorted({call.task for call in calls}))


def get(sql: sqlite3.Connection, call_id: int) -> Call:
    """One row. Raises UnknownRow."""
    found = _found(sql, "id = ?", call_id)
    if not found:
        raise UnknownRow(f"there is no call {call_id} in this home's ledger")
    return found[0]


def calls_of(sql: sqlite3.Connection, task_id: int) -> list[Call]:
    """The task's calls, in the order they were made."""
    return _found(sql, "task = ?", task_id)


def after(
    sql: sqlite3.Connection, call_id: int, limit: int, since: datetime | None = None, *, free: bool = False
) -> list[Call]:
    """The oldest calls after `call_id` reserved on the day of `since` or later, at most `limit`, in order.

    `free`: only those that ended and cost nothing.
    """
    day = "" if since is None else day_of(since).isoformat()
    if day and not call_id:
        call_id = (sql.execute("SELECT min(id) FROM calls WHERE day >= ?", (day,)).fetchone()[0] or 1) - 1
    only = "AND state = 'settled' AND +reserved_nano = 0 AND cost_nano = 0" if free else ""
    # The plus keeps SQLite from reading by day and sorting: page after page it would read everything again.
    found = sql.execute(
        f"SELECT id, data FROM calls WHERE id > ? AND +day >= ? {only} ORDER BY id LIMIT ?", (call_id, day, limit)
    )
    return [load(Call, data, f"call {number}") for number, data in found]


def _found(sql: sqlite3.Connection, condition: str, value: int) -> list[Call]:
    found = sql.execute(f"SELECT id, data FROM calls WHERE {condition} ORDER BY id", (value,))
    return [load(Call, data, f"call {number}") for number, data in found]


def _update(sql: sqlite3.Connection, call: Call) -> None:
    sql.execute(
        "UPDATE calls SET state = ?, cost_nano = ?, data = ? WHERE id = ?",
        (call.state.value, call.cost_nano, encode(call), call.id),
    )


def _abandon(transaction: Transaction, call: Call, at: datetime) -> None:
    _end(transaction, call.model_copy(update={"state": CallState.ABANDONED, "cost_nano": call.reserved_nano}), at)


def _end(transaction: Transaction, call: Call, at: datetime) -> None:
    """Write the ended call and, where money was set aside or spent, say where its day stands now."""
    sql = transaction.sql
    _update(sql, call)
    if not call.reserved_nano and not call.counted_nano:
        return
    day = day_of(call.at)
    cap, today = caps.daily_cap(sql, day, call.daily_cap_nano), spending(sql, day).spent_nano
    where = _where(sql, call, at)
    spent = BudgetSpent(**where, call=call.id, amount_nano=call.counted_nano, today_nano=today, cap_nano=cap)
    log.append(transaction, [spent])
    warning = BudgetWarning(**where, today_nano=today, cap_nano=cap)
    caps.warn(transaction, call, day.isoformat(), warning)
    own = {"cap_nano": caps.task_cap(sql, call.task, call.task_cap_nano), "scope": "task"}
    own["task_nano"] = task_spending(sql, call.task).spent_nano
    caps.warn(transaction, call, f"T{call.task}", warning.model_copy(update=own))


def _where(sql: sqlite3.Connection, call: Call, at: datetime) -> dict[str, Any]:
    found = sql.execute("SELECT json_extract(data, '$.agent') FROM missions WHERE id = ?", (call.mission,)).fetchone()
    agent = str(found[0]) if found else None
    return {"at": at, "task": call.task, "mission": call.mission, "tier": call.tier, "agent": agent}


def _spending(row: tuple[int, int, int, int]) -> Spending:
    return Spending(spent_nano=row[0], reserved_nano=row[1], calls=row[2], unknown_calls=row[3])


def _fit(scope: Literal["task", "day"], task: int, amount: int, so_far: Spending, cap: int) -> None:
    if so_far.committed_nano + amount > cap:
        raise OverBudget(scope, task=task, needed_nano=amount, spent_nano=so_far.committed_nano, cap_nano=cap)
