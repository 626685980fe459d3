"""Who carries out what, when, and what a cancel, a close or a second War Room does to it at any moment."""

import asyncio
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from agents.clock import SystemClock
from agents.dispatch.leases import Leases
from agents.dispatch.owner import new_owner
from agents.dispatch.recovery import recover
from agents.dispatch.slots import Slots
from agents.events import AgentCooling, CheckStarted, Event, MissionStarted, TaskStatusChanged
from agents.headquarters import Headquarters, NotPossible
from agents.settings import Cooldown, Settings, TierSettings
from agents.tasks import NewTask, Outcome, TaskStatus
from tests.agents.conftest import BAD_SLUG, GOOD_SLUG, SLUG_CHECK, SLUG_TASK, run_git
from tests.fakes.ollama_server import FakeOllama, Stall, chunk, text

MakeSettings = Callable[..., Settings]
GOOD = text(f"```python\n{GOOD_SLUG}```")
BAD = text(f"```python\n{BAD_SLUG}```")
NEW = NewTask(title=SLUG_TASK, check=SLUG_CHECK)


async def until(events: Any, wanted: Callable[[Event], bool]) -> None:
    async for event in events:
        if wanted(event):
            return


# Who goes first


async def test_the_urgent_go_first_and_nobody_takes_a_slot_along(
    repo: Path, home: Path, local_settings: MakeSettings
) -> None:
    async with Headquarters(local_settings("http://127.0.0.1:9"), home=home, folder=repo) as hq:
        for _ in range(6):
            await hq.post(NEW)
        leases = Leases(hq.store, SystemClock(), new_owner(), 30)
        slots = Slots({"local": TierSettings(provider="ollama", model="m")}, hq.store, leases)
        granting = asyncio.create_task(slots.run())
        held = await slots.take("local", task=6)
        order: list[int] = []

        async def work(number: int, priority: int) -> None:
            slot = await slots.take("local", priority=priority, task=number)
            order.append(number)
            await slots.give_back(slot)

        waiting = [asyncio.create_task(work(number, pri)) for number, pri in enumerate([5, 9, 5, 10, 1], 1)]
        await asyncio.sleep(0)
        waiting[1].cancel()
        await slots.give_back(held)
        waiting[3].cancel()  # it is being granted the slot in this very moment
        await asyncio.gather(*waiting, return_exceptions=True)
        assert order == [1, 3, 5]
        assert await slots.take("local", task=6) == held
        granting.cancel()


async def test_a_board_is_worked_off_by_priority_one_at_a_time_on_one_slot(
    repo: Path, home: Path, local_settings: MakeSettings
) -> None:
    async with FakeOllama() as ollama:
        ollama.answer = lambda body: GOOD
        async with Headquarters(local_settings(ollama.url), home=home, folder=repo) as hq:
            tasks = [await hq.post(NEW.model_copy(update={"priority": priority})) for priority in (3, 9, 5, 9)]
            await hq.dispatch_all()
            for task in tasks:
                assert (await hq.wait(task.id)).outcome is Outcome.PROVEN
            events = await hq.store.recent_events(2000)
    assert [event.task for event in events if isinstance(event, MissionStarted)] == [2, 4, 3, 1]


async def test_a_pin_to_a_tier_that_is_off_is_said_at_once(
    repo: Path, home: Path, local_settings: MakeSettings
) -> None:
    async with Headquarters(local_settings("http://127.0.0.1:9", enabled=False), home=home, folder=repo) as hq:
        task = await hq.post(NEW.model_copy(update={"tier": "local"}))
        await hq.dispatch(task.id)
        task = await asyncio.wait_for(hq.wait(task.id), 10)
    assert (task.status, task.halted) == (TaskStatus.OPEN, "environment")
    assert "switched off" in task.reason


async def test_two_war_rooms_never_run_the_same_task(repo: Path, home: Path, local_settings: MakeSettings) -> None:
    async with FakeOllama() as ollama:
        ollama.answer = lambda body: GOOD
        settings = local_settings(ollama.url)
        async with (
            Headquarters(settings, home=home, folder=repo) as one,
            Headquarters(settings, home=home, folder=repo) as two,
        ):
            tasks = [await one.post(NEW) for _ in range(3)]
            orders = [hq.dispatch(task.id) for task in tasks for hq in (one, two)]
            given = await asyncio.gather(*orders, return_exceptions=True)
            refused = [answer for answer in given if isinstance(answer, NotPossible)]
            for task in tasks:
                assert (await one.wait(task.id)).outcome is Outcome.PROVEN
                assert len(await one.missions(task.id)) == 1
    assert len(refused) == 3


