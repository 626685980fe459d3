"""Reading a file that may be anything by now: bounded, and never waiting for the writer of a pipe."""

import os
import stat
from pathlib import Path


class Unreadable(OSError):
    """It is no regular file, or larger than it may be."""


def read_regular(path: Path, most: int, *, whole: bool = False) -> bytes:
    """The first `most` bytes of the regular file at `path`, links followed. Raises OSError; Unreadable for folders,
    pipes, devices and sockets, and with `whole` for a file that is larger."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with open(descriptor, "rb") as file:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise Unreadable(22, "it is no ordinary file", str(path))
        if whole and status.st_size > most:
            raise Unreadable(27, f"it is larger than {most / 1e6:,.0f} MB", str(path))
        return file.read(most)
