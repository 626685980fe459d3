"""The simulation: real engine, real checks, scripted models; the same seed is the same battle."""

from pathlib import Path
from random import Random

from agents.clock import SystemClock
from agents.events import LoopDetected, MissionEscalated
from agents.headquarters import Headquarters
from agents.proving.demo import as_posted, demo_connector, demo_settings, demo_tasks, make_battlefield
from agents.proving.graded import GradedTask
from agents.proving.simulated import Fate, draw_fate, odds, turns
from agents.tasks import NewTask, Outcome, TaskStatus

SPEED = 1000.0


async def battle(folder: Path, seed: int, tasks: tuple[GradedTask, ...]) -> list[tuple[object, ...]]:
    """What became of every task: outcome, missions, steps, tier, cost, tokens."""
    field = folder / "shop"
    field.mkdir(parents=True)
    await make_battlefield(field, tasks)
    connect = demo_connector(tasks, seed=seed, clock=SystemClock(), speed=SPEED)
    settings = demo_settings(SPEED)
    async with Headquarters(
        settings, home=folder / "home", folder=field, seed=seed, simulated=True, connect=connect
    ) as hq:
        for task in tasks:
            await hq.post(as_posted(task))
        for task in await hq.dispatch_all():
            await hq.wait(task.id)
        return [
            (task.external_id, task.outcome, task.missions, task.steps, task.tier_used)
            for task in sorted(await hq.tasks(), key=lambda task: task.id)
        ]


async def test_the_same_seed_is_the_same_battle(tmp_path: Path) -> None:
    tasks = demo_tasks(4)
    first = await battle(tmp_path / "one", 7, tasks)
    assert first == await battle(tmp_path / "two", 7, tasks)
    assert {outcome for _, outcome, *_ in first} <= {Outcome.PROVEN, Outcome.FAILED}


async def test_a_loop_that_never_ends_is_stopped_and_the_next_arm_solves_it(tmp_path: Path) -> None:
    task = next(task for task in demo_tasks() if task.id == "csv_quoting")
    seed = next(seed for seed in range(1000) if _fates(seed, task) == [Fate.LOOPS_FOR_EVER, Fate.SOLVES])
    field = tmp_path / "shop"
    field.mkdir()
    await make_battlefield(field, [task])
    connect = demo_connector([task], seed=seed, clock=SystemClock(), speed=SPEED)
    async with Headquarters(
        demo_settings(SPEED), home=tmp_path / "home", folder=field, simulated=True, connect=connect
    ) as hq:
        posted = await hq.post(as_posted(task))
        await hq.dispatch(posted.id)
        ended = await hq.wait(posted.id)
        events = await hq.store.recent_events(500)
    assert (ended.outcome, ended.missions, ended.simulated) == (Outcome.PROVEN, 2, True)
    assert any(isinstance(event, LoopDetected) and event.action == "stopped" for event in events)
    assert any(isinstance(event, MissionEscalated) for event in events)


async def test_a_task_of_ones_own_is_refused_with_the_reason(tmp_path: Path) -> None:
    field = tmp_path / "shop"
    field.mkdir()
    await make_battlefield(field, [])
    connect = demo_connector(demo_tasks(), seed=1, clock=SystemClock(), speed=SPEED)
    async with Headquarters(
        demo_settings(SPEED), home=tmp_path / "home", folder=field, simulated=True, connect=connect
    ) as hq:
        posted = await hq.post(NewTask(title="Write my thesis"))
        await hq.dispatch(posted.id)
        ended = await hq.wait(posted.id)
    assert ended.status is TaskStatus.OPEN
    assert "start Ollama" in ended.reason


def test_the_odds_are_kept() -> None:
    right = sum(draw_fate(Random(n), 0.7) in {Fate.SOLVES, Fate.STALLS, Fate.LOOPS} for n in range(2000))
    assert 0.65 < right / 2000 < 0.75
    assert odds("sonnet", 5, again=False) > odds("haiku", 5, again=False) > odds("local", 5, again=False)
    assert odds("local", 5, again=True) > odds("local", 5, again=False)


def _fates(seed: int, task: GradedTask) -> list[Fate]:
    return [
        draw_fate(Random(f"{seed}:{task.id}:local:{again}"), odds("local", task.complexity, again=again))
        for again in (False, True)
    ]


def test_every_script_ends_with_finish() -> None:
    for task in demo_tasks():
        for fate in Fate:
            assert turns(task, fate, Random(1))[-1][1].name == "finish"
