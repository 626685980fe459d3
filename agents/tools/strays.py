"""Processes a command left behind: a daemon that moved to a session of its own still carries the command's mark."""

import itertools
import os
import signal
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

MARK = "WARROOM_COMMAND"
"""The variable that holds the marks of the commands a process descends from, comma separated."""

_numbers = itertools.count(1)
_ROUNDS = 50


def new_mark() -> str:
    """A mark no other command on this machine carries now."""
    return f"{os.getpid()}.{next(_numbers)}."


def marked(env: Mapping[str, str], mark: str) -> dict[str, str]:
    """`env` with `mark` added to those it has: a War Room inside a War Room's command is still found by the outer."""
    outer = env.get(MARK) or os.environ.get(MARK, "")
    return {**env, MARK: f"{outer},{mark}" if outer else mark}


def kill_strays(mark: str) -> int:
    """SIGKILL to every process that carries `mark`, until none is left; returns how many there were.

    Reads /proc; where there is none (macOS) it finds nothing, and only the process group is ended.
    """
    killed: set[int] = set()
    for _ in range(_ROUNDS):
        found = {pid for pid in carrying(mark)}
        if not found - killed:
            break
        for pid in found:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        killed |= found
    return len(killed)


def carrying(mark: str) -> Iterator[int]:
    """The processes that carry it now, other than this one."""
    prefix, wanted = f"{MARK}=".encode(), mark.encode()
    try:
        entries = [name for name in os.listdir("/proc") if name.isdigit()]
    except OSError:
        return
    for name in entries:
        if int(name) == os.getpid():
            continue
        try:
            environment = Path("/proc", name, "environ").read_bytes()
        except OSError:
            continue
        for variable in environment.split(b"\0"):
            if variable.startswith(prefix) and wanted in variable[len(prefix) :].split(b","):
                yield int(name)
