"""`warroom run TEXT...`: one task, no screen, to its end."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

import click
from pydantic import ValidationError

from agents.sanitize import one_line
from agents.tasks import NewTask
from app.commands.console import say
from app.commands.local_only import LOCAL_ONLY
from app.commands.one_task import to_the_end
from app.commands.opening import ASK, FOLDER, TRUST, YES_IN_SANDBOX
from app.commands.report import split_advice
from app.commands.values import Dollars, Seconds, task_text

if TYPE_CHECKING:
    from agents.headquarters import Headquarters

TITLE_LIMIT = 200


@click.command()
@click.argument("text", nargs=-1)
@click.option("--repo", type=FOLDER, default=".", metavar="DIR", help="Work in this folder instead of the current one.")
@click.option("--check", metavar="CMD", help="The command whose exit code decides. Default: the repository's own.")
@click.option("--tier", metavar="NAME", help="This tier only, no escalation.")
@click.option(
    "--orchestrate", is_flag=True, help="By a work order: a stronger model plans and reviews, a cheaper one writes."
)
@click.option("--budget", type=Dollars(), metavar="USD", help="This task's cap in dollars.")
@click.option("--max-steps", type=click.IntRange(min=1), metavar="N", help="Model calls a mission may make.")
@click.option("--timeout", type=Seconds(), metavar="S", help="Seconds a mission may take.")
@click.option("--accept", is_flag=True, help="Merge the result onto your branch when it is good.")
@LOCAL_ONLY
@TRUST
@ASK
@YES_IN_SANDBOX
@click.option("--json", "as_json", is_flag=True, help="Every event as a line of JSON on stdout.")
@click.option("--verbose", is_flag=True, help="Also what models write and tools print, as it comes.")
def command(
    *,
    text: tuple[str, ...],
    repo: Path,
    check: str | None,
    tier: str | None,
    orchestrate: bool,
    budget: int | None,
    max_steps: int | None,
    timeout: float | None,
    accept: bool,
    trust: bool,
    ask: bool,
    yes_in_sandbox: bool,
    as_json: bool,
    verbose: bool,
) -> int:
    """One task to its end, without the screen.

    Exit codes: 0 proven, verified or unverified; 1 failed or needs you; 2 usage or configuration; 3 no model can be
    reached; 4 the budget; 130 interrupted.
    """
    words = task_text(text)
    if check is not None and not check.strip():
        raise click.UsageError("--check is empty: give a command, or leave the option out.")
    title, brief = titled(words)
    try:
        new = NewTask(
            title=title,
            brief=brief,
            check=check,
            tier=tier,
            budget_nano=budget,
            max_steps=max_steps,
            timeout_s=timeout,
            orchestrate=orchestrate,
        )
    except ValidationError as error:
        raise click.UsageError(f"the task cannot be posted: {error.errors()[0]['msg']}.") from error

    async def begin(hq: "Headquarters", mine: set[int]) -> None:
        task = await hq.post(new)
        mine.add(task.id)
        if advice := split_advice(task):
            say(advice, "yellow")
        await hq.dispatch(task.id)

    how = {"ask": ask, "yes_in_sandbox": yes_in_sandbox}
    return asyncio.run(to_the_end(repo, begin, accept=accept, trust=trust, as_json=as_json, verbose=verbose, **how))


def titled(words: str) -> tuple[str, str]:
    """A title for the board, and a brief where the words are more than a title."""
    if len(words) <= TITLE_LIMIT and "\n" not in words:
        return words, ""
    return one_line(words.splitlines()[0], TITLE_LIMIT), words
