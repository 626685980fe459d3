"""The bell, the notifications, the system's player, and which of them is taken when."""

import asyncio
import importlib.util
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

import sounds.speaker
from sounds.calls import Call
from sounds.clips import Clip
from sounds.cues import Cue
from sounds.sinks.player_sink import PlayerSink, player
from sounds.sinks.terminal_sink import TerminalSink, notification
from sounds.speaker import Speaker


def call(event: str = "agent.needs_input", *, needs_person: bool | None = None) -> Call:
    needs = event == "agent.needs_input" if needs_person is None else needs_person
    effect, line = Clip(Path("/x/fx.wav"), "warn", 0.1), Clip(Path("/x/line.wav"), "Well?", 0.1)
    return Call(1, Cue(event), "T1 needs you", effect, line, needs_person=needs)


def rung(event: str, *, remote: bool = False, attended: bool = False, needs: bool | None = None) -> str:
    """What the terminal gets."""
    written: list[str] = []
    sink = TerminalSink(written.append, {"TERM": "xterm"}, remote=remote, attended=lambda: attended)
    sink.play(call(event, needs_person=needs))
    return "".join(written)


def test_the_bell_rings_by_the_table() -> None:
    assert rung("task.assigned") == ""
    assert rung("agent.stuck") == rung("task.failed") == rung("task.proven") == "\a"
    assert rung("budget.exhausted") == "\a\x1b]9;War Room: T1 needs you\x1b\\"
    assert rung("agent.needs_input", attended=True) == "\a", "who looks at the screen needs no notification"


def test_over_ssh_only_what_needs_the_person_and_only_when_they_look_elsewhere() -> None:
    assert rung("agent.needs_input", remote=True) == "\a\x1b]9;War Room: T1 needs you\x1b\\"
    assert rung("agent.needs_input", remote=True, attended=True) == ""
    assert rung("agent.stuck", remote=True) == rung("task.failed", remote=True) == ""
    assert rung("task.proven", remote=True, needs=True).startswith("\a\x1b]9;")


@pytest.mark.parametrize(
    ("environ", "begins"),
    [
        ({"TERM": "xterm-256color"}, "\x1b]9;War Room: "),
        ({"TERM": "xterm-kitty"}, "\x1b]99;i=warroom:d=0;War Room\x1b\\\x1b]99;"),
        ({"TERM": "tmux-256color", "KITTY_WINDOW_ID": "1"}, "\x1b]99;"),
        ({"TERM": "rxvt-unicode"}, "\x1b]777;notify;War Room;"),
        ({"TERM": "foot"}, "\x1b]777;notify;"),
        ({"TERM": "xterm-256color", "TERM_PROGRAM": "WezTerm"}, "\x1b]777;notify;"),
    ],
)
def test_every_terminal_is_notified_its_own_way(environ: Mapping[str, str], begins: str) -> None:
    plain = notification("T1 needs you", environ)
    assert plain.startswith(begins)
    wrapped = notification("T1 needs you", {**environ, "TMUX": "/tmp/tmux,1,0"})
    assert wrapped == "\x1bPtmux;" + plain.replace("\x1b", "\x1b\x1b") + "\x1b\\"


def test_nothing_in_a_caption_ends_or_begins_a_sequence() -> None:
    text = "T1\x1b\\\x1b]52;c;aGk=\x07 \x9c\u202eneeds\nyou;d=1" + "x" * 500
    found = notification(text, {"TERM": "xterm"})
    inside = found.removeprefix("\x1b]9;War Room: ").removesuffix("\x1b\\")
    assert inside.isprintable()
    assert ";" not in inside
    assert len(inside) <= 160


@pytest.fixture
def played(tmp_path: Path) -> Callable[[str], list[list[str]]]:
    """Installs a player that notes its arguments; gives what it noted."""
    folder = tmp_path / "bin"
    folder.mkdir()
    noted = tmp_path / "noted"

    def install(name: str, ends: str = "exit 0") -> list[list[str]]:
        (folder / name).write_text(f'#!/bin/sh\necho "$@" >>{noted}\n{ends}\n')
        (folder / name).chmod(0o755)
        return [line.split() for line in noted.read_text().splitlines()] if noted.exists() else []

    return install


