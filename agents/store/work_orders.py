"""Work orders: what a planner ordered for a task, the acceptance check, and how far its parts are. Functions on an open
connection.

Kept so that a dispatch that was broken off, by a crash or a spent budget, goes on with the order it has paid for. What
an orchestrated attempt cost is what the calls of its missions cost: those with the variant `orchestrated`, by role."""

import sqlite3
from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from agents.events import Event
from agents.store import board
from agents.store.database import Transaction
from agents.store.encoding import encode, load, plain
from agents.tasks import CheckResult, Finding, Frozen, Mission, Outcome


class Interface(Frozen):
    """What other parts and the check rely on, in one line and a few words; never its code."""

    file: str
    signature: str
    does: str = ""


class OrderedPart(Frozen):
    """What one local agent writes in one sitting."""

    title: str
    brief: str = ""
    files: tuple[str, ...]
    work: str = "other"
    """The kind of work: see `missions.work_order.WORK`."""


class WorkOrder(Frozen):
    """What is to be built, and how one will see that it is. Foreign text, sanitized; it holds no code."""

    summary: str
    files: tuple[str, ...]
    interfaces: tuple[Interface, ...] = ()
    conventions: tuple[str, ...] = ()
    acceptance: str
    """What the acceptance check must show, in words."""
    parts: tuple[OrderedPart, ...]


class AcceptanceCheck(Frozen):
    """The check of the whole order."""

    command: str
    path: str = ""
    """Of the test file a model wrote; empty: it is the task's own check."""
    content: str = ""
    tier: str = ""
    """Who wrote it."""
    model: str = ""
    tried: int = 0
    """Distinct stubs it was tried on."""
    refused: int = 0
    passed: tuple[str, ...] = ()
    """The stubs that satisfied it: of a person's own check only."""
    base: CheckResult | None = None

    @property
    def written(self) -> bool:
        """By a model, not by the person."""
        return bool(self.path)

    @property
    def strength(self) -> str:
        """9/9 stubs refused."""
        return f"{self.refused}/{self.tried} stubs refused"


class PartState(Frozen):
    """How far a part is."""

    brief: str | None = None
    """Mended by the planner; None: as ordered."""
    files: tuple[str, ...] | None = None
    mended: bool = False
    """The planner was asked about it; that is done once."""
    tier: str = ""
    """Whom it was handed to; empty: the arm's own tier."""
    mission: int | None = None
    """Who wrote it."""
    commit: str | None = None
    """With it and all parts before it; None: it is not written."""


class Round(Frozen):
    """One reading of the result."""

    mission: int
    tier: str
    model: str
    commit: str
    approves: bool
    summary: str
    findings: tuple[Finding, ...] = ()
    cost_nano: int | None = 0
    at: datetime


class Orchestration(Frozen):
    """An orchestrated attempt at a task, from its order to its end."""

    task: int
    asked: str
    """What the order answers: a digest of the task's words, its check and the person's comment."""
    dispatch: int
    """Number of the first mission of the dispatch that works on it."""
    base: str
    tier: str
    """The planner's."""
    model: str
    since: int
    """Number of its first mission: that in which the order was written."""
    order: WorkOrder
    check: AcceptanceCheck | None = None
    parts: tuple[PartState, ...]
    rounds: tuple[Round, ...] = ()
    result: int | None = None
    """The mission whose commit has all of it, and is green by check and gate."""
    warnings: tuple[str, ...] = ()
    ended: Literal["", "done", "disapproved", "failed"] = ""
    outcome: Outcome | None = None
    reason: str = ""

    @property
    def present(self) -> WorkOrder:
        """The order as it stands: mended where it was."""
        parts = []
        for part, state in zip(self.order.parts, self.parts, strict=True):
            brief = part.brief if state.brief is None else state.brief
            parts.append(part.model_copy(update={"brief": brief, "files": state.files or part.files}))
        return self.order.model_copy(update={"parts": tuple(parts)})


def get(sql: sqlite3.Connection, task_id: int) -> Orchestration | None:
    """The task's latest one, or None."""
    found = sql.execute("SELECT data FROM work_orders WHERE task = ?", (task_id,)).fetchone()
    return load(Orchestration, found[0], f"the work order of T{task_id}") if found else None


def save(transaction: Transaction, state: Orchestration, events: Sequence[Event], at: datetime) -> None:
    """Keep it in place of the task's last one, and append `events`."""
    values = (state.task, encode(state))
    transaction.sql.execute("INSERT OR REPLACE INTO work_orders (task, data) VALUES (?, ?)", values)
    board.record(transaction, events, at)


def missions(sql: sqlite3.Connection) -> list[Mission]:
    """All missions of orchestrated attempts, first to last."""
    found = sql.execute(
        "SELECT id, data FROM missions WHERE json_extract(data, '$.variant') = 'orchestrated' ORDER BY id"
    )
    return [load(Mission, data, f"mission {number}") for number, data in found]


def add_strength(sql: sqlite3.Connection, repo: str, *, tried: int, accepted: int) -> None:
    """Keep that a check of `repo` accepted so many of the stubs it was tried on."""
    values = (plain(repo), tried, accepted)
    sql.execute("INSERT INTO strengths (repo, tried, accepted) VALUES (?, ?, ?)", values)


def strength(sql: sqlite3.Connection, repo: str) -> tuple[int, int]:
    """Stubs that checks of `repo` were tried on, and how many of these they accepted."""
    found = sql.execute(
        "SELECT coalesce(sum(tried), 0), coalesce(sum(accepted), 0) FROM strengths WHERE repo = ?", (plain(repo),)
    )
    tried, accepted = found.fetchone()
    return int(tried), int(accepted)
