"""Cancel means now, wherever the mission is; two War Rooms share a home; a crash loses nothing."""

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from agents.clock import SystemClock
from agents.events import CheckStarted, Event, MissionFinished, ToolStarted
from agents.headquarters import Headquarters
from agents.settings import Settings
from agents.store import Store
from agents.tasks import NewTask, Outcome, TaskStatus
from tests.agents.conftest import GOOD_SLUG, SLUG_CHECK, SLUG_TASK, run_git
from tests.fakes.ollama_server import FakeOllama, Stall, call, calls_apart, chunk, text

MakeSettings = Callable[..., Settings]
STUBBORN = "trap '' TERM INT HUP; echo $$ > pid; (trap '' TERM; setsid sleep 300) & sleep 300; sleep 300"


async def cancel_when(hq: Headquarters, task_id: int, wanted: Callable[[Event], bool]) -> float:
    """Cancel as soon as `wanted` happens; how many seconds that took."""
    with hq.events() as events:
        await hq.dispatch(task_id)
        async for event in events:
            if wanted(event):
                break
    started = asyncio.get_running_loop().time()
    assert (await hq.cancel(task_id)).status is TaskStatus.CANCELLED
    return asyncio.get_running_loop().time() - started


async def test_cancel_kills_a_tool_that_ignores_signals(repo: Path, home: Path, local_settings: MakeSettings) -> None:
    async with FakeOllama() as ollama:
        ollama.answer = lambda body: calls_apart(call("shell_run", {"command": STUBBORN}))
        async with Headquarters(local_settings(ollama.url, way="loop"), home=home, folder=repo) as hq:
            task = await hq.post(NewTask(title=SLUG_TASK, check=SLUG_CHECK))
            took = await cancel_when(hq, task.id, lambda event: isinstance(event, ToolStarted))
    assert took < 1


async def test_cancel_in_the_middle_of_a_check(repo: Path, home: Path, local_settings: MakeSettings) -> None:
    async with FakeOllama() as ollama:
        ollama.reply(text(f"```python\n{GOOD_SLUG}```"))
        async with Headquarters(local_settings(ollama.url), home=home, folder=repo) as hq:
            task = await hq.post(NewTask(title=SLUG_TASK, check="test -f slug.py && sleep 300"))
            took = await cancel_when(
                hq, task.id, lambda event: isinstance(event, CheckStarted) and event.on == "result"
            )
            missions = await hq.missions(task.id)
    assert took < 1
    assert [mission.outcome for mission in missions] == [Outcome.CANCELLED]
    assert not list((home / "checkouts").glob("*/*/slug.py")), "the clean checkout is gone"


async def test_another_war_room_on_the_home_sees_and_cancels(
    repo: Path, home: Path, local_settings: MakeSettings
) -> None:
    async with FakeOllama() as ollama:
        ollama.reply((chunk("x"), Stall()))
        script = f"""
import asyncio, sys
from pathlib import Path
from agents.headquarters import Headquarters
from agents.settings import Settings
from agents.tasks import NewTask
settings = Settings.model_validate_json({local_settings(ollama.url).model_dump_json()!r})
async def main():
    async with Headquarters(settings, home=Path({str(home)!r}), folder=Path({str(repo)!r})) as hq:
        task = await hq.post(NewTask(title="x.py"))
        await hq.dispatch(task.id)
        print((await hq.wait(task.id)).status, flush=True)
asyncio.run(main())
"""
        other = await asyncio.create_subprocess_exec(sys.executable, "-c", script, stdout=asyncio.subprocess.PIPE)
        try:
            await ollama.chatting()
            async with Headquarters(local_settings(ollama.url), home=home, folder=repo) as hq:
                (task,) = await hq.tasks()
                assert task.status is TaskStatus.RUNNING
                assert (await hq.cancel(task.id)).status is TaskStatus.CANCELLED
            out, _ = await other.communicate()
        finally:
            if other.returncode is None:
                other.kill()
                await other.wait()
    assert out.decode().strip() == "cancelled"


@pytest.mark.parametrize("moment", ["streaming", "checking"])
async def test_kill_9_loses_nothing(moment: str, repo: Path, home: Path, local_settings: MakeSettings) -> None:
    """The process dies in mid-mission; the next War Room marks it, requeues it and carries it out."""
    async with FakeOllama() as ollama:
        good = text(f"```python\n{GOOD_SLUG}```")
        ollama.reply((chunk("x"), Stall()) if moment == "streaming" else good, good)
        check = SLUG_CHECK if moment == "streaming" else "test -f slug.py && sleep 300"
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
        task = await hq.post(NewTask(title={SLUG_TASK!r}, check={check!r}))
        with hq.events() as events:
            await hq.dispatch(task.id)
            async for event in events:
                print(event.type, getattr(event, "on", ""), flush=True)
asyncio.run(main())
"""
        victim = await asyncio.create_subprocess_exec(
            sys.executable, "-c", script, stdout=asyncio.subprocess.PIPE, start_new_session=True
        )
        assert victim.stdout is not None
        wanted = b"model.started" if moment == "streaming" else b"check.started result"
        async for line in victim.stdout:
            if line.startswith(wanted):
                break
        if moment == "streaming":
            await ollama.chatting()
        os.killpg(victim.pid, signal.SIGKILL)
        await victim.communicate()
        async with Headquarters(settings, home=home, folder=repo, recover=True) as hq:
            (task,) = await hq.tasks()
            assert task.status in {TaskStatus.QUEUED, TaskStatus.RUNNING}
            if moment == "streaming":
                ended = await hq.wait(task.id)
                assert ended.outcome is Outcome.PROVEN
                missions = await hq.missions(task.id)
                assert [mission.outcome for mission in missions] == [Outcome.FAILED, Outcome.PROVEN]
                assert "interrupted" in missions[0].reason
            else:
                await hq.cancel(task.id)
            assert await hq.store.integrity() == []
    assert run_git(repo, "status", "--porcelain") == ""


async def test_one_homes_events_are_told_once_and_in_order(
    repo: Path, home: Path, local_settings: MakeSettings
) -> None:
    async with FakeOllama() as ollama:
        ollama.reply(text(f"```python\n{GOOD_SLUG}```"))
        async with Headquarters(local_settings(ollama.url), home=home, folder=repo) as hq:
            with hq.events() as events:
                task = await hq.post(NewTask(title=SLUG_TASK, check=SLUG_CHECK))
                await hq.dispatch(task.id)
                seen: list[int] = []
                async for event in events:
                    if not event.transient:
                        seen.append(event.seq)
                    if isinstance(event, MissionFinished):
                        break
    async with await Store.open(home / "warroom.db", SystemClock()) as store:
        stored = [event.seq for event in await store.events_after(0)]
    assert seen == stored[: len(seen)] == sorted(set(seen))
