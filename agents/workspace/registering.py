"""New worktrees, made by many at once."""

import asyncio
import re

from agents.workspace.errors import GitError
from agents.workspace.git import Git

_ON_ITS_WAY = re.compile(
    r"failed to read [^\n]*worktrees/[^\n]+/commondir|Invalid path '[^\n]*/worktrees/[^\n]+': No such file"
)
_TRIES = 40
_BETWEEN_S = 0.025


async def add_worktree(git: Git, *args: str) -> None:
    """`git worktree add` with `args`. Raises GitError.

    git looks at every worktree before it makes one, and dies of one that another git, of this process or of any other,
    has begun to write, or to remove, just now. Nothing was made by then: it is tried again for a second.
    """
    for left in reversed(range(_TRIES)):
        try:
            await git("worktree", "add", "--quiet", *args)
            return
        except GitError as error:
            if not left or not _ON_ITS_WAY.search(error.stderr):
                raise
        await asyncio.sleep(_BETWEEN_S)
