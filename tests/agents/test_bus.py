"""The bus: nothing lost, nothing twice, nothing out of order, whoever is slow."""

import asyncio
from collections import deque
from collections.abc import Sequence
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agents.bus import TEXT_CAP, EventBus, Subscription
from agents.events import Event, ModelDelta, TaskStatusChanged, ToolOutput
from agents.tasks import TaskStatus

AT = datetime(2026, 1, 1, tzinfo=UTC)


def state(seq: int, mission: int | None = None) -> TaskStatusChanged:
    return TaskStatusChanged(seq=seq, at=AT, task=1, mission=mission, status=TaskStatus.RUNNING)


def delta(text: str, mission: int = 1, agent: str = "CodeX-7") -> ModelDelta:
    return ModelDelta(at=AT, task=1, mission=mission, agent=agent, text=text)


def output(text: str, call: int, mission: int = 1) -> ToolOutput:
    return ToolOutput(at=AT, task=1, mission=mission, agent="CodeX-7", call=call, text=text)


class Log:
    """What the store is to the bus: committed events, readable from any point, a little later than asked."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.asked: list[int] = []
        self.broken: Exception | None = None

    def commit(self, mission: int | None = None) -> Event:
        self.events.append(state(len(self.events) + 1, mission))
        return self.events[-1]

    async def replay(self, after: int, limit: int) -> Sequence[Event]:
        await asyncio.sleep(0)
        self.asked.append(limit)
        if self.broken is not None:
            raise self.broken
        return self.events[after : after + limit]


async def take(subscription: Subscription, count: int) -> list[Event]:
    return [await asyncio.wait_for(anext(subscription), 5) for _ in range(count)]


async def rest(bus: EventBus, subscription: Subscription) -> list[Event]:
    bus.close()
    return [event async for event in subscription]


async def test_every_subscriber_gets_every_event_in_order_from_when_it_came() -> None:
    log = Log()
    bus = EventBus(log.replay, after_seq=0)
    early = bus.subscribe()
    bus.publish(log.commit())
    late = bus.subscribe()
    bus.publish(log.commit())
    bus.publish(log.commit())
    assert [event.seq for event in await rest(bus, early)] == [1, 2, 3]
    assert [event.seq for event in await rest(bus, late)] == [2, 3]
    assert log.asked == []


async def test_a_waiting_subscriber_is_woken() -> None:
    bus = EventBus()
    subscription = bus.subscribe()
    waiting = asyncio.create_task(anext(subscription))
    await asyncio.sleep(0)
    assert not waiting.done()
    bus.publish(state(1))
    assert await asyncio.wait_for(waiting, 5) == state(1)


async def test_a_dead_subscriber_costs_bounded_memory_and_slows_nobody() -> None:
    log = Log()
    bus = EventBus(log.replay, after_seq=0)
    dead = bus.subscribe(capacity=10)
    alive = bus.subscribe(capacity=1000)
    for _ in range(500):
        bus.publish(log.commit())
        bus.publish(delta("x"))
    assert len(dead._queue) + len(dead._late) <= 11
    seqs = [event.seq for event in await rest(bus, alive) if event.seq]
    assert seqs == list(range(1, 501))
    assert log.asked == []


async def test_a_full_queue_is_caught_up_from_the_log_in_pieces() -> None:
    log = Log()
    bus = EventBus(log.replay, after_seq=0)
    slow = bus.subscribe(capacity=3)
    for _ in range(20):
        bus.publish(log.commit())
    assert slow.behind
    assert [event.seq for event in await take(slow, 20)] == list(range(1, 21))
    assert not slow.behind
    assert max(log.asked) <= 3
    bus.publish(log.commit())
    assert (await take(slow, 1))[0].seq == 21
    assert len(log.asked) == 6


async def test_a_gap_is_filled_from_the_log_before_what_was_published() -> None:
    log = Log()
    bus = EventBus(log.replay, after_seq=0)
    subscription = bus.subscribe()
    bus.publish(log.commit())
    log.commit()
    log.commit()
    bus.publish(log.commit())
    assert [event.seq for event in await take(subscription, 4)] == [1, 2, 3, 4]


async def test_what_is_announced_is_read_and_what_is_published_later_is_not_told_twice() -> None:
    log = Log()
    bus = EventBus(log.replay, after_seq=0)
    subscription = bus.subscribe()
    for _ in range(3):
        log.commit()
    bus.announce(3)
    bus.announce(2)
    assert bus.position == 3
    assert [event.seq for event in await take(subscription, 2)] == [1, 2]
    for event in log.events:
        bus.publish(event)
    bus.publish(log.commit())
    assert [event.seq for event in await rest(bus, subscription)] == [3, 4]


async def test_a_gap_with_nothing_in_the_log_does_not_hang() -> None:
    bus = EventBus(Log().replay, after_seq=0)
    subscription = bus.subscribe()
    bus.announce(7)
    bus.publish(state(8))
    assert [event.seq for event in await rest(bus, subscription)] == []  # nothing there, then closed

    bus = EventBus(Log().replay, after_seq=0)
    subscription = bus.subscribe()
    waiting = asyncio.create_task(anext(subscription))
    bus.announce(7)
    for _ in range(5):
        await asyncio.sleep(0)
    bus.publish(state(8))
    assert (await asyncio.wait_for(waiting, 5)).seq == 8


async def test_a_subscription_may_start_anywhere_in_the_log() -> None:
    log = Log()
    for _ in range(10):
        log.commit()
    bus = EventBus(log.replay, after_seq=10)
    whole = bus.subscribe(after_seq=0, capacity=4)
    tail = bus.subscribe(after_seq=8)
    now = bus.subscribe()
    bus.publish(log.commit())
    assert [event.seq for event in await rest(bus, whole)] == list(range(1, 12))
    assert [event.seq for event in await rest(bus, tail)] == [9, 10, 11]
    assert [event.seq for event in await rest(bus, now)] == [11]


async def test_without_a_log_state_events_are_kept_beyond_the_capacity() -> None:
    bus = EventBus()
    subscription = bus.subscribe(capacity=2)
    for seq in (5, 9, 12, 13):  # seqs of a log we do not have
        bus.publish(state(seq))
    bus.publish(delta("no room"))
    assert [event.seq for event in await rest(bus, subscription)] == [5, 9, 12, 13]


async def test_deltas_of_one_source_are_joined_while_they_wait() -> None:
    bus = EventBus()
    subscription = bus.subscribe()
    for text in ("def ", "slug", "ify"):
        bus.publish(delta(text))
    bus.publish(output("1 ", call=1))
    bus.publish(output("passed", call=1))
    bus.publish(output("other", call=2))
    bus.publish(delta("elsewhere", mission=2))
    bus.publish(output("!", call=2))
    texts = [event.text for event in await rest(bus, subscription) if isinstance(event, ModelDelta | ToolOutput)]
    assert texts == ["def slugify", "1 passed", "other!", "elsewhere"]


async def test_joined_text_keeps_its_newest_part() -> None:
    bus = EventBus()
    subscription = bus.subscribe()
    for number in range(100):
        bus.publish(delta(f"{number:04d}" * 500))
    (event,) = await rest(bus, subscription)
    assert isinstance(event, ModelDelta)
    assert len(event.text) == TEXT_CAP
    assert event.text.endswith("0099")


async def test_a_delta_never_changes_sides_with_a_state_event_of_its_mission() -> None:
    bus = EventBus()
    subscription = bus.subscribe()
    bus.publish(delta("before"))
    bus.publish(state(1, mission=1))
    bus.publish(delta("after"))
    bus.publish(state(2, mission=2))
    bus.publish(delta(" too"))
    told = [getattr(event, "text", event.seq) for event in await rest(bus, subscription)]
    assert told == ["before", 1, "after too", 2]


async def test_a_delta_taken_is_not_joined_any_more() -> None:
    bus = EventBus()
    subscription = bus.subscribe()
    bus.publish(delta("one"))
    assert await take(subscription, 1) == [delta("one")]
    bus.publish(delta("two"))
    assert await take(subscription, 1) == [delta("two")]


def told(events: list[Event]) -> list[int | str]:
    return [event.text if isinstance(event, ModelDelta) else event.seq for event in events]


async def test_deltas_that_come_while_behind_are_told_once_level() -> None:
    log = Log()
    bus = EventBus(log.replay, after_seq=0)
    subscription = bus.subscribe(capacity=2)
    for _ in range(3):
        bus.publish(log.commit(mission=1))
    assert subscription.behind
    await take(subscription, 1)
    bus.publish(delta("on"))
    bus.publish(delta("ward"))
    assert told(await take(subscription, 3)) == [2, 3, "onward"]


async def test_deltas_that_come_while_behind_do_not_outlive_the_next_event_of_their_mission() -> None:
    log = Log()
    bus = EventBus(log.replay, after_seq=0)
    subscription = bus.subscribe(capacity=3)
    for _ in range(4):
        bus.publish(log.commit())
    await take(subscription, 2)
    bus.publish(delta("before"))
    bus.publish(delta("other", mission=2))
    bus.publish(log.commit(mission=1))
    bus.publish(delta("after"))
    assert told(await take(subscription, 5)) == [3, 4, 5, "other", "after"]


async def test_an_event_read_from_the_log_before_it_was_published_does_not_pass_a_delta() -> None:
    log = Log()
    bus = EventBus(log.replay, after_seq=0)
    subscription = bus.subscribe(capacity=2)
    for _ in range(3):
        bus.publish(log.commit())
    await take(subscription, 1)
    bus.publish(delta("before"))
    committed = log.commit(mission=1)
    bus.announce(committed.seq)
    assert told(await take(subscription, 3)) == [2, 3, 4]
    bus.publish(committed)
    assert told(await rest(bus, subscription)) == []


async def test_publishing_what_was_announced_does_not_strand_a_delta() -> None:
    log = Log()
    bus = EventBus(log.replay, after_seq=0)
    subscription = bus.subscribe()
    committed = log.commit()
    bus.announce(committed.seq)
    bus.publish(delta("one"))
    bus.publish(committed)
    bus.publish(log.commit(mission=2))
    bus.publish(delta("two", mission=2))
    bus.publish(delta("!"))
    assert told(await take(subscription, 4)) == [1, 2, "one!", "two"]


async def test_close_ends_the_iterator_at_once_even_while_it_waits() -> None:
    bus = EventBus()
    with bus.subscribe() as subscription:
        waiting = asyncio.create_task(anext(subscription))
        await asyncio.sleep(0)
        subscription.close()
        with pytest.raises(StopAsyncIteration):
            await asyncio.wait_for(waiting, 5)
    bus.publish(state(1))
    with pytest.raises(StopAsyncIteration):
        await anext(subscription)


async def test_close_while_reading_the_log_ends_it_too() -> None:
    log = Log()
    bus = EventBus(log.replay, after_seq=0)
    subscription = bus.subscribe()
    log.commit()
    bus.announce(1)
    waiting = asyncio.create_task(anext(subscription))
    await asyncio.sleep(0)
    subscription.close()
    with pytest.raises(StopAsyncIteration):
        await asyncio.wait_for(waiting, 5)


async def test_a_log_that_cannot_be_read_is_told_to_the_subscriber_not_to_the_publisher() -> None:
    log = Log()
    bus = EventBus(log.replay, after_seq=0)
    subscription = bus.subscribe()
    log.commit()
    log.broken = OSError("disk")
    bus.announce(1)
    with pytest.raises(OSError, match="disk"):
        await anext(subscription)
    log.broken = None
    assert (await take(subscription, 1))[0].seq == 1
    log.broken = OSError("closed")
    bus.announce(2)
    assert await rest(bus, subscription) == []


async def test_subscribing_to_a_closed_bus_ends_at_once() -> None:
    bus = EventBus()
    bus.close()
    bus.close()
    assert [event async for event in bus.subscribe()] == []
    with pytest.raises(ValueError, match="room"):
        bus.subscribe(capacity=0)


async def test_cancelling_a_wait_loses_nothing() -> None:
    log = Log()
    bus = EventBus(log.replay, after_seq=0)
    subscription = bus.subscribe(capacity=1)
    for _ in range(3):
        bus.publish(log.commit())
    seqs = [(await anext(subscription)).seq]
    waiting = asyncio.create_task(anext(subscription))
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    seqs += [event.seq for event in await take(subscription, 2)]
    assert seqs == [1, 2, 3]


Steps = list[tuple[str, int]]
DEEDS = ["own", "commit", "publish", "foreign", "announce", "delta", "delta", "take", "breathe"]
STEPS = st.lists(st.tuples(st.sampled_from(DEEDS), st.integers(1, 2)), max_size=100)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(capacity=st.integers(1, 4), steps=STEPS)
def test_whatever_happens_state_events_come_once_and_in_order_and_deltas_stay_on_their_side(
    capacity: int, steps: Steps
) -> None:
    asyncio.run(_battle(capacity, steps))


async def _battle(capacity: int, steps: Steps) -> None:
    """Missions 1 and 2 run here and await their commits; mission 9 runs in another process."""
    log, got = Log(), list[Event]()
    bus = EventBus(log.replay, after_seq=0)
    subscription = bus.subscribe(capacity=capacity)
    reading: asyncio.Task[Event] | None = None
    waiting = deque[Event]()  # committed by us, not published yet
    before: list[int] = []  # per delta, how many events of its mission were committed before it
    for what, mission in steps:
        if what in {"own", "commit"}:
            waiting.append(log.commit(mission))
        if what in {"own", "publish"}:
            while waiting:
                bus.publish(waiting.popleft())
        elif what == "foreign":
            log.commit(9)
        elif what == "announce":
            bus.announce(len(log.events))
        elif what == "delta" and all(event.mission != mission for event in waiting):
            bus.publish(delta(f"{len(before)};", mission=mission))
            before.append(len([event for event in log.events if event.mission == mission]))
        elif what == "breathe":
            await asyncio.sleep(0)
        elif what == "take" and (reading is None or reading.done()):
            got += [reading.result()] if reading else []
            reading = asyncio.create_task(anext(subscription))
        assert len(subscription._queue) <= 2 * capacity
        assert len(subscription._late) <= capacity
    for event in (*waiting, log.commit(9)):
        bus.publish(event)
    while len([event for event in got if event.seq]) < len(log.events):
        got.append(await asyncio.wait_for(reading or anext(subscription), 5))
        reading = None
    got += await rest(bus, subscription)
    assert [event for event in got if event.seq] == log.events
    _check_sides(got, before)


def _check_sides(got: list[Event], before: list[int]) -> None:
    seen = {1: 0, 2: 0, 9: 0}
    numbers = {1: [-1], 2: [-1]}
    for event in got:
        assert event.mission is not None
        if not isinstance(event, ModelDelta):
            seen[event.mission] += 1
            continue
        for number in (int(part) for part in event.text.split(";") if part):
            assert before[number] == seen[event.mission], f"delta {number} changed sides"
            assert number > numbers[event.mission][-1], f"delta {number} came twice or out of order"
            numbers[event.mission].append(number)
