import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from datetime import UTC, datetime

import pytest

from agents.clock import SystemClock
from agents.models.chat import Loading
from agents.models.errors import TimedOut
from agents.models.patience import patient


async def read_into(got: list[object], parts: AsyncIterator[object]) -> None:
    async for part in parts:
        got.append(part)


class HandClock:
    """Time passes only when something sleeps and nothing else can go on."""

    def __init__(self) -> None:
        self.at = 0.0

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.at, UTC)

    def monotonic(self) -> float:
        return self.at

    async def sleep(self, seconds: float) -> None:
        until = self.at + seconds
        for _ in range(10):
            await asyncio.sleep(0)
        self.at = max(self.at, until)


class Source:
    """Items with gates between them; remembers that it was closed."""

    def __init__(self, *items: object) -> None:
        self.items = items
        self.closed = False

    async def stream(self) -> AsyncIterator[object]:
        try:
            for item in self.items:
                if item is None:
                    await asyncio.Event().wait()
                if isinstance(item, Exception):
                    raise item
                if isinstance(item, float):
                    await asyncio.sleep(item)
                else:
                    yield item
        finally:
            self.closed = True


async def test_items_pass_in_order_without_any_sign_of_loading_when_they_are_prompt() -> None:
    source = Source("a", "b", "c")
    got = [part async for part in patient(source.stream(), first_s=5, between_s=5, clock=SystemClock())]
    assert got == ["a", "b", "c"]
    assert source.closed


async def test_a_server_that_is_slow_to_start_shows_loading_about_every_two_seconds_then_times_out() -> None:
    source = Source(None)
    got: list[object] = []
    with pytest.raises(TimedOut, match="did not begin to answer within 7 s"):
        await read_into(got, patient(source.stream(), first_s=7, between_s=1, clock=HandClock()))
    assert got == [Loading(waited_s=2), Loading(waited_s=4), Loading(waited_s=6)]
    assert source.closed


async def test_silence_after_the_first_item_has_its_own_limit_and_no_loading() -> None:
    source = Source("a", None)
    got: list[object] = []
    with pytest.raises(TimedOut, match="silent for 9 s"):
        await read_into(got, patient(source.stream(), first_s=2, between_s=9, clock=HandClock()))
    assert got == ["a"]
    assert source.closed


async def test_loading_stops_once_the_first_item_came() -> None:
    source = Source(0.15, "a", 0.15, "b")
    got = [part async for part in patient(source.stream(), first_s=5, between_s=5, tick_s=0.05, clock=SystemClock())]
    assert isinstance(got[0], Loading)
    assert [part for part in got if not isinstance(part, Loading)] == ["a", "b"]
    assert isinstance(got[-2], str)


async def test_an_error_of_the_stream_comes_through_unchanged() -> None:
    with pytest.raises(ValueError, match="broken"):
        async for _ in patient(Source("a", ValueError("broken")).stream(), first_s=5, between_s=5, clock=SystemClock()):
            pass


async def test_closing_the_iterator_closes_the_stream() -> None:
    source = Source("a", None)
    async with aclosing(patient(source.stream(), first_s=5, between_s=5, clock=SystemClock())) as parts:
        assert await anext(parts) == "a"
    assert source.closed


async def test_cancelling_while_waiting_closes_the_stream_at_once() -> None:
    source = Source(None)

    async def consume() -> None:
        async for _ in patient(source.stream(), first_s=60, between_s=60, clock=SystemClock()):
            pass

    task = asyncio.create_task(consume())
    await asyncio.sleep(0.02)
    task.cancel()
    async with asyncio.timeout(1):
        with pytest.raises(asyncio.CancelledError):
            await task
    assert source.closed


async def test_a_slow_consumer_is_not_held_against_the_stream() -> None:
    source = Source("a", "b")
    got = []
    async for part in patient(source.stream(), first_s=0.2, between_s=0.2, clock=SystemClock()):
        got.append(part)
        await asyncio.sleep(0.3)
    assert got == ["a", "b"]
