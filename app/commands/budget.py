"""`warroom budget`: the caps in force, and the one way to raise them."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from agents.settings import Settings
from agents.tasks import NANO
from app.commands.console import put, put_json, say
from app.commands.opening import FOLDER, TASK_ID, configuration, known_task, notebook
from app.commands.report import usd
from app.commands.values import Dollars
from app.screen.words import dollars

if TYPE_CHECKING:
    from agents.dispatch.budget import Credits
    from agents.tasks import Task

REPO = click.option("--repo", type=FOLDER, default=".", metavar="DIR", help="The repository whose warroom.toml counts.")
JSON = click.option("--json", "as_json", is_flag=True, help="A line of JSON.")


@click.group(invoke_without_command=True)
@REPO
@JSON
@click.pass_context
def command(context: click.Context, repo: Path, as_json: bool) -> None:
    """The caps of today and of a task, what is spent of today's, and what is reserved."""
    if context.invoked_subcommand is None:
        settings = configuration(repo).settings
        found = asyncio.run(_look(repo, settings))
        if as_json:
            put_json(row(settings, found))
        else:
            _print(settings, found)


@command.command(name="raise")
@click.argument("usd", type=Dollars(), metavar="USD")
@click.option("--task", type=TASK_ID, metavar="ID", help="The cap of this task instead of today's.")
@REPO
@JSON
def raise_cap(usd: int, task: int | None, repo: Path, as_json: bool) -> None:
    """Let today, or a task, cost up to USD in all. Holds at once, for every War Room of this home.

    Today's cap is raised until midnight UTC. A cap is never lowered here, and every raise is in the log.
    """
    settings = configuration(repo).settings
    before = asyncio.run(_raise(repo, settings, usd, task))
    if as_json:
        where = {"scope": "task", "task": task} if task is not None else {"scope": "day"}
        put_json({**where, "from_usd": before / NANO, "cap_usd": usd / NANO})
    elif task is not None:
        put(f"T{task} may cost up to {dollars(usd)}; it was {dollars(before)}.")
    else:
        put(f"Today (UTC) may cost up to {dollars(usd)}; it was {dollars(before)}.")


def row(settings: Settings, found: "Credits") -> dict[str, Any]:
    """The line of `--json`."""
    budget = settings.budget
    return {
        "cap_usd": usd(found.cap_nano),
        "configured_usd": budget.daily_usd,
        "spent_usd": usd(found.spent_nano),
        "reserved_usd": usd(found.reserved_nano),
        "left_usd": usd(_left(found)),
        "unknown_calls": found.unknown_calls,
        "saved_est_usd": usd(found.saved_nano),
        "warn_at": budget.warn_at,
        "task_cap_usd": budget.task_usd,
    }


def _print(settings: Settings, found: "Credits") -> None:
    configured = settings.budget.daily_nano
    raised = f", raised from {dollars(configured)} for today" if found.cap_nano > configured else ""
    put(f"today (UTC)  {dollars(found.spent_nano)} of {dollars(found.cap_nano)} spent{raised}")
    put(f"reserved     {dollars(found.reserved_nano)}")
    put(f"left         {dollars(_left(found))}")
    put(f"a task       {dollars(settings.budget.task_nano)}, unless it has a cap of its own")
    if found.unknown_calls:
        say(f"What {found.unknown_calls} of today's calls cost is n/a: they count as the most they can have.", "yellow")
    if not _left(found):
        say("Nothing paid starts any more; local work goes on. `warroom budget raise USD` gives today more.", "yellow")


def _left(found: "Credits") -> int:
    return max(0, found.cap_nano - found.spent_nano - found.reserved_nano)


async def _look(folder: Path, settings: Settings) -> "Credits":
    from agents.clock import SystemClock
    from agents.dispatch.budget import credits

    async with notebook(folder) as (store, _):
        return await credits(store, settings, SystemClock().now())


async def _raise(folder: Path, settings: Settings, cap_nano: int, task_id: int | None) -> int:
    """The cap before."""
    from agents.dispatch.budget import raise_daily, raise_task
    from agents.dispatch.owner import new_owner

    async with notebook(folder) as (store, _):
        if task_id is None:
            return await raise_daily(store, settings, cap_nano, by=new_owner())
        before: Task = await known_task(store, task_id)
        await raise_task(store, settings, task_id, cap_nano, by=new_owner())
        return settings.budget.task_nano if before.budget_nano is None else before.budget_nano
