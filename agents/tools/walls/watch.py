"""What a command's processes use together: no limit of the kernel's adds them up without a control group of our own."""

import os
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from itertools import islice
from pathlib import Path

from agents.settings import Limits
from agents.tools.shell_result import Stopped
from agents.tools.strays import carrying
from agents.tools.visible import SCRATCH

TICK_S = 0.1
"""Between two looks. A program fills a gigabyte of memory in about three of them."""
_DISK_EVERY = 5
_REST = 10
"""A look at the files is followed by so many times as long without one."""
_LEAST_FREE = 512 * 1024**2
_FLOOD = 64 * 1024**2
"""Bytes: who has written less is not the one who filled the disk."""
SHARED_MEMORY = Path("/dev/shm")
_PAGE = os.sysconf("SC_PAGE_SIZE")
_MEGABYTE = 1024**2


class Watch:
    """Looks at the processes below one, and at the folders they may write. Without /proc (macOS) at folders only."""

    def __init__(self, pid: int, mark: str, limits: Limits, folders: Sequence[Path], *, own_scratch: bool) -> None:
        """`mark`: in the environment of what it started (strays.py). `own_scratch`: the command has scratch folders of
        its own in memory, which count as memory it holds."""
        self._pid = pid
        self._mark = mark
        self._limits = limits
        self._own_scratch = own_scratch
        self._disks = [_Disk(there, limits) for there in _by_disk(folders)]
        self._ticks = 0
        self._least = _tasks_of_machine()

    def breach(self) -> Stopped | None:
        """The limit that is exceeded now; None: all is well. Reads /proc: about 0.1 ms for each process."""
        tree, threads = _tree(self._pid, self._limits.processes)
        if len(tree) > self._limits.processes or self._crowded() or threads > self._limits.threads:
            return Stopped.PROCESSES
        if self._memory(tree) > self._limits.memory_mb * _MEGABYTE:
            return Stopped.MEMORY
        self._ticks += 1
        if self._ticks % _DISK_EVERY == 0 and any(disk.filled(tree) for disk in self._disks):
            return Stopped.DISK
        return None

    def _crowded(self) -> bool:
        """Too many carry the command's mark: those whose parent has ended may be in no tree. Looked at only when the
        whole machine has so many more processes and threads than at its emptiest."""
        now = _tasks_of_machine()
        self._least = min(self._least, now)
        most = self._limits.processes
        return now - self._least > most and sum(1 for _ in islice(carrying(self._mark), most + 1)) > most

    def _memory(self, tree: Sequence[int]) -> int:
        """Bytes the processes hold that no file stands behind. The dearer ways of counting, which count what several
        share only once, are for when the cheaper ones come to more than is allowed."""
        scratch = _scratch(tree[-1]) if self._own_scratch and tree else 0
        held = 0
        for bytes_of in (_resident, _without_files, _proportional):
            held = scratch + sum(bytes_of(pid) for pid in tree)
            if held <= self._limits.memory_mb * _MEGABYTE:
                break
        return held


class _Disk:
    """One file system, and what the command has added to it."""

    def __init__(self, folders: Sequence[Path], limits: Limits) -> None:
        self._folders = folders
        in_memory = folders[0] == SHARED_MEMORY
        self._limit = (min(limits.memory_mb, limits.disk_mb) if in_memory else limits.disk_mb) * _MEGABYTE
        self._began = time.time() - 1
        self._free = self._walk_below = _free(folders[0])
        self._walk_at = 0.0

    def filled(self, tree: Sequence[int]) -> bool:
        """More was added than is allowed, or the disk is nearly full and it was this command. Others write there as
        well, so what the disk says is only the reason to look at the files, which takes a second for 100,000."""
        free = _free(self._folders[0])
        suspect = self._free - free > self._limit or (free < _LEAST_FREE and self._free - free > _FLOOD)
        if not suspect or time.monotonic() < self._walk_at or free > self._walk_below:
            return False
        started = time.monotonic()
        self._walk_below = free - _FLOOD
        added = sum(_added(folder, self._began) for folder in self._folders) + _unlinked(tree)
        self._walk_at = time.monotonic() + _REST * (time.monotonic() - started)
        return added > self._limit or (free < _LEAST_FREE and added > _FLOOD)


