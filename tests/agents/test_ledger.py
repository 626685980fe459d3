"""The ledger: money is reserved before it is spent, and no number of callers or processes gets past a cap."""

import asyncio
from collections.abc import AsyncIterator, Collection
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import ValidationError

from agents.events import BudgetReserved, BudgetSpent, Event, LoopDetected, ModelStarted, ToolFinished
from agents.models.chat import Message
from agents.store import CallState, NewCall, OverBudget, Spending, Store, StoreError, UnknownPrice, UnknownRow
from agents.store.errors import dollars
from agents.tasks import NANO, NewTask, TaskKind, Usage, Variant, Way

CENT = NANO // 100
TODAY = date(2026, 3, 1)
USED = Usage(input=1000, output=50)


class SetClock:
    """A clock that stands where it is put."""

    def __init__(self) -> None:
        self.at = datetime(2026, 3, 1, 12, tzinfo=UTC)

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return self.at.timestamp()

    async def sleep(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


def call(reserved: int | None, *, task: int = 1, mission: int | None = 1, provider: str = "anthropic") -> NewCall:
    return NewCall(
        task=task,
        mission=mission,
        tier="haiku",
        model="claude-haiku-5-5",
        provider=provider,
        reserved_nano=reserved,
        price_date="2026-02-01",
        attempt=1,
        owner="ann",
    )


async def people(store: Store, tasks: int = 2) -> None:
    """Tasks 1..n, each with a mission of the same number."""
    for number in range(1, tasks + 1):
        task = await store.insert_task(
            NewTask(title="x"), repo="/r", complexity=1, kind=TaskKind.DOCS, simulated=False, events=lambda task: ()
        )
        await store.insert_mission(
            task=task.id,
            number=1,
            agent=f"CodeX-{number}",
            tier="haiku",
            model="claude-haiku-5-5",
            way=Way.LOOP,
            variant=Variant.ONCE,
            owner="",
            branch="",
            worktree="",
            start_commit="",
            events=lambda mission: (),
        )


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
async def store(tmp_path: Path, clock: SetClock) -> AsyncIterator[Store]:
    async with await Store.open(tmp_path / "warroom.db", clock) as opened:
        await people(opened)
        yield opened


async def test_a_call_is_reserved_told_and_settled_to_what_it_cost(store: Store, clock: SetClock) -> None:
    told = store.bus.subscribe()
    number = await store.reserve_call(call(30 * CENT), daily_cap_nano=NANO, task_cap_nano=NANO)
    event = await asyncio.wait_for(anext(told), 5)
    assert isinstance(event, BudgetReserved)
    assert (event.call, event.amount_nano) == (number, 30 * CENT)
    assert (event.task, event.mission, event.agent, event.tier) == (1, 1, "CodeX-1", "haiku")
    assert await store.spending(TODAY) == Spending(reserved_nano=30 * CENT, calls=1)
    said = LoopDetected(at=clock.now(), task=1, tool="x", times=3, action="warned")
    await store.settle_call(number, usage=USED, cost_nano=CENT, request_id="req_1", events=[said])
    assert await store.spending(TODAY) == await store.task_spending(1) == Spending(spent_nano=CENT, calls=1)
    assert (await asyncio.wait_for(anext(told), 5)).type == "loop.detected"
    spent = await asyncio.wait_for(anext(told), 5)
    assert isinstance(spent, BudgetSpent)
    assert (spent.call, spent.amount_nano, spent.today_nano, spent.cap_nano) == (number, CENT, CENT, NANO)
    assert (spent.task, spent.mission, spent.agent, spent.tier) == (1, 1, "CodeX-1", "haiku")
    (row,) = await store.calls(1)
    assert (row.id, row.state, row.cost_nano, row.usage, row.request_id) == (
        number,
        CallState.SETTLED,
        CENT,
        USED,
        "req_1",
    )
    assert (row.price_date, row.attempt, row.owner, row.at) == ("2026-02-01", 1, "ann", clock.now())
    assert (row.daily_cap_nano, row.warn_at) == (NANO, 0.8)


async def test_what_is_reserved_counts_until_it_is_settled(store: Store) -> None:
    first = await store.reserve_call(call(60 * CENT), daily_cap_nano=NANO, task_cap_nano=NANO)
    with pytest.raises(OverBudget) as refused:
        await store.reserve_call(call(50 * CENT, task=2, mission=2), daily_cap_nano=NANO, task_cap_nano=NANO)
    error = refused.value
    assert (error.scope, error.needed_nano, error.spent_nano, error.cap_nano) == ("day", 50 * CENT, 60 * CENT, NANO)
    assert "may cost $0.50, and $0.60 of today's $1.00 are spent or reserved" in str(error)
    await store.settle_call(first, usage=USED, cost_nano=10 * CENT, request_id=None)
    await store.reserve_call(call(90 * CENT, task=2, mission=2), daily_cap_nano=NANO, task_cap_nano=NANO)
    with pytest.raises(OverBudget):
        await store.reserve_call(call(1, task=2, mission=2), daily_cap_nano=NANO, task_cap_nano=2 * NANO)


async def test_a_task_has_a_cap_of_its_own_over_all_days(store: Store, clock: SetClock) -> None:
    await store.reserve_call(call(15 * CENT), daily_cap_nano=NANO, task_cap_nano=20 * CENT)
    clock.at += timedelta(days=1)
    with pytest.raises(OverBudget, match="`warroom budget raise USD --task T1` gives it more") as refused:
        await store.reserve_call(call(6 * CENT), daily_cap_nano=NANO, task_cap_nano=20 * CENT)
    assert refused.value.scope == "task"
    await store.reserve_call(call(6 * CENT, task=2, mission=2), daily_cap_nano=NANO, task_cap_nano=20 * CENT)
    await store.reserve_call(call(5 * CENT), daily_cap_nano=NANO, task_cap_nano=20 * CENT)


async def test_a_day_is_a_utc_day_and_a_call_belongs_to_the_day_it_was_reserved(store: Store, clock: SetClock) -> None:
    clock.at = datetime(2026, 3, 1, 23, 59, tzinfo=UTC)
    late = await store.reserve_call(call(NANO), daily_cap_nano=NANO, task_cap_nano=9 * NANO)
    clock.at += timedelta(minutes=2)
    await store.reserve_call(call(NANO), daily_cap_nano=NANO, task_cap_nano=9 * NANO)
    await store.settle_call(late, usage=USED, cost_nano=CENT, request_id=None)
    assert await store.spending(TODAY) == Spending(spent_nano=CENT, calls=1)
    assert await store.spending(TODAY + timedelta(days=1)) == Spending(reserved_nano=NANO, calls=1)


async def test_an_unknown_price_is_refused_unless_the_model_is_local(store: Store) -> None:
    with pytest.raises(UnknownPrice, match=r"anthropic claude-haiku-5-5 is unknown"):
        await store.reserve_call(call(None), daily_cap_nano=NANO, task_cap_nano=NANO)
    assert await store.spending(TODAY) == Spending()
    for provider in ("ollama", "simulation"):
        number = await store.reserve_call(call(None, provider=provider), daily_cap_nano=0, task_cap_nano=0)
        await store.settle_call(number, usage=USED, cost_nano=0, request_id=None)
    assert await store.spending(TODAY) == Spending(calls=2)
    assert not [event for event in await store.events_after(0) if isinstance(event, BudgetReserved)]


async def test_a_free_call_is_made_even_where_the_cap_was_overrun(store: Store) -> None:
    number = await store.reserve_call(call(NANO), daily_cap_nano=NANO, task_cap_nano=NANO)
    await store.settle_call(number, usage=USED, cost_nano=2 * NANO, request_id=None)
    await store.reserve_call(call(0, provider="ollama"), daily_cap_nano=NANO, task_cap_nano=NANO)
    with pytest.raises(OverBudget):
        await store.reserve_call(call(1), daily_cap_nano=NANO, task_cap_nano=9 * NANO)


async def test_a_cost_nobody_knows_counts_as_the_whole_reservation(store: Store) -> None:
    number = await store.reserve_call(call(NANO), daily_cap_nano=NANO, task_cap_nano=NANO)
    await store.settle_call(number, usage=Usage(), cost_nano=None, request_id=None, error="stream_cut")
    assert await store.spending(TODAY) == Spending(spent_nano=NANO, calls=1, unknown_calls=1)
    assert (await store.calls(1))[0].error == "stream_cut"
    with pytest.raises(OverBudget):
        await store.reserve_call(call(1), daily_cap_nano=NANO, task_cap_nano=9 * NANO)


async def test_settling_twice_changes_and_tells_nothing(store: Store, clock: SetClock) -> None:
    number = await store.reserve_call(call(NANO), daily_cap_nano=NANO, task_cap_nano=NANO)
    said = LoopDetected(at=clock.now(), task=1, tool="x", times=3, action="warned")
    reply = Message(role="assistant", content="done")

    async def settle(cost: int) -> None:
        await store.settle_call(number, usage=USED, cost_nano=cost, request_id=None, reply=reply, events=[said])

    await settle(CENT)
    last = await store.last_seq()
    await settle(NANO)
    assert await store.spending(TODAY) == Spending(spent_nano=CENT, calls=1)
    assert await store.last_seq() == last
    assert await store.transcript(1) == [reply]


async def test_a_call_and_what_is_said_of_it_are_reserved_together_or_not_at_all(store: Store, clock: SetClock) -> None:
    def started(number: int) -> list[Event]:
        return [ModelStarted(at=clock.now(), task=1, mission=1, model="m", call=number)]

    number = await store.reserve_call(call(CENT), daily_cap_nano=NANO, task_cap_nano=NANO, events=started)
    reserved, said = (await store.events_after(0))[-2:]
    assert (reserved.type, said.type) == ("budget.reserved", "model.started")
    assert isinstance(said, ModelStarted)
    assert said.call == number
    last = await store.last_seq()
    with pytest.raises(OverBudget):
        await store.reserve_call(call(NANO), daily_cap_nano=NANO, task_cap_nano=NANO, events=started)

    def unreadable(number: int) -> list[Event]:
        return [ToolFinished(at=clock.now(), call=number, tool="t", ok=True, summary="", seconds=float("inf"))]

    with pytest.raises(ValueError, match="seconds"):
        await store.reserve_call(call(CENT), daily_cap_nano=NANO, task_cap_nano=NANO, events=unreadable)
    assert await store.last_seq() == last
    assert await store.spending(TODAY) == Spending(reserved_nano=CENT, calls=1)


async def test_a_dead_mission_costs_what_it_had_reserved_until_somebody_knows_better(store: Store) -> None:
    done = await store.reserve_call(call(10 * CENT), daily_cap_nano=NANO, task_cap_nano=NANO)
    await store.settle_call(done, usage=USED, cost_nano=CENT, request_id=None)
    dead = await store.reserve_call(call(20 * CENT), daily_cap_nano=NANO, task_cap_nano=NANO)
    other = await store.reserve_call(call(30 * CENT, task=2, mission=2), daily_cap_nano=NANO, task_cap_nano=NANO)
    await store.settle_abandoned(1)
    assert await store.spending(TODAY) == Spending(spent_nano=21 * CENT, reserved_nano=30 * CENT, calls=3)
    assert [row.state for row in await store.calls(1)] == [CallState.SETTLED, CallState.ABANDONED]
    told = [event for event in await store.events_after(0) if isinstance(event, BudgetSpent)]
    assert [(event.call, event.amount_nano) for event in told] == [(done, CENT), (dead, 20 * CENT)]
    await store.settle_call(dead, usage=USED, cost_nano=2 * CENT, request_id=None)
    await store.settle_call(other, usage=USED, cost_nano=0, request_id=None)
    assert await store.spending(TODAY) == Spending(spent_nano=3 * CENT, calls=3)


async def test_a_call_outside_any_mission(store: Store) -> None:
    await store.reserve_call(call(CENT, mission=None), daily_cap_nano=NANO, task_cap_nano=NANO)
    assert (await store.task_spending(1)).reserved_nano == CENT


async def test_calls_of_dead_processes_are_settled_in_a_mission_or_not(store: Store, clock: SetClock) -> None:
    """The judge's calls belong to no mission: only their owner tells whether anybody will settle them."""
    clock.at += timedelta(seconds=5)
    judged = call(10 * CENT, mission=None).model_copy(update={"owner": "dead"})
    lost = await store.reserve_call(judged, daily_cap_nano=NANO, task_cap_nano=NANO)
    live = await store.reserve_call(call(CENT, mission=None), daily_cap_nano=NANO, task_cap_nano=NANO)
    old = await store.reserve_call(
        call(2 * CENT, task=2, mission=2).model_copy(update={"owner": ""}), daily_cap_nano=NANO, task_cap_nano=NANO
    )
    await store.save_mission(2, owner="dead")
    asked: list[str] = []

    async def dead(owners: Collection[str]) -> list[str]:
        asked.extend(owners)
        return [owner for owner in owners if owner != "ann"]

    assert await store.settle_abandoned_of_dead(dead) == (1, 2)
    assert sorted(asked) == ["ann", "dead"], "one question per owner"
    states = {row.id: row.state for task in (1, 2) for row in await store.calls(task)}
    assert states == {lost: CallState.ABANDONED, live: CallState.OPEN, old: CallState.ABANDONED}
    assert await store.spending(TODAY) == Spending(spent_nano=12 * CENT, reserved_nano=CENT, calls=3)
    last = await store.last_seq()
    assert await store.settle_abandoned_of_dead(dead) == ()
    assert await store.last_seq() == last


async def test_what_makes_no_sense_is_refused(store: Store) -> None:
    with pytest.raises(ValidationError):
        call(-1)
    with pytest.raises(UnknownRow, match="no call 9"):
        await store.settle_call(9, usage=USED, cost_nano=0, request_id=None)
    with pytest.raises(StoreError, match="T9"):
        await store.reserve_call(call(CENT, task=9), daily_cap_nano=NANO, task_cap_nano=NANO)
    number = await store.reserve_call(call(CENT), daily_cap_nano=NANO, task_cap_nano=NANO)
    for cost in (-1, 10**19):
        with pytest.raises(ValueError, match="nano-dollars"):
            await store.settle_call(number, usage=USED, cost_nano=cost, request_id=None)
    assert await store.spending(TODAY) == Spending(reserved_nano=CENT, calls=1)


def test_dollars_are_never_rounded_away() -> None:
    assert dollars(0) == "$0.00"
    assert dollars(NANO // 2) == "$0.50"
    assert dollars(5 * NANO) == "$5.00"
    assert dollars(1200 * NANO) == "$1200.00"
    assert dollars(125_000) == "$0.000125"
    assert dollars(1) == "$0.000000001"
