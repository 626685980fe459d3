"""The database's files: private to the person, and moved aside, never deleted, when they ask for it."""

import asyncio
import os
from datetime import UTC, datetime
from pathlib import Path

from agents.private_files import private_folder
from agents.sanitize import one_line
from agents.store.errors import StoreError

SUFFIXES = ("", "-wal", "-shm")


def make_private(path: Path) -> None:
    """Make the folder of `path` (0700) and the file (0600) where missing; SQLite gives its siblings the same mode.

    Raises StoreError when the folder or file cannot be made.
    """
    try:
        if not path.parent.is_dir():
            private_folder(path.parent)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            os.fchmod(descriptor, 0o600)
        finally:
            os.close(descriptor)
    except OSError as error:
        why = "its folder is a file" if isinstance(error, FileExistsError | NotADirectoryError) else error.strerror
        raise StoreError(
            f"the database {one_line(str(path))} cannot be opened ({why}): "
            "check the folder and its permissions, or set WARROOM_HOME to another one"
        ) from error


async def move_aside(path: Path) -> Path:
    """Rename the database at `path`, with its WAL and shared memory, to a dated name beside it; where it lies now.

    Only when a person asked for it, and with no store open on it. Raises StoreError when there is nothing or no room.
    """
    return await asyncio.to_thread(_move_aside, path)


def _move_aside(path: Path) -> Path:
    aside = _free_name(path)
    try:
        for suffix in reversed(SUFFIXES):  # the database last: until then another try finds everything
            part = Path(f"{path}{suffix}")
            if suffix == "" or part.exists():
                part.rename(f"{aside}{suffix}")
    except OSError as error:
        raise StoreError(f"the database {one_line(str(path))} cannot be moved aside: {error.strerror}") from error
    return aside


def _free_name(path: Path) -> Path:
    modified = path.stat().st_mtime if path.exists() else 0.0
    stamp = datetime.fromtimestamp(modified, UTC).strftime("%Y%m%d-%H%M%S")
    number = 1
    while True:
        more = "" if number == 1 else f"-{number}"
        aside = path.with_name(f"{path.stem}.damaged-{stamp}{more}{path.suffix}")
        if not any(Path(f"{aside}{suffix}").exists() for suffix in SUFFIXES):
            return aside
        number += 1