async def test_a_crash_is_recovered_by_one_war_room_however_many_start(
    repo: Path, home: Path, local_settings: MakeSettings
) -> None:
    async with Headquarters(local_settings("http://127.0.0.1:9"), home=home, folder=repo) as hq:
        task = await hq.post(NEW)
        status = TaskStatusChanged(at=SystemClock().now(), task=task.id, status=TaskStatus.QUEUED)
        dead = f"{socket.gethostname()}:{2**22 + 1}:1"  # no process has a number beyond Linux's largest
        await hq.store.save_task(task.id, [status], status=TaskStatus.QUEUED, owner=dead)
        rivals = [Leases(hq.store, SystemClock(), new_owner(), 30) for _ in range(4)]
        found = await asyncio.gather(*(recover(hq.store, hq.repository, SystemClock(), one) for one in rivals))
    assert sorted(len(tasks) for tasks in found) == [0, 0, 0, 1]


# Cancel, at any moment


def moment_of(name: str) -> Callable[[Event], bool]:
    return {
        "the base check": lambda event: isinstance(event, CheckStarted) and event.on == "base",
        "the rest between missions": lambda event: isinstance(event, AgentCooling),
        "the worktree": lambda event: isinstance(event, TaskStatusChanged) and event.status is TaskStatus.RUNNING,
        "the mission's first moment": lambda event: isinstance(event, MissionStarted),
    }[name]


MOMENTS = ["the base check", "the rest between missions", "the worktree", "the mission's first moment"]


@pytest.mark.parametrize("moment", MOMENTS)
async def test_cancel_at_any_moment_is_quick_and_leaves_nothing_open(
    moment: str, repo: Path, home: Path, local_settings: MakeSettings
) -> None:
    check = "sleep 300" if moment == "the base check" else SLUG_CHECK
    async with FakeOllama() as ollama:
        ollama.answer = lambda body: BAD
        settings = local_settings(ollama.url).model_copy(update={"cooldown": Cooldown(rest_s=60, reset_every=0)})
        async with Headquarters(settings, home=home, folder=repo) as hq:
            task = await hq.post(NEW.model_copy(update={"check": check}))
            with hq.events() as events:
                await hq.dispatch(task.id)
                await until(events, moment_of(moment))
            started = asyncio.get_running_loop().time()
            task = await hq.cancel(task.id)
            took = asyncio.get_running_loop().time() - started
            assert (task.status, task.outcome) == (TaskStatus.CANCELLED, Outcome.CANCELLED)
            assert await hq.store.open_missions() == []
            assert (await hq.credits()).reserved_nano == 0
    assert took < 1
    assert run_git(repo, "status", "--porcelain") == ""


async def test_cancel_while_the_server_is_asked_and_while_waiting_for_a_slot(
    repo: Path, home: Path, local_settings: MakeSettings
) -> None:
    async with FakeOllama() as ollama:
        ollama.answer = lambda body: (chunk("x"), Stall())
        async with Headquarters(local_settings(ollama.url), home=home, folder=repo) as hq:
            working, waiting = await hq.post(NEW), await hq.post(NEW)
            await hq.dispatch(working.id)
            await ollama.chatting()
            await hq.dispatch(waiting.id)
            assert (await asyncio.wait_for(hq.cancel(waiting.id), 1)).status is TaskStatus.CANCELLED
            assert (await hq.task(working.id)).status is TaskStatus.RUNNING
            await hq.cancel(working.id)
            ollama.overrides["/api/show"] = (Stall(),)
            await hq.dispatch(working.id)
            assert (await asyncio.wait_for(hq.cancel(working.id), 1)).status is TaskStatus.CANCELLED
            del ollama.overrides["/api/show"]
            ollama.answer = lambda body: GOOD
            await hq.dispatch(waiting.id)
            assert (await hq.wait(waiting.id)).outcome is Outcome.PROVEN, "the slot is free"


async def test_an_impatient_person_cancels_many_times(repo: Path, home: Path, local_settings: MakeSettings) -> None:
    async with FakeOllama() as ollama:
        ollama.answer = lambda body: (chunk("x"), Stall())
        async with Headquarters(local_settings(ollama.url), home=home, folder=repo) as hq:
            task = await hq.post(NEW)
            await hq.dispatch(task.id)
            await ollama.chatting()
            given = await asyncio.gather(*(hq.cancel(task.id) for _ in range(5)), return_exceptions=True)
            events = await hq.store.events_after(0)
            assert await hq.store.open_missions() == []
            assert (await hq.task(task.id)).status is TaskStatus.CANCELLED
    assert not [answer for answer in given if isinstance(answer, BaseException) and not isinstance(answer, NotPossible)]
    assert sum(event.type == "task.finished" for event in events) == 1
    assert sum(event.type == "mission.finished" for event in events) == 1


