"""What a command's processes use together: no limit of the kernel's adds them up without a control group of our own."""

import os
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from agents.settings import Limits
from agents.tools.shell_result import Stopped
from agents.tools.visible import SCRATCH

TICK_S = 0.1
"""Between two looks. A program fills a gigabyte of memory in about three of them."""
_DISK_EVERY = 5
_WALK_EVERY_S = 3.0
_LEAST_FREE = 512 * 1024**2
_FLOOD = 64 * 1024**2
"""Bytes: who has written less is not the one who filled the disk."""
_PAGE = os.sysconf("SC_PAGE_SIZE")
_MEGABYTE = 1024**2


class Watch:
    """Looks at the processes below one, and at the folders they may write. Without /proc (macOS) at folders only."""

    def __init__(self, pid: int, limits: Limits, folders: Sequence[Path], *, own_scratch: bool) -> None:
        """`own_scratch`: the command has scratch folders of its own in memory, which count as memory it holds."""
        self._pid = pid
        self._limits = limits
        self._own_scratch = own_scratch
        self._disks = [_Disk(folder, limits.disk_mb * _MEGABYTE) for folder in _one_per_disk(folders)]
        self._folders = folders
        self._ticks = 0

    def breach(self) -> Stopped | None:
        """The limit that is exceeded now; None: all is well. Reads /proc: about 0.1 ms for each process."""
        tree, threads = _tree(self._pid, self._limits.processes)
        if len(tree) > self._limits.processes or threads > self._limits.threads:
            return Stopped.PROCESSES
        if self._memory(tree) > self._limits.memory_mb * _MEGABYTE:
            return Stopped.MEMORY
        self._ticks += 1
        if self._ticks % _DISK_EVERY == 0 and any(disk.filled(self._folders, tree) for disk in self._disks):
            return Stopped.DISK
        return None

    def _memory(self, tree: Sequence[int]) -> int:
        """Bytes of their own that the processes hold. What forked processes still share counts once, which is measured
        only when counting it several times would be too much."""
        scratch = _scratch(tree[-1]) if self._own_scratch and tree else 0
        quick = sum(_own_bytes(pid) for pid in tree)
        if quick + scratch <= self._limits.memory_mb * _MEGABYTE:
            return quick + scratch
        return sum(_proportional_bytes(pid) for pid in tree) + scratch


class _Disk:
    """One file system, and what the command has added to it."""

    def __init__(self, folder: Path, limit: int) -> None:
        self._folder = folder
        self._limit = limit
        self._began = time.time() - 1
        self._free = self._walk_below = _free(folder)
        self._walk_at = 0.0

    def filled(self, folders: Sequence[Path], tree: Sequence[int]) -> bool:
        """More was added than is allowed, or the disk is nearly full and it was this command. Others write there as
        well, so what the disk says is only the reason to look at the files, which takes a second for 100,000."""
        free = _free(self._folder)
        suspect = self._free - free > self._limit or (free < _LEAST_FREE and self._free - free > _FLOOD)
        if not suspect or time.monotonic() < self._walk_at or free > self._walk_below:
            return False
        self._walk_at = time.monotonic() + _WALK_EVERY_S
        self._walk_below = free - _FLOOD
        added = sum(_added(folder, self._began) for folder in folders) + _unlinked(tree)
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


def _own_bytes(pid: int) -> int:
    """Resident memory that no file stands behind and no shared segment."""
    try:
        with open(f"/proc/{pid}/statm") as file:
            _, resident, shared, *_ = file.read().split()
    except (OSError, ValueError):
        return 0
    return (int(resident) - int(shared)) * _PAGE


def _proportional_bytes(pid: int) -> int:
    """As `_own_bytes`, with what n processes share counted as an n-th for each."""
    try:
        with open(f"/proc/{pid}/smaps_rollup") as file:
            for line in file:
                if line.startswith("Pss_Anon:"):
                    return int(line.split()[1]) * 1024
    except OSError:
        pass
    return _own_bytes(pid)


def _scratch(pid: int) -> int:
    """Bytes in the scratch folders as the process sees them."""
    used = 0
    for folder in SCRATCH:
        with suppress(OSError):
            stat = os.statvfs(f"/proc/{pid}/root{folder}")
            used += (stat.f_blocks - stat.f_bfree) * stat.f_frsize
    return used


def _free(folder: Path) -> int:
    try:
        stat = os.statvfs(folder)
    except OSError:
        return 0
    return stat.f_bavail * stat.f_frsize


def _one_per_disk(folders: Sequence[Path]) -> Iterator[Path]:
    seen: set[int] = set()
    for folder in folders:
        with suppress(OSError):
            device = os.stat(folder).st_dev
            if device not in seen:
                seen.add(device)
                yield folder


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
