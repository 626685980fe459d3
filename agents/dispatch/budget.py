"""Money as a person commands it: where today stands, and caps raised on purpose. The caps are kept by the ledger."""

import math
from datetime import datetime
from functools import partial

from agents.refusals import NotPossible
from agents.routing.saved import Savings, total
from agents.settings import Settings
from agents.store import NotRaised, Store
from agents.store.ledger import day_of
from agents.store.paging import each
from agents.store.records import MOST_NANO
from agents.tasks import NANO, Frozen, Task


class Credits(Frozen):
    """Today's money, in nano-dollars (UTC day)."""

    spent_nano: int
    reserved_nano: int
    cap_nano: int
    """The cap in force: the configured one, or what a person raised it to for today."""
    unknown_calls: int
    saved_nano: int | None = 0
    """An estimate: what today's free work would have cost in a paid tier; None when nobody knows."""


async def credits(store: Store, settings: Settings, now: datetime) -> Credits:
    """Where today stands in this home."""
    today = day_of(now)
    day = await store.spending(today)
    return Credits(
        spent_nano=day.spent_nano,
        reserved_nano=day.reserved_nano,
        cap_nano=max(settings.budget.daily_nano, await store.raised_cap(today)),
        unknown_calls=day.unknown_calls,
        saved_nano=await _saved(store, settings, now),
    )


async def raise_daily(store: Store, settings: Settings, cap_nano: int, *, by: str) -> int:
    """Raise today's cap to `cap_nano` for every process of this home; the cap before. Raises NotPossible."""
    try:
        return await store.raise_daily_cap(cap_nano, configured_nano=settings.budget.daily_nano, by=by)
    except NotRaised as error:
        raise NotPossible(str(error)) from error


async def raise_task(store: Store, settings: Settings, task_id: int, cap_nano: int, *, by: str) -> Task:
    """Raise the task's cap to `cap_nano`; the task. Raises NotPossible, UnknownRow."""
    try:
        return await store.raise_task_cap(task_id, cap_nano, configured_nano=settings.budget.task_nano, by=by)
    except NotRaised as error:
        raise NotPossible(str(error)) from error


def nano_of(usd: float) -> int:
    """`usd` dollars in nano-dollars. Raises NotPossible for what is no amount of money."""
    if not math.isfinite(usd) or not 0 <= usd <= MOST_NANO / NANO:
        raise NotPossible(f"{usd} is no amount of dollars")
    return round(usd * NANO)


async def _saved(store: Store, settings: Settings, now: datetime) -> int | None:
    work, savings = await store.free_work(since=now), Savings(settings)
    if not work.complexity:
        return 0
    calls = each(partial(store.calls_after, since=now, free=True), lambda call: call.id)
    found = [(call.usage, work.complexity_of(call)) async for call in calls]
    return total(savings.of(usage, complexity) for usage, complexity in found if complexity is not None)
