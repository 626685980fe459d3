"""A real terminal with a War Room on it, for tests that hang up, type and send signals."""

import os
import pty
import select
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
WAIT_S = 60
"""For what comes in a second or two, on a machine where twenty others want the processor."""


class Terminal:
    """The master side of a pty with a War Room on it."""

    def __init__(
        self, notes: Path, command: Sequence[str], environ: Mapping[str, str], folder: Path | None, leads: bool
    ) -> None:
        self.notes = notes
        self.master, slave = pty.openpty()
        termios.tcsetwinsize(slave, (24, 80))
        self.child = subprocess.Popen(
            command,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env=environ,
            cwd=folder,
            start_new_session=True,
            preexec_fn=_own_terminal if leads else None,
        )
        os.close(slave)
        self.output = b""

    def read_until(self, wanted: bytes, within_s: float = WAIT_S) -> None:
        """Read what is drawn until `wanted` is in it."""
        deadline = time.monotonic() + within_s
        while wanted not in self.output:
            assert time.monotonic() < deadline, f"no {wanted!r} in {self.output[-2000:]!r}"
            self._read(0.2)

    def read_to_end(self) -> int:
        """Read until the process is gone; its exit code."""
        deadline = time.monotonic() + WAIT_S
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

    def read(self, within_s: float) -> bytes:
        """What comes next within a time; nothing when nothing does."""
        before = len(self.output)
        self._read(within_s)
        return self.output[before:]

    def hang_up(self) -> None:
        """The terminal goes away."""
        os.close(self.master)
        self.master = -1

    def release(self) -> None:
        """Let the scripted engine go on, where it waits."""
        self.child.send_signal(signal.SIGUSR1)

    def ended(self) -> int:
        """Wait until the process is gone; its exit code."""
        return self.child.wait(timeout=WAIT_S)

    def told_until(self, wanted: str) -> None:
        """Wait until the process has noted `wanted`."""
        deadline = time.monotonic() + WAIT_S
        while wanted not in self.told():
            assert time.monotonic() < deadline, f"no {wanted!r} in {self.told()}"
            time.sleep(0.02)

    def told(self) -> list[str]:
        """What the process noted."""
        return self.notes.read_text().split("\n")[:-1] if self.notes.exists() else []


def _own_terminal() -> None:
    import fcntl

    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


@contextmanager
def terminal(
    notes: Path,
    *command: str,
    mode: str = "",
    leads: bool = True,
    folder: Path | None = None,
    environ: Mapping[str, str] | None = None,
) -> Iterator[Terminal]:
    """A War Room on a terminal, ended afterwards whatever happened.

    `command`: another than the scripted engine's, which has a `mode`. `leads`: the terminal is the process's own, which
    then gets a SIGHUP when it goes.
    """
    inherited = {name: value for name, value in os.environ.items() if name not in {"NO_COLOR", "SSH_CONNECTION"}}
    own = {
        "TERM": "xterm-256color",
        "PYTHONPATH": f"{ROOT}{os.pathsep}{HERE}",
        "WARROOM_HOME": str(notes.parent / "home"),
        "WARROOM_SOUND__ENABLED": "false",  # nobody is asked
    }
    scripted = (sys.executable, str(HERE / "screen_child.py"), str(notes), mode)
    one = Terminal(notes, command or scripted, {**inherited, **own, **(environ or {})}, folder, leads)
    try:
        yield one
    finally:
        if one.child.poll() is None:
            one.child.kill()
        one.child.wait()
        if one.master >= 0:
            os.close(one.master)
