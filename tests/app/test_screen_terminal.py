"""A real terminal: what signals and a hang-up leave behind."""

import os
import pty
import select
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parent.parent


class Terminal:
    """The master side of a pty with a War Room on it."""

    def __init__(self, notes: Path, command: Sequence[str] = ()) -> None:
        self.notes = notes
        self.master, slave = pty.openpty()
        termios.tcsetwinsize(slave, (24, 80))
        environ = {name: value for name, value in os.environ.items() if name not in {"NO_COLOR", "SSH_CONNECTION"}}
        environ |= {"TERM": "xterm-256color", "PYTHONPATH": f"{ROOT}{os.pathsep}{HERE}"}
        environ["WARROOM_HOME"] = str(notes.parent / "home")
        self.child = subprocess.Popen(
            command or [sys.executable, str(HERE / "screen_child.py"), str(notes)],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env=environ,
            start_new_session=True,
            preexec_fn=_own_terminal,
        )
        os.close(slave)
        self.output = b""

    def read_until(self, wanted: bytes, within_s: float = 30) -> None:
        """Read what is drawn until `wanted` is in it."""
        deadline = time.monotonic() + within_s
        while wanted not in self.output:
            assert time.monotonic() < deadline, f"no {wanted!r} in {self.output[-2000:]!r}"
            self._read(0.2)

    def read_to_end(self) -> int:
        """Read until the process is gone; its exit code."""
        deadline = time.monotonic() + 30
        while self.child.poll() is None:
            assert time.monotonic() < deadline, "it does not end"
            self._read(0.1)
        while self._read(0.1):
            pass
        return self.child.returncode

    def _read(self, within_s: float) -> bool:
        if not select.select([self.master], [], [], within_s)[0]:
            return False
        try:
            piece = os.read(self.master, 65_536)
        except OSError:
            return False
        self.output += piece
        return bool(piece)

    def told(self) -> list[str]:
        """What the process noted."""
        return self.notes.read_text().split("\n")[:-1] if self.notes.exists() else []


def _own_terminal() -> None:
    import fcntl

    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


@contextmanager
def terminal(notes: Path, *command: str) -> Iterator[Terminal]:
    """A War Room on a terminal, ended afterwards whatever happened. `command`: another than the scripted engine's."""
    one = Terminal(notes, command)
    try:
        yield one
    finally:
        if one.child.poll() is None:
            one.child.kill()
        one.child.wait()
        if one.master >= 0:
            os.close(one.master)


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


def test_a_hang_up_ends_it_in_order(tmp_path: Path) -> None:
    with terminal(tmp_path / "notes") as one:
        one.read_until(b"slug helper")
        os.close(one.master)
        one.master = -1
        assert one.child.wait(timeout=30) == 130
        assert one.told() == ["opened", "closed", "code 130"]


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
