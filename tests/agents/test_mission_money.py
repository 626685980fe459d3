"""Money through the whole engine: reserved before, counted as served, whatever breaks."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from agents.events import ModelFailed, ModelUsage, TaskFinished
from agents.headquarters import Headquarters
from agents.missions.calls import worst_case_nano
from agents.models.chat import ChatRequest, Message
from agents.models.prices import FREE, price_of
from agents.settings import Settings, TierSettings
from agents.store.records import CallState
from agents.tasks import NANO, NewTask, Outcome, Task, TaskStatus, Usage
from tests.agents.conftest import GOOD_SLUG, SLUG_CHECK, SLUG_TASK
from tests.fakes.anthropic_replies import (
    Script,
    Wait,
    broken_off,
    error_event,
    failure,
    message,
    text,
    tool,
)
from tests.fakes.anthropic_server import AnthropicServer


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "test")


def paid(url: str, *, slots: int = 1, daily_usd: float = 5.0, **tier: object) -> Settings:
    haiku = {
        "provider": "anthropic",
        "model": "claude-haiku-5-5",
        "num_ctx": 200_000,
        "endpoints": [{"url": url, "slots": slots}],
        **tier,
    }
    settings = Settings(tiers={"haiku": TierSettings.model_validate(haiku)})
    return settings.model_copy(update={"budget": settings.budget.model_copy(update={"daily_usd": daily_usd})})


def work() -> list[Script]:
    written = tool("file_write", {"path": "slug.py", "content": GOOD_SLUG})
    return [message(written, stop="tool_use"), message(tool("finish", {"summary": "x"}, "toolu_02"), stop="tool_use")]


def price(usage: Usage) -> int:
    known = price_of("anthropic", "claude-haiku-5-5")
    assert known is not None
    return known.cost_nano(usage)


async def carry_out(hq: Headquarters, **task: Any) -> Task:
    posted = await hq.post(NewTask(title=SLUG_TASK, check=SLUG_CHECK, **task))
    await hq.dispatch(posted.id)
    return await hq.wait(posted.id)


async def test_a_cancel_while_waiting_for_the_next_try_costs_nothing(repo: Path, home: Path) -> None:
    busy = failure(429, "rate_limit_error", headers={"retry-after": "60"})
    async with AnthropicServer(busy) as claude, Headquarters(paid(claude.url), home=home, folder=repo) as hq:
        task = await hq.post(NewTask(title=SLUG_TASK, check=SLUG_CHECK))
        with hq.events() as events:
            await hq.dispatch(task.id)
            async for event in events:
                if isinstance(event, ModelFailed):
                    break
        assert event.retry_in_s is not None
        assert event.retry_in_s >= 60
        assert (await hq.credits()).reserved_nano == 0, "nothing is under way while we wait"
        started = asyncio.get_running_loop().time()
        task = await hq.cancel(task.id)
        assert asyncio.get_running_loop().time() - started < 1
        credits = await hq.credits()
    assert (credits.spent_nano, credits.reserved_nano, task.cost_nano) == (0, 0, 0)


async def test_a_cancel_in_mid_reply_counts_as_the_worst_case(repo: Path, home: Path) -> None:
    stalled = broken_off(text("I will"), last=Wait())
    async with AnthropicServer(stalled) as claude, Headquarters(paid(claude.url), home=home, folder=repo) as hq:
        task = await hq.post(NewTask(title=SLUG_TASK, check=SLUG_CHECK))
        await hq.dispatch(task.id)
        await claude.requested.wait()
        task = await hq.cancel(task.id)
        credits, (call,), (mission,) = await hq.credits(), await hq.store.calls(task.id), await hq.missions(task.id)
    assert call.state is CallState.ABANDONED
    assert call.reserved_nano == task.cost_nano == mission.cost_nano == credits.spent_nano > price(claude.served)
    assert credits.reserved_nano == 0


async def test_an_overload_in_mid_stream_is_retried_and_the_ledger_is_what_was_served(repo: Path, home: Path) -> None:
    scripts = [broken_off(text("I will"), last=error_event()), failure(529, "overloaded_error"), *work()]
    async with AnthropicServer(*scripts) as claude, Headquarters(paid(claude.url), home=home, folder=repo) as hq:
        task = await carry_out(hq)
        credits, calls = await hq.credits(), await hq.store.calls(task.id)
    assert (task.outcome, task.missions, task.steps) == (Outcome.PROVEN, 1, 2)
    assert [call.attempt for call in calls] == [1, 2, 3, 1]
    assert [call.error for call in calls] == ["overloaded", "overloaded", None, None]
    assert [call.request_id for call in calls] == ["req_001", "req_002", "req_003", "req_004"], "of failed tries too"
    expected = sum(price(call.usage) for call in calls)
    assert task.cost_nano == credits.spent_nano == expected > 0
    assert sum((call.usage for call in calls), Usage()) == claude.served == task.usage


async def test_tasks_side_by_side_cannot_overspend_the_day(repo: Path, home: Path) -> None:
    """Room for two and a half worst cases: whatever is in flight together fits the cap at every moment."""
    waiting = asyncio.Event()
    stalled = broken_off(text("I will"), last=Wait(waiting))
    async with AnthropicServer(otherwise=lambda request: stalled) as claude:
        settings = paid(claude.url, slots=4, daily_usd=5.0, max_tokens=4000)
        async with Headquarters(settings, home=home, folder=repo) as hq:
            probe = await hq.post(NewTask(title=SLUG_TASK, check=SLUG_CHECK))
            await hq.dispatch(probe.id)
            await claude.requested.wait()
            worst = (await hq.store.calls(probe.id))[0].reserved_nano
            await hq.cancel(probe.id)
        cap = worst / NANO * 3.5  # one is spent already
        settings = settings.model_copy(update={"budget": settings.budget.model_copy(update={"daily_usd": cap})})
        async with Headquarters(settings, home=home, folder=repo) as hq:
            tasks = [await hq.post(NewTask(title=SLUG_TASK, check=SLUG_CHECK)) for _ in range(4)]
            for task in tasks:
                await hq.dispatch(task.id)
            waits = [asyncio.create_task(hq.wait(task.id)) for task in tasks]
            ended = asyncio.as_completed(waits)
            refused = [await next(ended), await next(ended)]
            credits = await hq.credits()
            assert {task.halted for task in refused} == {"budget"}
            assert {task.status for task in refused} == {TaskStatus.NEEDS_HUMAN}
            assert credits.spent_nano + credits.reserved_nano <= credits.cap_nano
            assert len(claude.requests) == 1 + 2
            for task in tasks:
                if task.id not in {done.id for done in refused}:
                    await hq.cancel(task.id)
            await asyncio.gather(*waits)
            assert (await hq.credits()).spent_nano <= credits.cap_nano


async def test_a_paid_reply_is_in_the_transcript_by_the_time_its_price_is(repo: Path, home: Path) -> None:
    """They are one transaction: whoever is told the price finds the reply."""
    async with AnthropicServer(*work()) as server, Headquarters(paid(server.url), home=home, folder=repo) as hq:
        with hq.events() as events:
            task = await hq.post(NewTask(title=SLUG_TASK, check=SLUG_CHECK))
            await hq.dispatch(task.id)
            paid_for: list[int] = []
            async for event in events:
                if isinstance(event, ModelUsage):
                    paid_for.append(event.call)
                    said = [one for one in await hq.transcript(event.mission or 0) if one.role == "assistant"]
                    assert len(said) >= len(paid_for)
                if isinstance(event, TaskFinished):
                    break
        types = [event.type for event in await hq.store.events_after(0)]
    assert len(paid_for) == 2
    assert types.count("budget.spent") == types.count("budget.reserved") == 2
    assert all(types[at + 1] == "budget.spent" for at, name in enumerate(types) if name == "model.usage")


def test_a_paid_prompt_is_reserved_with_a_margin_over_our_estimate() -> None:
    request = ChatRequest(system="s" * 4000, messages=(Message(role="user", content="word " * 4000),), max_tokens=100)
    known = price_of("anthropic", "claude-sonnet-5-5")
    assert known is not None
    reserved = worst_case_nano(known, request)
    assert reserved is not None
    assert reserved >= known.worst_case_nano(2 * 4000, 100), "as if Claude counted two tokens a word"
    assert worst_case_nano(FREE, request) == 0
    assert worst_case_nano(None, request) is None


async def test_a_cap_reached_in_the_middle_still_has_the_work_checked(repo: Path, home: Path) -> None:
    """The file is written; only the call that would have said `finish` does not fit the cap any more."""
    async with AnthropicServer(*work()) as claude, Headquarters(paid(claude.url), home=home, folder=repo) as hq:
        first = await hq.post(NewTask(title=SLUG_TASK, check=SLUG_CHECK))
        await hq.dispatch(first.id)
        first = await hq.wait(first.id)
        calls = await hq.store.calls(first.id)
        claude.script(work())
        assert calls[0].cost_nano is not None
        task = await carry_out(hq, budget_nano=calls[0].reserved_nano + calls[0].cost_nano // 2)
    assert (task.status, task.outcome, task.halted) == (TaskStatus.REVIEW, Outcome.PROVEN, None)
    assert any("budget" in warning for warning in task.warnings)
