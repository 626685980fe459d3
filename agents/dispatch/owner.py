"""Which process carries out a task, and whether it still lives."""

import os
import socket
from pathlib import Path


def this_process() -> str:
    """host:pid:start of this process."""
    pid = os.getpid()
    return f"{socket.gethostname()}:{pid}:{_start_of(pid)}"


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
    return _start_of(pid) == rest


def _start_of(pid: int) -> str:
    """When the process began, in ticks since boot: tells a reused pid apart. `0` where /proc has nothing to say."""
    stat = Path(f"/proc/{pid}/stat")
    try:
        return stat.read_text().rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return "0"
