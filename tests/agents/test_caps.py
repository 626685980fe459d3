"""Caps: warned of once, raised only on purpose, in force at once for every process; free work never stops."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from agents.events import BudgetExhausted, BudgetRaised, BudgetWarning
from agents.headquarters import Headquarters, NotPossible, UnknownTask
from agents.settings import Settings, TierSettings
from agents.store import NotRaised, OverBudget, Store, UnknownRow
from agents.tasks import NANO, NewTask, Outcome, TaskStatus
from tests.agents.conftest import GOOD_SLUG, SLUG_CHECK, SLUG_TASK
from tests.agents.test_ledger import CENT, TODAY, USED, SetClock, call, people
from tests.agents.test_mission_money import paid, work
from tests.fakes.anthropic_server import AnthropicServer
from tests.fakes.ollama_server import FakeOllama
from tests.fakes.ollama_server import text as ollama_text


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
async def stores(tmp_path: Path, clock: SetClock) -> AsyncIterator[tuple[Store, Store]]:
    """Two War Rooms on one home."""
    path = tmp_path / "warroom.db"
    async with await Store.open(path, clock) as one, await Store.open(path, clock) as two:
        await people(one)
        yield one, two


async def spend(store: Store, nano: int, *, cap: int = NANO, abandoned: bool = False) -> None:
    number = await store.reserve_call(call(nano), daily_cap_nano=cap, task_cap_nano=100 * NANO)
    if abandoned:
        await store.settle_abandoned(1)
    else:
        await store.settle_call(number, usage=USED, cost_nano=nano, request_id=None)


async def warnings(store: Store) -> list[tuple[int, int]]:
    """Of every warning, what had been spent and the cap."""
    events = await store.events_after(0, 10_000)
    return [(event.spent_nano, event.cap_nano) for event in events if isinstance(event, BudgetWarning)]


async def test_the_warning_comes_once_however_many_processes_cross_the_line(stores: tuple[Store, Store]) -> None:
    one, two = stores
    await spend(one, 70 * CENT)
    assert await warnings(one) == []
    await asyncio.gather(*(spend((one, two)[number % 2], 4 * CENT) for number in range(6)))
    ((spent, cap),) = await warnings(two)
    assert 80 * CENT <= spent < 85 * CENT
    assert cap == NANO


async def test_a_line_that_an_abandoned_call_crosses_is_warned_of_too(stores: tuple[Store, Store]) -> None:
    one, two = stores
    await spend(one, 79 * CENT)
    await spend(one, 5 * CENT, abandoned=True)
    await spend(two, CENT)
    assert await warnings(two) == [(84 * CENT, NANO)]


async def test_processes_with_caps_of_their_own_each_hear_of_theirs(stores: tuple[Store, Store]) -> None:
    one, two = stores
    await spend(one, 90 * CENT, cap=5 * NANO)
    await spend(two, CENT, cap=NANO)
    await spend(two, CENT, cap=NANO)
    await spend(one, 4 * NANO, cap=5 * NANO)
    assert await warnings(one) == [(91 * CENT, NANO), (4 * NANO + 92 * CENT, 5 * NANO)]


async def test_another_day_and_a_raised_cap_have_a_line_of_their_own(
    stores: tuple[Store, Store], clock: SetClock
) -> None:
    one, two = stores
    await spend(one, 85 * CENT)
    await two.raise_daily_cap(2 * NANO, configured_nano=NANO, by="ann")
    await spend(one, 70 * CENT)
    assert await warnings(one) == [(85 * CENT, NANO)]
    await spend(one, 10 * CENT)
    clock.at += timedelta(days=1)
    await spend(one, 90 * CENT)
    assert await warnings(one) == [(85 * CENT, NANO), (165 * CENT, 2 * NANO), (90 * CENT, NANO)]


async def test_a_task_near_its_own_cap_is_warned_of_once_too(stores: tuple[Store, Store], clock: SetClock) -> None:
    one, two = stores

    async def pay(store: Store, nano: int) -> None:
        number = await store.reserve_call(call(nano), daily_cap_nano=100 * NANO, task_cap_nano=NANO)
        await store.settle_call(number, usage=USED, cost_nano=nano, request_id=None)

    await pay(one, 79 * CENT)
    assert await warnings(one) == []
    clock.at += timedelta(days=1)
    await asyncio.gather(*(pay((one, two)[number % 2], CENT) for number in range(8)))
    (event,) = [event for event in await two.events_after(0) if isinstance(event, BudgetWarning)]
    assert (event.scope, event.task, event.spent_nano, event.cap_nano) == ("task", 1, 80 * CENT, NANO)
    assert event.today_nano == CENT
    await two.raise_task_cap(1, 2 * NANO, configured_nano=NANO, by="ann")
    await pay(one, 80 * CENT)
    assert await warnings(one) == [(80 * CENT, NANO), (167 * CENT, 2 * NANO)]


async def test_a_raised_day_holds_at_once_everywhere_and_until_its_end(
    stores: tuple[Store, Store], clock: SetClock
) -> None:
    one, two = stores
    await spend(one, NANO)
    with pytest.raises(OverBudget, match="`warroom budget raise USD` gives today more"):
        await spend(two, CENT)
    assert await one.raise_daily_cap(2 * NANO, configured_nano=NANO, by="ann") == NANO
    await spend(two, NANO)
    with pytest.raises(OverBudget, match=r"today's \$2\.00"):
        await spend(one, CENT)
    await spend(one, CENT, cap=3 * NANO)
    assert await two.raised_cap(TODAY) == 2 * NANO
    clock.at += timedelta(hours=12)
    assert await two.raised_cap(TODAY + timedelta(days=1)) == 0
    await spend(two, NANO)
    with pytest.raises(OverBudget, match=r"today's \$1\.00"):
        await spend(two, CENT)


async def test_a_raise_is_logged_and_never_lowers(stores: tuple[Store, Store]) -> None:
    one, two = stores
    await one.raise_daily_cap(2 * NANO, configured_nano=NANO, by="ann")
    for less in (2 * NANO, NANO, 0):
        with pytest.raises(NotRaised, match=r"today's cap is \$2\.00 and is only ever raised"):
            await two.raise_daily_cap(less, configured_nano=NANO, by="ben")
    with pytest.raises(NotRaised, match=r"today's cap is \$9\.00"):
        await two.raise_daily_cap(8 * NANO, configured_nano=9 * NANO, by="ben")
    for absurd in (-1, 10**19):
        with pytest.raises(ValueError, match="no cap is"):
            await two.raise_daily_cap(absurd, configured_nano=0, by="ben")
    told = [event for event in await two.events_after(0) if isinstance(event, BudgetRaised)]
    assert [(event.scope, event.from_nano, event.cap_nano, event.by) for event in told] == [
        ("day", NANO, 2 * NANO, "ann")
    ]


async def test_a_raised_task_goes_on_though_its_mission_knows_the_old_cap(stores: tuple[Store, Store]) -> None:
    one, two = stores

    async def ask(amount: int) -> int:
        return await one.reserve_call(call(amount), daily_cap_nano=100 * NANO, task_cap_nano=NANO)

    await ask(NANO)
    with pytest.raises(OverBudget, match="`warroom budget raise USD --task T1` gives it more"):
        await ask(CENT)
    task = await two.raise_task_cap(1, 2 * NANO, configured_nano=NANO, by="ann")
    assert task.budget_nano == 2 * NANO
    await ask(NANO)
    with pytest.raises(OverBudget, match=r"this task's \$2\.00"):
        await ask(CENT)
    with pytest.raises(NotRaised, match=r"this task's cap is \$2\.00"):
        await two.raise_task_cap(1, NANO, configured_nano=5 * NANO, by="ann")
    with pytest.raises(NotRaised, match=r"this task's cap is \$1\.00"):
        await two.raise_task_cap(2, NANO, configured_nano=NANO, by="ann")
    with pytest.raises(UnknownRow, match="no task T9"):
        await two.raise_task_cap(9, NANO, configured_nano=0, by="ann")
    (event,) = [event for event in await two.events_after(0) if isinstance(event, BudgetRaised)]
    assert (event.task, event.scope, event.from_nano, event.cap_nano) == (1, "task", NANO, 2 * NANO)


async def test_a_lower_cap_of_a_task_is_kept_whatever_is_configured(stores: tuple[Store, Store]) -> None:
    one, _ = stores
    await one.save_task(1, budget_nano=CENT)
    with pytest.raises(OverBudget):
        await one.reserve_call(call(2 * CENT), daily_cap_nano=NANO, task_cap_nano=NANO)
    await one.reserve_call(call(CENT), daily_cap_nano=NANO, task_cap_nano=NANO)


async def test_headquarters_raises_and_its_credits_show_it(
    repo: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "test")
    async with AnthropicServer(*work()) as claude:
        settings = paid(claude.url, daily_usd=0.000001)
        async with (
            Headquarters(settings, home=home, folder=repo) as hq,
            Headquarters(settings, home=home, folder=repo) as other,
        ):
            task = await hq.post(NewTask(title=SLUG_TASK, check=SLUG_CHECK))
            await hq.dispatch(task.id)
            task = await hq.wait(task.id)
            assert (task.halted, task.status) == ("budget", TaskStatus.NEEDS_HUMAN)
            assert any(isinstance(event, BudgetExhausted) for event in await hq.history(100))
            for wrong in (float("nan"), -1.0, 0.000001):
                with pytest.raises(NotPossible):
                    await other.raise_daily_cap(wrong)
            assert (await other.raise_daily_cap(2.5)).cap_nano == 2_500_000_000
            assert (await hq.credits()).cap_nano == 2_500_000_000
            task = await hq.retry(task.id)
            task = await hq.wait(task.id)
            assert task.outcome is Outcome.PROVEN
            assert (await other.raise_task_cap(task.id, 2)).budget_nano == 2 * NANO
            with pytest.raises(NotPossible, match="is only ever raised"):
                await hq.raise_task_cap(task.id, 1.5)
            with pytest.raises(UnknownTask):
                await hq.raise_task_cap(99, 1)


async def test_local_work_goes_on_when_money_is_out(repo: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "test")
    async with AnthropicServer() as claude, FakeOllama() as ollama:
        ollama.reply(ollama_text(f"slug.py\n```python\n{GOOD_SLUG}```\n"))
        settings = paid(claude.url, daily_usd=0.0)
        local = TierSettings.model_validate(
            {"provider": "ollama", "model": "m:1b", "endpoints": [{"url": ollama.url}], "keep_alive": "0"}
        )
        settings = Settings(tiers={"local": local, **settings.tiers}, budget=settings.budget)
        async with Headquarters(settings, home=home, folder=repo) as hq:
            over = await hq.post(NewTask(title=SLUG_TASK, check=SLUG_CHECK, tier="haiku"))
            fine = await hq.post(NewTask(title=SLUG_TASK, check=SLUG_CHECK))
            await hq.dispatch(over.id)
            over = await hq.wait(over.id)
            await hq.dispatch(fine.id)
            fine = await hq.wait(fine.id)
    assert (over.halted, over.cost_nano) == ("budget", 0)
    assert (fine.outcome, fine.tier_used, fine.cost_nano) == (Outcome.PROVEN, "local", 0)
    assert claude.requests == []
