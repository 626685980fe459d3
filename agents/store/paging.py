"""Long tables read a page at a time: nothing holds a transaction open, and nothing is in memory all at once."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import TypeVar

R = TypeVar("R")

PAGE = 500
"""Rows read at once."""


async def each(fetch: Callable[[int, int], Awaitable[Sequence[R]]], number: Callable[[R], int]) -> AsyncIterator[R]:
    """Row after row of what `fetch(after, limit)` reads, `number(row)` being what the next page comes after."""
    last = 0
    while page := await fetch(last, PAGE):
        for row in page:
            yield row
        last = number(page[-1])
