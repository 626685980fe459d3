"""`warroom approve ID`: the parts of a split task sent out, and followed until nobody works on any."""

import asyncio
from pathlib import Path

import click

from agents.tasks import TaskStatus
from app.commands.console import say
from app.commands.failures import INTERRUPTED
from app.commands.opening import FOLDER, TASK_ID, TRUST, headquarters
from app.commands.report import next_steps, print_result
from app.commands.watching import Interrupted, exit_code, shower, watched


@click.command()
@click.argument("task", type=TASK_ID, metavar="ID")
@click.option("--repo", type=FOLDER, default=".", metavar="DIR", help="Work in this folder instead of the current one.")
@TRUST
@click.option("--json", "as_json", is_flag=True, help="Every event as a line of JSON on stdout.")
@click.option("--verbose", is_flag=True, help="Also what models write and tools print, as it comes.")
def command(task: int, *, repo: Path, trust: bool, as_json: bool, verbose: bool) -> int:
    """Send out the parts `warroom split` proposed. With all of them accepted, run the check of the whole."""
    return asyncio.run(_approve(repo, task, trust=trust, as_json=as_json, verbose=verbose))


async def _approve(folder: Path, task_id: int, *, trust: bool, as_json: bool, verbose: bool) -> int:
    async with headquarters(folder, trusted=trust, runs=True) as hq:
        await hq.task(task_id)
        mine = {task_id, *(part.id for part in await hq.parts(task_id))}
        sent: list[int] = []

        async def work() -> None:
            sent.extend(part.id for part in await hq.approve(task_id))
            for number in (*sent, task_id):
                await hq.wait(number)

        try:
            await watched(hq, shower(as_json=as_json, verbose=verbose), work, mine)
        except Interrupted:
            say(f"Interrupted: the parts of T{task_id} were stopped.", "yellow")
            return INTERRUPTED
        whole = await hq.task(task_id)
        results = [await hq.task(number) for number in sent]
        if whole.status is not TaskStatus.BLOCKED:  # all of them were accepted: it was judged
            results.append(whole)
        for result in () if as_json else results:
            print_result(result)
            if advice := next_steps(result):
                say(advice, "dim")
        return max(exit_code(result) for result in results)
