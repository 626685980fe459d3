"""Fresh samples side by side: the first that is right wins, the others are stopped, nothing of them is left."""

import asyncio
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from agents.events import MissionStarted
from agents.headquarters import Headquarters
from agents.settings import Settings
from agents.tasks import Outcome, Task, TaskStatus, Variant
from tests.agents.conftest import BAD_SLUG, run_git
from tests.agents.test_dispatch import BAD, GOOD, NEW, until
from tests.fakes.ollama_server import FakeOllama, Stall, Step, chunk

MakeSettings = Callable[..., Settings]
SLOTS = 3


def wide(make: MakeSettings, url: str) -> Settings:
    """One local tier with three slots."""
    return make(url, endpoints=[{"url": url, "slots": SLOTS}])


def attempt(body: dict[str, Any]) -> int:
    """Which attempt at the task asks: its seed says so; the first two ask without one, but for their corrections."""
    return int(body["options"].get("seed", 100)) // 100


def thinking(body: dict[str, Any]) -> Iterable[Step]:
    """Wrong at first; the samples think for ever."""
    return BAD if attempt(body) <= 2 else (chunk("let me think"), Stall())


def last_is_right(body: dict[str, Any]) -> Iterable[Step]:
    """The same, but the last sample of the round is right at once."""
    return GOOD if attempt(body) == 2 + SLOTS else thinking(body)


async def in_a_round(hq: Headquarters) -> Task:
    """A task all of whose samples are at work."""
    task = await hq.post(NEW)
    with hq.events() as events:
        await hq.dispatch(task.id)
        for _ in range(2 + SLOTS):
            await until(events, lambda event: isinstance(event, MissionStarted))
    return task


async def test_the_first_green_sample_wins_and_ends_the_others(
    repo: Path, home: Path, local_settings: MakeSettings
) -> None:
    async with FakeOllama() as ollama:
        ollama.answer = last_is_right
        async with Headquarters(wide(local_settings, ollama.url), home=home, folder=repo) as hq:
            task = await hq.post(NEW)
            await hq.dispatch(task.id)
            async with asyncio.timeout(40):
                task = await hq.wait(task.id)
            missions = await hq.missions(task.id)
            stopped = [chat for chat in ollama.chats if 3 <= attempt(chat.body) < 2 + SLOTS]
            await asyncio.gather(*(chat.disconnected.wait() for chat in stopped))
            assert await hq.store.open_missions() == []
            trials = await hq.store.trials()
            diff = await hq.diff(task.id)
        heat = [chat.body["options"]["temperature"] for chat in ollama.chats if attempt(chat.body) > 2]
    assert (task.status, task.outcome, task.missions) == (TaskStatus.REVIEW, Outcome.PROVEN, 2 + SLOTS)
    samples = [mission for mission in missions if mission.variant is Variant.SAMPLE]
    assert [mission.number for mission in samples] == [3, 4, 5]
    assert sorted(str(mission.outcome) for mission in samples) == ["cancelled", "cancelled", "proven"]
    assert all("another sample" in one.reason for one in samples if one.outcome is Outcome.CANCELLED)
    assert "+def slugify" in diff
    # What was stopped taught nothing: two failures and the one that was right.
    assert [trial.success for trial in trials] == [False, False, True]
    assert trials[-1].failed_before == ("m:1b", "m:1b")
    assert len(heat) == SLOTS
    assert min(heat) > 0
    branches = run_git(repo, "branch", "--list", "warroom/*").split()
    assert len(branches) == 1, branches
    assert len(run_git(repo, "worktree", "list").splitlines()) == 1


async def test_of_a_red_round_the_best_is_tried_again(repo: Path, home: Path, local_settings: MakeSettings) -> None:
    async with FakeOllama() as ollama:
        ollama.answer = lambda body: GOOD if attempt(body) == 2 + SLOTS + 1 else BAD
        async with Headquarters(wide(local_settings, ollama.url), home=home, folder=repo) as hq:
            task = await hq.post(NEW)
            await hq.dispatch(task.id)
            task = await hq.wait(task.id)
            variants = [mission.variant for mission in await hq.missions(task.id)]
    assert task.outcome is Outcome.PROVEN
    assert variants == [Variant.ONCE, Variant.RETRY, *[Variant.SAMPLE] * SLOTS, Variant.RETRY]


async def test_a_person_who_cancels_stops_the_whole_round(repo: Path, home: Path, local_settings: MakeSettings) -> None:
    async with FakeOllama() as ollama:
        ollama.answer = thinking
        async with Headquarters(wide(local_settings, ollama.url), home=home, folder=repo) as hq:
            task = await in_a_round(hq)
            task = await hq.cancel(task.id)
            missions = await hq.missions(task.id)
            assert await hq.store.slot_holders() == {} or task.status is TaskStatus.CANCELLED
    assert task.status is TaskStatus.CANCELLED
    assert [mission.outcome for mission in missions[2:]] == [Outcome.CANCELLED] * SLOTS
    assert {mission.reason for mission in missions[2:]} == {"cancelled"}


async def test_a_closed_war_room_goes_on_with_its_round(repo: Path, home: Path, local_settings: MakeSettings) -> None:
    async with FakeOllama() as ollama:
        ollama.answer = thinking
        async with Headquarters(wide(local_settings, ollama.url), home=home, folder=repo) as hq:
            task = await in_a_round(hq)
        ollama.answer = lambda body: GOOD
        async with Headquarters(wide(local_settings, ollama.url), home=home, folder=repo, recover=True) as hq:
            async with asyncio.timeout(40):
                task = await hq.wait(task.id)
            missions = await hq.missions(task.id)
    assert task.outcome is Outcome.PROVEN
    assert [one.interrupted for one in missions[2:5]] == [True] * 3
    assert all(one.variant is Variant.SAMPLE for one in missions[2:])
    assert BAD_SLUG not in (repo / "README.md").read_text()
