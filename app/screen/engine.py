"""Opening the engine for the screen: on the person's repository, or on the simulation. Heavy imports happen inside."""

from __future__ import annotations

import os
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from agents.sanitize import one_line

if TYPE_CHECKING:
    from agents.clock import Clock
    from agents.configuration import Configuration
    from agents.headquarters import Headquarters
    from agents.routing.odds import Odds
    from agents.settings import Settings
    from app.commands.diagnosis import Finding
    from app.screen.command import Command
    from app.screen.vouching import Ask


async def _nothing() -> None:
    """Most openings are followed by nothing but the person."""


@dataclass(frozen=True, slots=True)
class Opened:
    """An engine that is open, what a person should know about it, and what happens once the screen follows it."""

    command: Command
    warnings: tuple[str, ...] = ()
    offline: Mapping[str, str] = field(default_factory=dict)
    """Why a tier cannot be reached, by its name."""
    look: Callable[[], Awaitable[Mapping[str, str]]] | None = None
    """Finds that out where it was not yet; a server may take seconds to say nothing, and the board waits for none."""
    distrusted: bool = False
    """The folder is not trusted, and that makes a difference: its warroom.toml is not obeyed, or nothing of it runs."""
    odds: Callable[[], Awaitable[Odds]] | None = None
    """What this home has learnt of its models."""
    examine: Callable[[], Awaitable[Sequence[Finding]]] | None = None
    """Finds out what is missing before a person can work, for a board that is empty."""
    begin: Callable[[], Awaitable[None]] = _nothing
    work_on: Callable[[], Coroutine[Any, Any, None]] | None = None
    """What the engine does without a screen, until nothing is left to do. None: it ends with the screen."""
    on_hangup: bool = True
    """It does so when the terminal is lost, too, and not only when the person says so."""


_NEEDED = (
    "agents.configuration",
    "agents.dispatch.readiness",
    "agents.headquarters",
    "agents.proving.demo",
    "app.screen.bridge",
    "app.screen.bulk",
    "app.screen.desk",
    "app.screen.diff",
    "app.screen.handover",
    "app.screen.headless",
    "app.screen.new_task",
    "app.screen.orders",
    "app.screen.settling",
    "app.screen.sound",
    "app.screen.task_page",
    "app.screen.vouching",
)


def load() -> None:
    """Import what opening and the first keys need: half a second of work, for a thread behind the painted screen."""
    for name in _NEEDED:
        import_module(name)


@asynccontextmanager
async def here(folder: Path, *, seed: int = 59, ask: Ask | None = None) -> AsyncIterator[Opened]:
    """The engine on `folder`. With no model in reach and nothing on the board: the simulation, and it says so.

    `ask` is asked where the person has not said yet whether they trust the folder, and it makes a difference.
    Raises ConfigurationError, StoreError, WorkspaceError, SandboxError.
    """
    from agents.configuration import warroom_home
    from agents.dispatch.readiness import look
    from app.commands.opening import repository_of, settings_of
    from app.screen.vouching import Outside, answered, answered_for, why_none

    home, repository = warroom_home(os.environ), repository_of(folder)
    found = await answered_for(settings_of(repository), repository, home, ask)
    async with AsyncExitStack() as stack:
        own = AsyncExitStack()
        await stack.enter_async_context(own)
        hq = await own.enter_async_context(_headquarters(found, home, folder))
        if hq.closed and ask is not None and found.foreign is not None and not found.foreign.asked:
            found = await answered(found, repository, home, ask, Outside(why_none(hq.closed)))
            if found.trusted:
                await own.aclose()
                hq = await own.enter_async_context(_headquarters(found, home, folder))
        warnings = (*found.warnings, *hq.warnings)

        async def missing() -> Mapping[str, str]:
            return (await look(hq.settings, hq.store)).missing

        if await hq.tasks():
            yield _opened(hq, found, warnings, home, look=missing)
            return
        ready = await look(hq.settings, hq.store)
        if ready.available:
            yield _opened(hq, found, warnings, home, offline=ready.missing)
            return
        why = next(iter(ready.missing.values()), "no tier is enabled")
        await own.aclose()
        played = await stack.enter_async_context(simulation(seed=seed))
        said = f"SIMULATION, because no model can be reached: {why}"
        yield Opened(played.command, (said, *played.warnings), begin=played.begin)


