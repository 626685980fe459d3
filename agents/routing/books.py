"""The ledger added up, with what free work saved."""

from datetime import datetime
from functools import partial

from agents.routing.saved import Savings
from agents.settings import Settings
from agents.store import Store
from agents.store.breakdown import Breakdown
from agents.store.paging import each


async def added_up(store: Store, settings: Settings, since: datetime | None = None) -> Breakdown:
    """Every call of this home from `since` on, read a page at a time. Raises StoreError."""
    books, savings, work = Breakdown(), Savings(settings), await store.free_work(since=since)
    async for call in each(partial(store.calls_after, since=since), lambda call: call.id):
        if since is None or call.at >= since:
            books.add(call)
            if (complexity := work.complexity_of(call)) is not None:
                books.save(call, savings.of(call.usage, complexity))
    return books