def _tree(root: int, most: int) -> tuple[list[int], int]:
    """The processes below `root` and how many threads they have; it stops counting soon after `most`."""
    found: list[int] = []
    threads = 0
    open_ = [root]
    while open_ and len(found) <= most:
        pid = open_.pop()
        with suppress(OSError):
            tasks = os.listdir(f"/proc/{pid}/task")
            threads += len(tasks)
            for task in tasks:
                with suppress(OSError), open(f"/proc/{pid}/task/{task}/children") as file:
                    children = [int(word) for word in file.read().split()]
                    found += children
                    open_ += children
    return found, threads


def _tasks_of_machine() -> int:
    """Processes and threads, as in `0.20 0.18 0.12 1/80 11206`; 0: it does not say."""
    try:
        with open("/proc/loadavg") as file:
            return int(file.read().split()[3].partition("/")[2])
    except (OSError, IndexError, ValueError):
        return 0


def _resident(pid: int) -> int:
    """Everything in memory, programs and libraries too."""
    try:
        with open(f"/proc/{pid}/statm") as file:
            return int(file.read().split()[1]) * _PAGE
    except (OSError, IndexError):
        return 0


def _without_files(pid: int) -> int:
    """Its own memory and what it shares in memory."""
    return _sum_of(f"/proc/{pid}/status", ("RssAnon:", "RssShmem:"))


def _proportional(pid: int) -> int:
    """The same, with what n processes share counted as an n-th for each; a process that closes itself to looks gets
    no discount."""
    return _sum_of(f"/proc/{pid}/smaps_rollup", ("Pss_Anon:", "Pss_Shmem:")) or _without_files(pid)


def _sum_of(file_of_proc: str, names: tuple[str, ...]) -> int:
    """Lines like `RssAnon:  1024 kB` added up, in bytes."""
    try:
        with open(file_of_proc) as file:
            return sum(int(line.split()[1]) * 1024 for line in file if line.startswith(names))
    except OSError:
        return 0


def _scratch(pid: int) -> int:
    """Bytes in those scratch folders as the process sees them that are not the ones of the machine."""
    used = 0
    for folder in SCRATCH:
        with suppress(OSError):
            seen = f"/proc/{pid}/root{folder}"
            if os.stat(seen).st_dev != os.stat(folder).st_dev:
                stat = os.statvfs(seen)
                used += (stat.f_blocks - stat.f_bfree) * stat.f_frsize
    return used


def _free(folder: Path) -> int:
    try:
        stat = os.statvfs(folder)
    except OSError:
        return 0
    return stat.f_bavail * stat.f_frsize


def _by_disk(folders: Sequence[Path]) -> Iterable[list[Path]]:
    found: dict[int, list[Path]] = {}
    for folder in folders:
        with suppress(OSError):
            found.setdefault(os.stat(folder).st_dev, []).append(folder)
    return found.values()


def _added(folder: Path, began: float) -> int:
    """Bytes on disk of the files below `folder` that were made or changed since."""
    added = 0
    open_ = [str(folder)]
    while open_:
        with suppress(OSError), os.scandir(open_.pop()) as entries:
            for entry in entries:
                with suppress(OSError):
                    if entry.is_dir(follow_symlinks=False):
                        open_.append(entry.path)
                    elif (stat := entry.stat(follow_symlinks=False)).st_ctime >= began:
                        added += stat.st_blocks * 512
    return added


def _unlinked(tree: Sequence[int]) -> int:
    """Bytes of files the processes hold open that have no name any more."""
    sizes: dict[tuple[int, int], int] = {}
    for pid in tree:
        with suppress(OSError):
            for number in os.listdir(f"/proc/{pid}/fd"):
                with suppress(OSError):
                    stat = os.stat(f"/proc/{pid}/fd/{number}")
                    if stat.st_nlink == 0:
                        sizes[stat.st_dev, stat.st_ino] = stat.st_blocks * 512
    return sum(sizes.values())
