"""Pictures of every screen at three sizes, the themes taking turns: each screen is seen once in each of them."""

from collections.abc import Callable
from pathlib import Path

import pytest
from fake_command import FakeCommand
from screen_pictures import battle, before, opened_empty
from screen_pilot import NORMAL, WIDE, war_room

from agents.settings import ScreenSettings, Settings

SIZES = {"80x24": NORMAL, "120x40": WIDE, "160x48": (160, 48)}
THEMES = ("crimson", "daylight", "ansi")
SCREENS: dict[str, tuple[str, ...]] = {
    "center": (),
    "task": ("exclamation_mark", "enter"),
    "diff": ("exclamation_mark", "v"),
    "output": ("3", "k", "k", "k", "enter"),
    "new_task": ("n",),
    "comment": ("exclamation_mark", "R"),
    "accept": ("exclamation_mark", "a"),
    "leave": ("q",),
    "settings": ("comma",),
    "help": ("question_mark",),
    "palette": ("ctrl+p",),
    "command": ("colon", "d"),
    "themes": ("t",),
    "first_run": (),
}
"""The keys that lead to each."""


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))  # a settings screen shows the person's own
    monkeypatch.setenv("WARROOM_HOME", str(tmp_path / "home"))
    for name in ("NO_COLOR", "COLORTERM", "SSH_CONNECTION"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("screen", SCREENS)
def test_picture(snap_compare: Callable[..., bool], screen: str, size: str) -> None:
    app, command = war_room(), FakeCommand() if screen == "first_run" else battle()
    theme = THEMES[(list(SIZES).index(size) + list(SCREENS).index(screen)) % len(THEMES)]
    command.settings = Settings(screen=ScreenSettings(theme=theme))
    command.walled = screen != "first_run"
    run = opened_empty(app, command) if screen == "first_run" else before(app, command, *SCREENS[screen])
    assert snap_compare(app, terminal_size=SIZES[size], run_before=run)
