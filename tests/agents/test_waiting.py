"""Tasks that wait: for each other, for a person, for a slot that another War Room holds; and what is built on what."""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from agents.events import AgentHealth, Event, MissionFinished, MissionStarted, ModelDelta, TaskStatusChanged
from agents.headquarters import Conflict, Headquarters, NotPossible
from agents.settings import Dispatch, Settings, TierSettings
from agents.tasks import NewTask, Outcome, Task, TaskStatus
from tests.agents.conftest import BAD_SLUG, GOOD_SLUG, SLUG_CHECK, SLUG_TASK, run_git
from tests.fakes.ollama_server import FakeOllama, Stall, chunk, text

MakeSettings = Callable[..., Settings]
GOOD = text(f"```python\n{GOOD_SLUG}```")
BAD = text(f"```python\n{BAD_SLUG}```")
NEW = NewTask(title=SLUG_TASK, check=SLUG_CHECK)
USES = NewTask(
    title="Create title.py with title_slug(text): slugify of slug.py, upper case",
    check="python3 -c \"from title import title_slug; assert title_slug('a b')=='A-B'\"",
)
TITLE = text(
    "title.py\n```python\nfrom slug import slugify\n\n\ndef title_slug(text):\n    return slugify(text).upper()\n```"
)


def having(settings: Settings, **dispatch: object) -> Settings:
    return settings.model_copy(update={"dispatch": Dispatch.model_validate(dispatch)})


def by_task(body: dict[str, object]) -> object:
    return TITLE if "title.py" in str(body["messages"]) else GOOD


@asynccontextmanager
async def heard(hq: Headquarters, wanted: Callable[[Event], bool]) -> AsyncIterator[None]:
    """Ends once `wanted` has happened since it began."""
    with hq.events() as events:
        yield
        async with asyncio.timeout(20):
            async for event in events:
                if wanted(event):
                    return


def stands(task: Task, status: TaskStatus) -> Callable[[Event], bool]:
    return lambda event: isinstance(event, TaskStatusChanged) and event.task == task.id and event.status is status


async def test_one_task_builds_on_anothers_result_before_it_is_accepted(
    repo: Path, home: Path, local_settings: MakeSettings
) -> None:
    async with FakeOllama() as ollama:
        ollama.answer = by_task
        async with Headquarters(local_settings(ollama.url), home=home, folder=repo) as hq:
            first = await hq.post(NEW)
            second = await hq.post(USES.model_copy(update={"depends_on": (first.id,)}))
            async with heard(hq, stands(second, TaskStatus.BLOCKED)):
                await hq.dispatch(second.id)
            assert (await hq.task(second.id)).reason == "waits for T1 (is not dispatched)"
            assert (await hq.wait(second.id)).status is TaskStatus.BLOCKED, "nothing happens by itself"
            await hq.dispatch(first.id)
            done = await hq.wait(second.id)
            assert (done.outcome, list(done.built_on)) == (Outcome.PROVEN, [first.id])
            assert "slug.py" not in await hq.diff(second.id), "the diff shows its own work"
            with pytest.raises(NotPossible, match="accept that first"):
                await hq.accept(second.id)
            await hq.accept(first.id)
            assert (await hq.accept(second.id)).status is TaskStatus.DONE
    assert {"slug.py", "title.py"} <= {path.name for path in repo.iterdir()}
    assert run_git(repo, "status", "--porcelain") == ""


async def test_what_was_built_on_a_result_that_was_replaced_is_not_accepted(
    repo: Path, home: Path, local_settings: MakeSettings
) -> None:
    async with FakeOllama() as ollama:
        ollama.answer = by_task
        async with Headquarters(local_settings(ollama.url), home=home, folder=repo) as hq:
            first = await hq.post(NEW)
            second = await hq.post(USES.model_copy(update={"depends_on": (first.id,)}))
            await hq.dispatch_all()
            await hq.wait(second.id)
            ollama.answer = lambda body: text(f"```python\n# once more\n{GOOD_SLUG}```")
            await hq.retry(first.id, "with a comment at the top")
            await hq.wait(first.id)
            await hq.accept(first.id)
            with pytest.raises(NotPossible, match="replaced since"):
                await hq.accept(second.id)


async def test_a_task_waits_for_one_that_failed_until_that_is_mended(
    repo: Path, home: Path, local_settings: MakeSettings
) -> None:
    async with FakeOllama() as ollama:
        ollama.answer = lambda body: BAD
        async with Headquarters(local_settings(ollama.url), home=home, folder=repo) as hq:
            first = await hq.post(NEW.model_copy(update={"tier": "local"}))
            second = await hq.post(USES.model_copy(update={"depends_on": (first.id,)}))
            await hq.dispatch_all()
            assert (await hq.wait(first.id)).status is TaskStatus.FAILED
            waiting = await hq.wait(second.id)
            assert waiting.status is TaskStatus.BLOCKED
            ollama.answer = by_task
            await hq.retry(first.id)
            await hq.wait(first.id)
            assert (await hq.wait(second.id)).outcome is Outcome.PROVEN


