"""What a client that waits is told: what matters is never left out, the rest is told together."""

import asyncio
from datetime import UTC, datetime

import pytest

from agents.bus import EventBus
from agents.events import AgentHealth, CheckFinished, Event, MissionEscalated, ToolFinished
from agents.tasks import Health, Variant
from app.serving import progress
from app.serving.progress import LINES, Progress, line_of

AT = datetime(2026, 11, 1, tzinfo=UTC)
WORKING = AgentHealth(at=AT, task=3, agent="CodeX-7", health=Health.WORKING, step=2, max_steps=25)
RED = CheckFinished(at=AT, task=3, agent="CodeX-7", command="make", commit="c", on="result", exit_code=1, seconds=1)
UP = MissionEscalated(at=AT, task=3, to_tier="haiku", variant=Variant.ONCE, reason="red twice")


def tool(number: int, task: int = 3) -> Event:
    return ToolFinished(at=AT, task=task, call=number, tool="read", ok=True, summary=f"file {number}", seconds=0.1)


def test_steps_tools_checks_and_escalations_are_told() -> None:
    assert line_of(WORKING) == "CodeX-7 step 2 of 25"
    assert line_of(RED).startswith("CodeX-7 ◇ check on the result: exit 1")
    assert line_of(UP) == "next: haiku once (red twice)"
    assert "file 1" in line_of(tool(1))


async def test_what_happens_at_once_is_told_at_once_and_nothing_that_matters_is_lost() -> None:
    told = await followed([WORKING, RED, *map(tool, range(1, 50)), UP, tool(50, task=4)])
    assert [number for number, _ in told] == list(range(1, len(told) + 1))
    assert len(told) <= 2
    heard = "; ".join(text for _, text in told)
    for expected in ("exit 1", "next: haiku", "file 49"):
        assert expected in heard
    assert "file 50" not in heard
    assert heard.count("file ") <= 2 * LINES


async def test_a_long_silence_is_told_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "SILENCE_S", 0.01)
    bus, silent = EventBus(), asyncio.Event()

    async def tell(number: float, text: str) -> None:
        if text == "nothing new since: CodeX-7 step 2 of 25":
            silent.set()

    with bus.subscribe() as events:
        following = asyncio.create_task(Progress(3, tell).follow(events))
        await asyncio.sleep(0)
        bus.publish(WORKING)
        async with asyncio.timeout(10):
            await silent.wait()
        events.finish()
        await following


async def followed(what: list[Event]) -> list[tuple[float, str]]:
    """What is told of events that come all at once."""
    told: list[tuple[float, str]] = []

    async def tell(number: float, text: str) -> None:
        told.append((number, text))

    bus = EventBus()
    with bus.subscribe() as events:
        following = asyncio.create_task(Progress(3, tell).follow(events))
        for event in what:
            bus.publish(event)
        events.finish()
        await following
    return told
