"""From the shell to the screen and back. The engine belongs to the coroutine here, not to a widget: the screen is
painted first, the engine opened behind it, and closed in order after the terminal has been given back."""

from __future__ import annotations

import asyncio
import gc
import os
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from app.screen.ending import INTERRUPTED, Ending, give_up_terminal

if TYPE_CHECKING:
    from app.screen.application import WarRoom
    from app.screen.engine import Opened

Prepare = Callable[[], "AbstractAsyncContextManager[Opened]"]
"""Imports what the engine needs, in a thread, and gives the context it lives in."""

_REMOTE = {"TEXTUAL_FPS": "20", "TEXTUAL_ANIMATIONS": "none", "TEXTUAL_SMOOTH_SCROLL": "0"}
"""Read by Textual when it is imported: over SSH every frame is traffic."""


def launch(
    folder: Path,
    *,
    demo: bool = False,
    seed: int = 59,
    speed: float = 1.0,
    tasks: int | None = None,
    mouse: bool = True,
    ascii_only: bool = False,
    plain_speech: bool = False,
) -> int:
    """Open the command center on `folder`, or on the simulation; the exit code once the person has left."""
    gc.disable()  # imports leave nothing to collect: until the first frame, looking for it is only time
    remote = bool(os.environ.get("SSH_CONNECTION"))
    if remote:
        for name, value in _REMOTE.items():
            os.environ.setdefault(name, value)
    from app.screen.application import WarRoom
    from app.screen.terminal import PatientDriver

    async def live() -> int:
        def prepare() -> AbstractAsyncContextManager[Opened]:
            from app.screen.engine import here, load, simulation
            from app.screen.vouching import asker

            load()
            return simulation(seed=seed, speed=speed, tasks=tasks) if demo else here(folder, seed=seed, ask=asker(app))

        app = WarRoom(
            remote=remote, ascii_only=ascii_only, plain_speech=plain_speech, ask_sound=True, driver_class=PatientDriver
        )
        if app.console.color_system == "standard":  # sixteen colours: of ours none would be left
            app.theme = "ansi"
        return await command(app, prepare, mouse=mouse)

    return asyncio.run(live())


async def command(app: WarRoom, prepare: Prepare, *, mouse: bool = True, headless: bool = False) -> int:
    """Run the screen, and the engine beside it. Returns the exit code: 130 after a signal, else the engine's or 0.

    When the terminal is lost, this goes on without a screen for as long as the engine has work under way.
    """
    with Ending(app) as ending:
        engine = asyncio.create_task(_engine(app, prepare, ending), name="engine")
        try:
            await app.run_async(mouse=mouse, headless=headless)
        finally:
            ending.screen_closed.set()
            if app.orders.command is None:
                engine.cancel()
            failure = (await asyncio.gather(engine, return_exceptions=True))[0]
            if ending.lost:
                give_up_terminal()
    if isinstance(failure, Exception):
        from app.commands.failures import told

        return told(failure)
    return INTERRUPTED if ending.interrupted else (app.return_code or 0)


async def _engine(app: WarRoom, prepare: Prepare, ending: Ending) -> None:
    """Open the engine once the screen is painted, and hold it until the screen is gone, or until it has done its work
    when it was the terminal that went. Raises what opening raises."""
    await app.painted.wait()
    gc.enable()
    try:
        context = await asyncio.to_thread(prepare)
        opened = await context.__aenter__()
    except Exception as error:
        app.engine_failed(error)
        raise
    try:
        from app.screen.estimate import Estimator

        settings, root = opened.command.settings, opened.command.repository.root
        app.orders.estimated = Estimator(settings, root, odds=opened.odds, offline=lambda: app.war.offline)
        app.can_work_alone = opened.work_on is not None
        app.war.distrusted = opened.distrusted
        app.engine_ready(opened.command, opened.warnings, opened.offline)
        begin = asyncio.create_task(_begin(app, opened), name="begin")
        await ending.screen_closed.wait()
        begin.cancel()
        await asyncio.gather(begin, return_exceptions=True)
        wanted = app.works_alone or (ending.orphaned and opened.on_hangup)
        goes_on = wanted and opened.work_on is not None and opened.command.under_way()
        if ending.lost:
            _part("The screen is closed, the squad works on: `warroom` shows and commands it." if goes_on else "")
        elif goes_on:
            _stay()
        if goes_on and opened.work_on is not None:
            await ending.unless_stopped(opened.work_on())
    finally:
        await context.__aexit__(None, None, None)


def _part(words: str) -> None:
    """Leave the lost terminal. A signal may say that of one that is still there: then a person reads `words`."""
    from app.commands.console import say

    if words:
        with suppress(OSError):
            say(words)
    give_up_terminal()


def _stay() -> None:
    """The person has left the screen; the process stays, and says how it ends."""
    from app.commands.console import say

    say("The squad works on here. ctrl+c stops it in order; ctrl+z and then `bg` gives you the shell back.")


async def _begin(app: WarRoom, opened: Opened) -> None:
    try:
        if opened.look is not None:
            app.out_of_reach(await opened.look())
        if opened.examine is not None and not await opened.command.tasks():
            app.examined(await opened.examine())
        await opened.begin()
    except Exception as error:
        app.complain(error)
