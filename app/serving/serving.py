"""From the command to the end of the session: the client leaves or vanishes, a signal comes, the terminal is lost."""

import asyncio
import logging
from pathlib import Path

import anyio

from app.commands.console import say
from app.commands.failures import DONE, ENVIRONMENT, INTERRUPTED
from app.commands.interrupts import interruptible
from app.serving.rooms import Rooms
from app.serving.server import Desk
from app.serving.wire import Wire, streams, take_standard_streams

LAST_WORDS_S = 1.0
"""How long a client that is gone, or reads nothing, may keep us from ending."""


async def serve(folder: Path, *, trusted: bool) -> int:
    """Serve one client on standard input and output until it is gone; the exit code."""
    logging.getLogger("mcp").addHandler(logging.NullHandler())  # its tracebacks are no narration
    logging.getLogger("mcp").propagate = False
    rooms = Rooms(folder, trusted=trusted)
    desk = Desk(rooms)
    wire = Wire(take_standard_streams(), desk.cancelled)
    with interruptible(lambda: wish.set() if rooms.stop_with_terminal() else None) as wish:
        talking = asyncio.create_task(talk(desk, wire))
        stopping = asyncio.create_task(wish.wait())
        try:
            await asyncio.wait({talking, stopping}, return_when=asyncio.FIRST_COMPLETED)
            talking.cancel()
            failure = (await asyncio.gather(talking, return_exceptions=True))[0]
            rooms.stop() if wish.is_set() else rooms.leave()
            closing = asyncio.create_task(rooms.closed())
            await asyncio.wait({closing, stopping}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            stopping.cancel()
            rooms.stop()
            await rooms.closed()
    if isinstance(failure, ExceptionGroup) and (lost := failure.subgroup(OSError)) is not None:
        say(f"warroom: the client gets no answers any more: {lost.exceptions[0]}", "red")
        return ENVIRONMENT
    if isinstance(failure, Exception):
        raise failure
    return INTERRUPTED if wish.is_set() else DONE


async def talk(desk: Desk, wire: Wire) -> None:
    """Until the client is gone."""
    server = desk.server()
    (come_in, incoming), (outgoing, go_out) = streams()
    written = anyio.Event()

    async def read() -> None:
        async with come_in:
            await wire.read(come_in)
            # Whoever pipes requests into us and closes the pipe wants the answers all the same.
            with anyio.move_on_after(LAST_WORDS_S):
                await wire.answered(but=desk.waits)

    async def write() -> None:
        try:
            await wire.write(go_out)
        finally:
            written.set()

    async with anyio.create_task_group() as group:
        group.start_soon(read)
        group.start_soon(write)
        await server.run(incoming, outgoing, server.create_initialization_options())
        with anyio.move_on_after(LAST_WORDS_S):
            await written.wait()
        group.cancel_scope.cancel()
