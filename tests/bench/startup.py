"""How long until something is seen, as ratios of what nobody can be faster than."""

import fcntl
import os
import pty
import select
import statistics
import struct
import subprocess
import sys
import tempfile
import termios
import time
from pathlib import Path

RUNS = 7
WARROOM = str(Path(sys.executable).parent / "warroom")
EMPTY_APP = "from textual.app import App\nclass Empty(App): pass\nEmpty().run()\n"
PAINTED = b"\x1b[?1049h"
"""The alternate screen: after it the first frame follows."""


def version() -> None:
    """`warroom --version` against `python -c pass`."""
    ours = _median([WARROOM, "--version"])
    bare = _median([sys.executable, "-c", "pass"])
    _say("warroom --version", ours, bare, "python -c pass", 4.0)


def first_paint() -> None:
    """The command center against an empty Textual app, both over a real pty, in turn."""
    with tempfile.TemporaryDirectory() as folder:
        # Both from bytecode, as an installed package runs from its second start on.
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        environment |= {"PYTHONPYCACHEPREFIX": f"{folder}/bytecode", "WARROOM_HOME": f"{folder}/home"}
        environment["TERM"] = "xterm-256color"
        commands = ([sys.executable, "-c", EMPTY_APP], [WARROOM, "demo", "--tasks", "0"])
        for command in commands:
            _until_painted(command, environment, folder)
        times = [[_until_painted(command, environment, folder) for command in commands] for _ in range(RUNS)]
        empty, ours = zip(*times, strict=True)
    mine, theirs = statistics.median(ours), statistics.median(empty)
    _say("first paint", mine, theirs, "an empty Textual app", 1.5)


def _say(what: str, ours: float, other: float, name: str, goal: float) -> None:
    print(f"{what:21} {ours * 1000:7.1f} ms  {ours / other:5.2f}x {name} ({other * 1000:.1f} ms), goal {goal}x")


def _median(command: list[str]) -> float:
    subprocess.run(command, check=True, capture_output=True)
    times: list[float] = []
    for _ in range(RUNS):
        started = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True)
        times.append(time.perf_counter() - started)
    return statistics.median(times)


def _until_painted(command: list[str], environment: dict[str, str], folder: str) -> float:
    """Seconds from exec to the first bytes of a frame after the alternate screen was entered."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
    started = time.perf_counter()
    process = subprocess.Popen(
        command, stdin=slave, stdout=slave, stderr=slave, env=environment, cwd=folder, start_new_session=True
    )
    os.close(slave)
    seen = b""
    try:
        while time.perf_counter() - started < 30:
            if not select.select([master], [], [], 1.0)[0]:
                continue
            try:
                seen += os.read(master, 65536)
            except OSError:
                break
            _, entered, frame = seen.partition(PAINTED)
            if entered and len(frame) > 1500:
                return time.perf_counter() - started
        raise RuntimeError(f"{command} painted nothing; it wrote {seen[-300:]!r}")
    finally:
        process.kill()
        process.wait()
        os.close(master)