def _headquarters(found: Configuration, home: Path, folder: Path) -> Headquarters:
    from agents.dispatch.approvals import Attendance
    from agents.headquarters import Headquarters

    here = Attendance(attended=True)
    return Headquarters(found.settings, home=home, folder=folder, recover=True, trusted=found.trusted, attendance=here)


def _opened(hq: Headquarters, found: Configuration, warnings: tuple[str, ...], home: Path, **more: Any) -> Opened:
    """An engine on the person's repository."""
    from agents.dispatch.known_odds import KnownOdds

    return Opened(
        hq,
        warnings,
        work_on=_headless(hq, home),
        on_hangup=hq.settings.dispatch.on_hangup == "continue",
        odds=KnownOdds(hq.store, hq.settings).now,
        examine=partial(_examined, found),
        distrusted=bool(found.warnings or hq.closed),
        **more,
    )


async def _examined(found: Configuration) -> list[Finding]:
    """What the doctor says of a file that is not obeyed, of the models and of the sandbox."""
    from app.commands import diagnosis
    from app.commands.doctor import tiers

    return [
        *([diagnosis.configured(found)] if found.warnings else []),
        *[finding async for finding in tiers(found)],
        await diagnosis.sandbox(found.settings, trusted=found.trusted),
    ]


def _headless(hq: Headquarters, home: Path) -> Callable[[], Coroutine[Any, Any, None]]:
    from agents.clock import SystemClock
    from app.screen.headless import work_on

    return partial(work_on, hq, home / "logs", SystemClock())


@asynccontextmanager
async def simulation(
    *, seed: int = 59, speed: float = 1.0, tasks: int | None = None, clock: Clock | None = None
) -> AsyncIterator[Opened]:
    """The real engine on a temporary repository with simulated models; `begin` posts the demo's tasks and sends them.

    `speed` 1 is watchable; `tasks` at most so many, 0 for an empty board.
    """
    from agents.clock import SystemClock
    from agents.dispatch.known_odds import KnownOdds
    from agents.headquarters import Headquarters
    from agents.proving.demo import as_posted, demo_connector, demo_settings, demo_tasks, make_battlefield

    clock, script = clock or SystemClock(), demo_tasks(tasks)
    with tempfile.TemporaryDirectory(prefix="warroom-demo-") as folder:
        battlefield = Path(folder) / "shop"
        battlefield.mkdir()
        await make_battlefield(battlefield, script)
        connect = demo_connector(script, seed=seed, clock=clock, speed=speed)
        home = Path(folder) / "home"
        settings, complaints = _personal(demo_settings(speed))
        async with Headquarters(
            settings, home=home, folder=battlefield, clock=clock, seed=seed, simulated=True, connect=connect
        ) as hq:

            async def begin() -> None:
                for task in script:
                    await hq.post(as_posted(task))
                await hq.dispatch_all()

            yield Opened(hq, (*complaints, *hq.warnings), odds=KnownOdds(hq.store, settings).now, begin=begin)


def _personal(settings: Settings) -> tuple[Settings, tuple[str, ...]]:
    """The simulation's settings with the person's looks, keys and sounds. A mistake in their file is said, no more."""
    from agents.configuration import ConfigurationError
    from app.commands.opening import settings_of

    try:
        own = settings_of(None).settings
    except ConfigurationError as error:
        return settings, (one_line(str(error), 400),)
    return settings.model_copy(update={"screen": own.screen, "keys": own.keys, "sound": own.sound}), ()
