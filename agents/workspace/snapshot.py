"""The files of a folder as a git tree, through a private index: nothing a person or an agent staged plays a part."""

import os
import shutil
import stat
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from agents.workspace.errors import WorkspaceError, name_files
from agents.workspace.git import Git

LITTER = Path(__file__).parent / "litter.gitignore"
_MARKERS = ("CACHEDIR.TAG", "pyvenv.cfg")
"""A new folder with one of these holds a cache or an environment, whatever it is called."""


@dataclass(frozen=True)
class Snapshot:
    """The tree, and what was left out of it, in plain sentences."""

    tree: str
    warnings: tuple[str, ...]


async def take_snapshot(
    git: Git,
    index: Path,
    *,
    max_bytes: int,
    max_files: int | None = None,
    skipped: Callable[[str], bool] = lambda path: False,
) -> Snapshot:
    """Bring the index file `index` up to the files of `git`'s work tree and write its tree.

    Everything not ignored counts: edits, deletions, new files. Left out: build litter, files over `max_bytes`, folders
    that are git repositories of their own, `skipped` paths. Raises WorkspaceError over `max_files` new files.
    """
    # Not `git add -A`: for a submodule it would run git inside, under a configuration that an agent may have written.
    private = git.having(GIT_INDEX_FILE=str(index))
    changed = await private.names("diff-files", "-z", "--name-status", "--ignore-submodules=all")
    others = await private.names("ls-files", "-z", "--others", "--exclude-standard", f"--exclude-from={LITTER}")
    pairs = [(_status(git.cwd, status, path), path) for status, path in zip(changed[::2], changed[1::2], strict=True)]
    deleted = [path for status, path in pairs if status == "D"]
    edited = [path for status, path in pairs if status not in {"D", "U"}]

    others = [path for path in others if not skipped(path)]
    nested = [path for path in others if path.endswith("/")]
    new = _without_caches([path for path in others if not path.endswith("/")])
    if max_files is not None and len(new) > max_files:
        raise WorkspaceError(
            f"{git.cwd} holds more than {max_files:,} files. Open War Room on the folder of one project, "
            "or leave what does not belong to it out with a .gitignore."
        )
    large = [path for path in (*edited, *new) if _size(git.cwd, path) > max_bytes]
    left_out = set(large)
    if deleted:
        await private("update-index", "--force-remove", "-z", "--stdin", input=_nul(deleted))
    kept = [path for path in (*edited, *new) if path not in left_out]
    if kept:
        await private("update-index", "--add", "--remove", "--replace", "-z", "--stdin", input=_nul(kept))
    return Snapshot(await private("write-tree"), tuple(_warnings(nested, large, max_bytes)))


def _warnings(nested: Sequence[str], large: Sequence[str], max_bytes: int) -> Iterable[str]:
    if nested:
        is_are = "is a git repository of its own" if len(nested) == 1 else "are git repositories of their own"
        yield f"Left out: {name_files(nested)} {is_are}. Remove the .git inside if the files belong here."
    if large:
        yield f"Left out, larger than {max_bytes // 1_000_000} MB: {name_files(large)}."


def _without_caches(paths: list[str]) -> list[str]:
    folders = tuple(
        path[: -len(marker)] for path in paths for marker in _MARKERS if path.endswith(f"/{marker}")
    )  # each ends with a slash
    return [path for path in paths if not path.startswith(folders)] if folders else paths


def _status(root: Path, status: str, path: str) -> str:
    """`status`, but of a file that has become a pipe, a socket or a device D: git cannot keep one."""
    try:
        mode = os.lstat(root / path).st_mode
    except OSError:
        return status
    kept = stat.S_ISREG(mode) or stat.S_ISLNK(mode) or stat.S_ISDIR(mode)
    return status if kept or status == "U" else "D"


def _size(root: Path, path: str) -> int:
    try:
        return os.lstat(root / path).st_size
    except OSError:
        return 0


def _nul(paths: Iterable[str]) -> bytes:
    return b"".join(os.fsencode(path) + b"\0" for path in paths)


def copy_index(source: Path, target: Path) -> None:
    """Copy an index file with its time: git tells by it which entries it may trust."""
    shutil.copy2(source, target)
