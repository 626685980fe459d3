"""Several War Rooms on one home, and War Rooms that are killed: nothing is lost, nothing is told twice."""

import asyncio
import random
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from agents.bus import Subscription
from agents.clock import SystemClock
from agents.events import Event, ModelDelta, TaskStatusChanged
from agents.store import CallState, Store
from agents.store.replay import replay
from agents.tasks import NewTask, Task, TaskKind, TaskStatus

ROOT = Path(__file__).parents[2]
CLOCK = SystemClock()


@pytest.fixture
async def stores(tmp_path: Path) -> AsyncIterator[tuple[Store, Store]]:
    path = tmp_path / "warroom.db"
    async with await Store.open(path, CLOCK) as one, await Store.open(path, CLOCK) as two:
        yield one, two


async def post(store: Store) -> Task:
    return await store.insert_task(
        NewTask(title="x"), repo="/r", complexity=1, kind=TaskKind.DOCS, simulated=False, events=lambda task: ()
    )


def running(task: int) -> Event:
    return TaskStatusChanged(at=datetime(2026, 1, 1, tzinfo=UTC), task=task, status=TaskStatus.RUNNING)


async def take(subscription: Subscription, count: int) -> list[Event]:
    return [await asyncio.wait_for(anext(subscription), 10) for _ in range(count)]


async def test_a_commit_elsewhere_is_noticed_and_our_own_is_not(stores: tuple[Store, Store]) -> None:
    one, two = stores
    assert not await one.changed()
    await post(one)
    assert not await one.changed()
    assert await two.changed()
    assert not await two.changed()
    await post(two)
    assert await one.changed()
    assert not await one.changed()


async def test_events_of_another_process_are_published_once_and_in_order(stores: tuple[Store, Store]) -> None:
    one, two = stores
    here, there = one.bus.subscribe(), two.bus.subscribe()
    await post(two)
    await post(two)
    await one.publish_foreign()
    await one.publish_foreign()
    await post(one)
    await two.publish_foreign()
    await post(two)
    await one.publish_foreign()
    assert [event.seq for event in await take(here, 4)] == [1, 2, 3, 4]
    assert await take(there, 4) == await one.events_after(0)
    one.bus.close()
    assert [event async for event in here] == []


async def test_a_commit_between_ours_is_told_between_ours_without_asking(stores: tuple[Store, Store]) -> None:
    one, two = stores
    told = one.bus.subscribe()
    await post(one)
    await post(two)
    await post(two)
    await post(one)
    assert [(event.seq, event.task) for event in await take(told, 4)] == [(1, 1), (2, 2), (3, 3), (4, 4)]


async def test_the_first_commit_of_a_fresh_home_may_be_another_process(stores: tuple[Store, Store]) -> None:
    one, two = stores
    told = one.bus.subscribe()
    await post(two)
    await post(one)
    assert [event.seq for event in await take(told, 2)] == [1, 2]


async def test_a_store_opened_later_tells_only_what_is_new(stores: tuple[Store, Store], tmp_path: Path) -> None:
    one, _ = stores
    await post(one)
    async with await Store.open(tmp_path / "warroom.db", CLOCK) as late:
        told = late.bus.subscribe()
        await post(one)
        await late.publish_foreign()
        assert [event.seq for event in await take(told, 1)] == [2]


async def test_writers_in_both_and_slow_subscribers_lose_nothing(stores: tuple[Store, Store]) -> None:
    one, two = stores
    slow = [store.bus.subscribe(capacity=3) for store in stores]
    task = await post(one)
    count = 60

    async def write(store: Store) -> None:
        for number in range(count):
            await store.append(ModelDelta(at=CLOCK.now(), mission=1, text=str(number)), running(task.id))

    async def follow(store: Store) -> None:
        while True:
            if await store.changed():
                await store.publish_foreign()
            await asyncio.sleep(0)

    async def read(subscription: Subscription) -> list[int]:
        seqs = []
        while len(seqs) < 2 * count + 1:
            event = await anext(subscription)
            if event.seq:
                seqs.append(event.seq)
        return seqs

    following = [asyncio.create_task(follow(store)) for store in stores]
    async with asyncio.timeout(40):
        results = await asyncio.gather(write(one), write(two), *(read(subscription) for subscription in slow))
    for background in following:
        background.cancel()
    await asyncio.gather(*following, return_exceptions=True)
    assert results[2:] == [list(range(1, 2 * count + 2))] * 2


