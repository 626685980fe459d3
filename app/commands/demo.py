"""`warroom demo`: the real engine on a temporary repository, with simulated models."""

import asyncio
import tempfile
from pathlib import Path

import click

from app.commands.console import put, say
from app.commands.failures import DONE, INTERRUPTED

SEED = 59


@click.command()
@click.option("--headless", is_flag=True, help="No screen: play to the end and tell it line by line.")
@click.option("--seed", type=int, default=SEED, show_default=True, help="The same seed is the same battle.")
@click.option("--speed", type=click.FloatRange(min=0.1, max=1000), default=None, help="How fast: 1 is watchable.")
@click.option(
    "--tasks", type=click.IntRange(min=0), default=None, metavar="N", help="How many tasks; 0: an empty board."
)
@click.option("--no-mouse", is_flag=True, help="Without the mouse, so that the terminal selects text.")
@click.option("--ascii", "ascii_only", is_flag=True, help="Draw with ASCII only.")
@click.option("--plain-speech", is_flag=True, help="Sober words in place of the game's.")
@click.option("--json", "as_json", is_flag=True, help="Every event as a line of JSON on stdout; means --headless.")
@click.pass_context
def command(
    context: click.Context,
    *,
    headless: bool,
    seed: int,
    speed: float | None,
    tasks: int | None,
    no_mouse: bool,
    ascii_only: bool,
    plain_speech: bool,
    as_json: bool,
) -> int:
    """The simulation: real engine, real worktrees, real checks, simulated models. No model, key or network needed."""
    if headless or as_json:
        return play(seed=seed, speed=speed or 50.0, limit=tasks, as_json=as_json)
    from app.commands.open import open_demo

    above = context.parent.params if context.parent else {}
    return open_demo(
        seed=seed,
        speed=speed or 1.0,
        limit=tasks,
        mouse=not (no_mouse or above.get("no_mouse")),
        ascii_only=ascii_only or bool(above.get("ascii_only")),
        plain_speech=plain_speech or bool(above.get("plain_speech")),
    )


def play(*, seed: int = SEED, speed: float = 50.0, limit: int | None = None, as_json: bool = False) -> int:
    """The demo without a screen; the worst exit code of its tasks."""
    say(
        "SIMULATION: a temporary repository, real worktrees and checks, simulated models. Nothing here is paid.", "bold"
    )
    with tempfile.TemporaryDirectory(prefix="warroom-demo-") as folder:
        return asyncio.run(_play(Path(folder), seed, speed, limit, as_json))


async def _play(folder: Path, seed: int, speed: float, limit: int | None, as_json: bool) -> int:
    # The screen opens without any of it.
    from agents.clock import SystemClock
    from agents.headquarters import Headquarters
    from agents.proving.demo import as_posted, demo_connector, demo_settings, demo_tasks, make_battlefield
    from app.commands.report import print_result
    from app.commands.watching import Interrupted, exit_code, shower, watched

    clock, script = SystemClock(), demo_tasks(limit)
    battlefield = folder / "shop"
    battlefield.mkdir()
    await make_battlefield(battlefield, script)
    connect = demo_connector(script, seed=seed, clock=clock, speed=speed)
    async with Headquarters(
        demo_settings(speed), home=folder / "home", folder=battlefield, seed=seed, simulated=True, connect=connect
    ) as hq:
        for warning in hq.warnings:
            say(warning, "yellow")
        posted: list[int] = []

        async def work() -> None:
            for task in script:
                posted.append((await hq.post(as_posted(task))).id)
            await hq.dispatch_all()
            for number in posted:
                await hq.wait(number)

        try:
            await watched(hq, shower(as_json=as_json, verbose=False), work, None)
        except Interrupted:
            say("Interrupted: the simulation is over.", "yellow")
            return INTERRUPTED
        results = [await hq.task(number) for number in posted]
        if not as_json:
            for task in results:
                print_result(task)
            solved = sum(exit_code(task) == DONE for task in results)
            put(f"SIMULATION over: {solved} of {len(results)} tasks done.")
        return max((exit_code(task) for task in results), default=DONE)
