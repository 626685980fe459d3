"""Everybody on one home sees the same: screens follow each other's engines, a headless run, and what the dead left."""

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from command_line import CommandLine, ended
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from agents.clock import SystemClock
from agents.headquarters import Headquarters, HeadquartersError
from agents.settings import Cooldown, Routing, SandboxSettings, Settings, TierSettings
from agents.store.replay import replay
from agents.tasks import NewTask
from app.screen.bridge import Bridge
from app.screen.state import TaskRow, War
from tests.agents.conftest import BAD_SLUG, GOOD_SLUG, SLUG_CHECK, SLUG_TASK, run_git
from tests.fakes.ollama_server import FakeOllama, Stall, chunk, text

NEW = NewTask(title=SLUG_TASK, check=SLUG_CHECK)
GOOD, BAD = (text(f"```python\n{code}```") for code in (GOOD_SLUG, BAD_SLUG))
LEVEL_S = 20


def engine_settings(url: str) -> Settings:
    """Two slots, one retry, no rest and no walls."""
    local = {"provider": "ollama", "model": "m:1b", "endpoints": [{"url": url, "slots": 2}]}
    return Settings(
        tiers={"local": TierSettings.model_validate(local)},
        routing=Routing(samples=0, judge="none"),
        cooldown=Cooldown(rest_s=0, reset_every=0),
        sandbox=SandboxSettings(kind="none"),
    )


@asynccontextmanager
async def screen_of(hq: Headquarters) -> AsyncIterator[War]:
    """What a screen on `hq` knows, without the drawing."""
    war, loaded = War(), asyncio.Event()
    bridge = Bridge(war, hq, lambda parts, cue: loaded.set(), SystemClock())
    following = asyncio.create_task(bridge.run())
    async with asyncio.timeout(LEVEL_S):
        await loaded.wait()
    try:
        yield war
    finally:
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)


def seen(war: War) -> tuple[dict[int, TaskRow], set[int], set[tuple[str, int | None]]]:
    """The board, who is in the field, and who is at work on what."""
    field = {row.id for row in war.missions.values()}
    return dict(war.tasks), field, {(unit.callsign, unit.task) for unit in war.units.values() if unit.task is not None}


async def stored(hq: Headquarters) -> War:
    """What the rows say."""
    tasks = await hq.tasks()
    war = War()
    war.load(tasks, (), [mission for task in tasks for mission in await hq.missions(task.id)])
    return war


async def agree(hq: Headquarters, *wars: War) -> None:
    """Wait until every screen shows what the rows say, and what the log alone says."""
    told: Any = None
    for _ in range(LEVEL_S * 20):
        rows = seen(await stored(hq))
        told = [seen(war) for war in wars]
        if all(one == rows for one in told):
            log = replay(await hq.store.events_after(0, 100_000))
            assert {number: (str(status), str(outcome or "")) for number, (status, outcome) in log.items()} == {
                number: (row.status, row.outcome) for number, row in rows[0].items()
            }
            return
        await asyncio.sleep(0.05)
    raise AssertionError(f"rows: {rows}\nscreens: {told}")


def repository(folder: Path) -> Path:
    """One commit on main."""
    folder.mkdir()
    run_git(folder, "init", "--quiet", "--initial-branch=main")
    (folder / "README.md").write_text("# shop\n")
    run_git(folder, "add", "--all")
    run_git(folder, "commit", "--quiet", "--message", "first")
    return folder


ORDERS = st.lists(
    st.tuples(
        st.sampled_from(["post", "dispatch", "dispatch", "cancel", "retry", "reject", "accept", "quiet"]),
        st.integers(0, 1),
        st.integers(1, 3),
    ),
    min_size=3,
    max_size=6,
)
Orders = list[tuple[str, int, int]]


@pytest.mark.timeout(180)
@settings(
    max_examples=2,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)
