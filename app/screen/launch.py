"""From the shell to the screen and back. The engine belongs to the coroutine here, not to a widget: the screen is
painted first, the engine opened behind it, and closed in order after the terminal has been given back."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from app.screen.application import WarRoom
    from app.screen.engine import Opened

Prepare = Callable[[], "AbstractAsyncContextManager[Opened]"]
"""Imports what the engine needs, in a thread, and gives the context it lives in."""

INTERRUPTED = 130
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
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
) -> int:
    """Open the command center on `folder`, or on the simulation; the exit code once the person has left."""
    remote = bool(os.environ.get("SSH_CONNECTION"))
    if remote:
        for name, value in _REMOTE.items():
            os.environ.setdefault(name, value)
    from app.screen.application import WarRoom
    from app.screen.terminal import PatientDriver

    def prepare() -> AbstractAsyncContextManager[Opened]:
        from app.screen.engine import here, load, simulation

        load()
        return simulation(seed=seed, speed=speed, tasks=tasks) if demo else here(folder, seed=seed)

    async def live() -> int:
        app = WarRoom(remote=remote, driver_class=PatientDriver)
        return await command(app, prepare, mouse=mouse)

    return asyncio.run(live())


async def command(app: WarRoom, prepare: Prepare, *, mouse: bool = True, headless: bool = False) -> int:
    """Run the screen, and the engine beside it. Returns the exit code: 130 after a signal, else the engine's or 0."""
    closing = asyncio.Event()
    engine = asyncio.create_task(_engine(app, prepare, closing), name="engine")
    with _signals(app) as signals:
        try:
            await app.run_async(mouse=mouse, headless=headless)
        finally:
            closing.set()
            if app.orders.command is None:
                engine.cancel()
            failure = (await asyncio.gather(engine, return_exceptions=True))[0]
    if isinstance(failure, Exception):
        from app.commands.failures import told

        return told(failure)
    return INTERRUPTED if signals else (app.return_code or 0)


async def _engine(app: WarRoom, prepare: Prepare, closing: asyncio.Event) -> None:
    """Open the engine once the screen is painted, and hold it until the screen is gone. Raises what opening raises."""
    await app.painted.wait()
    try:
        context = await asyncio.to_thread(prepare)
        opened = await context.__aenter__()
    except Exception as error:
        app.engine_failed(error)
        raise
    try:
        app.engine_ready(opened.command, opened.warnings, opened.offline)
        begin = asyncio.create_task(_begin(app, opened), name="begin")
        await closing.wait()
        begin.cancel()
        await asyncio.gather(begin, return_exceptions=True)
    finally:
        await context.__aexit__(None, None, None)


async def _begin(app: WarRoom, opened: Opened) -> None:
    try:
        await opened.begin()
    except Exception as error:
        app.complain(error)


@contextmanager
def _signals(app: WarRoom) -> Iterator[list[signal.Signals]]:
    """The first of them closes the screen in order: the terminal is restored, then the engine stopped.

    A second SIGINT or SIGTERM ends the process the usual way. A second SIGHUP does not: a lost terminal sends several.
    """
    loop = asyncio.get_running_loop()
    heard: list[signal.Signals] = []

    def leave(number: signal.Signals) -> None:
        heard.append(number)
        loop.remove_signal_handler(signal.SIGINT)
        loop.remove_signal_handler(signal.SIGTERM)
        app.exit(return_code=INTERRUPTED)

    for number in _SIGNALS:
        loop.add_signal_handler(number, leave, number)
    try:
        yield heard
    finally:
        for number in _SIGNALS:
            loop.remove_signal_handler(number)
