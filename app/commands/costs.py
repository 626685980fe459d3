"""`warroom costs`: the ledger of this home, added up."""

import asyncio
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from agents.settings import Settings
from app.commands.bill_rows import bill_rows, print_bills
from app.commands.console import paint, put, put_json, put_painted, say, table
from app.commands.opening import FOLDER, configuration, notebook
from app.commands.report import usd
from app.commands.values import SINCE
from app.screen.words import count, counted, dollars

if TYPE_CHECKING:
    from agents.routing.bill import Bill
    from agents.store.breakdown import Breakdown, By, Line

RECENT = 20
"""Tasks and days that are listed without --json: the last ones."""


@click.command()
@SINCE
@click.option("--repo", type=FOLDER, default=".", metavar="DIR", help="The repository whose warroom.toml counts.")
@click.option(
    "--json",
    "as_json",
    is_flag=True,
    help="A line of JSON for the total, per tier, model, task and day, orchestrated task.",
)
def command(since: datetime | None, repo: Path, as_json: bool) -> None:
    """What was spent, reserved and saved in this home, over all repositories.

    Saved is an estimate: the tokens measured on free tiers, for tasks proven or verified there, at the price of the
    paid tier the task would have gone to. Orchestrated tasks have a bill of their own: what advice cost, what was
    written locally, and what the same tokens would have cost in the cloud, an estimate too.
    """
    settings = configuration(repo).settings
    books, titles, orders = asyncio.run(_read(repo, settings, since))
    if as_json:
        for row in (*rows(books, titles, since), *bill_rows(orders, titles)):
            put_json(row)
        return
    _print(books, titles, since)
    print_bills(orders, titles)


def rows(books: "Breakdown", titles: dict[int, str], since: datetime | None) -> Iterator[dict[str, Any]]:
    """The lines of `--json`: the total, then each tier, model, task and day."""
    from agents.store.breakdown import DIMENSIONS

    for by in DIMENSIONS:
        for line in books.lines(by):
            where: dict[str, Any] = {"by": by}
            if by == "total":
                where["since"] = since.isoformat() if since else None
            else:
                where[by] = line.key
            if by == "task":
                where["title"] = titles.get(int(line.key), "")
            yield where | _figures(line)


def _figures(line: "Line") -> dict[str, Any]:
    usage = line.usage
    return {
        "calls": line.calls,
        "spent_usd": usd(line.spent_nano),
        "known_usd": usd(line.known_nano),
        "unknown_calls": line.unknown_calls,
        "broken_off_calls": line.broken_off_calls,
        "reserved_usd": usd(line.reserved_nano),
        "saved_est_usd": usd(line.saved_nano),
        "tokens": {
            "input": usage.input,
            "output": usage.output,
            "cache_read": usage.cache_read,
            "cache_write": usage.cache_write_5m + usage.cache_write_1h,
        },
    }


def _print(books: "Breakdown", titles: dict[int, str], since: datetime | None) -> None:
    total = books.total()
    if not total.calls:
        say("No call was made yet." if since is None else f"No call was made since {_stamp(since)}.")
        return
    put_painted(paint(f"Spent {spent(total)}", "bold") + (f" since {_stamp(since)}" if since else ""))
    put(f"  reserved    {dollars(total.reserved_nano)}")
    put(f"  saved est.  {dollars(total.saved_nano)}")
    put(
        f"  tokens      {count(total.usage.prompt)} in, {count(total.usage.output)} out, {counted(total.calls, 'call')}"
    )
    for by in ("tier", "model", "task", "day"):
        _print_table(by, books.lines(by), titles)
    if total.unknown_calls:
        say(f"n/a: nobody knows what {counted(total.unknown_calls, 'call')} cost; against the caps they count whole.")
    if total.broken_off_calls:
        say(f"{counted(total.broken_off_calls, 'call')} broken off: counted as the most they can have cost.", "dim")
    if total.saved_nano:
        say("Saved is an estimate: free work at the price of the tier it would have gone to.", "dim")


def _print_table(by: "By", lines: "list[Line]", titles: dict[int, str]) -> None:
    left_out = max(0, len(lines) - RECENT) if by in {"task", "day"} else 0
    heads = (by.upper(), "CALLS", "INPUT", "OUTPUT", "CACHE READ", "CACHE WRITE", "SPENT", "RESERVED", "SAVED (EST.)")
    cells = [_cells(by, line, titles) for line in lines[left_out:]]
    shown = table([heads, *cells], cut=0)
    put()
    put_painted(paint(shown[0], "bold"))
    for text in shown[1:]:
        put(text)
    if left_out:
        say(f"{left_out} earlier ones; --json lists them.", "dim")


def _cells(by: "By", line: "Line", titles: dict[int, str]) -> tuple[str, ...]:
    usage = line.usage
    return (
        f"T{line.key} {titles.get(int(line.key), '')}" if by == "task" else str(line.key),
        str(line.calls),
        count(usage.input),
        count(usage.output),
        count(usage.cache_read),
        count(usage.cache_write_5m + usage.cache_write_1h),
        spent(line),
        dollars(line.reserved_nano) if line.reserved_nano else "-",
        dollars(line.saved_nano) if line.saved_nano != 0 else "-",
    )


def spent(line: "Line") -> str:
    """What a person reads: the known part, and n/a for what nobody knows."""
    if not line.unknown_calls:
        return dollars(line.known_nano)
    return f"{dollars(line.known_nano)} + n/a" if line.known_nano else "n/a"


def _stamp(since: datetime) -> str:
    return since.strftime("%Y-%m-%d %H:%M UTC")


async def _read(
    folder: Path, settings: Settings, since: datetime | None
) -> "tuple[Breakdown, dict[int, str], list[Bill]]":
    from agents.routing.bill import bills
    from agents.routing.books import added_up

    async with notebook(folder) as (store, _):
        books = await added_up(store, settings, since)
        tasks = [await store.task(int(line.key)) for line in books.lines("task")]
        orders = await bills(store, settings, since)
    return books, {task.id: task.title for task in tasks if task is not None}, orders
