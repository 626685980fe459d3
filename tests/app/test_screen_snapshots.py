"""Pictures of the whole screen, with a clock that stands still."""

from collections.abc import Callable
from pathlib import Path

import pytest
from fake_command import START
from screen_pictures import battle, before
from screen_pilot import NORMAL, WIDE, war_room
from textual.pilot import Pilot

from agents.settings import Routing, ScreenSettings, Settings
from agents.tasks import Finding, Review
from app.screen.diff import DiffScreen

Compare = Callable[..., bool]


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))  # a settings screen shows the person's own
    monkeypatch.setenv("WARROOM_HOME", str(tmp_path / "home"))
    for name in ("NO_COLOR", "COLORTERM", "SSH_CONNECTION"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize("size", [NORMAL, WIDE, (70, 22)])
def test_command_center(snap_compare: Compare, size: tuple[int, int]) -> None:
    app = war_room()
    assert snap_compare(app, terminal_size=size, run_before=before(app, battle()))


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


def test_radar_in_full_screen(snap_compare: Compare) -> None:
    app = war_room()
    assert snap_compare(app, terminal_size=WIDE, run_before=before(app, battle(), "4", "z"))


def test_ascii(snap_compare: Compare) -> None:
    app, command = war_room(), battle()
    command.settings = Settings(screen=ScreenSettings(ascii=True))
    assert snap_compare(app, terminal_size=WIDE, run_before=before(app, command))


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
