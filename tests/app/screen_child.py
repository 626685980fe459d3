"""A War Room in a process of its own, on the scripted engine: notes in a file how the engine was opened and closed."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from fake_command import FakeCommand

from app.screen.application import WarRoom
from app.screen.engine import Opened
from app.screen.launch import command
from app.screen.terminal import PatientDriver

NOTES = Path(sys.argv[1])


def note(text: str) -> None:
    with NOTES.open("a") as file:
        file.write(f"{text}\n")


@asynccontextmanager
async def scripted() -> AsyncIterator[Opened]:
    """Opens with a mission in the field, closes in order."""
    engine = FakeCommand(simulated=True)
    engine.put("Add a slug helper")
    note("opened")
    try:
        yield Opened(engine)
    finally:
        await asyncio.sleep(0)
        note("closed")


async def main() -> int:
    """The screen with the launcher's own coroutine."""
    app = WarRoom(driver_class=PatientDriver)
    code = await command(app, scripted)
    note(f"code {code}")
    return code


sys.exit(asyncio.run(main()))
