"""Sound while the screen is busy: from an event to the worker's command, and what the main process spends on it."""

import asyncio
import statistics
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from random import Random
from typing import Any

from textual.pilot import Pilot

from agents.clock import SystemClock
from agents.events import BudgetSpent, Event, ToolFinished
from agents.settings import Settings, Sound
from app.screen.application import WarRoom
from sounds.calls import Call
from tests.app.fake_command import FakeCommand
from tests.sounds.stage import squad_event

EVENTS = 600
STORM_S = 60.0
BESIDE = 20
"""Tool calls on the screen for every event of the storm: 200 a second."""


class Meter:
    """Processor time spent in what is wrapped, and when it was left."""

    def __init__(self) -> None:
        self.spent = 0.0
        self.left = 0.0

    def around(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """`function`, metered."""

        def metered(*arguments: Any) -> Any:
            began = time.thread_time()
            try:
                return function(*arguments)
            finally:
                self.spent += time.thread_time() - began
                self.left = time.perf_counter()

        return metered


async def storm(seconds: float = STORM_S) -> None:
    """Print how late sound is, its share of a processor, and how many cues there were."""
    found, share, whole, cues, heard = await _storm(seconds)
    late = statistics.quantiles(found, n=100)[98] * 1000 if len(found) > 1 else 0.0
    middle = statistics.median(found) * 1000 if found else 0.0
    print(f"event to worker's command  {middle:7.2f} ms median, {late:.2f} ms p99 of {len(found)}, goal 5 ms")
    print(f"sound in the main process  {share:7.2%} of a processor, goal 1 %; the whole screen {whole:.0%}")
    print(f"storm of {EVENTS} events       {cues:7} cues, played on {heard}")


async def _storm(seconds: float) -> tuple[Sequence[float], float, float, int, str]:
    """Seconds from telling each event to the end of what sound does about it; the shares; calls; the device."""
    command, random, meter = FakeCommand(settings=Settings(sound=Sound(enabled=False))), Random(7), Meter()
    for number in range(120):
        command.put(f"Task {number}")
    app = WarRoom(clock=SystemClock())
    desk, told, late, calls = app.sound, dict[int, float](), list[float](), list[Call]()
    take = meter.around(desk.take)

    def taken(event: Event) -> None:
        take(event)
        if event.seq in told:
            late.append(meter.left - told[event.seq])

    desk.take = taken  # type: ignore[method-assign]
    desk._advance = meter.around(desk._advance)  # type: ignore[method-assign]
    async with app.run_test(size=(160, 48)) as pilot:
        app.engine_ready(command)
        await _until(pilot, lambda: app.war.opened and bool(app.war.sound))
        speaker = desk._speaker
        assert speaker is not None
        speaker.open("null")
        await _until(pilot, lambda: app.war.sound.startswith("Null"))
        play = speaker.play

        def played(call: Call) -> None:
            play(call)
            calls.append(call)

        speaker.play = played  # type: ignore[method-assign]
        began, used, meter.spent = time.perf_counter(), time.process_time(), 0.0
        for number in range(EVENTS):
            _tell(command, squad_event(random), told)
            for beside in range(BESIDE):
                where = {"at": datetime.now(UTC), "task": 1 + beside, "mission": 1, "agent": "CodeX-7"}
                what = f"no {number}"
                _tell(command, ToolFinished(**where, call=1, tool="shell_run", ok=True, summary=what, seconds=1), told)
            await asyncio.sleep(max(0.0, began + (number + 1) * seconds / EVENTS - time.perf_counter()))
        lasted = time.perf_counter() - began
        whole = (time.process_time() - used) / lasted
        device = speaker.status
    return late, meter.spent / lasted, whole, len(calls), device


async def _until(pilot: Pilot[int], so: Callable[[], bool]) -> None:
    for _ in range(600):
        if so():
            return
        await pilot.pause(0.05)
    raise TimeoutError("the screen does not open, or there is no null device")


def _tell(command: FakeCommand, event: Event, told: dict[int, float]) -> None:
    money = {"today_nano": 420_000_000, "cap_nano": 5_000_000_000} if isinstance(event, BudgetSpent) else {}
    told[command._seq + 1] = time.perf_counter()
    command.tell(event.model_copy(update={"at": datetime.now(UTC), **money}))


if __name__ == "__main__":
    asyncio.run(storm())
