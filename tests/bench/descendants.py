"""Every process that a process started, whatever session it moved to and whoever died in between (Linux)."""

import asyncio
import ctypes
import os
import signal
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

_SET_CHILD_SUBREAPER = 36


def adopt_orphans() -> None:
    """From now on whoever among our descendants loses its parent becomes our child, so that nobody is out of sight."""
    if ctypes.CDLL(None, use_errno=True).prctl(_SET_CHILD_SUBREAPER, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "prctl")


def descendants(pid: int) -> list[int]:
    """The processes below `pid` that run, parents first."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(OSError):
                state, parent = (entry / "stat").read_text().rpartition(")")[2].split()[:2]
                if state not in {"Z", "X"}:
                    children.setdefault(int(parent), []).append(int(entry.name))
    found, todo = list[int](), [pid]
    while todo:
        below = children.get(todo.pop(), [])
        found += below
        todo += below
    return found


def kill_tree(pid: int) -> None:
    """SIGKILL to `pid` and everything below it, stopped first so that nothing new is started meanwhile."""
    stopped: list[int] = []
    todo = [pid]
    while todo:
        one = todo.pop()
        if one not in stopped:
            with suppress(ProcessLookupError):
                os.kill(one, signal.SIGSTOP)
                stopped.append(one)
                todo += descendants(one)
    for one in stopped:
        with suppress(ProcessLookupError):
            os.kill(one, signal.SIGKILL)


async def outlived(pids: Collection[int], within_s: float) -> list[int]:
    """Those of `pids` that still run after `within_s` seconds."""
    waiting = {pid: asyncio.ensure_future(_exit_of(pid)) for pid in pids}
    if waiting:
        await asyncio.wait(waiting.values(), timeout=within_s)
    left = [pid for pid, exit in waiting.items() if not exit.done()]
    for exit in waiting.values():
        exit.cancel()
    await asyncio.gather(*waiting.values(), return_exceptions=True)
    _reap(waiting.keys() - set(left))
    return left


def _reap(pids: Collection[int]) -> None:
    for pid in pids:
        with suppress(ChildProcessError):
            os.waitpid(pid, os.WNOHANG)


async def _exit_of(pid: int) -> None:
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    loop, ended = asyncio.get_running_loop(), asyncio.Event()
    loop.add_reader(descriptor, ended.set)
    try:
        await ended.wait()
    finally:
        loop.remove_reader(descriptor)
        os.close(descriptor)


def described(pid: int) -> str:
    """What a process is, for a report."""
    try:
        return f"{pid}: " + (Path("/proc") / str(pid) / "cmdline").read_bytes().replace(b"\0", b" ").decode()[:200]
    except OSError:
        return f"{pid}: gone"