@given(orders=ORDERS, seed=st.integers(0, 99))
@example(orders=[("reject", 0, 1), ("accept", 1, 2), ("retry", 1, 1), ("cancel", 0, 1)], seed=1)
@example(orders=[("reject", 0, 1), ("post", 1, 3), ("cancel", 1, 3), ("reject", 0, 3)], seed=1)
def test_two_screens_and_a_late_one_agree_whoever_orders_what(orders: Orders, seed: int) -> None:
    with TemporaryDirectory() as folder:
        asyncio.run(_play(Path(folder), orders, Random(seed)))


async def _play(folder: Path, orders: Orders, chance: Random) -> None:
    repo, home = repository(folder / "shop"), folder / "home"
    async with FakeOllama() as ollama:
        ollama.answer = lambda body: chance.choice([GOOD, GOOD, BAD])
        chosen = engine_settings(ollama.url)
        async with (
            Headquarters(chosen, home=home, folder=repo) as one,
            Headquarters(chosen, home=home, folder=repo) as two,
            screen_of(one) as first,
            screen_of(two) as second,
        ):
            for _ in range(2):
                await one.dispatch((await two.post(NEW)).id)
            for what, which, number in orders:
                with contextlib.suppress(HeadquartersError):
                    await _order((one, two)[which], what, number)
            await _quiet(one)
            await agree(one, first, second)
            async with Headquarters(chosen, home=home, folder=repo) as late, screen_of(late) as third:
                await agree(late, first, second, third)


async def _order(hq: Headquarters, what: str, number: int) -> None:
    if what == "post":
        await hq.post(NEW)
    elif what == "quiet":
        await _quiet(hq)
    else:
        if what in {"reject", "accept"}:
            await hq.wait(number)
        await getattr(hq, what)(number)


async def _quiet(hq: Headquarters) -> None:
    for task in await hq.tasks():
        if task.status in {"queued", "running"}:
            await hq.wait(task.id)


async def test_a_headless_run_is_followed_and_commanded(tmp_path: Path) -> None:
    async with FakeOllama() as ollama:
        gate = asyncio.Event()
        ollama.answer = lambda body: (chunk("```python\n"), Stall(gate), *text(f"{GOOD_SLUG}```"))
        shell = CommandLine(tmp_path, OLLAMA_HOST=ollama.url)
        chosen = engine_settings(ollama.url)
        async with (
            Headquarters(chosen, home=shell.home, folder=shell.folder) as hq,
            screen_of(hq) as war,
        ):
            first = await shell.start("run", SLUG_TASK, "--check", SLUG_CHECK)
            await asyncio.wait_for(ollama.chatting(), 40)
            await agree(hq, war)
            assert [row.agent for row in war.field()] == ["CodeX-7"]
            await hq.cancel(1)
            assert (await ended(first)).code == 130
            await agree(hq, war)
            gate.set()
            assert (await shell("run", SLUG_TASK, "--check", SLUG_CHECK)).code == 0
            await agree(hq, war)
            assert [row.status for row in war.tasks.values()] == ["cancelled", "review"]
            assert not war.missions


async def test_what_a_killed_process_left_goes_from_the_screen(tmp_path: Path) -> None:
    async with FakeOllama() as ollama:
        ollama.reply((chunk("x"), Stall()))
        ollama.answer = lambda body: GOOD
        shell = CommandLine(tmp_path, OLLAMA_HOST=ollama.url)
        chosen = engine_settings(ollama.url)
        async with (
            Headquarters(chosen, home=shell.home, folder=shell.folder) as hq,
            screen_of(hq) as war,
        ):
            victim = await shell.start("run", SLUG_TASK, "--check", SLUG_CHECK)
            await asyncio.wait_for(ollama.chatting(), 40)
            await agree(hq, war)
            victim.send_signal(signal.SIGKILL)
            await victim.communicate()
            (lost,) = war.missions
            async with Headquarters(chosen, home=shell.home, folder=shell.folder, recover=True) as other:
                await other.until_idle()
                await agree(hq, war)
            assert lost not in war.missions
            assert war.tasks[1].status == "review"
            assert not [unit for unit in war.units.values() if unit.health == "working"]