async def test_work_that_was_being_checked_is_kept_when_cancelled(
    repo: Path, home: Path, local_settings: MakeSettings
) -> None:
    async with FakeOllama() as ollama:
        ollama.answer = lambda body: GOOD
        async with Headquarters(local_settings(ollama.url), home=home, folder=repo) as hq:
            task = await hq.post(NEW.model_copy(update={"check": "test -f slug.py && sleep 300"}))
            with hq.events() as events:
                await hq.dispatch(task.id)
                await until(events, lambda event: isinstance(event, CheckStarted) and event.on == "result")
            await hq.cancel(task.id)
            assert "slugify" in run_git(repo, "show", "refs/warroom/T1-1:slug.py")
            await hq.reject(task.id)
    assert run_git(repo, "for-each-ref", "refs/warroom") == ""
    assert run_git(repo, "branch", "--list") == "* main"


# Close, at any moment


async def test_closing_while_missions_run_leaves_everything_in_order(
    repo: Path, home: Path, local_settings: MakeSettings
) -> None:
    async with FakeOllama() as ollama:
        ollama.answer = lambda body: (chunk("x"), Stall())
        settings = local_settings(ollama.url)
        async with Headquarters(settings, home=home, folder=repo) as hq:
            tasks = [await hq.post(NEW) for _ in range(3)]
            await hq.dispatch_all()
            await ollama.chatting()
            last = await hq.post(NEW)
            await hq.dispatch(last.id)  # not one step of it was taken yet
        await asyncio.wait_for(ollama.chats[0].disconnected.wait(), 2)
        async with Headquarters(settings, home=home, folder=repo) as hq:
            statuses = {(await hq.task(task.id)).status for task in [*tasks, last]}
            assert statuses == {TaskStatus.QUEUED}
            assert await hq.store.open_missions() == []
            assert await hq.store.integrity() == []
    assert run_git(repo, "worktree", "list").count("\n") == 0


# Accept, reject, retry


async def test_a_person_who_looks_at_the_branch_can_accept_it(
    repo: Path, home: Path, local_settings: MakeSettings
) -> None:
    async with FakeOllama() as ollama:
        ollama.answer = lambda body: GOOD
        async with Headquarters(local_settings(ollama.url), home=home, folder=repo) as hq:
            task, other = await hq.post(NEW), await hq.post(NEW)
            for each in (task, other):
                await hq.dispatch(each.id)
                await hq.wait(each.id)
            run_git(repo, "checkout", "--quiet", "warroom/T1-1")
            with pytest.raises(NotPossible, match="checked out"):
                await hq.reject(task.id)
            assert (await hq.task(task.id)).status is TaskStatus.REVIEW
            assert (await hq.accept(task.id)).status is TaskStatus.DONE
            assert run_git(repo, "show", "main:slug.py") == GOOD_SLUG.strip()
            run_git(repo, "checkout", "--quiet", "main")
            with pytest.raises(NotPossible, match="done"):
                await hq.accept(task.id)
            assert (await hq.reject(other.id)).status is TaskStatus.OPEN


async def test_what_the_person_says_reaches_every_attempt(repo: Path, home: Path, local_settings: MakeSettings) -> None:
    async with FakeOllama() as ollama:
        ollama.reply(GOOD, BAD, GOOD)
        async with Headquarters(local_settings(ollama.url), home=home, folder=repo) as hq:
            task = await hq.post(NEW)
            await hq.dispatch(task.id)
            await hq.wait(task.id)
            await hq.retry(task.id, "use no\x1b[31m regular expression")
            task = await hq.wait(task.id)
    assert (task.outcome, task.missions) == (Outcome.PROVEN, 3)
    told = [chat.body["messages"][-1]["content"] for chat in ollama.chats]
    assert ["use no regular expression" in content for content in told] == [False, True, True]


async def test_a_plain_folder_from_the_task_to_the_accepted_result(
    tmp_path: Path, home: Path, local_settings: MakeSettings
) -> None:
    folder = tmp_path / "my notes é"
    folder.mkdir()
    (folder / "README.md").write_text("# notes\n")
    (folder / "mine.txt").write_text("mine\n")
    async with FakeOllama() as ollama:
        ollama.answer = lambda body: GOOD
        async with Headquarters(local_settings(ollama.url), home=home, folder=folder) as hq:
            task = await hq.post(NEW)
            await hq.dispatch(task.id)
            task = await hq.wait(task.id)
            assert task.outcome is Outcome.PROVEN
            assert not (folder / "slug.py").exists()
            (folder / "mine.txt").write_text("mine, changed meanwhile\n")
            assert (await hq.accept(task.id)).status is TaskStatus.DONE
    assert sorted(path.name for path in folder.iterdir()) == ["README.md", "mine.txt", "slug.py"]
    assert (folder / "mine.txt").read_text() == "mine, changed meanwhile\n"
