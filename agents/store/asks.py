"""What agents ask a person, and what is allowed for longer than one command. Functions on an open connection."""

import sqlite3
from collections.abc import Callable, Collection, Sequence
from datetime import datetime

from agents.events import ApprovalAnswered, Event
from agents.permission import Answer, Ask, Grant, NewAsk, Remembered
from agents.store import log
from agents.store.database import Transaction
from agents.store.encoding import encode, load, plain
from agents.store.errors import StoreError


def insert(transaction: Transaction, new: NewAsk, at: datetime, events: Callable[[Ask], Sequence[Event]]) -> Ask:
    """Put an ask in the queue and append `events(ask)`. Raises StoreError for an unknown task or mission."""
    sql = transaction.sql
    try:
        cursor = sql.execute("INSERT INTO asks (task, mission, data) VALUES (?, ?, '')", (new.task, new.mission))
    except sqlite3.IntegrityError as error:
        raise StoreError(f"task T{new.task} or its mission is not in this home") from error
    ask = Ask.model_validate({**dict(new), "id": cursor.lastrowid, "at": at})
    _put(sql, ask)
    log.append(transaction, events(ask))
    return ask


def answer(
    transaction: Transaction,
    numbers: Collection[int],
    said: Answer,
    at: datetime,
    *,
    message: str,
    by: str,
    remember: bool,
) -> tuple[Ask, ...]:
    """Answer those of `numbers` that still wait; they, as they are now. Each has its approval.answered.

    `remember`: what was allowed is allowed in their repository from now on, for the patterns they were asked with.
    """
    answered: list[Ask] = []
    for ask in waiting(transaction.sql):
        if ask.id in numbers:
            answered.append(_end(transaction, ask, said, at, message=message, by=by, remembered=remember))
    if remember:
        for grant in {(ask.repo, encode(_grant(ask))): ask for ask in answered}.values():
            _remember(transaction.sql, grant, at)
    return tuple(answered)


def close(transaction: Transaction, at: datetime, *, task: int | None = None, mission: int | None = None) -> None:
    """Nobody wants to know any more what a mission, or any mission of a task, asked."""
    for ask in waiting(transaction.sql):
        if ask.task == task or (mission is not None and ask.mission == mission):
            _end(transaction, ask, Answer.CLOSED, at, message="", by="", remembered=False)


def get(sql: sqlite3.Connection, number: int) -> Ask | None:
    """The ask, or None."""
    found = sql.execute("SELECT data FROM asks WHERE id = ?", (number,)).fetchone()
    return load(Ask, found[0], f"ask A{number}") if found else None


def waiting(sql: sqlite3.Connection, repo: str | None = None) -> list[Ask]:
    """The asks nobody answered, oldest first; of one repository, if given."""
    found = sql.execute("SELECT id, data FROM asks WHERE waits = 1 ORDER BY id")
    asks = (load(Ask, data, f"ask A{number}") for number, data in found)
    return [ask for ask in asks if repo is None or ask.repo == repo]


def grants(sql: sqlite3.Connection, mission: int | None, repo: str) -> list[Grant]:
    """What a mission may do without asking again: what was said in it, and what is remembered."""
    found: list[Grant] = [*remembered(sql, repo)]
    if mission is not None:
        rows = sql.execute("SELECT id, data FROM asks WHERE mission = ? AND waits = 0", (mission,))
        asks = [load(Ask, data, f"ask A{number}") for number, data in rows]
        found += [_grant(ask) for ask in asks if ask.answer is Answer.ALLOW_MISSION]
    return found


def remembered(sql: sqlite3.Connection, repo: str) -> list[Remembered]:
    """What is allowed for good in a repository, oldest first."""
    found = sql.execute("SELECT id, data FROM remembered WHERE repo = ? ORDER BY id", (plain(repo),))
    return [load(Remembered, data, f"the remembered pattern {number}") for number, data in found]


def forget(sql: sqlite3.Connection, number: int, repo: str) -> Remembered | None:
    """Ask about it again; what it was, or None."""
    gone = next((one for one in remembered(sql, repo) if one.id == number), None)
    if gone is not None:
        sql.execute("DELETE FROM remembered WHERE id = ?", (number,))
    return gone


def _grant(ask: Ask) -> Grant:
    return Grant(pattern=ask.pattern, reach=ask.wish.reach)


def _end(
    transaction: Transaction, ask: Ask, said: Answer, at: datetime, *, message: str, by: str, remembered: bool
) -> Ask:
    ended = ask.model_copy(update={"answer": said, "message": message, "by": by, "answered_at": at})
    _put(transaction.sql, ended)
    lasts = remembered or said is Answer.ALLOW_MISSION
    told = ApprovalAnswered(
        at=at,
        task=ask.task,
        mission=ask.mission,
        agent=ask.agent or None,
        tier=ask.tier or None,
        answer=said.value,
        ask=ask.id,
        message=message,
        by=by,
        pattern=str(ask.pattern) if lasts else "",
        remembered=remembered,
    )
    log.append(transaction, [told])
    return ended


def _put(sql: sqlite3.Connection, ask: Ask) -> None:
    sql.execute("UPDATE asks SET waits = ?, data = ? WHERE id = ?", (ask.answer is None, encode(ask), ask.id))


def _remember(sql: sqlite3.Connection, ask: Ask, at: datetime) -> None:
    grant = _grant(ask)
    if any(one.pattern == grant.pattern and one.reach == grant.reach for one in remembered(sql, ask.repo)):
        return
    cursor = sql.execute("INSERT INTO remembered (repo, data) VALUES (?, '')", (plain(ask.repo),))
    kept = Remembered(**dict(grant), id=int(cursor.lastrowid or 0), repo=ask.repo, at=at)
    sql.execute("UPDATE remembered SET data = ? WHERE id = ?", (encode(kept), kept.id))
