"""A battle that stands still, for pictures of the whole screen."""

from collections.abc import Awaitable, Callable

from fake_command import START, FakeCommand, in_review
from screen_pilot import until
from textual.pilot import Pilot

from agents.events import (
    AgentCooling,
    AgentHealth,
    CheckFinished,
    CheckStarted,
    MissionStarted,
    ModelUsage,
    ToolFinished,
    ToolOutput,
    ToolStarted,
)
from agents.tasks import Health, TaskStatus, Usage, Variant, Way
from app.screen.application import WarRoom


def battle() -> FakeCommand:
    """A squad in the middle of it."""
    command = FakeCommand(simulated=True)
    command.put("Fix CSV quoting", TaskStatus.RUNNING, complexity=4)
    command.put("Retry on 503", TaskStatus.RUNNING, complexity=6, priority=7)
    in_review(command, "Add a slug helper")
    command.put("Paginate /orders", complexity=7, priority=8)
    command.put("Split the billing module", TaskStatus.BLOCKED, complexity=9)
    command.put("Port the importer", TaskStatus.NEEDS_HUMAN, complexity=10, reason="every tier failed")
    command.put("Old news", TaskStatus.DONE, complexity=1)
    return command


def play(command: FakeCommand) -> None:
    """What the agents did so far."""
    for number, (agent, tier) in enumerate((("CodeX-7", "local"), ("Viper-2", "haiku")), 1):
        where = {"at": START, "task": number, "mission": number, "agent": agent, "tier": tier}
        command.tell(
            MissionStarted(
                number=1, model="qwen", way=Way.LOOP, variant=Variant.ONCE, branch="b", why="cheapest", **where
            )
        )
        command.tell(CheckStarted(command="pytest -q", commit="a", on="base", **where))
        command.tell(CheckFinished(command="pytest -q", commit="a", on="base", exit_code=1, seconds=2, **where))
        command.tell(ToolStarted(call=1, tool="shell_run", summary="pytest -q tests/test_csv.py", **where))
        command.tell(ToolOutput(call=1, text="FAILED test_quotes\n1 failed, 11 passed\n", **where))
        command.tell(ToolFinished(call=1, tool="shell_run", ok=False, summary="exit 1", seconds=1.3, **where))
        usage = Usage(input=4_000, output=600)
        command.tell(ModelUsage(model="qwen", call=1, usage=usage, cost_nano=1_200_000, seconds=3, **where))
        health = Health.WORKING if number == 1 else Health.STUCK
        command.tell(AgentHealth(health=health, step=4, max_steps=25, note="runs the tests", **where))
    command.tell(AgentCooling(at=START, agent="Forge-1", tier="local", seconds=2.1))


def before(
    app: WarRoom, command: FakeCommand, *keys: str, until_so: Callable[[], bool] | None = None
) -> Callable[[Pilot[int]], Awaitable[None]]:
    """Open, play, press."""

    async def run(pilot: Pilot[int]) -> None:
        app.engine_ready(command)
        await until(pilot, lambda: app.war.opened and app.war.branch == "main")
        play(command)
        await until(pilot, lambda: "Forge-1" in app.war.units and len(app.war.log) == 15)
        await pilot.pause(0.7)
        await pilot.press(*keys)
        if until_so is not None:
            await until(pilot, until_so)
        await pilot.pause(0.2)

    return run


def opened_empty(app: WarRoom, command: FakeCommand) -> Callable[[Pilot[int]], Awaitable[None]]:
    """Open on a board with nothing on it."""

    async def run(pilot: Pilot[int]) -> None:
        app.engine_ready(command)
        await until(pilot, lambda: app.war.opened and app.war.branch == "main")
        await pilot.pause(0.2)

    return run
