"""What a sandbox sees of the file system, as bwrap's arguments and as mounts of a machine that is read-only."""

import os
from collections.abc import Iterable
from enum import IntEnum
from pathlib import Path
from typing import NamedTuple


class View(IntEnum):
    """How a place looks from inside; of two for the same path the higher wins."""

    SCRATCH = 1
    """An empty folder in memory, writable."""
    EMPTY = 2
    """An empty folder, read-only."""
    READABLE = 3
    HIDDEN = 4
    """A folder looks empty, a file cannot be opened."""
    WRITABLE = 5


class Mount(NamedTuple):
    """One place and how it looks. The path is absolute and resolved."""

    path: Path
    view: View


def mount_arguments(mounts: Iterable[Mount], *, scratch_bytes: int | None) -> list[str]:
    """bwrap's arguments for `mounts` in an empty `/`: the deeper of two wins over the one around it.

    `scratch_bytes` limits each scratch folder; None where this bwrap cannot.
    """
    views: dict[Path, View] = {}
    for path, view in mounts:
        views[path] = max(view, views.get(path, view))
    arguments: list[str] = []
    closed: list[str] = []
    for path in sorted(views, key=lambda path: len(path.parts)):
        view, name = views[path], str(path)
        around = next((views[parent] for parent in path.parents if parent in views), View.EMPTY)
        if view is View.HIDDEN and around in {View.SCRATCH, View.EMPTY, View.HIDDEN}:
            continue
        if view is around is View.READABLE:
            continue
        if view is View.WRITABLE:
            arguments += ["--bind", name, name]
        elif view is View.READABLE:
            arguments += ["--ro-bind", name, name]
        elif view is View.HIDDEN and not os.path.isdir(path):
            arguments += ["--ro-bind", "/dev/null", name]
        elif view is View.SCRATCH:
            limit = [] if scratch_bytes is None else ["--size", str(scratch_bytes)]
            arguments += ["--perms", "1777", *limit, "--tmpfs", name]
        else:
            arguments += ["--tmpfs", name]
            closed += ["--remount-ro", name]
    # Closed last: the places inside must still get their mount points.
    return arguments + closed


def places(mounts: Iterable[Mount]) -> list[tuple[str, bool]]:
    """What is writable of a machine that is read-only, the outer places first, and what in there is not."""
    views: dict[Path, View] = {}
    for path, view in mounts:
        views[path] = max(view, views.get(path, view))
    found: list[tuple[str, bool]] = []
    for path in sorted(views, key=lambda path: len(path.parts)):
        around = next((views[parent] for parent in path.parents if parent in views), View.READABLE)
        if path.exists() and (views[path] is View.WRITABLE) != (around is View.WRITABLE):
            found.append((str(path), views[path] is View.WRITABLE))
    return found
