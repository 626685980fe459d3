"""What commands open before they can do anything: the settings of this folder, and the engine on it."""

import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from agents.configuration import Configuration, load_settings, warroom_home
from app.commands.console import say

if TYPE_CHECKING:
    from agents.headquarters import Headquarters
    from agents.store import Store
    from agents.tasks import Task


def repository_of(folder: Path) -> Path:
    """The repository `folder` is in, as git finds it; `folder` itself when it is in none."""
    folder = folder.resolve()
    marked = (above for above in (folder, *folder.parents) if _is_git(above / ".git"))
    return next(marked, folder)


def _is_git(place: Path) -> bool:
    """A repository's folder, or the file that a worktree or submodule has in its place."""
    return (place / "HEAD").exists() or place.is_file()


def configuration(folder: Path, *, trusted: bool = False, environ: Mapping[str, str] = os.environ) -> Configuration:
    """The merged settings for `folder`; warnings are said. Raises ConfigurationError."""
    found = settings_of(repository_of(folder), trusted=trusted, environ=environ)
    for warning in found.warnings:
        say(warning, "yellow")
    return found


def settings_of(
    repository: Path | None, *, trusted: bool = False, environ: Mapping[str, str] = os.environ
) -> Configuration:
    """The merged settings for a repository, its keys checked against the table of actions too. None: the person's own.

    Raises ConfigurationError.
    """
    found = load_settings(repository, home=warroom_home(environ), environ=environ, trusted=trusted)
    if found.settings.keys:
        from app.screen.keymap import check_keys

        check_keys(found)
    return found


@asynccontextmanager
async def headquarters(
    folder: Path,
    *,
    trusted: bool = False,
    found: Configuration | None = None,
    recover: bool = False,
    runs: bool = False,
    ask: bool = False,
    yes_in_sandbox: bool = False,
) -> "AsyncIterator[Headquarters]":
    """The engine on `folder`, with the person's settings; `found` where they were read already.

    `recover`: what a dead process of this repository left undone is carried on here. `runs`: the command is for
    running something of the repository. `ask`: what agents ask waits for `warroom answer`; `yes_in_sandbox`: what
    crosses no wall is not asked. Raises NotTrusted where something would run outside a wall, in a folder that the
    person does not trust.
    """
    found = found or configuration(folder, trusted=trusted)
    # The engine is half of a command's start; a wrong setting is told before.
    from agents.dispatch.approvals import Attendance
    from agents.headquarters import Headquarters
    from agents.tools.closed import NotTrusted

    home, who = warroom_home(os.environ), Attendance(attended=ask, yes_in_sandbox=yes_in_sandbox)
    async with Headquarters(
        found.settings, home=home, folder=folder, recover=recover, trusted=found.trusted, attendance=who
    ) as hq:
        if runs and hq.closed:
            raise NotTrusted(hq.closed)
        yield hq


@asynccontextmanager
async def notebook(folder: Path) -> "AsyncIterator[tuple[Store, Path]]":
    """The store and this repository's folder, for commands that only read: no engine, no git, no settings."""
    from agents.clock import SystemClock
    from agents.store import Store

    async with await Store.open(warroom_home(os.environ) / "warroom.db", SystemClock()) as store:
        yield store, repository_of(folder)


async def known_task(store: "Store", task_id: int) -> "Task":
    """The task. Raises click.UsageError when there is none."""
    task = await store.task(task_id)
    if task is None:
        raise click.UsageError(f"there is no task T{task_id}: `warroom board --all` lists them")
    return task


class TaskId(click.ParamType[int]):
    """T12 or 12."""

    name = "id"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """The number."""
        text = str(value).strip()
        digits = text[1:] if text[:1] in {"T", "t"} else text
        if not (digits.isascii() and digits.isdigit() and 0 < len(digits) < 16 and int(digits)):
            self.fail(f"{text!r} is no task: write T12 or 12.", param, ctx)
        return int(digits)


TASK_ID = TaskId()
TRUST = click.option(
    "--trust", is_flag=True, help="Trust this folder for this run: obey its warroom.toml, run it without a wall."
)
ASK = click.option("--ask", is_flag=True, help="What agents ask waits for `warroom answer`, instead of being refused.")
YES_IN_SANDBOX = click.option(
    "--yes-in-sandbox", is_flag=True, help="Allow what [sandbox] ask names while it crosses no wall; never more."
)
FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
