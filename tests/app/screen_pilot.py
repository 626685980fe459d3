"""Opening the screen on a scripted engine, waiting for what a person would see, reading what is drawn."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC

from fake_command import START, FakeCommand, FixedClock
from textual.pilot import Pilot
from textual.strip import Strip

from agents.events import MissionStarted
from agents.tasks import Variant, Way
from app.screen.application import WarRoom

WIDE = (120, 40)
NORMAL = (80, 24)

FIELD = {"at": START, "mission": 1, "agent": "CodeX-7", "tier": "local"}
"""Whose events they are: the first mission of the first agent."""


def war_room() -> WarRoom:
    """The application with a clock that stands still, and nothing that moves by itself."""
    app = WarRoom(clock=FixedClock(), zone=UTC)
    app.animation_level = "none"
    return app


@asynccontextmanager
async def opened(command: FakeCommand, size: tuple[int, int] = NORMAL) -> AsyncIterator[tuple[WarRoom, Pilot[int]]]:
    """The screen, following `command`."""
    app = war_room()
    async with app.run_test(size=size) as pilot:
        app.engine_ready(command)
        await until(pilot, lambda: app.war.opened and app.war.branch == "main")
        await pilot.pause()
        yield app, pilot


async def until(pilot: Pilot[int], happened: Callable[[], bool], within_s: float = 15) -> None:
    """Wait for something to be so; fails with what is on the screen instead."""
    waited = 0.0
    while not happened():
        assert waited < within_s, f"it did not happen within {within_s} s; on the screen:\n{drawn(pilot.app)}"
        await pilot.pause(0.02)
        waited += 0.02


async def so(happened: Callable[[], bool], within_s: float = 60) -> None:
    """Wait for something, outside this process too."""
    for _ in range(round(within_s / 0.01)):
        if happened():
            return
        await asyncio.sleep(0.01)
    raise AssertionError(f"it did not happen within {within_s} s")


async def seen(pilot: Pilot[int], *texts: str) -> None:
    """Wait until every text is on the screen."""
    for text in texts:
        await until(pilot, lambda text=text: text in drawn(pilot.app))


def strips(app: object) -> list[Strip]:
    """The screen's lines, as they would go to the terminal."""
    assert isinstance(app, WarRoom)
    return app.screen._compositor.render_strips()


def drawn(app: object) -> str:
    """The screen as text."""
    return "\n".join("".join(segment.text for segment in strip) for strip in strips(app))


def move_out(command: FakeCommand, task: int, mission: int = 1) -> None:
    """A mission starts."""
    command.tell(
        MissionStarted(
            at=START,
            task=task,
            mission=mission,
            agent="CodeX-7",
            tier="local",
            number=1,
            model="qwen",
            way=Way.LOOP,
            variant=Variant.ONCE,
            branch="b",
        )
    )