async def test_the_systems_player_plays_the_effect_and_then_the_line(
    tmp_path: Path, played: Callable[..., list[list[str]]]
) -> None:
    played("paplay")
    program = player(str(tmp_path / "bin"))
    assert program == str(tmp_path / "bin" / "paplay")
    assert player(str(tmp_path)) is None
    sink = PlayerSink(program, {"PATH": "/bin:/usr/bin"}, unavailable=lambda *_: None)
    sink.volume(0.5)
    sink.play(call("key.pressed"))
    sink.play(call())
    await asyncio.wait(sink._tasks, timeout=20)
    await sink.close()
    assert played("paplay") == [["--volume=26214", "/x/fx.wav"], ["--volume=32768", "/x/line.wav"]]


async def test_closing_ends_a_player_that_goes_on_and_on(
    tmp_path: Path, played: Callable[..., list[list[str]]]
) -> None:
    played("aplay", "exec sleep 600")
    sink = PlayerSink(str(tmp_path / "bin" / "aplay"), {"PATH": "/bin:/usr/bin"}, unavailable=lambda *_: None)
    sink.play(call())
    for _ in range(2_000):
        if played("aplay", "exec sleep 600"):
            break
        await asyncio.sleep(0.01)
    async with asyncio.timeout(20):
        await sink.close()


def speaker(environ: Mapping[str, str], changed: asyncio.Event) -> Speaker:
    terminal = TerminalSink(lambda _: None, environ, remote="SSH_CONNECTION" in environ, attended=lambda: False)
    return Speaker(environ, terminal, changed=changed.set)


async def until(one: Speaker, changed: asyncio.Event, status: str) -> None:
    async with asyncio.timeout(30):
        while one.status != status:
            changed.clear()
            await changed.wait()


async def test_without_a_library_the_systems_player_is_taken_and_the_bell_when_that_fails(
    tmp_path: Path, played: Callable[..., list[list[str]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    if importlib.util.find_spec("simpleaudio") is not None:
        pytest.skip("simpleaudio is installed")
    monkeypatch.setattr(sounds.speaker, "_LIBRARIES", ("simpleaudio",))
    played("aplay", "exit 1")
    changed = asyncio.Event()
    one = speaker({"PATH": f"{tmp_path / 'bin'}:/bin:/usr/bin"}, changed)
    assert one.status == "off"
    one.open("auto")
    assert one.status == "opening"
    await until(one, changed, "aplay 70%")
    assert one.audible
    for _ in range(2):
        one.play(call())
        assert isinstance(one.sink, PlayerSink)
        await asyncio.wait(one.sink._tasks, timeout=20)
    await until(one, changed, "bell only")
    assert one.trouble == "aplay cannot play"
    one.mute(True)
    assert one.status == "muted"
    await one.close()
    assert one.status == "off"


async def test_over_ssh_the_bell_unless_a_sound_server_is_named() -> None:
    changed = asyncio.Event()
    one = speaker({"SSH_CONNECTION": "1 2 3 4"}, changed)
    one.open("auto")
    assert (one.status, one.audible) == ("bell only (SSH)", False)
    await one.close()
    named = speaker({"SSH_CONNECTION": "1 2 3 4", "PULSE_SERVER": "tcp:home", "PATH": "/nowhere"}, changed)
    named.open("player")
    assert named.status != "bell only (SSH)" or named.trouble
    await named.close()


@pytest.mark.skipif(importlib.util.find_spec("miniaudio") is None, reason="miniaudio has no wheel here")
async def test_a_device_with_its_volume() -> None:
    changed = asyncio.Event()
    one = speaker({"PATH": "/bin"}, changed)
    one.open("null")
    await until(one, changed, "Null 70%")
    one.turn(0.4)
    assert one.status == "Null 40%"
    one.mute(True)
    one.play(call())
    one.mute(False)
    assert one.status == "Null 40%"
    await one.close()
