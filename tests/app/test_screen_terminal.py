"""A real terminal: what signals and keys leave behind."""

import os
import signal
import sys
from pathlib import Path

import pytest
from pty_terminal import terminal

pytestmark = pytest.mark.timeout(180)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_restores_the_terminal_and_closes_the_engine(number: signal.Signals, tmp_path: Path) -> None:
    with terminal(tmp_path / "notes") as one:
        one.read_until(b"slug helper")
        one.child.send_signal(number)
        assert one.read_to_end() == 130
        assert one.told() == ["opened", "closed", "code 130"]
        for restored in (b"\x1b[?1049l", b"\x1b[?25h", b"\x1b[?1003l"):
            assert restored in one.output
            assert one.output.rindex(restored) > one.output.index(b"slug helper")


def test_a_fault_restores_the_terminal_and_closes_the_engine(tmp_path: Path) -> None:
    with terminal(tmp_path / "notes", mode="crash") as one:
        one.read_until(b"slug helper")
        one.release()
        assert one.read_to_end() == 1
        assert one.told() == ["opened", "closed", "code 1"]
        for restored in (b"\x1b[?1049l", b"\x1b[?25h", b"\x1b[?1003l", b"\x1b[?2004l"):
            assert one.output.rindex(restored) > one.output.index(b"slug helper")
        assert one.output.index(b"nobody foresaw this") > one.output.rindex(b"\x1b[?1049l"), "it can be read"


def test_over_ssh_it_names_the_machine_and_idle_it_writes_nothing(tmp_path: Path) -> None:
    with terminal(tmp_path / "notes", environ={"SSH_CONNECTION": "192.0.2.1 1 192.0.2.2 22"}, mode="remote") as one:
        one.read_until(b"slug helper")
        one.read_until(f"@{os.uname().nodename[:24]}".encode())
        while one.read(1.0):
            pass
        assert one.read(2.0) == b""
        one.child.send_signal(signal.SIGTERM)
        assert one.read_to_end() == 130


@pytest.mark.parametrize("keys", [b"\x1b[200~\x1b]52;c;aaaa\x07 q \x1b[x q n\r y\x1b[201~", b"\xff\xfe\xc3("])
def test_no_paste_and_no_stray_byte_ends_it(keys: bytes, tmp_path: Path) -> None:
    with terminal(tmp_path / "notes") as one:
        one.read_until(b"slug helper")
        os.write(one.master, keys)
        os.write(one.master, b"?")
        one.read_until(b"Command center")
        os.write(one.master, b"\x11")
        assert one.read_to_end() == 0
        assert one.told() == ["opened", "closed", "code 0"]
        assert b"Traceback" not in one.output


def test_leaving_is_exit_code_0(tmp_path: Path) -> None:
    with terminal(tmp_path / "notes") as one:
        one.read_until(b"slug helper")
        os.write(one.master, b"q")
        assert one.read_to_end() == 0
        assert one.told() == ["opened", "closed", "code 0"]


@pytest.mark.parametrize("arguments", [("demo", "--tasks", "0", "--no-mouse"), ("--no-mouse", "demo", "--tasks", "0")])
def test_the_simulation_too_can_do_without_the_mouse(arguments: tuple[str, ...], tmp_path: Path) -> None:
    with terminal(tmp_path / "notes", str(Path(sys.executable).parent / "warroom"), *arguments) as one:
        one.read_until(b"No bounties yet")
        os.write(one.master, b"q")
        assert one.read_to_end() == 0
        assert b"\x1b[?1003h" not in one.output
        assert b"\x1b[?2004l" in one.output, "bracketed paste is off again"


@pytest.mark.parametrize("arguments", [("demo", "--ascii", "--plain-speech"), ("--ascii", "--plain-speech", "demo")])
def test_ascii_and_plain_speech_are_asked_for_on_the_command_line(arguments: tuple[str, ...], tmp_path: Path) -> None:
    warroom = str(Path(sys.executable).parent / "warroom")
    with terminal(tmp_path / "notes", warroom, *arguments, "--tasks", "0") as one:
        one.read_until(b"No tasks yet")
        os.write(one.master, b"?")
        one.read_until(b"Main screen")
        os.write(one.master, b"\x11")
        assert one.read_to_end() == 0
        for glyph in ("▸", "⎇", "▰"):
            assert glyph.encode() not in one.output


def test_no_byte_of_hostile_text_reaches_the_terminal(tmp_path: Path) -> None:
    """Every place that shows foreign text, one after the other, and what the terminal got."""
    walk = [b"3", b"k", b"\r", b"\x1b", b"o", b"1", b"\r", b"G", b"\x1b", b"v", b"s", b"}", b"\x1b", b"a", b"n", b"6"]
    with terminal(tmp_path / "notes", mode="hostile") as one:
        one.read_until(b"slug helper")
        os.write(one.master, b"jk")
        for key in walk:
            os.write(one.master, key)
            one.read(0.3)
            while one.read(0.12):
                pass
        os.write(one.master, b"\x11y")
        assert one.read_to_end() == 0
        assert b"[@click=app.quit]x" in one.output, "it was shown"
        for raw in (
            b"\x1b]52;",
            b"\x1b]0;",
            "\x9b31m",
            "\x90",
            "\u202e",
            "\u2066",
            "\u200b",
            b"\x1b[2J\x1b",
            b"Traceback",
        ):
            assert (raw.encode() if isinstance(raw, str) else raw) not in one.output
