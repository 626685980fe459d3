"""Settings changed on the screen: saved in the person's file, read again by a new process."""

import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from fake_command import FakeCommand, Folder
from screen_pilot import WIDE, opened, seen, until
from textual.pilot import Pilot
from textual.widgets import Input

from agents.configuration.trust import TrustRecord, remember
from app.screen.application import WarRoom
from app.screen.settings_screen import SettingsScreen

MINE = '# mine\n[screen]\ntheme = "ember"  # until winter\n\n[budget]\ndaily_usd = 4.0\n'


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """The person's file and the repository."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("WARROOM_HOME", str(tmp_path / "home"))
    file, repo = tmp_path / "config" / "warroom" / "config.toml", tmp_path / "repo"
    file.parent.mkdir(parents=True)
    file.write_text(MINE)
    (repo / ".git").mkdir(parents=True)
    (repo / ".git" / "HEAD").write_text("ref: refs/heads/main\n")
    return file, repo


@asynccontextmanager
async def settings(repo: Path, *, key: str = "comma") -> AsyncIterator[tuple[WarRoom, Pilot[int], SettingsScreen]]:
    async with opened(FakeCommand(repository=Folder(repo)), WIDE) as (app, pilot):
        await pilot.press(key)
        await until(pilot, lambda: isinstance(app.screen, SettingsScreen))
        assert isinstance(app.screen, SettingsScreen)
        yield app, pilot, app.screen


async def stand_on(pilot: Pilot[int], screen: SettingsScreen, key: str) -> None:
    while screen.knobs.chosen.key != key:
        await pilot.press("down")


def read_by_a_new_process(repo: Path) -> dict[str, object]:
    said = subprocess.run(
        [sys.executable, "-m", "warroom", "config", "show", "--json", "--repo", str(repo)],
        capture_output=True,
        text=True,
        check=True,
        env=dict(os.environ),
    )
    return {row["key"]: (row["value"], row["origin"]) for row in map(json.loads, said.stdout.splitlines())}


async def test_changed_here_and_read_by_a_new_process(places: tuple[Path, Path]) -> None:
    file, repo = places
    async with settings(repo) as (app, pilot, screen):
        await seen(pilot, "screen.theme", "ember", "config.toml:3", "budget.daily_usd", "4.0")
        await pilot.press("right")
        await seen(pilot, "screen.theme is crimson: saved")
        assert app.theme == "crimson"
        await stand_on(pilot, screen, "screen.ascii")
        await pilot.press("right")
        await until(pilot, lambda: app.ascii_only)
        await stand_on(pilot, screen, "routing.preset")
        await pilot.press("right")
        await seen(pilot, "routing.preset is balanced: saved")
        await stand_on(pilot, screen, "cooldown.rest_s")
        await pilot.press("enter")
        screen.query_one("#knob-value", Input).value = "1.5"
        await pilot.press("enter")
        await seen(pilot, "cooldown.rest_s is 1.5: saved")
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is app.center)
    assert file.read_text().startswith('# mine\n[screen]\ntheme = "crimson"  # until winter\n')
    assert not (repo / "warroom.toml").exists()
    found = read_by_a_new_process(repo)
    assert found["screen.theme"] == ("crimson", "config.toml:3")
    assert found["screen.ascii"][0] is True  # type: ignore[index]
    assert found["routing.preset"][0] == "balanced"  # type: ignore[index]
    assert found["cooldown.rest_s"][0] == 1.5  # type: ignore[index]
    assert found["budget.daily_usd"][0] == 4.0  # type: ignore[index]


async def test_what_cannot_be_is_said_in_place_and_not_saved(places: tuple[Path, Path]) -> None:
    file, repo = places
    async with settings(repo) as (_, pilot, screen):
        await stand_on(pilot, screen, "budget.daily_usd")
        for typed in ("-1", "much", "[/foo]"):
            if not screen.query_one("#knob-value", Input).display:
                await pilot.press("enter")
            screen.query_one("#knob-value", Input).value = typed
            await pilot.press("enter")
            await seen(pilot, f"budget.daily_usd is {typed if typed == '-1' else repr(typed)}: it must be", "must be")
        await pilot.press("escape")
        await seen(pilot, "The day's cap in dollars.")
        assert isinstance(screen.app.screen, SettingsScreen), "escape backs out one level"
    assert file.read_text() == MINE


async def test_what_the_repository_or_a_variable_decides_is_said(
    places: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, repo = places
    (repo / "warroom.toml").write_text('[routing]\npreset = "fast"\n')
    remember(repo.parent / "home", TrustRecord(str(repo.resolve()), True, {"routing": {"preset": "fast"}}, "now"))
    monkeypatch.setenv("WARROOM_ROUTING__SAMPLES", "2")
    async with settings(repo) as (_, pilot, screen):
        await seen(pilot, "warroom.toml:2", "WARROOM_ROUTING__SAMPLES"[:16])
        await stand_on(pilot, screen, "routing.preset")
        await pilot.press("right")
        await seen(pilot, "warroom.toml:2 decides it, and it stays fast.")
    assert (repo / "warroom.toml").read_text() == '[routing]\npreset = "fast"\n'


async def test_the_wall_is_only_shown(places: tuple[Path, Path]) -> None:
    file, repo = places
    async with settings(repo) as (_, pilot, screen):
        await stand_on(pilot, screen, "sandbox.network")
        await pilot.press("right", "enter")
        await seen(pilot, "change it in the file")
    assert file.read_text() == MINE


async def test_a_broken_file_is_said_and_nothing_ends(places: tuple[Path, Path]) -> None:
    file, repo = places
    file.write_text("[screen\n")
    async with opened(FakeCommand(repository=Folder(repo)), WIDE) as (app, pilot):
        await pilot.press("comma")
        await seen(pilot, "config.toml, line 1: not valid")
        assert app.is_running
