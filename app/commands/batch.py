"""`warroom batch FILE`: many tasks side by side. Interrupted and run again with the same file it continues."""

import asyncio
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from agents.tasks import Task, TaskStatus
from app.commands.batch_file import entries, read_bytes, shown_name
from app.commands.batch_report import print_table, summary, worst
from app.commands.batch_tasks import BatchTask, batch_tasks
from app.commands.console import let_go, put_json, say, terminals
from app.commands.failures import INTERRUPTED
from app.commands.local_only import LOCAL_ONLY
from app.commands.opening import ASK, FOLDER, TRUST, YES_IN_SANDBOX, configuration, headquarters, notebook
from app.commands.watching import Interrupted, Show, shower, watched

if TYPE_CHECKING:
    from agents.configuration import Configuration
    from agents.dispatch.posting_all import Posted
    from agents.events import Event
    from agents.headquarters import Headquarters

AS_IT_STANDS = frozenset({TaskStatus.REVIEW, TaskStatus.DONE, TaskStatus.FAILED, TaskStatus.NEEDS_HUMAN})
"""A task that came to rest here is not run again by its file: a person decides what becomes of it."""
_KEYS = {"budget_nano": "budget_usd"}
"""What a field of a task is called in a file, where that differs."""


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path), metavar="FILE")
@click.option("--repo", type=FOLDER, default=".", metavar="DIR", help="Work in this folder instead of the current one.")
@LOCAL_ONLY
@TRUST
@ASK
@YES_IN_SANDBOX
@click.option("--json", "as_json", is_flag=True, help="Every event of these tasks as a line of JSON on stdout.")
@click.option("--verbose", is_flag=True, help="Also what models write and tools print, as it comes.")
def command(
    *, file: Path, repo: Path, trust: bool, ask: bool, yes_in_sandbox: bool, as_json: bool, verbose: bool
) -> int:
    """Many tasks from FILE, side by side, within slots and budget. Run again with the same FILE it continues.

    FILE is TOML ([[task]] tables) or JSON Lines, by its suffix or its content; - reads JSON Lines from stdin. Keys:
    title; id, brief, check, priority (1-10), tier, depends_on (ids of this file), budget_usd, max_steps, timeout_s.

    Exit codes, the worst of all tasks, 4 before 3 before 1: 0 proven, verified or unverified; 1 one failed or needs
    you; 3 no model could be reached; 4 the budget; 2 the file or the configuration, and nothing was posted; 130
    interrupted.
    """
    found = configuration(repo, trusted=trust)
    tiers = {name: tier.enabled for name, tier in found.settings.tiers.items()}
    name = str(file)
    if name == "-":
        data = read_bytes(sys.stdin.buffer, shown_name(name))
    else:
        with file.open("rb") as opened:
            data = read_bytes(opened, shown_name(name))
    wanted = batch_tasks(entries(data, name), name, tiers)
    batch = _Batch(wanted, shower(as_json=as_json, verbose=verbose), as_json=as_json)
    return asyncio.run(batch.run(found, repo, ask=ask, yes_in_sandbox=yes_in_sandbox))


class _Batch:
    """One run of a file."""

    def __init__(self, wanted: Sequence[BatchTask], show: Show, *, as_json: bool) -> None:
        self._wanted = wanted
        self._show = show
        self._as_json = as_json
        self._mine: set[int] = set()
        self._ids: list[int] = []
        """The tasks' numbers, in the order of the file."""
        self._shown = 0
        """The seq of the last event that was shown."""

    async def run(self, found: "Configuration", repo: Path, *, ask: bool, yes_in_sandbox: bool) -> int:
        tasks: list[Task] | None = None
        async with headquarters(
            repo, found=found, recover=True, runs=True, ask=ask, yes_in_sandbox=yes_in_sandbox
        ) as hq:
            for warning in hq.warnings:
                say(warning, "yellow")
            try:
                # A terminal that is lost is asked nothing any more, so what it was is asked now.
                hung_up = partial(let_go, terminals()) if hq.settings.dispatch.on_hangup == "continue" else None
                await watched(hq, self._shower, lambda: self._work(hq), self._mine, leave=True, hung_up=hung_up)
                tasks = [await hq.task(number) for number in self._ids]
            except Interrupted:
                pass
        interrupted, left = tasks is None, await self._closed(repo)
        tasks = left if tasks is None else tasks
        if tasks:
            if not self._as_json:
                print_table(self._wanted, tasks)
            say(summary(tasks))
        if interrupted:
            say("Interrupted: what is not at rest waits in the queue. The same command goes on with it.", "yellow")
            return INTERRUPTED
        return worst(tasks)

    def _shower(self, event: "Event") -> None:
        self._shown = max(self._shown, event.seq)
        # How 200 tasks were assessed and planned is no news to somebody who watches them all.
        if self._as_json or event.type not in {"task.assessed", "task.planned"}:
            self._show(event)

    async def _work(self, hq: "Headquarters") -> None:
        """Post what is not there, send out what is not at rest, and wait until all of it is."""
        needs = {task.new.external_id or "": task.needs for task in self._wanted}
        posted = await hq.post_all([task.new for task in self._wanted], needs)
        self._say_posted(posted)
        standing = [one.task for one in posted if one.task.status in AS_IT_STANDS]
        if self._as_json:
            for event in sorted([await hq.store.last_event(task.id, "task.finished") for task in standing], key=_seq):
                if event is not None:
                    put_json(event.row())
        self._ids = [one.task.id for one in posted]
        self._mine.update(self._ids)  # from here on their events are shown, also those that are past
        await hq.dispatch_all({one.task.id for one in posted} - {task.id for task in standing})
        for number in self._ids:
            await hq.wait(number)

    def _say_posted(self, posted: "Sequence[Posted]") -> None:
        fresh = sum(one.fresh for one in posted)
        there = "" if fresh == len(posted) else f", {len(posted) - fresh} were there already"
        say(f"{fresh} of {len(posted)} tasks posted{there}.")
        for one in posted:
            if one.changed:
                keys = ", ".join(_KEYS.get(name, name) for name in one.changed)
                say(
                    f"{one.task.label} ({one.task.external_id}) differs from the file in {keys}: "
                    "it stays as it was posted. Give the task another id to have it done anew.",
                    "yellow",
                )

    async def _closed(self, repo: Path) -> list[Task]:
        """The tasks as they stand now that Headquarters is closed; what closing did to them is shown to programs."""
        async with notebook(repo) as (store, _):
            while self._ids and self._as_json and (late := await store.events_after(self._shown)):
                for event in late:
                    self._shown = event.seq
                    if event.task in self._mine:
                        self._show(event)
            found = [await store.task(number) for number in self._ids]
            return [task for task in found if task is not None]


def _seq(event: "Event | None") -> int:
    return event.seq if event else 0
