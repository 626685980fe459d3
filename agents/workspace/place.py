"""A mission's worktree as its tools see it: what the harness knows of it, whatever an agent has left there."""

from collections.abc import Mapping
from dataclasses import dataclass

from agents.workspace.private_git import PrivateGit
from agents.workspace.results import Worktree
from agents.workspace.worktrees import Worktrees


@dataclass(frozen=True)
class MissionPlace:
    """One worktree among `worktrees`."""

    worktrees: Worktrees
    worktree: Worktree

    def misplaced(self) -> str:
        """Why no command must be run in it now, for the agent; empty when it is where its mission's branch is."""
        return self.worktrees.misplaced(self.worktree)

    def git_env(self) -> Mapping[str, str]:
        """Environment that names the repository to git, so that no `.git` is looked for. Raises WorkspaceError."""
        return self.worktrees.git_env(self.worktree.path)

    async def private_git(self) -> PrivateGit:
        """The git directory for its commands. Raises WorkspaceError, OSError."""
        return await self.worktrees.private_git(self.worktree)
