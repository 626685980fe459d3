"""What the workspace hands out: pinned bases, worktrees, commits, changes, merge previews."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from agents.workspace.errors import WorkspaceError

_OID = re.compile(r"[0-9a-f]{7,64}")


@dataclass(frozen=True)
class Base:
    """The commit agents start from."""

    commit: str
    branch: str | None
    """The person's branch; None when HEAD is detached, and for a plain folder."""
    warnings: tuple[str, ...] = ()
    """What agents will not see, in plain sentences."""


@dataclass(frozen=True)
class Worktree:
    """A mission's own folder and branch."""

    path: Path
    branch: str
    start_commit: str
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Commit:
    """A mission's work as one commit on its branch; `files` are the real paths changed since the start commit."""

    commit: str
    files: tuple[str, ...]
    warnings: tuple[str, ...] = ()
    """What was left out of it, and why."""


class FileChange(NamedTuple):
    """One changed path: `A` added, `M` modified, `D` deleted, `T` changed its type (file, link)."""

    status: str
    path: str


@dataclass(frozen=True)
class MergePreview:
    """What the person's branch would become."""

    commit: str
    moved: bool
    """The branch had moved since the base: `commit` is a merge nobody has checked yet."""
    target_branch: str | None
    tip: str | None
    """Where the branch stood; None when it had no commit yet."""


def oid(commit: str) -> str:
    """`commit` if it is a hash. Raises WorkspaceError for anything else, so that nothing is taken for an option."""
    if not _OID.fullmatch(commit):
        raise WorkspaceError(f"{commit[:80]!r} is not the hash of a commit.")
    return commit
