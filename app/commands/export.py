"""`warroom export FILE`: what happened, for other programs; secrets are taken out."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import click

from app.commands.console import put_json, say
from app.commands.opening import notebook
from app.commands.values import SINCE
from app.screen.words import counted

if TYPE_CHECKING:
    from agents.store import Store

Write = Callable[[dict[str, Any]], None]
_NOUNS = {"events": "event", "training": "transcript", "costs": "call"}


@click.command()
@click.argument("file", metavar="FILE")
@click.option(
    "--what",
    type=click.Choice(list(_NOUNS)),
    default="events",
    show_default=True,
    help="Events; chats of proven missions to train on; or the ledger, call by call.",
)
@SINCE
@click.option("--force", is_flag=True, help="Replace FILE when it is there already.")
def command(file: str, what: str, since: datetime | None, force: bool) -> None:
    """Write what happened in this home, over all repositories, to FILE, with secrets taken out.

    FILE gets a line of JSON per row, or CSV when its name ends in .csv (events and costs); - is standard output.
    """
    from app.commands.new_file import new_file

    if file == "-":
        asyncio.run(_export(what, since, put_json))
        return
    path = Path(file)
    as_csv = path.suffix.lower() == ".csv"
    if as_csv and what == "training":
        raise click.UsageError("chats do not fit a table: give FILE a name that ends in .jsonl")
    with new_file(path, force=force) as stream:
        rows = asyncio.run(_export(what, since, _csv(stream, what) if as_csv else _jsonl(stream)))
    say(f"{counted(rows, _NOUNS[what])} written to {path}.")


def _jsonl(stream: TextIO) -> Write:
    def write(row: dict[str, Any]) -> None:
        stream.write(json.dumps(row, separators=(",", ":"), default=str) + "\n")

    return write


def _csv(stream: TextIO, what: str) -> Write:
    from app.commands import export_rows
    from app.commands.csv_file import CsvFile

    if what == "costs":
        calls = CsvFile(stream, export_rows.CALL_COLUMNS)
        return lambda row: calls.write(export_rows.call_cells(row))
    events = CsvFile(stream, export_rows.EVENT_COLUMNS)
    return lambda row: events.write(export_rows.event_cells(row))


async def _export(what: str, since: datetime | None, write: Write) -> int:
    """Write every row as it is read; how many."""
    from agents.redactor import learn_secrets
    from app.commands import export_rows

    sources: dict[str, Callable[[Store, datetime | None], AsyncIterator[dict[str, Any]]]] = {
        "events": export_rows.events,
        "training": export_rows.training,
        "costs": export_rows.costs,
    }
    rows = 0
    learn_secrets(Path.cwd())
    async with notebook(Path.cwd()) as (store, _):
        async for row in sources[what](store, since):
            write(row)
            rows += 1
    return rows
