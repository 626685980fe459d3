"""What Landlock's rules say: the rights of landlock(7), and which of them each place gets."""

import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from agents.tools.mounts import Mount, View

EXECUTE, WRITE_FILE, READ_FILE, READ_DIR, REMOVE_DIR, REMOVE_FILE = (1 << bit for bit in range(6))
MAKE_CHAR, MAKE_DIR, MAKE_REG, MAKE_SOCK, MAKE_FIFO, MAKE_BLOCK, MAKE_SYM = (1 << bit for bit in range(6, 13))
REFER, TRUNCATE, IOCTL_DEV = (1 << bit for bit in range(13, 16))
BIND_TCP, CONNECT_TCP = 1, 2
SCOPE_ABSTRACT_UNIX, SCOPE_SIGNAL = 1, 2

_OF_A_FILE = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE | IOCTL_DEV
_READ = EXECUTE | READ_FILE | READ_DIR
_WRITE = _READ | WRITE_FILE | REMOVE_DIR | REMOVE_FILE | MAKE_DIR | MAKE_REG | MAKE_SOCK | MAKE_FIFO | MAKE_SYM
_WRITE |= REFER | TRUNCATE
_DEVICE = READ_FILE | WRITE_FILE | IOCTL_DEV
_DEVICES = ("null", "zero", "full", "random", "urandom")
_SEMAPHORES = READ_FILE | WRITE_FILE | MAKE_REG | REMOVE_FILE | TRUNCATE
_FACTS = "cpuinfo meminfo stat uptime loadavg version filesystems vmstat sys/kernel sys/vm sys/fs sys/net"

Rule = tuple[str, int]


def handled_files(abi: int) -> int:
    """Every right on files that a kernel of this ABI can withhold."""
    every = (1 << 16) - 1
    for newer_than, right in ((2, REFER), (3, TRUNCATE), (5, IOCTL_DEV)):
        if abi < newer_than:
            every &= ~right
    return every


def attribute_size(abi: int) -> int:
    """Bytes of struct landlock_ruleset_attr: files, since 4 TCP, since 6 scopes."""
    return 8 if abi < 4 else 16 if abi < 6 else 24


def rules(mounts: Iterable[Mount], abi: int) -> list[Rule]:
    """Each granted place with its rights. What is hidden inside a granted folder is left out by granting what is
    beside it one by one: Landlock only ever adds up rights on the way down, so the folder itself cannot be listed."""
    views: dict[Path, View] = {}
    for path, view in mounts:
        views[path] = max(view, views.get(path, view))
    given = {View.READABLE: _READ, View.WRITABLE: _WRITE}
    found = [rule for path, view in views.items() if view in given for rule in _around_hidden(path, given[view], views)]
    found += [(f"/dev/{name}", _DEVICE) for name in _DEVICES]
    found += [(f"/proc/{name}", READ_FILE | READ_DIR) for name in _FACTS.split()]
    found.append(("/dev/shm", _SEMAPHORES))
    handled = handled_files(abi)
    return [(path, allowed) for path, rights in found if (allowed := _fitting(path, rights) & handled)]


def _around_hidden(path: Path, rights: int, views: Mapping[Path, View]) -> Iterator[tuple[str, int]]:
    hidden = [place for place, view in views.items() if view is View.HIDDEN and path in place.parents]
    if not hidden:
        yield str(path), rights
        return
    try:
        children = list(path.iterdir())
    except OSError:
        return
    for child in children:
        # A symlink is followed by who opens it, and what it leads to has rights of its own.
        if child not in views and not child.is_symlink():
            yield from _around_hidden(child, rights, views)


def _fitting(path: str, rights: int) -> int:
    """A rule for a file may hold no right of folders."""
    return rights if os.path.isdir(path) else rights & _OF_A_FILE
