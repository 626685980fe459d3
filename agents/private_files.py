"""Files and folders that only this person can read, whatever the umask says and whoever made them before."""

import os
import stat
from contextlib import suppress
from pathlib import Path

_FLAGS = os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW


def private_folder(path: Path) -> Path:
    """Make the folder `path` and what is missing above it, each for the owner only; `path` itself is made so where it
    was there before. Raises OSError."""
    missing = [path, *path.parents]
    missing = missing[: next((at for at, folder in enumerate(missing) if folder.is_dir()), len(missing))]
    for folder in reversed(missing):
        with suppress(FileExistsError):  # somebody was quicker
            folder.mkdir(mode=0o700)
    status = path.stat()
    if not stat.S_ISDIR(status.st_mode):
        raise NotADirectoryError(20, os.strerror(20), str(path))
    if status.st_mode & 0o077 and status.st_uid == os.getuid():
        path.chmod(0o700)
    return path


def write_private(path: Path, text: str, *, append: bool = False) -> None:
    """Write the file `path`, or add to it: for the owner only. A link is not followed. Raises OSError."""
    descriptor = os.open(path, _FLAGS | (os.O_APPEND if append else os.O_TRUNC), 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8", errors="backslashreplace") as file:
        os.fchmod(descriptor, 0o600)
        file.write(text)
