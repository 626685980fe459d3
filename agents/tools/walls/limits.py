"""The limits of one process that the kernel keeps itself (setrlimit(2)), set by a shell in front of the command."""

import os
import platform
import re
from collections.abc import Sequence
from pathlib import Path

from agents.settings import Limits


def kernel() -> tuple[int, int]:
    """The kernel's version, as (6, 18); (0, 0) when it does not say."""
    found = re.match(r"(\d+)\.(\d+)", platform.release())
    return (int(found[1]), int(found[2])) if found else (0, 0)


def limited(shell: str, command: str, limits: Limits, *, tasks: int | None) -> Sequence[str]:
    """The argument vector that runs `command` in `shell` within `limits`.

    `tasks`: the limit of processes and threads, if any. Only inside a user namespace, since Linux 5.14, do those of
    the command alone count; anywhere else it is every process of the person. Root is never held by it. A limit above
    the one in force stays as it is.
    """
    bash = Path(shell).name == "bash"
    block = 1024 if bash else 512  # the unit of `ulimit -f`
    set_ = [
        ("c", 0),
        ("Ht", limits.cpu_s + 5),  # so that the signal at the soft limit tells why it ends
        ("St", limits.cpu_s),
        ("f", limits.file_mb * 1024 * 1024 // block),
        *([("u" if bash else "p", tasks)] if tasks else []),
    ]
    first = "; ".join(f"ulimit -{letter} {value} 2>/dev/null" for letter, value in set_)
    return (shell, "-c", f'{first}; exec "$0" -c "$1"', shell, command)


def tasks_with(more: int) -> int | None:
    """RLIMIT_NPROC for a command that may have so many processes and threads outside a user namespace, where those
    this user has now count too. None: it would hold nothing, or nobody says how many there are (macOS)."""
    user = os.getuid()
    if user == 0 or not os.path.isdir("/proc/self"):
        return None
    count = 0
    for name in os.listdir("/proc"):
        try:
            if name.isdigit() and os.stat(f"/proc/{name}").st_uid == user:
                count += len(os.listdir(f"/proc/{name}/task"))
        except OSError:
            continue
    return count + more
