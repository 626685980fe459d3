"""`.worktreeinclude`: ignored files (`.env`, local settings) that every worktree gets a copy of."""

import asyncio
import contextlib
import os
import shutil
import stat
import threading
from dataclasses import dataclass
from pathlib import Path

from agents.workspace.errors import name_files
from agents.workspace.git import Git, to_the_end
from agents.workspace.walking import walk

NAME = ".worktreeinclude"
MAX_BYTES = 512 * 1024 * 1024
MAX_FILES = 50_000


@dataclass(frozen=True)
class Included:
    """What was copied (folders end with a slash), and what was not, in plain sentences."""

    copied: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


async def copy_included(git: Git, root: Path, target: Path) -> Included:
    """Copy the ignored files of `root` that its `.worktreeinclude` (patterns as in .gitignore) names into `target`.

    `git` looks at `root`. Links are copied only when they point inside; nothing that exists in `target` is replaced.
    """
    patterns = root / NAME
    if patterns.is_symlink() or not patterns.is_file():
        return Included()
    named = await git.names("ls-files", "-z", "--others", "--ignored", "--directory", f"--exclude-from={patterns}")
    if not named:
        return Included()
    asked = b"".join(os.fsencode(name) + b"\0" for name in named)
    # Exit code 1 means that none is ignored.
    ignored = await git.maybe("check-ignore", "-z", "--stdin", input=asked)
    names = [name for name in (ignored or "").split("\0") if name]
    copier = _Copier(root, target)
    work = asyncio.to_thread(copier.copy, names)
    try:
        task = asyncio.ensure_future(work)
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        copier.stop.set()
        await to_the_end(_ended(task))
        raise


async def _ended(task: "asyncio.Future[Included]") -> None:
    await asyncio.wait({task})


class _Copier:
    """Copies within limits, until told to stop."""

    def __init__(self, root: Path, target: Path) -> None:
        self.stop = threading.Event()
        self._root, self._target = root, target
        self._bytes = self._files = 0
        self._skipped: list[str] = []
        self._over: list[str] = []

    def copy(self, names: list[str]) -> Included:
        """Copy `names`, relative to the root."""
        copied = []
        for name in names:
            source = self._root / name
            if name.endswith("/") and not source.is_symlink():
                self._folder(name)
            else:
                self._one(name.rstrip("/"))
            copied.append(name)
        warnings = []
        if self._over:
            warnings.append(
                f"{NAME} names more than {MAX_BYTES // 1024**2} MB or {MAX_FILES:,} files: "
                f"{name_files(self._over, 3)} and what follows are missing in worktrees."
            )
        if self._skipped:
            warnings.append(f"{NAME}: not copied, as they lead out of the folder: {name_files(self._skipped, 3)}.")
        return Included(tuple(copied), tuple(warnings))

    def _folder(self, name: str) -> None:
        for parent, folders, files in walk(self._root / name):
            if self.stop.is_set() or self._over:
                return
            inside = os.path.relpath(parent, self._root)
            links = [folder for folder in folders if os.path.islink(os.path.join(parent, folder))]
            for entry in (*files, *links):
                self._one(os.path.join(inside, entry))

    def _one(self, name: str) -> None:
        source, target = self._root / name, self._target / name
        if self.stop.is_set() or self._over or os.path.lexists(target):
            return
        try:
            status = source.lstat()
        except OSError:
            return
        if not self._stays_inside(name, status):
            self._skipped.append(name)
            return
        if self._bytes + status.st_size > MAX_BYTES or self._files >= MAX_FILES:
            self._over.append(name)
            return
        with contextlib.suppress(OSError):  # it vanished meanwhile, or may not be read: the agent goes without it
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target, follow_symlinks=False)
            self._bytes += status.st_size
            self._files += 1

    def _stays_inside(self, name: str, status: os.stat_result) -> bool:
        folder = self._target
        for part in Path(name).parts[:-1]:
            folder /= part
            if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
                return False
        if stat.S_ISREG(status.st_mode):
            return True
        if not stat.S_ISLNK(status.st_mode) or os.path.isabs(os.readlink(self._root / name)):
            return False
        return (self._root / name).resolve().is_relative_to(self._root)
