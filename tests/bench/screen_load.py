"""A War Room in a process of its own with something to draw: `screen_load.py MODE`, for tests.bench.screen.

idle    a few tasks, nothing happens
busy    eight agents, a hundred lines of tool output a second in all
many    ten thousand tasks and a hundred thousand lines in the log, then nothing
"""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "app"))

from fake_command import START, FakeCommand

from agents.events import MissionStarted, TaskStatusChanged, ToolFinished, ToolOutput, ToolStarted
from agents.tasks import Agent, TaskStatus, Variant, Way
from app.screen.application import WarRoom
from app.screen.engine import Opened
from app.screen.launch import command
from app.screen.terminal import PatientDriver

MODE = sys.argv[1]
CALLSIGNS = ("CodeX-7", "Viper-2", "Forge-1", "Hawk-4", "Ghost-9", "Lynx-3", "Titan-5", "Nova-6")
LINES_A_SECOND = 100
TASKS, RECORDS = 10_000, 100_000
_TICK_S = 0.02


def where(number: int) -> dict[str, object]:
    """Whose event it is."""
    return {
        "at": datetime.now(UTC),
        "task": number + 1,
        "mission": number + 1,
        "agent": CALLSIGNS[number],
        "tier": "local",
    }


async def stream(engine: FakeCommand) -> None:
    """Calls begin, print and end, at the rate."""
    for number in range(len(CALLSIGNS)):
        engine.tell(
            MissionStarted(number=1, model="qwen", way=Way.LOOP, variant=Variant.ONCE, branch="b", **where(number))
        )
        engine.tell(ToolStarted(call=1, tool="shell_run", summary="pytest -q tests", **where(number)))
    told, begun = 0, asyncio.get_running_loop().time()
    while True:
        due = int((asyncio.get_running_loop().time() - begun) * LINES_A_SECOND)
        for line in range(told, due):
            number, call = line % len(CALLSIGNS), line // 400 + 1
            engine.tell(
                ToolOutput(call=call, text=f"tests/test_{line}.py::test_it PASSED  [{line}]\n", **where(number))
            )
            if line % 50 == 49:
                engine.tell(
                    ToolFinished(
                        call=call, tool="shell_run", ok=line % 3 > 0, summary="exit 0", seconds=1, **where(number)
                    )
                )
        told = due
        await asyncio.sleep(_TICK_S)


async def pile(engine: FakeCommand) -> None:
    """A long day in a few seconds."""
    for line in range(RECORDS):
        engine.tell(
            ToolFinished(
                call=line,
                tool="file_read",
                ok=True,
                summary=f"src/module_{line}.py 120 lines",
                seconds=0.1,
                **where(line % 8),
            )
        )
        if line % 500 == 499:
            await asyncio.sleep(0)
            engine.tell(TaskStatusChanged(at=START, task=line % TASKS + 1, status=TaskStatus.DONE))
    engine.tell(ToolFinished(call=0, tool="done", ok=True, summary="ALL WAS TOLD", seconds=1, **where(0)))


@asynccontextmanager
async def loaded() -> AsyncIterator[Opened]:
    """The scripted engine, with its load."""
    engine = FakeCommand(roster=tuple(Agent(callsign=name, tier="local") for name in CALLSIGNS))
    for number in range(TASKS if MODE == "many" else 40):
        engine.put(f"Task number {number} of the board", complexity=number % 10 + 1, priority=number % 10 + 1)
    work = {"busy": stream, "many": pile}.get(MODE)

    async def begin() -> None:
        if work is not None:
            running.append(asyncio.create_task(work(engine)))

    running: list[asyncio.Task[None]] = []
    try:
        yield Opened(engine, begin=begin)
    finally:
        for task in running:
            task.cancel()


if __name__ == "__main__":
    sys.exit(asyncio.run(command(WarRoom(driver_class=PatientDriver), loaded)))
