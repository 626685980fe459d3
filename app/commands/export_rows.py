"""What `warroom export` writes, row by row, with every secret taken out: events, calls, transcripts to learn from."""

from collections.abc import AsyncIterator
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import Any, Final

from agents.redactor import SECRETS
from agents.store import Call, CallState, Store
from agents.store.ledger import day_of
from agents.store.paging import each
from agents.tasks import NANO
from app.commands.chat_format import example

Row = dict[str, Any]

UNKNOWN: Final = "n/a"
EVENT_COLUMNS: Final = ("seq", "at", "type", "task", "mission", "agent", "tier", "data")
CALL_COLUMNS: Final = (
    "call", "at", "day", "task", "mission", "tier", "model", "provider", "state", "attempt", "cost_usd", "reserved_usd",
    "input", "output", "cache_read", "cache_write_5m", "cache_write_1h", "price_date", "request_id", "error",
)  # fmt: skip


async def events(store: Store, since: datetime | None) -> AsyncIterator[Row]:
    """Every event, as `--json` prints it."""
    async for event in each(partial(store.events_after, since=since), lambda found: found.seq):
        if since is None or event.at >= since:
            yield SECRETS.redact_all(event.row())


def event_cells(row: Row) -> Row:
    """An event for CSV: what every event has, and the rest as JSON in `data`."""
    common = EVENT_COLUMNS[:-1]
    rest = {name: value for name, value in row.items() if name not in common}
    return {**{name: row.get(name) for name in common}, "data": rest}


async def costs(store: Store, since: datetime | None) -> AsyncIterator[Row]:
    """Every row of the ledger."""
    async for call in each(partial(store.calls_after, since=since), lambda found: found.id):
        if since is None or call.at >= since:
            yield SECRETS.redact_all(_call_row(call))


def _call_row(call: Call) -> Row:
    used = call.usage
    return {
        "call": call.id,
        "at": call.at.isoformat(),
        "day": day_of(call.at).isoformat(),
        "task": call.task,
        "mission": call.mission,
        "tier": call.tier,
        "model": call.model,
        "provider": call.provider,
        "state": call.state.value,
        "attempt": call.attempt,
        "cost_nano": call.cost_nano,
        "cost_usd": None if call.cost_nano is None else call.cost_nano / NANO,
        "reserved_nano": call.reserved_nano,
        "reserved_usd": None if call.reserved_nano is None else call.reserved_nano / NANO,
        **used.model_dump(),
        "price_date": call.price_date,
        "request_id": call.request_id,
        "error": call.error,
    }


def call_cells(row: Row) -> Row:
    """A call for CSV: dollars to the last digit, and n/a for a cost that nobody knows."""
    unknown = UNKNOWN if row["state"] != CallState.OPEN.value else None
    cost, reserved = row["cost_nano"], row["reserved_nano"]
    return {
        **row,
        "cost_usd": unknown if cost is None else Decimal(cost) / NANO,
        "reserved_usd": UNKNOWN if reserved is None else Decimal(reserved) / NANO,
    }


async def training(store: Store, since: datetime | None) -> AsyncIterator[Row]:
    """The transcripts of proven coding missions as chats. What the simulation played is none."""
    async for mission in each(store.proven_missions_after, lambda found: found.id):
        ended = mission.finished_at
        if since is not None and (ended is None or ended < since):
            continue
        task = await store.task(mission.task)
        if task is not None and not task.simulated:
            row = example(task, mission, await store.transcript(mission.id))
            if row is not None:
                yield row
