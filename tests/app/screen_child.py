"""A War Room in a process of its own, on the scripted engine: notes in a file how the engine was opened and closed.

`screen_child.py NOTES MODE`. SIGUSR1 lets go on what a mode has wait:
    squad   the engine has work that goes on when the terminal is lost
    slow    the engine takes its time to open
    early   the terminal hangs up before the screen is there
    busy    events come all the time; notes how many came
    remote  looked at from another machine
    hostile everything that is shown is meant to hurt the terminal
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

from fake_command import FakeCommand, result
from screen_pilot import move_out

from agents.clock import SystemClock
from agents.events import ToolFinished, ToolOutput, ToolStarted
from agents.models.chat import Message
from agents.tasks import Finding, Mission, Review, TaskStatus, Variant, Way
from app.screen.application import WarRoom
from app.screen.engine import Opened
from app.screen.headless import work_on
from app.screen.launch import command
from app.screen.terminal import PatientDriver

NOTES, MODE = Path(sys.argv[1]), sys.argv[2]
EVENTS = 700
HOSTILE = (
    "[/foo] [@click=app.quit]x[/] \x1b]52;c;cm0gLXJm\x07\x1b[2J\x1b]0;owned\x07\x9b31m\x90evil\x9c\x00"
    + "\u202etxt\u2066\u200b"
    + "数据" * 20
    + "y" * 1_000_000
)
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
    if MODE == "hostile":
        arm(engine)
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


def arm(engine: Engine) -> None:
    """Foreign text wherever there is any, and some of it happening."""
    text = HOSTILE
    ran = result(1, text).model_copy(update={"command": text})
    found = Finding(path="a", line=1, severity="error", text=text)
    review = Review(
        commit="abc", tier=text, model=text, approves=False, summary=text, findings=(found,), at=datetime.now(UTC)
    )
    said = {"reason": text, "brief": text, "warnings": (text,), "branch": text, "commit": "abc", "review": review}
    engine.put(text[:400], TaskStatus.REVIEW, base_check=ran, result_check=ran, model_used=text, tier_used=text, **said)
    engine.diff_text = f"diff --git a/{text} b/a\n--- a/{text}\n+++ b/a\n@@ -1 +1 @@\n-{text}\n+{text}\n"
    engine.said[1] = [Message(role="assistant", content=text)]
    engine.attempts[2] = [
        Mission(id=1, task=2, number=1, agent=text, tier=text, model=text, way=Way.LOOP, variant=Variant.ONCE,
                started_at=datetime.now(UTC), reason=text)
    ]  # fmt: skip
    where = {"at": datetime.now(UTC), "task": 2, "mission": 1, "agent": text, "tier": text}
    engine.past = [
        ToolStarted(call=1, tool=text, summary=text, **where),
        ToolOutput(call=1, text=f"{text}\n{text}", **where),
        ToolFinished(call=1, tool=text, ok=False, summary=text, seconds=1, **where),
    ]


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
