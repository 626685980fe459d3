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


def limited(shell: str, command: str, limits: Limits, *, tasks: bool) -> Sequence[str]:
    """The argument vector that runs `command` in `shell` within `limits`.

    `tasks`: limit processes and threads as well. Only inside a user namespace, since Linux 5.14, do those of the
    command alone count; anywhere else it is every process of the person. A limit above the one in force stays as it is.
    """
    bash = Path(shell).name == "bash"
    block = 1024 if bash else 512  # the unit of `ulimit -f`
    set_ = [
        ("c", 0),
        ("Ht", limits.cpu_s + 5),  # so that the signal at the soft limit tells why it ends
        ("St", limits.cpu_s),
        ("f", limits.file_mb * 1024 * 1024 // block),
        *([("u" if bash else "p", limits.threads)] if tasks else []),
    ]
    first = "; ".join(f"ulimit -{letter} {value} 2>/dev/null" for letter, value in set_)
    return (shell, "-c", f'{first}; exec "$0" -c "$1"', shell, command)


def tasks_of_user() -> int:
    """Processes and threads of this user now: what RLIMIT_NPROC already counts outside a user namespace."""
    count, user = 0, os.getuid()
    for name in os.listdir("/proc"):
        try:
            if name.isdigit() and os.stat(f"/proc/{name}").st_uid == user:
                count += len(os.listdir(f"/proc/{name}/task"))
        except OSError:
            continue
    return count
