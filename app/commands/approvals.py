"""`warroom approvals`: what agents ask, and what is allowed for good in a repository."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from agents.clock import SystemClock
from agents.permission import Ask, Remembered
from agents.sanitize import one_line
from app.commands.console import put, put_json, say, table
from app.commands.opening import FOLDER, notebook
from app.screen.words import elapsed

if TYPE_CHECKING:
    from agents.store import Store


@click.command()
@click.option("--all", "everything", is_flag=True, help="Of every repository.")
@click.option("--remembered", "kept", is_flag=True, help="What is allowed for good in this repository, by number.")
@click.option("--forget", type=click.IntRange(min=1), metavar="N", help="Ask about this remembered pattern again.")
@click.option("--repo", type=FOLDER, default=".", metavar="DIR", help="Work in this folder instead of the current one.")
@click.option("--json", "as_json", is_flag=True, help="A line of JSON per ask or remembered pattern.")
def command(*, everything: bool, kept: bool, forget: int | None, repo: Path, as_json: bool) -> None:
    """What agents wait for your word on, the oldest first; `warroom answer ID allow` lets one go on."""
    if forget is not None:
        gone = asyncio.run(_forget(repo, forget))
        say(f"{_shown(gone)} is asked about again.")
    elif kept:
        _print_remembered(asyncio.run(_remembered(repo)), as_json=as_json)
    else:
        _print_waiting(asyncio.run(_waiting(repo, everything)), as_json=as_json)


def ask_row(ask: Ask, same: Sequence[Ask] = ()) -> dict[str, Any]:
    """The line of `--json`: an ask, and the numbers of those that the same answer does for."""
    from agents.tools.asking import visible

    wish = ask.wish
    row = {
        "ask": ask.id,
        "task": ask.task,
        "mission": ask.mission,
        "agent": ask.agent or None,
        "tier": ask.tier or None,
        "command": visible(wish.command),
        "folder": visible(wish.folder),
        "reason": wish.reason,
        "crossings": [crossing.value for crossing in wish.reach.crossings],
        "reach": visible(str(wish.reach)),
        "pattern": visible(str(ask.pattern)),
        "at": ask.at.isoformat(),
        "same": [other.id for other in same if other.id != ask.id],
    }
    answered = {"answer": ask.answer.value, "message": ask.message, "by": ask.by} if ask.answer else {}
    return row | answered


def _print_waiting(asks: Sequence[Ask], *, as_json: bool) -> None:
    from agents.dispatch.approvals import grouped

    groups = grouped(asks)
    if as_json:
        for ask in asks:
            put_json(ask_row(ask, next(group for group in groups if ask in group)))
        return
    if not asks:
        say("Nobody asks anything.")
        return
    now = SystemClock().now()
    for group in groups:
        row, first = ask_row(group[0]), group[0]
        times = f"  ×{len(group)}" if len(group) > 1 else ""
        names = ", ".join(f"{one_line(ask.agent, 20)} on T{ask.task}" for ask in group[:5])
        age = elapsed(max(0.0, (now - first.at).total_seconds()))
        put(f"{first.label}{times}  {names}  {age}  [{row['reach']}]")
        put("\n".join(f"    {line}" for line in row["command"].splitlines()))
        put(f"    in {row['folder']}")
        if first.wish.reason:
            put(f"    because: {first.wish.reason}")
        put(f"    for this mission: {row['pattern']}" if row["pattern"] != row["command"] else "    only exactly this")
    say(f"`warroom answer {groups[0][0].label} allow`, allow-mission, or deny --message TEXT", "dim")


def _print_remembered(found: Sequence[Remembered], *, as_json: bool) -> None:
    from agents.tools.asking import visible

    if as_json:
        for one in found:
            crossings = [crossing.value for crossing in one.reach.crossings]
            row = {"number": one.id, "pattern": visible(str(one.pattern)), "prefix": one.pattern.begins}
            put_json(row | {"crossings": crossings, "reach": visible(str(one.reach)), "at": one.at.isoformat()})
        return
    if not found:
        say("Nothing is allowed for good in this repository.")
        return
    rows = [(str(one.id), _shown(one), f"{one.at:%Y-%m-%d}") for one in found]
    for line in table([("N", "ALLOWED", "SINCE"), *rows]):
        put(line)


def _shown(one: Remembered) -> str:
    from agents.tools.asking import visible

    return f"{visible(str(one.pattern))}  [{visible(str(one.reach))}]"


async def _waiting(folder: Path, everything: bool) -> list[Ask]:
    async with notebook(folder) as (store, root):
        return await store.waiting_asks(None if everything else str(root))


async def _remembered(folder: Path) -> list[Remembered]:
    async with notebook(folder) as (store, root):
        return await store.remembered(str(root))


async def _forget(folder: Path, number: int) -> Remembered:
    async with notebook(folder) as (store, root):
        return await _gone(store, number, str(root))


async def _gone(store: "Store", number: int, repo: str) -> Remembered:
    gone = await store.forget_remembered(number, repo)
    if gone is None:
        raise click.UsageError(f"nothing is remembered here as {number}: `warroom approvals --remembered` lists it.")
    return gone
