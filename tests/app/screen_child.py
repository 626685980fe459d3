"""A War Room in a process of its own, on the scripted engine: notes in a file how the engine was opened and closed.

`screen_child.py NOTES MODE`. SIGUSR1 lets go on what a mode has wait:
    squad   the engine has work that goes on when the terminal is lost
    slow    the engine takes its time to open
    early   the terminal hangs up before the screen is there
    busy    events come all the time; notes how many came
    remote  looked at from another machine
    crash   a fault of ours, in the middle of it
"""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from fake_command import FakeCommand
from screen_pilot import move_out

from agents.clock import SystemClock
from agents.events import ToolFinished
from agents.tasks import TaskStatus
from app.screen.application import WarRoom
from app.screen.engine import Opened
from app.screen.headless import work_on
from app.screen.launch import command
from app.screen.terminal import PatientDriver

NOTES, MODE = Path(sys.argv[1]), sys.argv[2]
EVENTS = 700
APPS: list[WarRoom] = []


def note(text: str) -> None:
    with NOTES.open("a") as file:
        file.write(f"{text}\n")


class Engine(FakeCommand):
    """Has one task under way until it is released."""

    async def until_idle(self) -> None:
        note("headless on " + " ".join({os.readlink(f"/proc/self/fd/{number}") for number in range(3)}))
        print("nobody reads this")
        print("nor this", file=sys.stderr, flush=True)
        await self.released.wait()
        self.busy.clear()

    def __init__(self) -> None:
        super().__init__(simulated=True)
        self.released = asyncio.Event()
        asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, self.released.set)


@asynccontextmanager
async def scripted() -> AsyncIterator[Opened]:
    """Opens with a task on the board, closes in order."""
    engine = Engine()
    engine.put("Add a slug helper", TaskStatus.RUNNING if MODE == "squad" else TaskStatus.OPEN)
    if MODE == "slow":
        note("opening")
        await engine.released.wait()
    if MODE in {"squad", "busy"}:
        engine.busy.add(1)
    note("opened")
    if MODE == "crash":
        asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, APPS[0].call_later, fault)
    telling = asyncio.create_task(tell(engine)) if MODE == "busy" else None
    work = partial(work_on, engine, NOTES.parent, SystemClock()) if MODE == "squad" else None
    try:
        yield Opened(engine, work_on=work)
    finally:
        if telling is not None:
            telling.cancel()
        await asyncio.sleep(0)
        note("closed")


def fault() -> None:
    raise LookupError("nobody foresaw this")


async def tell(engine: Engine) -> None:
    """Something to draw, all the time."""
    await asyncio.sleep(0.2)
    move_out(engine, 1)
    for number in range(EVENTS):
        where = {"at": datetime.now(UTC), "task": 1, "mission": 1, "agent": "CodeX-7"}
        engine.tell(ToolFinished(**where, call=number, tool="shell_run", ok=True, summary=f"no {number}", seconds=0.1))
        await asyncio.sleep(0.002)
    note(f"told {EVENTS}")


async def main() -> int:
    """The screen with the launcher's own coroutine."""
    app = WarRoom(remote=MODE == "remote", driver_class=PatientDriver)
    APPS.append(app)
    if MODE == "early":
        asyncio.get_running_loop().call_soon(os.kill, os.getpid(), signal.SIGHUP)
    code = await command(app, scripted)
    note(f"code {code}")
    return code


sys.exit(asyncio.run(main()))
