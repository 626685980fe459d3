"""Sound on the screen: the question at the first run, the keys, the header, SSH, captions."""

import importlib.util
import tomllib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC
from pathlib import Path
from typing import Any

import pytest
from fake_command import START, FakeCommand, FixedClock
from screen_pilot import FIELD, NORMAL, drawn, move_out, seen, until
from textual.events import AppBlur, AppFocus
from textual.pilot import Pilot

from agents.events import AgentHealth, ApprovalRequested, Event
from agents.settings import Settings, Sound
from agents.tasks import Health
from app.screen.application import WarRoom


@pytest.fixture(autouse=True)
def rung(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the terminal gets past the screen; a configuration of its own."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    for name in ("SSH_CONNECTION", "PULSE_SERVER", "TMUX", "TERM_PROGRAM", "KITTY_WINDOW_ID"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    written: list[str] = []
    monkeypatch.setattr(WarRoom, "write_to_terminal", lambda _, text: written.append(text))
    return written


def saved(tmp_path: Path) -> dict[str, Any]:
    """[sound] of the person's own file."""
    path = tmp_path / "config" / "warroom" / "config.toml"
    found: dict[str, Any] = tomllib.loads(path.read_text())["sound"] if path.exists() else {}
    return found


@asynccontextmanager
async def opened(*, ask: bool = False, **sound: Any) -> AsyncIterator[tuple[WarRoom, Pilot[int], FakeCommand]]:
    """The screen with a task in the field."""
    command = FakeCommand(settings=Settings(sound=Sound.model_validate({"backend": "bell", **sound})))
    command.put("First")
    app = WarRoom(clock=FixedClock(), zone=UTC, ask_sound=ask)
    async with app.run_test(size=NORMAL) as pilot:
        app.engine_ready(command)
        await until(pilot, lambda: app.war.opened and app.war.branch == "main" and bool(app.war.sound))
        yield app, pilot, command


def question() -> Event:
    return ApprovalRequested(task=1, question="May I?", **FIELD)


async def test_the_first_run_asks_once_and_saves_the_answer(tmp_path: Path) -> None:
    async with opened(ask=True) as (_, pilot, _):
        await seen(pilot, "Sound on?", "Everything is captioned too", "snd off")
        await pilot.press("y")
        await seen(pilot, "snd bell only", "Sound is on")
    assert saved(tmp_path) == {"enabled": True}
    async with opened(ask=True, enabled=True) as (app, _, _):
        assert app.screen is app.center


@pytest.mark.parametrize("key", ["n", "escape"])
async def test_off_is_an_answer_too(key: str, tmp_path: Path) -> None:
    async with opened(ask=True) as (_, pilot, _):
        await seen(pilot, "Sound on?")
        await pilot.press(key)
        await seen(pilot, "snd off", "Sound is off: m switches it on.")
    assert saved(tmp_path) == {"enabled": False}


async def test_the_keys_are_shown_in_the_help_and_saved(tmp_path: Path) -> None:
    async with opened(enabled=False) as (_, pilot, _):
        await pilot.press("m")
        await seen(pilot, "snd bell only")
        await pilot.press("left_square_bracket", "left_square_bracket", "right_square_bracket")
        await seen(pilot, "Volume 60%")
        await pilot.press("m")
        await seen(pilot, "snd muted", "Muted: m speaks again.")
        await pilot.press("m")
        await seen(pilot, "snd bell only")
        await pilot.press("m")
        await seen(pilot, "snd muted")
    assert saved(tmp_path) == {"enabled": True, "muted": True, "volume": 0.6}


async def test_a_file_that_cannot_be_changed_is_told(tmp_path: Path) -> None:
    path = tmp_path / "config" / "warroom" / "config.toml"
    path.parent.mkdir(parents=True)
    path.write_text("sound = 3\n")
    async with opened(enabled=True) as (_, pilot, _):
        await pilot.press("right_square_bracket")
        await seen(pilot, "sound is no table; sound.volume was not saved")
    assert path.read_text() == "sound = 3\n"


async def test_muted_and_off_are_silent_but_captioned(rung: list[str]) -> None:
    for sound in ({"enabled": False}, {"enabled": True, "muted": True}):
        async with opened(**sound) as (_, pilot, command):
            command.tell(question())
            await seen(pilot, "CodeX-7 asks you about T1")
    assert rung == []


async def test_over_ssh_it_rings_for_the_person_who_looks_elsewhere(
    rung: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSH_CONNECTION", "192.0.2.1 1 192.0.2.2 22")
    async with opened(ask=True, backend="auto") as (app, pilot, command):
        await seen(pilot, "snd bell only (SSH)")
        assert app.screen is app.center, "nobody is asked over SSH"
        app.post_message(AppFocus())
        await pilot.pause()
        command.tell(question())
        await seen(pilot, "asks you about T1")
        assert rung == []
        app.post_message(AppBlur())
        await pilot.pause()
        command.tell(AgentHealth(task=1, health=Health.STUCK, **FIELD))
        await seen(pilot, "is stuck")
        assert rung == []
        app.clock.at = app.clock.at.replace(minute=1)
        command.tell(question().model_copy(update={"at": app.clock.at}))
        await until(pilot, lambda: bool(rung))
    assert rung == ["\a\x1b]9;War Room: CodeX-7 asks you about T1\x1b\\"]


async def test_off_over_ssh_is_off(rung: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSH_CONNECTION", "192.0.2.1 1 192.0.2.2 22")
    async with opened(enabled=False) as (_, pilot, command):
        await seen(pilot, "snd off")
        command.tell(question())
        await seen(pilot, "asks you about T1")
    assert rung == []


async def test_a_caption_of_weight_stands_against_chatter() -> None:
    async with opened(enabled=True) as (_, pilot, command):
        command.tell(question())
        await seen(pilot, "CodeX-7 asks you about T1")
        move_out(command, 1)
        await until(pilot, lambda: "CodeX-7" in drawn(pilot.app).split("ACTIVE MISSIONS")[1])
        await pilot.pause(0.2)
        assert "CodeX-7 asks you about T1" in drawn(pilot.app)


@pytest.mark.skipif(importlib.util.find_spec("miniaudio") is None, reason="miniaudio has no wheel here")
async def test_the_spoken_words_are_captioned_while_they_are_heard() -> None:
    command = FakeCommand()
    command.put("First")
    app = WarRoom(clock=FixedClock(), zone=UTC)
    async with app.run_test(size=(120, 40)) as pilot:
        app.engine_ready(command)
        await until(pilot, lambda: app.war.sound == "off")
        speaker = app.sound._speaker
        assert speaker is not None
        speaker.open("null")
        await seen(pilot, "snd Null 70%")
        app.clock.at = app.clock.at.replace(minute=1)
        command.tell(question().model_copy(update={"at": app.clock.at}))
        await seen(pilot, 'CodeX-7 asks you about T1 "')
        pid = speaker.sink.process_id  # type: ignore[attr-defined]
        assert pid is not None
    assert not Path(f"/proc/{pid}").exists(), "the worker ends with the screen"


async def test_a_pack_that_cannot_be_used_is_told() -> None:
    async with opened(enabled=True, pack="peon") as (_, pilot, _):
        await seen(pilot, "The sound pack peon cannot be used; vesper speaks instead.")


async def test_nothing_is_heard_of_what_happened_long_ago(rung: list[str]) -> None:
    async with opened(enabled=True) as (_, pilot, command):
        command.tell(question().model_copy(update={"at": START.replace(hour=3)}))
        await seen(pilot, "asks you about T1")
    assert rung == []
