"""What free work saved, and the ledger added up: tokens as measured; only what they are priced at is an estimate."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.dispatch.budget import credits
from agents.dispatch.ending import finished_event
from agents.models.prices import call_price, price_of
from agents.proving.demo import demo_settings
from agents.routing.saved import Savings, total, would_have_gone_to
from agents.settings import Settings, TierSettings
from agents.store import NewCall, Store
from agents.store.breakdown import DIMENSIONS, Breakdown
from agents.store.records import Call, CallState
from agents.tasks import NANO, Outcome, Role, TaskStatus, Usage
from tests.agents.test_ledger import SetClock, people

USED = Usage(input=10_000, output=500, cache_read=200)
LONG = Usage(input=150_000, output=500)
AT = datetime(2026, 3, 1, 12, tzinfo=UTC)


def tier(model: str, **more: object) -> TierSettings:
    return TierSettings.model_validate({"provider": "anthropic", "model": model, **more})


def cost(model: str, usage: Usage) -> int:
    known = price_of("anthropic", model)
    assert known is not None
    return known.cost_nano(usage)


def test_the_tier_it_would_have_gone_to_is_the_first_paid_one_that_takes_the_task() -> None:
    settings = Settings()
    assert [would_have_gone_to(settings, level) for level in (1, 8, 9, 10)] == ["haiku", "haiku", "sonnet", "sonnet"]
    tiers = {
        "local": TierSettings(provider="ollama", model="q"),
        "own": tier("llama", free=True),
        "off": tier("claude-haiku-5-5", enabled=False),
        "plans": tier("claude-opus-5-5", roles=("plan",)),
        "small": tier("claude-haiku-5-5", band=(1, 2)),
        "big": tier("claude-sonnet-5-5", band=(5, 10)),
    }
    assert [would_have_gone_to(Settings(tiers=tiers), level) for level in (2, 3, 5)] == ["small", None, "big"]
    assert would_have_gone_to(demo_settings(1), 3) == "haiku", "a simulated Claude spends simulated money"


def test_calls_are_priced_one_by_one_as_the_provider_prices_them() -> None:
    savings = Savings(Settings())
    assert savings.of(USED, 3) == cost("claude-haiku-5-5", USED)
    assert savings.of(USED, 9) == cost("claude-sonnet-5-5", USED)
    both = total(savings.of(usage, 3) for usage in (USED, LONG))
    assert both == cost("claude-haiku-5-5", USED) + cost("claude-haiku-5-5", LONG)
    assert both != cost("claude-haiku-5-5", USED + LONG), "a long prompt is dearer, many short ones are not"


def test_what_has_no_price_is_not_known_and_never_nothing() -> None:
    unknown = Savings(Settings(tiers={"lab": tier("grok-9")}))
    assert would_have_gone_to(Settings(tiers={"lab": tier("grok-9")}), 3) == "lab"
    assert unknown.of(USED, 3) is None
    assert Savings(Settings(tiers={"local": TierSettings(provider="ollama", model="q")})).of(USED, 3) is None
    some = Savings(Settings(tiers={"haiku": tier("claude-haiku-5-5", band=(1, 3))}))
    assert total([some.of(USED, 3), some.of(USED, 9)]) == cost("claude-haiku-5-5", USED)
    assert total([some.of(USED, 9)]) is None
    assert total([]) == 0


def test_one_price_for_what_a_tier_calls() -> None:
    assert call_price("simulation", "SIMULATION claude-haiku-5-5") == price_of("anthropic", "claude-haiku-5-5")
    assert call_price("simulation", "SIMULATION qwen2.5-coder:7b") == price_of("ollama", "q")
    assert call_price("anthropic", "grok-9") is None
    assert call_price("anthropic", "grok-9", free=True) == price_of("ollama", "q")


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
async def store(tmp_path: Path, clock: SetClock) -> AsyncIterator[Store]:
    async with await Store.open(tmp_path / "warroom.db", clock) as opened:
        await people(opened, 3)
        yield opened


async def use(store: Store, task: int, *, mission: int | None = -1, tier: str = "local", paid: int = 0) -> int:
    call = NewCall(
        task=task,
        mission=task if mission == -1 else mission,
        tier=tier,
        model="m",
        provider="anthropic" if paid else "ollama",
        reserved_nano=paid,
        price_date="2026-01-01",
    )
    number = await store.reserve_call(call, daily_cap_nano=9 * NANO, task_cap_nano=9 * NANO)
    await store.settle_call(number, usage=USED, cost_nano=paid, request_id=None)
    return number


async def done(store: Store, task: int, outcome: Outcome, tier: str = "local") -> None:
    row = await store.save_task(task, tier_used=tier)
    after = row.model_copy(update={"status": TaskStatus.REVIEW, "reason": "so"})
    await store.save_task(task, [finished_event(after, outcome, AT)], outcome=outcome, status=TaskStatus.REVIEW)


async def counted(store: Store) -> list[int]:
    """The calls behind results that stand."""
    work = await store.free_work()
    return [call.id for call in await store.calls_after(0) if work.complexity_of(call) is not None]


async def test_only_free_calls_behind_results_that_stand_count(store: Store) -> None:
    mine = [await use(store, 1), await use(store, 1)]
    await use(store, 1, mission=None)
    await use(store, 1, tier="haiku", paid=NANO // 10)
    open_call = NewCall(
        task=1, mission=1, tier="local", model="m", provider="ollama", reserved_nano=0, price_date="2026-01-01"
    )
    await store.reserve_call(open_call, daily_cap_nano=0, task_cap_nano=0)
    second = await use(store, 2)
    third = await use(store, 3)
    assert await counted(store) == []
    await done(store, 1, Outcome.PROVEN)
    await done(store, 2, Outcome.UNVERIFIED)
    await done(store, 3, Outcome.PROVEN, tier="haiku")
    assert await counted(store) == mine
    assert (await store.free_work()).complexity == {1: 1}
    await done(store, 2, Outcome.VERIFIED)
    assert await counted(store) == [*mine, second]
    await done(store, 3, Outcome.PROVEN)
    assert await counted(store) == [*mine, second, third]
    await store.save_mission(2, role=Role.REVIEW)
    assert await counted(store) == [*mine, third]
    await store.save_task(1, status=TaskStatus.OPEN, outcome=None)
    assert await counted(store) == [third], "the result was rejected"


async def test_pages_of_the_ledger_hold_every_call_once(store: Store, clock: SetClock) -> None:
    numbers = []
    for day in range(4):
        clock.at = AT + timedelta(days=day)
        numbers += [await use(store, 1), await use(store, 1, tier="haiku", paid=NANO // 10)]
    for limit in (1, 3, 100):
        for since, expected in ((None, numbers), (AT + timedelta(days=2), numbers[4:]), (AT + timedelta(days=9), [])):
            for free, some in ((False, expected), (True, expected[::2])):
                found: list[int] = []
                while page := await store.calls_after(found[-1] if found else 0, limit, since=since, free=free):
                    found += [call.id for call in page]
                assert found == some


async def test_credits_say_what_today_saved_only(store: Store, clock: SetClock) -> None:
    await use(store, 1)
    await done(store, 1, Outcome.PROVEN)
    settings = Settings()
    assert (await credits(store, settings, clock.now())).saved_nano == cost("claude-haiku-5-5", USED)
    clock.at += timedelta(days=1)
    assert (await credits(store, settings, clock.now())).saved_nano == 0
    await use(store, 1)
    assert (await credits(store, settings, clock.now())).saved_nano == cost("claude-haiku-5-5", USED)


CALLS = st.lists(
    st.builds(
        Call,
        id=st.just(1),
        at=st.datetimes(datetime(2026, 1, 1), datetime(2026, 1, 9)).map(lambda at: at.replace(tzinfo=UTC)),
        task=st.integers(1, 4),
        tier=st.sampled_from(["local", "haiku"]),
        model=st.sampled_from(["m", "claude"]),
        provider=st.just("anthropic"),
        price_date=st.just("2026-01-01"),
        reserved_nano=st.integers(0, 1000),
        cost_nano=st.none() | st.integers(0, 2000),
        state=st.sampled_from(CallState),
        usage=st.builds(Usage, input=st.integers(0, 99), output=st.integers(0, 99), cache_write_1h=st.integers(0, 9)),
    ),
    max_size=30,
)


@given(calls=CALLS)
@settings(deadline=None)
def test_every_dimension_adds_up_to_the_total(calls: list[Call]) -> None:
    books = Breakdown()
    for call in calls:
        books.add(call)
    whole = books.total()
    assert whole.calls == len(calls)
    assert whole.usage == sum((call.usage for call in calls), Usage())
    ended = [call for call in calls if call.state is not CallState.OPEN]
    assert whole.known_nano == sum(call.cost_nano or 0 for call in ended)
    assert whole.unknown_calls == len([call for call in ended if call.cost_nano is None])
    assert (whole.spent_nano is None) == (whole.unknown_calls > 0)
    for by in DIMENSIONS:
        lines = books.lines(by)
        assert sum(line.calls for line in lines) == whole.calls
        assert sum(line.known_nano for line in lines) == whole.known_nano
        assert sum(line.reserved_nano for line in lines) == whole.reserved_nano
        assert sum(line.unknown_calls for line in lines) == whole.unknown_calls
        assert sum((line.usage for line in lines), Usage()) == whole.usage
        assert [line.key for line in lines] == sorted({line.key for line in lines})


FREE_CALL = Call(
    id=1,
    at=AT,
    task=1,
    tier="local",
    model="m",
    provider="ollama",
    price_date="2026-01-01",
    reserved_nano=0,
    state=CallState.SETTLED,
)


@given(nanos=st.lists(st.none() | st.integers(0, 99), max_size=9))
@settings(deadline=None)
def test_savings_without_a_price_are_not_known_rather_than_nothing(nanos: list[int | None]) -> None:
    books = Breakdown()
    for nano in nanos:
        books.save(FREE_CALL, nano)
    known = [nano for nano in nanos if nano is not None]
    expected = None if nanos and not known else sum(known)
    assert {line.saved_nano for by in DIMENSIONS for line in books.lines(by)} <= {expected}
    assert books.total().saved_nano == expected
