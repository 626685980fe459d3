"""What a repository's own git configuration would have git run: such programs run outside every wall, as the person.

A clone brings no configuration; a folder that came as an archive, or was shared, does. Hooks, file system monitors and
signing never run for War Room (`git.py`); these would.
"""

import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from agents.sanitize import one_line
from agents.workspace.errors import WorkspaceError
from agents.workspace.git import Git, git_bytes

_OWN_SCOPES = frozenset({b"local", b"worktree"})
_PROGRAMS = re.compile(
    r"filter\..*\.(clean|smudge|process)|merge\..*\.driver|gpg\.(.*\.)?program|core\.askpass", re.DOTALL
)
_FETCHING = re.compile(
    r"core\.(sshcommand|gitproxy|alternaterefscommand)|credential\.(.*\.)?helper|remote\..*\.(uploadpack|vcs)",
    re.DOTALL,
)
"""Run when something is fetched, which War Room has git do only where objects were left out of a clone."""
_INCLUDING = re.compile(r"include(if\..*)?\.path", re.DOTALL)
"""What the other file says may hold only in a worktree or on a branch of ours, or be written later."""
_PARTIAL = re.compile(r"extensions\.partialclone|remote\..*\.promisor", re.DOTALL)
_NAMED = 5


class ForeignPrograms(WorkspaceError):
    """git would run programs that the repository names, or may, or work on another folder than it lies in."""

    exit_code = 2

    def __init__(self, folder: Path, keys: Sequence[str]) -> None:
        self.keys = tuple(keys)
        super().__init__(
            f"The git configuration of {one_line(str(folder), 300)} sets {named(keys)}, so git may run programs of "
            "that folder here, outside a wall, and the folder is not trusted. Look at its .git/config, then "
            "`warroom trust`, or --trust for one run."
        )


def named(keys: Sequence[str]) -> str:
    """The keys as a sentence names them."""
    more = f" and {len(keys) - _NAMED} more" if len(keys) > _NAMED else ""
    return ", ".join(one_line(key, 60) for key in keys[:_NAMED]) + more


async def foreign_programs(folder: Path) -> tuple[str, ...]:
    """The keys of the configuration that `folder` brings with it by which git would run a program, or leave it.

    Reading them runs nothing. Empty where there is no repository or no git. Raises WorkspaceError.
    """
    arguments = ("config", "--list", "--name-only", "--show-scope", "--includes", "-z")
    code, listed = await git_bytes(*arguments, cwd=folder, check=False)
    if code:
        return ()
    own = tuple(dict.fromkeys(_own(listed)))
    partial = any(_PARTIAL.fullmatch(key) for key in own)
    found = [key for key in own if _named_or_led_to(key) or (partial and _FETCHING.fullmatch(key))]
    if "core.worktree" in own and await _leads_away(folder):
        found.append("core.worktree")
    return tuple(found)


async def refuse_foreign_programs(folder: Path) -> None:
    """Raises ForeignPrograms where the repository that `folder` is in has any."""
    if keys := await foreign_programs(folder):
        raise ForeignPrograms(folder, keys)


def _named_or_led_to(key: str) -> bool:
    return bool(_PROGRAMS.fullmatch(key) or _INCLUDING.fullmatch(key))


def _own(listed: bytes) -> Iterator[str]:
    """Keys, of those listed with their scopes, that the repository sets itself."""
    parts = listed.split(b"\0")
    for scope, key in zip(parts[::2], parts[1::2], strict=False):
        if scope in _OWN_SCOPES:
            yield os.fsdecode(key).lower()


async def _leads_away(folder: Path) -> bool:
    """Whether the top that git finds is no place of this repository: it would work on somebody else's files."""
    top = await Git(folder).maybe("rev-parse", "--show-toplevel")
    if not top or not Path(top).is_dir():
        return True
    there = await Git(Path(top)).maybe("rev-parse", "--absolute-git-dir")
    here = await Git(folder).maybe("rev-parse", "--absolute-git-dir")
    return there is None or here is None or os.path.realpath(there) != os.path.realpath(here)
