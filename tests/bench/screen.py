"""The screen over a real terminal: how soon a key is seen while eight agents stream, what it costs, what it holds."""

import os
import pty
import select
import statistics
import subprocess
import sys
import tempfile
import termios
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.bench.startup import EMPTY_APP

ROOT = Path(__file__).parent.parent.parent
LOAD = [sys.executable, "-m", "tests.bench.screen_load"]
POINTER = "▸".encode()
"""Drawn only when the board is drawn anew, which in these loads a key alone does."""
KEYS = 60
_TICKS = os.sysconf("SC_CLK_TCK")


class Watched:
    """A process on a pty of 160x48 whose output is read all the time."""

    def __init__(self, command: list[str], environ: Mapping[str, str]) -> None:
        self.master, slave = pty.openpty()
        termios.tcsetwinsize(slave, (48, 160))
        self.child = subprocess.Popen(
            command, stdin=slave, stdout=slave, stderr=slave, env=environ, cwd=ROOT, start_new_session=True
        )
        os.close(slave)
        self.bytes = 0
        self.tail = b""

    def read(self, within_s: float) -> bytes:
        """What comes next; nothing when nothing comes."""
        if not select.select([self.master], [], [], max(0.0, within_s))[0]:
            return b""
        piece = os.read(self.master, 65_536)
        self.bytes += len(piece)
        self.tail = (self.tail + piece)[-200_000:]
        return piece

    def watch(self, seconds: float) -> None:
        """Read for a while."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            self.read(left)

    def wait_for(self, wanted: bytes, within_s: float = 120) -> None:
        """Read until it was drawn."""
        until = time.monotonic() + within_s
        while wanted not in self.tail:
            if time.monotonic() > until:
                raise RuntimeError(f"{wanted!r} was not drawn: {self.tail[-500:]!r}")
            self.read(0.2)

    def cpu_s(self) -> float:
        """Processor time used so far."""
        fields = Path(f"/proc/{self.child.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS

    def megabytes(self) -> float:
        """Memory it holds now."""
        status = Path(f"/proc/{self.child.pid}/status").read_text()
        return int(status.partition("VmRSS:")[2].split()[0]) / 1024

    def key(self, key: str, drawn: bytes) -> float:
        """Press it; seconds until `drawn` came."""
        seen = b""
        pressed = time.perf_counter()
        os.write(self.master, key.encode())
        while drawn not in seen:
            if time.perf_counter() - pressed > 10:
                raise RuntimeError(f"{key} drew no {drawn!r}")
            seen += self.read(1)
        return time.perf_counter() - pressed


@contextmanager
def watched(command: list[str], **environ: str) -> Iterator[Watched]:
    """Such a process, ended afterwards."""
    with tempfile.TemporaryDirectory() as home:
        inherited = {name: value for name, value in os.environ.items() if name not in {"NO_COLOR", "SSH_CONNECTION"}}
        own = {"TERM": "xterm-256color", "COLORTERM": "truecolor", "WARROOM_HOME": home}
        one = Watched(command, {**inherited, **own, **environ})
        try:
            yield one
        finally:
            one.child.kill()
            one.child.wait()
            os.close(one.master)


def screen() -> None:
    """Print all of it."""
    with watched([sys.executable, "-c", EMPTY_APP]) as empty:
        empty.watch(4)
        nothing = empty.megabytes()
    _idle()
    for rate in (60, 30, 15):
        _busy(rate)
    _many(nothing)


def _pressed(one: Watched) -> str:
    times = [one.key("j" if number // 15 % 2 == 0 else "k", POINTER) for number in range(KEYS) if not one.watch(0.1)]
    late = statistics.quantiles(times, n=20)[18]
    return f"key to paint {statistics.median(times) * 1000:.0f} ms median, {late * 1000:.0f} ms p95, goal 50 ms"


def _idle() -> None:
    with watched([*LOAD, "idle"]) as one:
        one.wait_for(b"Task number")
        one.watch(6)
        bytes_before, cpu_before = one.bytes, one.cpu_s()
        one.watch(10)
        share = (one.cpu_s() - cpu_before) / 10
        print(f"idle for 10 s         {one.bytes - bytes_before} bytes, goal 0; {share:.1%} of a core, goal 1%")
        print(f"at rest               {_pressed(one)}")


def _busy(rate: int) -> None:
    with watched([*LOAD, "busy"], TEXTUAL_FPS=str(rate)) as one:
        one.wait_for(b"shell_run")
        one.watch(3)
        os.write(one.master, b"o")  # the output among the calls: the most there is to draw
        one.watch(1)
        bytes_before, cpu_before, begun = one.bytes, one.cpu_s(), time.monotonic()
        one.watch(10)
        took = time.monotonic() - begun
        share, speed = (one.cpu_s() - cpu_before) / took, (one.bytes - bytes_before) / took
        print(f"8 agents, 100 lines/s at {rate} fps: {share:.0%} of a core, goal 60%; {speed / 1000:.0f} KB/s")
        print(f"                      {_pressed(one)}")


def _many(nothing: float) -> None:
    with watched([*LOAD, "many"]) as one:
        one.wait_for(b"ALL WAS TOLD")
        one.watch(3)
        held = one.megabytes() - nothing
        print(f"10,000 tasks, 100,000 log lines: {held:.0f} MB above an empty app, goal 150 MB")
        print(f"                      {_pressed(one)}")


if __name__ == "__main__":
    screen()