async def test_a_pause_holds_the_next_step_and_time_does_not_count(
    repo: Path, home: Path, local_settings: MakeSettings
) -> None:
    async with FakeOllama() as ollama:
        go_on = asyncio.Event()
        ollama.reply((chunk("Here it is:\n"), Stall(go_on), *BAD), GOOD)
        async with Headquarters(local_settings(ollama.url), home=home, folder=repo) as hq:
            task = await hq.post(NEW)
            async with heard(hq, lambda event: isinstance(event, ModelDelta)):
                await hq.dispatch(task.id)
            assert (await hq.pause(task.id)).paused
            async with heard(hq, lambda event: isinstance(event, MissionFinished)):
                go_on.set()
            assert len(ollama.chats) == 1, "the retry is not begun"
            assert (await hq.task(task.id)).status is TaskStatus.RUNNING
            await hq.resume(task.id)
            assert (await hq.wait(task.id)).outcome is Outcome.PROVEN
            with pytest.raises(NotPossible, match="only a task on its way"):
                await hq.pause(task.id)


async def test_a_paused_task_is_not_begun_and_can_be_cancelled(
    repo: Path, home: Path, local_settings: MakeSettings
) -> None:
    async with FakeOllama() as ollama:
        ollama.answer = lambda body: (chunk("x"), Stall())
        async with Headquarters(local_settings(ollama.url), home=home, folder=repo) as hq:
            running, waiting = await hq.post(NEW), await hq.post(NEW)
            await hq.dispatch_all()
            await ollama.chatting()
            await hq.pause(waiting.id)
            await hq.cancel(running.id)
            ollama.answer = lambda body: GOOD
            third = await hq.post(NEW)
            await hq.dispatch(third.id)
            assert (await hq.wait(third.id)).outcome is Outcome.PROVEN
            assert await hq.missions(waiting.id) == []
            assert (await hq.cancel(waiting.id)).status is TaskStatus.CANCELLED


async def test_no_more_tasks_are_under_way_than_wanted_over_two_war_rooms(
    repo: Path, home: Path, local_settings: MakeSettings
) -> None:
    async with FakeOllama() as ollama:
        ollama.answer = lambda body: GOOD
        endpoints = [{"url": ollama.url, "slots": 4}]
        settings = having(local_settings(ollama.url, endpoints=endpoints), max_running=1)
        async with (
            Headquarters(settings, home=home, folder=repo) as one,
            Headquarters(settings, home=home, folder=repo) as two,
        ):
            tasks = [await one.post(NEW) for _ in range(6)]
            for number, task in enumerate(tasks):
                await (one if number % 2 else two).dispatch(task.id)
            for task in tasks:
                assert (await one.wait(task.id)).outcome is Outcome.PROVEN
            events = await one.store.events_after(0, 5000)
    running: set[int] = set()
    for event in events:
        if isinstance(event, TaskStatusChanged) and event.task is not None:
            running = running | {event.task} if event.status is TaskStatus.RUNNING else running - {event.task}
            assert len(running) <= 1


async def test_a_slot_is_held_over_all_war_rooms_and_freed_when_its_holder_dies(
    repo: Path, home: Path, local_settings: MakeSettings
) -> None:
    async with FakeOllama() as ollama:
        ollama.reply((chunk("x"), Stall()), GOOD)
        settings = local_settings(ollama.url)
        script = f"""
import asyncio
from pathlib import Path
from agents.headquarters import Headquarters
from agents.settings import Settings
from agents.tasks import NewTask
settings = Settings.model_validate_json({settings.model_dump_json()!r})
async def main():
    async with Headquarters(settings, home=Path({str(home)!r}), folder=Path({str(repo)!r})) as hq:
        task = await hq.post(NewTask(title={SLUG_TASK!r}, check={SLUG_CHECK!r}))
        await hq.dispatch(task.id)
        await hq.wait(task.id)
asyncio.run(main())
"""
        other = await asyncio.create_subprocess_exec(sys.executable, "-c", script)
        try:
            await ollama.chatting()
            async with Headquarters(settings, home=home, folder=repo) as hq:
                task = await hq.post(NEW)
                await hq.dispatch(task.id)
                await hq.store.beats()
                assert await hq.missions(task.id) == []
                other.kill()
                await other.wait()
                assert (await hq.wait(task.id)).outcome is Outcome.PROVEN
        finally:
            if other.returncode is None:
                other.kill()
                await other.wait()


