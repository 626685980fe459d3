"""How long we wait for a model: one limit for the first item, another between items, and a sign of life meanwhile."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Any, TypeVar

from agents.clock import Clock
from agents.models.chat import Loading
from agents.models.errors import TimedOut

T = TypeVar("T")


async def patient(
    stream: AsyncIterator[T], *, first_s: float, between_s: float, tick_s: float = 2.0, clock: Clock
) -> AsyncGenerator[T | Loading, None]:
    """Yield the items of `stream`, and a `Loading` every `tick_s` seconds until the first of them comes.

    Only the time `stream` takes counts, never the time the consumer takes. Ending this iterator in any way (closing it,
    cancelling the task, an error) ends `stream` too. Raises TimedOut when nothing came for `first_s` seconds, or, once
    something had come, for `between_s` seconds.
    """
    started = False
    item: asyncio.Task[T] | None = None
    try:
        while True:
            asked = clock.monotonic()
            item = asyncio.ensure_future(_next(stream))
            while True:
                limit = between_s if started else first_s
                left = limit - (clock.monotonic() - asked)
                if await done_within(item, left if started else min(left, tick_s), clock):
                    break
                waited = clock.monotonic() - asked
                if waited >= limit:
                    raise _too_late(started, limit)
                if not started:
                    yield Loading(waited_s=waited)
            try:
                value = item.result()
            except StopAsyncIteration:
                return
            item = None
            started = True
            yield value
    finally:
        if item is not None:
            await _drop(item)
        close = getattr(stream, "aclose", None)
        if close is not None:
            await close()


async def _next(stream: AsyncIterator[T]) -> T:
    return await anext(stream)


async def done_within(item: "asyncio.Future[Any]", seconds: float, clock: Clock) -> bool:
    """Wait until `item` is done, at most `seconds` of `clock`; say whether it is. It goes on when we are cancelled."""
    timer = asyncio.ensure_future(clock.sleep(max(seconds, 0.0)))
    try:
        await asyncio.wait({item, timer}, return_when=asyncio.FIRST_COMPLETED)
        return item.done()
    finally:
        await _drop(timer)


async def _drop(task: "asyncio.Task[Any]") -> None:
    """Cancel `task` and wait until it is over, so that nothing of it outlives us."""
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def _too_late(started: bool, limit: float) -> TimedOut:
    if started:
        return TimedOut(
            f"The model fell silent for {limit:g} s in the middle of its reply. "
            "Try again, or raise between_chunks_s of this tier."
        )
    return TimedOut(
        f"The model did not begin to answer within {limit:g} s; its server may still be loading it. "
        "Try again, or raise first_byte_s of this tier."
    )
