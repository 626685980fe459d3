"""Clean checkouts of a commit, each in a folder of its own that is gone when its use ends."""

import contextlib
import fcntl
import os
import secrets
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from agents.private_files import private_folder
from agents.workspace.administration import add_detached, delete_worktree, git_of
from agents.workspace.errors import WorkspaceError
from agents.workspace.git import Git, to_the_end


class Checkouts:
    """Temporary detached worktrees of one repository, under `folder`."""

    def __init__(self, git: Git, common: Path, folder: Path) -> None:
        self._git, self._common, self._folder = git, common, folder

    @asynccontextmanager
    async def open(self, commit: str) -> AsyncIterator[Git]:
        """git in a fresh worktree of `commit` on no branch; removed at the end, also when cancelled."""
        private_folder(self._folder)
        with _held(self._folder) as path:
            try:
                await add_detached(self._git, path, commit)
                yield git_of(self._common, path)
            finally:
                await to_the_end(delete_worktree(self._common, path))

    async def sweep(self) -> None:
        """Remove what processes that were killed left behind."""
        if not self._folder.is_dir():
            return
        for lock in self._folder.glob("*.lock"):
            with contextlib.suppress(OSError, WorkspaceError), lock.open("r+") as file:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)  # the kernel lets go of a dead process's lock
                await delete_worktree(self._common, lock.with_suffix(""))
                lock.unlink(missing_ok=True)


@contextmanager
def _held(folder: Path) -> Iterator[Path]:
    """A new path in `folder`, with a lock beside it that lives as long as this process uses it."""
    while True:
        path = folder / secrets.token_hex(5)
        lock = path.with_suffix(".lock")
        with open(os.open(lock, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            # A sweep may have taken it between the two lines.
            if not lock.exists():
                continue
            try:
                yield path
            finally:
                lock.unlink(missing_ok=True)
            return