async def test_closing_hands_the_work_to_a_war_room_that_is_open(
    repo: Path, home: Path, local_settings: MakeSettings
) -> None:
    async with FakeOllama() as ollama:
        ollama.reply((chunk("x"), Stall()), GOOD)
        settings = local_settings(ollama.url)
        async with Headquarters(settings, home=home, folder=repo, recover=True) as staying:
            async with Headquarters(settings, home=home, folder=repo) as leaving:
                task = await leaving.post(NEW)
                await leaving.dispatch(task.id)
                await ollama.chatting()
            missions = await staying.missions(task.id)
            assert [(one.outcome, one.interrupted) for one in missions] == [(Outcome.CANCELLED, True)]
            task = await asyncio.wait_for(staying.wait(task.id), 20)
            assert (task.outcome, task.missions) == (Outcome.PROVEN, 2)


async def test_what_waits_for_others_goes_on_waiting_in_the_next_war_room(
    repo: Path, home: Path, local_settings: MakeSettings
) -> None:
    async with FakeOllama() as ollama:
        ollama.answer = by_task
        settings = local_settings(ollama.url)
        async with Headquarters(settings, home=home, folder=repo) as hq:
            first = await hq.post(NEW)
            second = await hq.post(USES.model_copy(update={"depends_on": (first.id,)}))
            async with heard(hq, stands(second, TaskStatus.BLOCKED)):
                await hq.dispatch(second.id)
        async with Headquarters(settings, home=home, folder=repo, recover=True) as hq:
            assert (await hq.task(second.id)).status is TaskStatus.BLOCKED
            await hq.dispatch(first.id)
            assert (await hq.wait(second.id)).outcome is Outcome.PROVEN


async def test_a_dispatch_goes_on_where_it_was_broken_off(repo: Path, home: Path, local_settings: MakeSettings) -> None:
    """The first try failed and is not done again: the next War Room begins with the retry that sees the failure."""
    async with FakeOllama() as ollama:
        said = chunk(
            "Here is the whole file, mended this time.\n\n" * 20
        )  # the end is held back: it may be half a secret
        ollama.reply(BAD, (said, Stall()), GOOD)
        settings = local_settings(ollama.url)
        async with Headquarters(settings, home=home, folder=repo) as hq:
            task = await hq.post(NEW)
            async with heard(hq, lambda event: isinstance(event, MissionStarted) and event.number == 2):
                await hq.dispatch(task.id)
            async with heard(hq, lambda event: isinstance(event, ModelDelta)):
                pass
        async with Headquarters(settings, home=home, folder=repo, recover=True) as hq:
            task = await hq.wait(task.id)
            missions = await hq.missions(task.id)
    assert task.outcome is Outcome.PROVEN
    assert [(one.variant, one.interrupted) for one in missions] == [("once", False), ("retry", True), ("retry", False)]
    assert "The check fails now" in ollama.chats[-1].body["messages"][-1]["content"]


async def test_a_person_gives_it_to_the_next_tier_up(repo: Path, home: Path, local_settings: MakeSettings) -> None:
    async with FakeOllama() as small, FakeOllama() as large:
        small.answer = lambda body: (chunk("x"), Stall())
        large.answer = lambda body: GOOD
        settings = local_settings(small.url)
        better = {"provider": "ollama", "model": "m:1b", "endpoints": [{"url": large.url}]}
        tiers = {**settings.tiers, "better": TierSettings.model_validate(better)}
        async with Headquarters(settings.model_copy(update={"tiers": tiers}), home=home, folder=repo) as hq:
            task = await hq.post(NEW)
            await hq.dispatch(task.id)
            await small.chatting()
            await hq.escalate(task.id)
            task = await hq.wait(task.id)
            assert (task.outcome, task.tier_used) == (Outcome.PROVEN, "better")
            with pytest.raises(NotPossible, match="no tier above better"):
                await hq.escalate(task.id)


async def test_force_goes_past_what_it_waits_for(repo: Path, home: Path, local_settings: MakeSettings) -> None:
    async with FakeOllama() as ollama:
        ollama.answer = by_task
        async with Headquarters(local_settings(ollama.url), home=home, folder=repo) as hq:
            first = await hq.post(NEW)
            second = await hq.post(NEW.model_copy(update={"depends_on": (first.id,)}))
            async with heard(hq, stands(second, TaskStatus.BLOCKED)):
                await hq.dispatch(second.id)
            await hq.force(second.id)
            assert (await hq.wait(second.id)).outcome is Outcome.PROVEN


async def test_abort_all_stops_every_war_rooms_tasks(repo: Path, home: Path, local_settings: MakeSettings) -> None:
    async with FakeOllama() as ollama:
        ollama.answer = lambda body: (chunk("x"), Stall())
        settings = local_settings(ollama.url)
        async with (
            Headquarters(settings, home=home, folder=repo) as one,
            Headquarters(settings, home=home, folder=repo) as two,
        ):
            tasks = [await one.post(NEW) for _ in range(4)]
            for number, task in enumerate(tasks):
                await (one if number % 2 else two).dispatch(task.id)
            await ollama.chatting()
            assert len(await two.abort_all()) == 4
            assert {task.status for task in await one.tasks()} == {TaskStatus.CANCELLED}
            assert await two.abort_all() == []


