"""Which process carries out a task, and whether it still lives."""

import os
import socket
from itertools import count
from pathlib import Path

_SERIAL = count(1)


def new_owner() -> str:
    """host:pid:start.serial: this process, and which of its headquarters."""
    pid = os.getpid()
    return f"{socket.gethostname()}:{pid}:{_start_of(pid)}.{next(_SERIAL)}"


def is_alive(owner: str) -> bool:
    """Whether the process behind `owner` lives. One on another host is taken to be alive: we cannot look."""
    host, _, rest = owner.rpartition(":")
    host, _, pid_text = host.rpartition(":")
    if host != socket.gethostname() or not pid_text.isdigit():
        return bool(owner)
    pid = int(pid_text)
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return _start_of(pid) == rest.partition(".")[0]


def _start_of(pid: int) -> str:
    """When the process began, in ticks since boot: tells a reused pid apart.

    `0` where /proc has nothing to say, empty for one that ended and whose parent has not asked yet.
    """
    try:
        state, *rest = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return "" if state in {"Z", "X"} else rest[18]
    except (OSError, ValueError, IndexError):
        return "0"
