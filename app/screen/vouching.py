"""Asking whether a folder is trusted, before the engine is opened on it, and remembering the answer."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from agents.sanitize import one_line

if TYPE_CHECKING:
    from pathlib import Path

    from agents.configuration import Configuration
    from agents.configuration.foreign import Foreign
    from app.screen.application import WarRoom


@dataclass(frozen=True, slots=True)
class Outside:
    """What of a folder would run outside a wall; sanitized."""

    no_wall: str = ""
    """Why there is none; empty where there is one."""
    programs: str = ""
    """Keys of its git configuration by which git runs programs."""

    def __bool__(self) -> bool:
        return bool(self.no_wall or self.programs)


Ask = Callable[["Foreign", Outside], Awaitable[bool]]
"""Asks the person about a folder; True: they trust it."""


def asker(app: WarRoom) -> Ask:
    """Asks on the screen. It may be awaited outside the screen's own task."""

    async def ask(foreign: Foreign, outside: Outside) -> bool:
        from app.screen.trust import TrustQuestion

        answered: asyncio.Future[bool] = asyncio.get_running_loop().create_future()

        def answer(yes: bool | None) -> None:
            if not answered.done():
                answered.set_result(bool(yes))

        app.call_later(app.push_screen, TrustQuestion(foreign, outside, ascii_only=app.ascii_only), answer)
        return await answered

    return ask


async def answered_for(found: Configuration, repository: Path, home: Path, ask: Ask | None) -> Configuration:
    """The settings once the person has answered for what the repository's file would change, and for what its git
    configuration would run.

    They are asked anew when the file became another one meanwhile. Raises ConfigurationError, WorkspaceError.
    """
    foreign = found.foreign
    while ask is not None and foreign is not None and not (foreign.trusted or foreign.asked or foreign.problem):
        programs = await programs_of(repository)
        if not foreign.changes and not programs:
            break
        found = await answered(found, repository, home, ask, Outside(await no_wall(found, home), programs))
        foreign = found.foreign
    return found


async def answered(found: Configuration, repository: Path, home: Path, ask: Ask, outside: Outside) -> Configuration:
    """Ask once, remember the answer, and read the settings again. Raises ConfigurationError."""
    from app.commands.opening import settings_of
    from app.commands.trust import vouch

    if found.foreign is None:
        return found
    vouch(home, found.foreign, trusted=await ask(found.foreign, outside))
    return settings_of(repository)


async def programs_of(repository: Path) -> str:
    """What git would run of the repository's own configuration, named; empty: nothing."""
    from agents.workspace.foreign_programs import foreign_programs, named

    return named(await foreign_programs(repository))


async def no_wall(found: Configuration, home: Path) -> str:
    """Why agents' commands would have no wall around them here; empty where there is one, or where that is an error."""
    from agents.tools.sandbox import SandboxError, choose_sandbox

    try:
        sandbox = await choose_sandbox(found.settings.sandbox.kind, hidden=[home])
    except SandboxError:
        return ""
    return why_none(sandbox.warning)


def why_none(warning: str | None) -> str:
    """The reason in a sandbox's warning."""
    return one_line((warning or "").removeprefix("no sandbox: ").partition(";")[0].partition(". This folder")[0], 120)


async def ask_again(app: WarRoom) -> None:
    """The person wants to see the question, or what they answered. A yes holds from the next opening on."""
    from agents.configuration import warroom_home
    from app.commands.opening import settings_of

    command = app.orders.command
    if command is None or command.simulated:
        app.say("In the simulation the repository is ours, and trusted.", "$info")
        return
    home, repository = warroom_home(os.environ), command.repository.root
    found = await asyncio.to_thread(settings_of, repository)
    if found.foreign is None or found.foreign.trusted:
        app.say("This folder is trusted. `warroom trust --revoke` takes that back.", "$info")
        return
    if found.foreign.problem:
        app.say(found.warnings[0], "$warn")
        return
    outside = Outside(await no_wall(found, home), await programs_of(repository))
    after = await answered(found, repository, home, asker(app), outside)
    app.say("Trusted: it is obeyed from the next opening of War Room on." if after.trusted else "Not trusted.", "$info")