async def test_a_result_that_does_not_fit_any_more_is_done_again_with_the_conflict_as_its_brief(
    repo: Path, home: Path, local_settings: MakeSettings
) -> None:
    async with FakeOllama() as ollama:
        ollama.answer = lambda body: GOOD
        async with Headquarters(local_settings(ollama.url), home=home, folder=repo) as hq:
            task = await hq.post(NEW)
            await hq.dispatch(task.id)
            await hq.wait(task.id)
            (repo / "slug.py").write_text("def other():\n    return 1\n")
            run_git(repo, "add", "--all")
            run_git(repo, "commit", "--quiet", "--message", "mine")
            with pytest.raises(Conflict, match=r"slug\.py"):
                await hq.accept(task.id)
            ollama.answer = lambda body: text(f"```python\ndef other():\n    return 1\n\n\n{GOOD_SLUG}```")
            await hq.rework(task.id)
            assert (await hq.wait(task.id)).outcome is Outcome.PROVEN
            assert (await hq.accept(task.id)).status is TaskStatus.DONE
    told = ollama.chats[-1].body["messages"][-1]["content"]
    assert "does not fit the branch as it is now" in told
    assert "def other" in (repo / "slug.py").read_text()
    assert "slugify" in (repo / "slug.py").read_text()


async def test_what_is_proven_is_accepted_where_the_person_wants_that(
    repo: Path, home: Path, local_settings: MakeSettings
) -> None:
    async with FakeOllama() as ollama:
        ollama.answer = lambda body: GOOD
        settings = having(local_settings(ollama.url), auto_accept=True)
        async with Headquarters(settings, home=home, folder=repo) as hq:
            task = await hq.post(NEW)
            await hq.dispatch(task.id)
            assert (await hq.wait(task.id)).status is TaskStatus.DONE
    assert (repo / "slug.py").read_text() == GOOD_SLUG


async def test_a_person_edits_what_waits_and_nothing_that_runs(
    repo: Path, home: Path, local_settings: MakeSettings
) -> None:
    async with FakeOllama() as ollama:
        ollama.answer = lambda body: (chunk("x"), Stall())
        async with Headquarters(local_settings(ollama.url), home=home, folder=repo) as hq:
            first, second = await hq.post(NEW), await hq.post(NEW)
            second = await hq.edit(second.id, title="Fix a typo in README.md", priority=9, depends_on=(first.id,))
            assert (second.title, second.priority, second.depends_on) == ("Fix a typo in README.md", 9, (1,))
            with pytest.raises(NotPossible, match="cannot wait"):
                await hq.edit(first.id, depends_on=(second.id,))
            with pytest.raises(NotPossible, match="tiers are local"):
                await hq.edit(first.id, tier="warp")
            await hq.dispatch(first.id)
            await ollama.chatting()
            with pytest.raises(NotPossible, match="running"):
                await hq.edit(first.id, title="x")


async def test_idle_means_nothing_but_what_waits_for_a_person(
    repo: Path, home: Path, local_settings: MakeSettings
) -> None:
    async with FakeOllama() as ollama:
        ollama.answer = lambda body: GOOD
        async with Headquarters(local_settings(ollama.url), home=home, folder=repo) as hq:
            await asyncio.wait_for(hq.until_idle(), 1)
            first, held = await hq.post(NEW), await hq.post(NEW)
            after = await hq.post(USES.model_copy(update={"depends_on": (first.id,)}))
            ollama.answer = by_task
            await hq.dispatch_all()
            await hq.pause(held.id)
            await asyncio.wait_for(hq.until_idle(), 20)
            assert (await hq.task(after.id)).outcome is Outcome.PROVEN
            assert (await hq.task(held.id)).status is TaskStatus.QUEUED


async def test_health_of_an_agent_is_told_when_it_is_free_again(
    repo: Path, home: Path, local_settings: MakeSettings
) -> None:
    async with FakeOllama() as ollama:
        ollama.answer = lambda body: GOOD
        async with Headquarters(local_settings(ollama.url), home=home, folder=repo) as hq:
            task = await hq.post(NEW)
            ready = lambda event: isinstance(event, AgentHealth) and event.health == "ready"  # noqa: E731
            async with heard(hq, ready):
                await hq.dispatch(task.id)
            await hq.wait(task.id)
        async with Headquarters(local_settings(ollama.url), home=home, folder=repo) as hq:
            assert await hq.store.slot_holders() == {}
