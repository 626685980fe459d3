"""What changes while a task waits for its slot: held again, edited, forced, ordered too late."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from agents.dispatch.slots import Slots
from agents.events import MissionStarted
from agents.headquarters import Headquarters, NotPossible
from agents.settings import Dispatch, Settings
from agents.store import StoreError
from agents.tasks import NewTask, Outcome, TaskStatus
from tests.agents.conftest import GOOD_SLUG, SLUG_CHECK, SLUG_TASK
from tests.fakes.ollama_server import FakeOllama, Stall, chunk, text

MakeSettings = Callable[..., Settings]
GOOD = text(f"```python\n{GOOD_SLUG}```")
NEW = NewTask(title=SLUG_TASK, check=SLUG_CHECK)


async def test_a_full_review_holds_those_that_waited_for_a_slot(
    repo: Path, home: Path, local_settings: MakeSettings
) -> None:
    async with FakeOllama() as ollama:
        ollama.answer = lambda body: GOOD
        settings = local_settings(ollama.url).model_copy(update={"dispatch": Dispatch(max_in_review=1)})
        async with Headquarters(settings, home=home, folder=repo) as hq:
            first, *others = [await hq.post(NEW) for _ in range(3)]
            await hq.dispatch_all()
            assert (await hq.wait(first.id)).status is TaskStatus.REVIEW
            await hq.until_idle()
            assert [(await hq.task(one.id)).status for one in others] == [TaskStatus.QUEUED] * 2
            await hq.reject(first.id)
            assert (await hq.wait(others[0].id)).status is TaskStatus.REVIEW


async def test_a_dependency_that_is_rejected_holds_one_that_waited_for_a_slot(
    repo: Path, home: Path, local_settings: MakeSettings
) -> None:
    async with FakeOllama() as ollama:
        ollama.reply(GOOD)
        ollama.reply((chunk("x"), Stall()))
        async with Headquarters(local_settings(ollama.url), home=home, folder=repo) as hq:
            below = await hq.post(NEW)
            await hq.dispatch(below.id)
            await hq.wait(below.id)
            busy = await hq.post(NEW)
            await hq.dispatch(busy.id)
            await ollama.chatting()
            after = await hq.post(NEW.model_copy(update={"depends_on": (below.id,)}))
            await hq.dispatch(after.id)
            await hq.reject(below.id)
            await hq.cancel(busy.id)
            assert (await hq.wait(after.id)).status is TaskStatus.BLOCKED
            assert await hq.missions(after.id) == []


async def test_what_is_changed_while_it_waits_for_a_slot_is_what_is_done(
    repo: Path, home: Path, local_settings: MakeSettings
) -> None:
    async with FakeOllama() as ollama:
        ollama.reply((chunk("x"), Stall()))
        ollama.answer = lambda body: GOOD
        async with Headquarters(local_settings(ollama.url), home=home, folder=repo) as hq:
            busy, changed = await hq.post(NEW), await hq.post(NEW.model_copy(update={"check": "false"}))
            await hq.dispatch(busy.id)
            await hq.dispatch(changed.id)
            await ollama.chatting()
            await hq.edit(changed.id, check=SLUG_CHECK)
            await hq.cancel(busy.id)
            assert (await hq.wait(changed.id)).outcome is Outcome.PROVEN


async def test_forced_after_a_pause_it_goes_on_wherever_it_waited(
    repo: Path, home: Path, local_settings: MakeSettings
) -> None:
    async with FakeOllama() as ollama:
        ollama.reply((chunk("x"), Stall()))
        ollama.answer = lambda body: GOOD
        async with Headquarters(local_settings(ollama.url), home=home, folder=repo) as hq:
            busy, hurried = await hq.post(NEW), await hq.post(NEW)
            await hq.dispatch(busy.id)
            await ollama.chatting()
            await hq.dispatch(hurried.id)
            await hq.pause(hurried.id)
            await hq.force(hurried.id)
            await hq.cancel(busy.id)
            assert (await asyncio.wait_for(hq.wait(hurried.id), 20)).status is TaskStatus.REVIEW


async def test_an_order_that_came_too_late_is_not_obeyed_the_next_time(
    repo: Path, home: Path, local_settings: MakeSettings
) -> None:
    async with FakeOllama() as ollama:
        ollama.answer = lambda body: GOOD
        async with Headquarters(local_settings(ollama.url), home=home, folder=repo) as hq:
            task = await hq.post(NEW)
            await hq.store.give_order(task.id, "cancel")
            await hq.dispatch(task.id)
            assert (await hq.wait(task.id)).status is TaskStatus.REVIEW


async def test_a_wrong_word_for_a_tier_costs_no_result(repo: Path, home: Path, local_settings: MakeSettings) -> None:
    async with FakeOllama() as ollama:
        ollama.answer = lambda body: GOOD
        async with Headquarters(local_settings(ollama.url), home=home, folder=repo) as hq:
            task = await hq.post(NEW)
            await hq.dispatch(task.id)
            await hq.wait(task.id)
            with pytest.raises(NotPossible, match="no tier"):
                await hq.retry(task.id, tier="sonet")
            assert (await hq.task(task.id)).status is TaskStatus.REVIEW


async def test_a_store_that_was_busy_for_too_long_ends_no_squad(
    repo: Path, home: Path, local_settings: MakeSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    faults = [StoreError("locked"), OSError("disk full")]
    grant = Slots._grant

    async def faulty(slots: Slots, tier: str) -> None:
        if faults:
            raise faults.pop()
        await grant(slots, tier)

    monkeypatch.setattr(Slots, "_grant", faulty)
    async with FakeOllama() as ollama:
        ollama.answer = lambda body: GOOD
        async with Headquarters(local_settings(ollama.url), home=home, folder=repo) as hq:
            task = await hq.post(NEW)
            await hq.dispatch(task.id)
            assert (await asyncio.wait_for(hq.wait(task.id), 20)).status is TaskStatus.REVIEW
            events = await hq.history(100)
    assert sum(isinstance(event, MissionStarted) for event in events) == 1
    assert not faults
