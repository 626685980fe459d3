"""Intel, as a person reads it: on a real store, with attempts that a check judged."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random

import pytest
from fake_command import START, FakeCommand, FixedClock
from screen_pilot import drawn, opened, seen, until, war_room
from textual.pilot import Pilot

from agents.events import MissionFinished, ToolFinished
from agents.settings import Settings
from agents.store import NewCall, Store
from agents.store.records import Expected
from agents.tasks import NewTask, Outcome, TaskKind, Usage, Variant, Way
from app.screen.intel import IntelScreen
from app.screen.intel_data import slowest


@pytest.fixture
def plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_COLOR", "COLORTERM", "SSH_CONNECTION"):
        monkeypatch.delenv(name, raising=False)


@dataclass
class Kept(FakeCommand):
    """A scripted engine with a store of its own."""

    store: Store | None = None


async def attempt(store: Store, number: int, *, success: bool, odds: float, tier: str, **changes: object) -> None:
    """An attempt from its post to its verdict."""
    task = await store.insert_task(
        NewTask(title=f"task {number}"),
        repo="/home/ada/shop",
        complexity=1 + number % 9,
        kind=TaskKind.FUNCTION,
        simulated=False,
        events=lambda task: [],
    )
    mission = await store.insert_mission(
        task=task.id,
        number=None,
        agent="CodeX-7",
        tier=tier,
        model=f"{tier}-model",
        way=Way.DIRECT,
        variant=Variant.ONCE,
        owner="me",
        branch="b",
        worktree="",
        start_commit="",
        events=lambda mission: [],
    )
    expected = Expected(kind=TaskKind.FUNCTION, complexity=task.complexity, predicted=odds)
    outcome = Outcome.PROVEN if success else Outcome.FAILED
    where = {"at": START, "task": task.id, "mission": mission.id, "agent": "CodeX-7", "tier": tier}
    used = ToolFinished(call=1, tool="shell_run", ok=success, summary="pytest", seconds=2.0 + number % 3, **where)
    ended = MissionFinished(outcome=outcome, reason="the check said so", steps=1, seconds=3, **where)
    await store.judge_mission(
        mission.id, [used, ended], expected.model_copy(update=changes), outcome=outcome, finished_at=START
    )


@asynccontextmanager
async def intel(
    tmp_path: Path, size: tuple[int, int], attempts: int = 0, **settings: object
) -> AsyncIterator[tuple[Store, Kept, Pilot[int]]]:
    """The screen on `attempts`, whose odds tell them apart."""
    random = Random(5)
    async with await Store.open(tmp_path / "warroom.db", FixedClock()) as store:
        for number in range(attempts):
            odds = 0.15 + 0.7 * (number % 4) / 3
            tier = "local" if number % 2 else "haiku"
            await attempt(store, number, success=random.random() < odds, odds=odds, tier=tier)
        command = Kept(store=store, settings=Settings.model_validate(settings))
        async with opened(command, size) as (app, pilot):
            await pilot.press("i")
            await until(pilot, lambda: isinstance(app.screen, IntelScreen))
            yield store, command, pilot


async def test_the_empty_page_says_what_fills_it(tmp_path: Path) -> None:
    async with intel(tmp_path, (80, 24)) as (_, _, pilot):
        await seen(pilot, "No checked attempts of your work and the proving ground yet", "warroom prove")
        await seen(pilot, "No model was called yet.", "No tool was used yet")
        await pilot.press("escape")
        await until(pilot, lambda: not isinstance(pilot.app.screen, IntelScreen))


async def test_every_section_is_reached_in_a_small_terminal(tmp_path: Path) -> None:
    async with intel(tmp_path, (80, 24), 80) as (_, _, pilot):
        await seen(pilot, "The odds are better than the base rate: Brier", "SUCCESS BY TIER", "haiku", "main › INTEL")
        for title in ("SUCCESS BY COMPLEXITY", "CALIBRATION", "ODDS BY MODEL", "COST BY TIER"):
            await pilot.press("tab")
            await seen(pilot, title)
        await pilot.press("G")
        await seen(pilot, "SLOWEST TOOLS", "shell_run", "3.0 s")
        await pilot.press("tab")
        await seen(pilot, "The odds are better")


@pytest.mark.parametrize("ascii_only", [False, True])
async def test_a_wide_terminal_shows_it_at_a_glance(tmp_path: Path, ascii_only: bool) -> None:
    async with intel(tmp_path, (160, 48), 80, screen={"ascii": ascii_only}) as (_, _, pilot):
        await seen(pilot, "SUCCESS BY TIER", "SUCCESS BY COMPLEXITY", "CALIBRATION", "ODDS BY MODEL", "local-model")
        await seen(pilot, "COST BY TIER", "SLOWEST TOOLS")
        page = "\n".join(drawn(pilot.app).split("\n")[:-1])
        assert ("O" in page) if ascii_only else ("●" in page and "┃" in page)
        assert page.isascii() or not ascii_only


async def test_news_is_shown_without_a_key(tmp_path: Path) -> None:
    async with intel(tmp_path, (120, 40), 3) as (store, command, pilot):
        await seen(pilot, "too few attempts to tell (3 with odds at 3 tasks", "3 checked attempts")
        await attempt(store, 3, success=True, odds=0.9, tier="opus")
        command.tell(
            MissionFinished(at=START, task=4, mission=4, outcome=Outcome.PROVEN, reason="", steps=1, seconds=1)
        )
        await seen(pilot, "4 checked attempts", "opus")


async def test_f_tells_real_work_from_the_simulation(tmp_path: Path) -> None:
    async with intel(tmp_path, (120, 40), 2) as (store, _, pilot):
        await seen(pilot, "2 checked attempts of your work and the proving ground.")
        await attempt(store, 2, success=True, odds=0.9, tier="sonnet", simulated=True)
        await pilot.press("f")
        await seen(pilot, "2 checked attempts of your work.", "Left out: 1 of the simulation (f).")
        await pilot.press("f")
        await seen(pilot, "No checked attempts of the proving ground yet")
        await pilot.press("f")
        await seen(pilot, "1 checked attempt of the simulation.", "sonnet")


async def test_costs_are_by_tier_and_day(tmp_path: Path) -> None:
    async with await Store.open(tmp_path / "warroom.db", FixedClock()) as store:
        await attempt(store, 0, success=True, odds=0.5, tier="haiku")
        for tier, cost_nano in (("haiku", 20_000_000), ("sonnet", 50_000_000)):
            call = NewCall(
                task=1, mission=1, tier=tier, model=tier, provider="anthropic", reserved_nano=10**9, price_date="2026"
            )
            kept = await store.reserve_call(call, daily_cap_nano=10**10, task_cap_nano=10**10)
            usage = Usage(input=1_000, output=200)
            await store.settle_call(kept, usage=usage, cost_nano=cost_nano, request_id=None)
    async with intel(tmp_path, (120, 40)) as (_, _, pilot):
        await seen(pilot, "1.0K in, 200 out", "2 calls  haiku $0.02  sonnet $0.05", "2026-03-01", "saved est. $0.00")


@pytest.mark.usefixtures("plain_environment")
def test_picture_of_intel(snap_compare: Callable[..., bool], tmp_path: Path) -> None:
    """At 120x40, in the theme a person sees first."""
    app = war_room()

    async def fill(pilot: Pilot[int]) -> None:
        async with await Store.open(tmp_path / "warroom.db", FixedClock()) as store:
            random = Random(5)
            for number in range(80):
                odds = 0.15 + 0.7 * (number % 4) / 3
                tier = "local" if number % 2 else "haiku"
                await attempt(store, number, success=random.random() < odds, odds=odds, tier=tier)
            app.engine_ready(Kept(store=store))
            await until(pilot, lambda: app.war.opened and app.war.branch == "main")
            await pilot.press("i")
            await seen(pilot, "SLOWEST TOOLS")
            await pilot.pause()

    assert snap_compare(app, terminal_size=(120, 40), run_before=fill)


def test_slowest_tools() -> None:
    times = [("read", 0.1, True)] * 20 + [("shell", float(seconds), seconds > 1) for seconds in range(1, 21)]
    assert [(one.tool, one.count, one.failed, one.median, one.p95) for one in slowest(times)] == [
        ("shell", 20, 1, 10.5, 19.0),
        ("read", 20, 0, 0.1, 0.1),
    ]