async def test_an_order_is_taken_by_one_process_only(stores: tuple[Store, Store]) -> None:
    one, two = stores
    task = await post(one)
    given = [await one.give_order(task.id, "cancel") for _ in range(10)]
    taken = await asyncio.gather(*(store.take_orders([task.id]) for store in (one, two, one, two)))
    assert sorted(order.id for orders in taken for order in orders) == given


LOOP = """
import asyncio, sys
from pathlib import Path
from agents.clock import SystemClock
from agents.events import TaskFinished, TaskQueued, TokenCounts
from agents.models.chat import Message
from agents.store import NewCall, Store
from agents.tasks import NewTask, Outcome, TaskKind, TaskStatus, Usage, Variant, Way

async def mission(store: Store, clock: SystemClock) -> None:
    task = await store.insert_task(NewTask(title="x"), repo="/r", complexity=1, kind=TaskKind.DOCS, simulated=False,
                                   events=lambda task: [TaskQueued(at=clock.now(), task=task.id)])
    await store.save_task(task.id, status=TaskStatus.RUNNING)
    mission = await store.insert_mission(task=task.id, number=1, agent="CodeX-7", tier="haiku", model="m", way=Way.LOOP,
        variant=Variant.ONCE, owner="", branch="", worktree="", start_commit="", events=lambda mission: ())
    call = await store.reserve_call(NewCall(task=task.id, mission=mission.id, tier="haiku", model="m",
        provider="anthropic", reserved_nano=10, price_date="2026-01-01"), daily_cap_nano=10**15, task_cap_nano=10**15)
    print("reserved", call, flush=True)
    await store.add_message(mission.id, Message(role="assistant", content="y" * 3000))
    await store.settle_call(call, usage=Usage(input=1), cost_nano=7, request_id=None)
    print("settled", call, flush=True)
    await store.save_mission(mission.id, finished_at=clock.now(), outcome=Outcome.PROVEN)
    done = TaskFinished(at=clock.now(), task=task.id, outcome=Outcome.PROVEN, status=TaskStatus.REVIEW, complexity=1,
        missions=1, steps=1, cost_usd=0.0, tokens=TokenCounts(), seconds=1.0, reason="so")
    await store.save_task(task.id, [done], status=TaskStatus.REVIEW, outcome=Outcome.PROVEN)
    print("finished", task.id, flush=True)

async def squad(store: Store, clock: SystemClock) -> None:
    while True:
        await mission(store, clock)

async def main() -> None:
    clock = SystemClock()
    async with await Store.open(Path(sys.argv[1]), clock) as store:
        await asyncio.gather(*(squad(store, clock) for _ in range(3)))

asyncio.run(main())
"""


async def test_kill_9_at_any_instant_loses_nothing_that_was_said(tmp_path: Path) -> None:
    path = tmp_path / "warroom.db"
    chance = random.Random(7)
    said: set[tuple[str, int]] = set()
    for _ in range(5):
        said |= await _run_and_kill(path, lines=chance.randint(1, 60), seconds=chance.random() / 50)
        async with await Store.open(path, CLOCK) as store:
            await _check(store, said)


async def _run_and_kill(path: Path, lines: int, seconds: float) -> set[tuple[str, int]]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", LOOP, str(path), stdout=asyncio.subprocess.PIPE, cwd=ROOT
    )
    assert process.stdout is not None
    said = []
    async with asyncio.timeout(30):
        for _ in range(lines):
            said.append(await process.stdout.readline())
        await asyncio.sleep(seconds)  # so that the kill falls anywhere between two lines
        process.kill()
        said += (await process.stdout.read()).splitlines(keepends=True)
        await process.wait()
    whole = [line.decode().split() for line in said if line.endswith(b"\n")]
    return {(what, int(number)) for what, number in whole}


async def _check(store: Store, said: set[tuple[str, int]]) -> None:
    assert await store.integrity() == []
    events = await store.events_after(0, 1_000_000)
    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    tasks = {task.id: task for task in await store.tasks()}
    assert replay(events) == {number: (task.status, task.outcome) for number, task in tasks.items()}
    calls = {call.id: call for number in tasks for call in await store.calls(number)}
    for what, number in said:
        if what == "finished":
            assert tasks[number].status is TaskStatus.REVIEW
        elif what == "settled":
            assert (calls[number].state, calls[number].cost_nano) == (CallState.SETTLED, 7)
        else:
            assert calls[number].reserved_nano == 10
    day = await store.spending(min(call.at for call in calls.values()).date())
    settled = [call for call in calls.values() if call.state is CallState.SETTLED]
    assert day.spent_nano == 7 * len(settled)
    assert day.reserved_nano == 10 * (len(calls) - len(settled))
