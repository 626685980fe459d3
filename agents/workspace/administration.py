"""git's own side of a worktree: found without trusting what an agent left in it, made, and removed with its folder."""

import asyncio
import contextlib
import itertools
import os
import secrets
import shutil
import stat
from pathlib import Path

from agents.workspace.errors import WorkspaceError
from agents.workspace.git import Git
from agents.workspace.registering import add_worktree
from agents.workspace.results import oid


def find_admin(common: Path, worktree: Path) -> Path | None:
    """git's own folder for `worktree`, found without trusting anything inside the worktree."""
    try:
        entries = list((common / "worktrees").iterdir())
    except OSError:
        return None
    for entry in entries:
        with contextlib.suppress(OSError):
            link = os.fsdecode((entry / "gitdir").read_bytes()).removesuffix("\n")
            if os.path.normpath(entry / link) == os.path.normpath(worktree / ".git"):
                return entry
    return None


def git_of(common: Path, worktree: Path) -> Git:
    """git in `worktree` with its repository named explicitly: a `.git` an agent swapped is not looked at.

    Raises WorkspaceError when the folder is gone or git does not know it any more.
    """
    if worktree.is_symlink() or not worktree.is_dir():
        raise WorkspaceError(f"The worktree {worktree} is gone. Retry the task: it gets a new one.")
    admin = find_admin(common, worktree)
    if admin is None or not (admin / "HEAD").exists():
        raise WorkspaceError(
            f"git does not know the worktree {worktree} any more; its files are still there. "
            "Copy what you need from it, then retry the task."
        )
    return Git(worktree, {"GIT_DIR": str(admin), "GIT_WORK_TREE": str(worktree)})


def point(worktree: Path, right: bytes, aside: Path) -> None:
    """Make the worktree's `.git` the file that says `right`; a folder an agent may have put there goes to `aside`."""
    link = worktree / ".git"
    with contextlib.suppress(FileNotFoundError):
        found = link.lstat()
        if stat.S_ISREG(found.st_mode) and found.st_size == len(right) and link.read_bytes() == right:
            return
        if stat.S_ISDIR(found.st_mode):
            link.chmod(stat.S_IRWXU)  # else it could not be moved
            delete_folder(aside)
            aside.parent.mkdir(exist_ok=True)
            link.rename(aside)
        else:
            link.unlink()
    with link.open("xb") as file:  # a new one: what was there may be known elsewhere by another name
        file.write(right)


async def add_detached(git: Git, path: Path, commit: str) -> None:
    """A worktree at `path` on no branch, locked against `git worktree prune`."""
    await add_worktree(git, "--detach", "--lock", str(path), oid(commit))


async def delete_worktree(common: Path, path: Path) -> None:
    """Remove the folder, then what git knows of it. Raises WorkspaceError when the folder cannot be removed."""
    admin = find_admin(common, path)
    await asyncio.to_thread(delete_folder, path)
    if admin is not None:
        await asyncio.to_thread(delete_folder, admin)


def delete_folder(path: Path) -> None:
    """Remove a folder with everything in it, read-only parts too, however deep; links are removed, not followed."""
    if path.is_symlink() or path.is_file():
        path.unlink()
    with contextlib.suppress(FileNotFoundError):
        try:
            shutil.rmtree(path)
        except (PermissionError, RecursionError):
            try:
                _flatten(path)
                shutil.rmtree(path)
            except OSError as error:
                raise WorkspaceError(f"{path} cannot be removed: {error.strerror} ({error.filename}).") from error


def _flatten(top: Path) -> None:
    """Make every folder below `top` writable and move it up to `top`: then nothing is too deep, nor a path too long."""
    top.chmod(stat.S_IRWXU)
    prefix = secrets.token_hex(8)
    numbers = itertools.count()
    above = os.open(top, os.O_RDONLY | os.O_DIRECTORY)
    try:
        waiting = _folders(above)
        while waiting:
            name = waiting.pop()
            os.chmod(name, stat.S_IRWXU, dir_fd=above)
            folder = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=above)
            try:
                for inner in _folders(folder):
                    os.chmod(inner, stat.S_IRWXU, dir_fd=folder)
                    moved = f"{prefix}-{next(numbers)}"
                    os.rename(inner, moved, src_dir_fd=folder, dst_dir_fd=above)
                    waiting.append(moved)
            finally:
                os.close(folder)
    finally:
        os.close(above)


def _folders(descriptor: int) -> list[str]:
    with os.scandir(descriptor) as entries:
        return [entry.name for entry in entries if entry.is_dir(follow_symlinks=False)]
