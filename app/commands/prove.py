"""`warroom prove`: measures a tier on graded tasks whose checks it does not see, and keeps what came out as odds."""

import asyncio
import os
from collections.abc import Sequence
from contextlib import aclosing
from pathlib import Path
from typing import TYPE_CHECKING

import click

from agents.configuration import warroom_home
from agents.proving.arms import Variable
from agents.settings import Settings
from app.commands.console import put, put_json, say
from app.commands.failures import DONE, INTERRUPTED
from app.commands.interrupts import interruptible
from app.commands.opening import FOLDER, configuration

if TYPE_CHECKING:
    from agents.proving.graded import GradedTask
    from agents.proving.ground import Measured, Range


@click.command()
@click.option("--tier", metavar="NAME", help="Which tier is measured; by default the first that codes.")
@click.option("--suite", default="standard", metavar="NAME|DIR", show_default=True, help="Graded tasks: ours or yours.")
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="So many tasks, spread over the complexities.")
@click.option(
    "--ab",
    "variable",
    type=click.Choice([one.value for one in Variable]),
    help="Two arms on the same tasks: is it noise?",
)
@click.option("--repo", type=FOLDER, default=".", metavar="DIR", help="The repository whose warroom.toml counts.")
@click.option("--json", "as_json", is_flag=True, help="A line of JSON a task, then one a figure.")
def command(*, tier: str | None, suite: str, limit: int | None, variable: str | None, repo: Path, as_json: bool) -> int:
    """Measure a tier on the proving ground. The check is hidden from it, and it has one try a task.

    Interrupted and run again with the same words it goes on where it stopped. A paid tier is paid for, inside the caps.
    """
    settings = configuration(repo).settings
    name = _tier(settings, tier)
    tasks = _tasks(suite, limit)
    return asyncio.run(
        _prove(settings, name, suite, tasks, variable=Variable(variable) if variable else None, as_json=as_json)
    )


def _tier(settings: Settings, wanted: str | None) -> str:
    coding = [name for name, tier in settings.tiers.items() if tier.enabled and "code" in tier.roles]
    if wanted is not None and wanted not in settings.tiers:
        raise click.UsageError(f"there is no tier {wanted!r}: the tiers are {', '.join(settings.tiers)}")
    if wanted is not None and wanted not in coding:
        raise click.UsageError(f"tier {wanted!r} does not code or is switched off: take one of {', '.join(coding)}")
    if not coding:
        raise click.UsageError('no tier codes: give one tiers.NAME.roles = ["code"] in warroom.toml')
    return wanted or coding[0]


def _tasks(suite: str, limit: int | None) -> "list[GradedTask]":
    from agents.proving.graded import load_suite, why_unusable
    from agents.proving.sampling import spread
    from agents.proving.suite_files import SuiteError

    try:
        found = load_suite(suite)
    except SuiteError as error:
        raise click.UsageError(str(error)) from None
    missing = {task.id: why for task in found if (why := why_unusable(task))}
    for task_id, why in missing.items():
        say(f"{task_id} is left out: it {why}", "yellow")
    return list(spread([task for task in found if task.id not in missing], limit))


async def _prove(
    settings: Settings,
    tier: str,
    suite: str,
    tasks: "Sequence[GradedTask]",
    *,
    variable: Variable | None,
    as_json: bool,
) -> int:
    from agents.proving.arms import two_arms
    from agents.proving.ground import Range
    from agents.proving.runs import Run, content_of, end, taken
    from agents.store import Proving

    arms = two_arms(settings, tier, variable) if variable else {"": settings}
    home, model = warroom_home(os.environ), settings.tiers[tier].model
    measured: list[list[Measured]] = []
    with interruptible() as wish:
        for setting, chosen in arms.items():
            run = Run(
                tier=tier,
                model=model,
                suite=suite,
                tasks=tuple(task.id for task in tasks),
                setting=setting,
                content=content_of(tasks, chosen, tier),
            )
            with taken(home, run) as folder:
                purpose = Proving.COUNTED if chosen == settings else Proving.APART
                where = Range(settings=chosen, tier=tier, home=home, folder=folder, purpose=purpose)
                named = f", {setting}" if setting else ""
                say(
                    f"Measuring {tier} ({model}{named}) on {len(tasks)} graded tasks of {suite}, {where.slots} at a "
                    "time; it does not see the checks.",
                    "bold",
                )
                watching = asyncio.create_task(_watched(where, tasks, setting, as_json=as_json))
                stop = asyncio.create_task(wish.wait())
                await asyncio.wait({watching, stop}, return_when=asyncio.FIRST_COMPLETED)
                stop.cancel()
                if not watching.done():
                    watching.cancel()
                    await asyncio.wait({watching})
                    say("Interrupted: what was measured is kept; the same command goes on from here.", "yellow")
                    return INTERRUPTED
                measured.append(watching.result())
                end(folder)
    _tell(measured, list(arms), as_json=as_json)
    return DONE


async def _watched(where: "Range", tasks: "Sequence[GradedTask]", setting: str, *, as_json: bool) -> "list[Measured]":
    from agents.proving.ground import measure
    from app.commands.prove_report import task_line, task_row

    results: list[Measured] = []
    async with aclosing(measure(where, tasks)) as ended:
        async for one in ended:
            results.append(one)
            if as_json:
                put_json(task_row(one, setting))
            else:
                put(task_line(one, len(results), len(tasks)))
    return results


def _tell(measured: "Sequence[Sequence[Measured]]", arms: Sequence[str], *, as_json: bool) -> None:
    from app.commands.prove_report import comparison_rows, figure_rows, print_comparison, print_figures

    for setting, results in zip(arms, measured, strict=True):
        if as_json:
            for row in figure_rows(results, setting):
                put_json(row)
        else:
            print_figures(results, setting)
    if len(measured) == 2:
        if as_json:
            put_json(comparison_rows(measured, arms))
        else:
            print_comparison(measured, arms)
