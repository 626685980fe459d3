"""A control group for the processes of one command: root, whom RLIMIT_NPROC never holds, is held by it.

The kernel does not apply RLIMIT_NPROC to the user it knows as root, in a user namespace neither (copy_process in
kernel/fork.c). Root may make control groups instead; nobody else needs them here.
"""

import asyncio
import itertools
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path

_HIERARCHIES = (Path("/sys/fs/cgroup/pids"), Path("/sys/fs/cgroup"))
"""Of version 1, where each controller has its own, and of version 2."""
_ENTER = 'echo $$ 2>/dev/null >"$0"; exec "$@"'
_TRIES = 20
_PAUSE_S = 0.01
COUNTED = "processes are counted and ended, not limited: you are root, and /sys/fs/cgroup is not writable"
"""Where `unlimited`."""

_numbers = itertools.count(1)


@asynccontextmanager
async def control_group(tasks: int) -> AsyncIterator[Sequence[str]]:
    """What to put before an argument vector so that the command has at most so many processes and threads; nothing
    where no group is needed or can be made: the other limits hold by themselves."""
    group = _made(tasks) if os.getuid() == 0 else None
    try:
        yield () if group is None else ("/bin/sh", "-c", _ENTER, str(group / "cgroup.procs"))
    finally:
        if group is not None:
            await _removed(group)


def unlimited() -> bool:
    """Nothing in the kernel limits how many processes there are: they are only counted, and ended when too many."""
    if os.getuid() != 0:
        return False
    group = _made(1)
    if group is not None:
        group.rmdir()
    return group is None


def _made(tasks: int) -> Path | None:
    for hierarchy in _HIERARCHIES:
        group = hierarchy / f"warroom-{os.getpid()}-{next(_numbers)}"
        with suppress(OSError):
            _clear(hierarchy)
            group.mkdir()
            try:
                with open(group / "pids.max", "r+") as limit:  # never made here: the folder may be of another kind
                    limit.write(str(tasks))
            except OSError:
                group.rmdir()
            else:
                return group
    return None


def _clear(hierarchy: Path) -> None:
    """Take away what a War Room left that was killed. A group with a process in it cannot be removed."""
    for group in hierarchy.glob("warroom-*-*"):
        if not Path("/proc", group.name.split("-")[1]).exists():
            with suppress(OSError):
                group.rmdir()


async def _removed(group: Path) -> None:
    """Its last processes were killed, which may take them a moment."""
    for _ in range(_TRIES):
        try:
            group.rmdir()
        except FileNotFoundError:
            return
        except OSError:
            await asyncio.sleep(_PAUSE_S)
        else:
            return
