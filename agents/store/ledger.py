"""The ledger: one row per model call. Money is reserved before it is spent, under SQLite's write lock, so the caps hold
over all processes. A call belongs to the UTC day on which it was reserved. Functions on an open connection."""

import json
import sqlite3
from datetime import UTC, date, datetime
from typing import Literal

from agents.events import BudgetReserved
from agents.store import log
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


def day_of(at: datetime) -> date:
    """The day `at` is counted on: UTC."""
    return at.astimezone(UTC).date()


def spending(sql: sqlite3.Connection, day: date) -> Spending:
    """Of all calls reserved on `day`."""
    return _spending(sql.execute(_TOTALS + "day = ?", (day.isoformat(),)).fetchone())


def task_spending(sql: sqlite3.Connection, task_id: int) -> Spending:
    """Of all calls of a task, on any day."""
    return _spending(sql.execute(_TOTALS + "task = ?", (task_id,)).fetchone())


def reserve(transaction: Transaction, new: NewCall, at: datetime, *, daily_cap_nano: int, task_cap_nano: int) -> int:
    """Open a call and set its worst case aside; its id. A call that costs nothing fits every cap.

    Raises OverBudget, UnknownPrice, StoreError when its task or mission is not in this home.
    """
    sql = transaction.sql
    amount = new.reserved_nano
    if amount is None:
        if new.provider not in LOCAL_PROVIDERS:
            raise UnknownPrice(new.provider, new.model)
        amount = 0
    if amount:
        _fit("task", amount, task_spending(sql, new.task), task_cap_nano)
        _fit("day", amount, spending(sql, day_of(at)), daily_cap_nano)
    try:
        cursor = sql.execute(
            "INSERT INTO calls (task, mission, day, state, reserved_nano, data) VALUES (?, ?, ?, 'open', ?, '')",
            (new.task, new.mission, day_of(at).isoformat(), amount),
        )
    except sqlite3.IntegrityError as error:
        raise StoreError(f"task T{new.task} or mission {new.mission} of a call is not in this home") from error
    number = int(cursor.lastrowid or 0)
    call = Call(**{**dict(new), "reserved_nano": amount}, id=number, at=at, state=CallState.OPEN)
    _update(sql, call)
    if amount:
        where = {"task": new.task, "mission": new.mission, "tier": new.tier, "agent": _agent(sql, new.mission)}
        log.append(transaction, [BudgetReserved(at=at, call=number, amount_nano=amount, **where)])
    return number


def settle(
    sql: sqlite3.Connection,
    call_id: int,
    *,
    usage: Usage,
    cost_nano: int | None,
    request_id: str | None,
    error: str | None,
) -> bool:
    """End a call at its true cost; None counts as its whole reservation. False, and nothing done, when it was settled.

    An abandoned call may still be settled: whoever made it was not gone after all. Raises UnknownRow.
    """
    if cost_nano is not None and not 0 <= cost_nano <= MOST_NANO:
        raise ValueError(f"no call costs {cost_nano} nano-dollars")
    call = get(sql, call_id)
    if call.state is CallState.SETTLED:
        return False
    ended = {"state": CallState.SETTLED, "usage": usage, "cost_nano": cost_nano, "request_id": request_id}
    _update(sql, Call.model_validate({**dict(call), **ended, "error": error}))
    return True


def abandon(sql: sqlite3.Connection, mission_id: int) -> None:
    """End the mission's open calls at their whole reservation: nobody will ever say what they cost."""
    for call in _found(sql, "mission = ? AND state = 'open'", mission_id):
        _update(sql, call.model_copy(update={"state": CallState.ABANDONED, "cost_nano": call.reserved_nano}))


def get(sql: sqlite3.Connection, call_id: int) -> Call:
    """One row. Raises UnknownRow."""
    found = _found(sql, "id = ?", call_id)
    if not found:
        raise UnknownRow(f"there is no call {call_id} in this home's ledger")
    return found[0]


def calls_of(sql: sqlite3.Connection, task_id: int) -> list[Call]:
    """The task's calls, in the order they were made."""
    return _found(sql, "task = ?", task_id)


def _found(sql: sqlite3.Connection, condition: str, value: int) -> list[Call]:
    found = sql.execute(f"SELECT id, data FROM calls WHERE {condition} ORDER BY id", (value,))
    return [load(Call, data, f"call {number}") for number, data in found]


def _update(sql: sqlite3.Connection, call: Call) -> None:
    sql.execute(
        "UPDATE calls SET state = ?, cost_nano = ?, data = ? WHERE id = ?",
        (call.state.value, call.cost_nano, encode(call), call.id),
    )


def _agent(sql: sqlite3.Connection, mission_id: int | None) -> str | None:
    found = sql.execute("SELECT data FROM missions WHERE id = ?", (mission_id,)).fetchone()
    return str(json.loads(found[0])["agent"]) if found else None


def _spending(row: tuple[int, int, int, int]) -> Spending:
    return Spending(spent_nano=row[0], reserved_nano=row[1], calls=row[2], unknown_calls=row[3])


def _fit(scope: Literal["task", "day"], amount: int, so_far: Spending, cap: int) -> None:
    if so_far.committed_nano + amount > cap:
        raise OverBudget(scope, needed_nano=amount, spent_nano=so_far.committed_nano, cap_nano=cap)
