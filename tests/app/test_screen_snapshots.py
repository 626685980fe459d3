"""Pictures of the whole screen, with a clock that stands still."""

from collections.abc import Awaitable, Callable

import pytest
from fake_command import START, FakeCommand, in_review
from screen_pilot import NORMAL, WIDE, until, war_room
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
from agents.settings import Routing, ScreenSettings, Settings
from agents.tasks import Finding, Health, Review, TaskStatus, Usage, Variant, Way
from app.screen.application import WarRoom
from app.screen.diff import DiffScreen

Compare = Callable[..., bool]


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_COLOR", "COLORTERM", "SSH_CONNECTION"):
        monkeypatch.delenv(name, raising=False)


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


@pytest.mark.parametrize("size", [NORMAL, WIDE, (160, 48), (70, 22)])
def test_command_center(snap_compare: Compare, size: tuple[int, int]) -> None:
    app = war_room()
    assert snap_compare(app, terminal_size=size, run_before=before(app, battle()))


@pytest.mark.parametrize(("theme", "size"), [("crimson", (160, 48)), ("daylight", NORMAL), ("ansi", WIDE)])
def test_themes(snap_compare: Compare, theme: str, size: tuple[int, int]) -> None:
    app, command = war_room(), battle()
    command.settings = Settings(screen=ScreenSettings(theme=theme))
    assert snap_compare(app, terminal_size=size, run_before=before(app, command))


def test_radio_silence(snap_compare: Compare) -> None:
    app, command = war_room(), battle()
    command.settings = Settings(routing=Routing(mode="local-only"))
    command.simulated = False
    silent = {name: "RADIO SILENCE" for name in ("haiku", "sonnet", "opus")}

    async def run(pilot: Pilot[int]) -> None:
        await before(app, command)(pilot)
        app.out_of_reach(silent)
        await pilot.pause(0.2)

    assert snap_compare(app, terminal_size=WIDE, run_before=run)


def test_theme_picker(snap_compare: Compare) -> None:
    app = war_room()
    assert snap_compare(app, terminal_size=NORMAL, run_before=before(app, battle(), "t", "j"))


def test_radar_in_full_screen(snap_compare: Compare) -> None:
    app = war_room()
    assert snap_compare(app, terminal_size=WIDE, run_before=before(app, battle(), "4", "z"))


def test_ascii(snap_compare: Compare) -> None:
    app, command = war_room(), battle()
    command.settings = Settings(screen=ScreenSettings(ascii=True))
    assert snap_compare(app, terminal_size=WIDE, run_before=before(app, command))


@pytest.mark.parametrize("size", [NORMAL, WIDE])
def test_diff(snap_compare: Compare, size: tuple[int, int]) -> None:
    app = war_room()
    run = before(app, battle(), "exclamation_mark", "v", until_so=lambda: isinstance(app.screen, DiffScreen))
    assert snap_compare(app, terminal_size=size, run_before=run)


@pytest.mark.parametrize("size", [NORMAL, WIDE])
def test_reviewed_diff(snap_compare: Compare, size: tuple[int, int]) -> None:
    findings = (
        Finding(path="slug.py", line=2, severity="error", text="Accents are dropped: normalise before splitting."),
        Finding(path="README.md", line=1, severity="warning", text="The old name is still in the table below."),
        Finding(severity="note", text="No test was added."),
    )
    review = Review(
        commit="abc",
        tier="opus",
        model="claude-opus-5-5",
        approves=False,
        summary="It does what the check asks, and only for ASCII.",
        findings=findings,
        cost_nano=31_000_000,
        at=START,
    )
    app, command = war_room(), battle()
    command.board[3] = command.board[3].model_copy(update={"commit": "abc", "review": review})
    run = before(app, command, "exclamation_mark", "v", until_so=lambda: isinstance(app.screen, DiffScreen))
    assert snap_compare(app, terminal_size=size, run_before=run)


def test_new_task(snap_compare: Compare) -> None:
    app = war_room()
    assert snap_compare(app, terminal_size=NORMAL, run_before=before(app, battle(), "n"))
