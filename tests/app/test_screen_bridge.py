"""The consumer between the bus and the screen: how often it draws, what it draws, and that it lets go."""

import asyncio
import time

from fake_command import START, FakeCommand, FixedClock

from agents.events import AgentCooling, AgentHealth, MissionStarted, ModelDelta, TaskPosted, TaskStatusChanged
from agents.tasks import Health, TaskStatus, Variant, Way
from app.screen.bridge import RATE, Bridge
from app.screen.state import Part, War
from sounds.cues import Cue

REPO = "/home/ada/shop"


class Drawings:
    """What the bridge had drawn, and when."""

    def __init__(self) -> None:
        self.all: list[tuple[float, Part, Cue | None]] = []
        self.more = asyncio.Event()

    def __call__(self, parts: Part, cue: Cue | None) -> None:
        self.all.append((time.monotonic(), parts, cue))
        self.more.set()

    async def wait_for(self, parts: Part) -> None:
        """Until `parts` were drawn since the last time this was asked."""
        async with asyncio.timeout(10):
            while not any(drawn & parts for _, drawn, _ in self.all):
                self.more.clear()
                await self.more.wait()


async def following(command: FakeCommand, war: War, draw: Drawings) -> "asyncio.Task[None]":
    task = asyncio.create_task(Bridge(war, command, draw, FixedClock()).run())
    await draw.wait_for(Part.BOARD)
    return task


async def let_go(task: "asyncio.Task[None]", command: FakeCommand) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert not command.bus._subscriptions


async def test_a_flood_is_drawn_at_the_rate_and_nothing_is_lost() -> None:
    command, war, draw = FakeCommand(), War(), Drawings()
    task = await following(command, war, draw)
    draw.all.clear()
    began = time.monotonic()
    for number in range(1, 1_501):
        command.tell(TaskPosted(at=START, task=number, title=f"Task {number}", priority=5, repo=REPO))
        command.tell(ModelDelta(at=START, task=number, mission=number % 3, text="word "))
        if number % 50 == 0:
            await asyncio.sleep(0.01)
    async with asyncio.timeout(10):
        while len(war.tasks) < 1_500:
            draw.more.clear()
            await draw.more.wait()
    lasted = time.monotonic() - began
    assert len(draw.all) <= lasted * RATE + 2
    slow = [at for at, parts, _ in draw.all if parts & Part.RADAR]
    assert len(slow) <= lasted / 0.5 + 2
    await let_go(task, command)


async def test_what_is_drawn_slowly_keeps_nothing_else_waiting() -> None:
    command, war, draw = FakeCommand(), War(), Drawings()
    command.put("First")
    task = await following(command, war, draw)
    for _ in range(2):
        draw.all.clear()
        while not any(parts & Part.RADAR for _, parts, _ in draw.all):
            command.tell(TaskStatusChanged(at=START, task=1, status=TaskStatus.RUNNING))
            await asyncio.sleep(0.01)
    assert len(draw.all) > 3, "the board, several times between two radars"
    await let_go(task, command)


async def test_the_last_change_is_always_drawn() -> None:
    command, war, draw = FakeCommand(), War(), Drawings()
    command.put("First")
    task = await following(command, war, draw)
    for status in (TaskStatus.QUEUED, TaskStatus.RUNNING, TaskStatus.REVIEW):
        draw.all.clear()
        command.tell(TaskStatusChanged(at=START, task=1, status=status))
        await draw.wait_for(Part.BOARD)
        await draw.wait_for(Part.RADAR)
        assert war.tasks[1].status == status
    await let_go(task, command)


async def test_idle_draws_nothing_and_a_mission_ticks() -> None:
    command, war, draw = FakeCommand(), War(), Drawings()
    command.put("First")
    task = await following(command, war, draw)
    await asyncio.sleep(0.7)
    draw.all.clear()
    await asyncio.sleep(1.3)
    assert draw.all == []
    moved = MissionStarted(
        at=START, task=1, mission=1, agent="A", number=1, model="m", way=Way.LOOP, variant=Variant.ONCE, branch="b"
    )
    command.tell(moved)
    await draw.wait_for(Part.MISSIONS)
    draw.all.clear()
    await draw.wait_for(Part.MISSIONS)
    command.tell(TaskStatusChanged(at=START, task=1, status=TaskStatus.REVIEW))
    await asyncio.sleep(1.8)
    draw.all.clear()
    await asyncio.sleep(1.3)
    assert draw.all == []
    await let_go(task, command)


async def test_the_most_urgent_cue_wins_and_is_given_once() -> None:
    command, war, draw = FakeCommand(), War(), Drawings()
    command.put("First")
    task = await following(command, war, draw)
    draw.all.clear()
    command.tell(AgentHealth(at=START, task=1, mission=1, agent="A", health=Health.STUCK))
    command.tell(TaskStatusChanged(at=START, task=1, status=TaskStatus.NEEDS_HUMAN))
    command.tell(AgentCooling(at=START, agent="A", seconds=0))
    await draw.wait_for(Part.BOARD)
    cues = [cue.event for _, _, cue in draw.all if cue is not None]
    assert cues == ["agent.needs_input"]
    await let_go(task, command)
