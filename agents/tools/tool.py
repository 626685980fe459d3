"""What a tool is: a name and schema for the model, and a run that never leaves the worktree."""

import os
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from agents.models.chat import ToolSpec
from agents.permission import Ruling, Wish
from agents.redactor import SECRETS
from agents.tasks import Frozen
from agents.workspace.errors import WorkspaceError
from agents.workspace.private_git import PrivateGit


class ToolOutcome(Frozen):
    """What a tool did. `content` goes to the model; `summary` is one sanitized line for the tool log."""

    ok: bool
    content: str
    summary: str
    exit_code: int | None = None
    log_path: str = ""
    finished: bool = False
    """The agent says it is done (the harness decides whether it is)."""


Permit = Callable[[Wish], Awaitable[Ruling]]


async def refuse(wish: Wish) -> Ruling:
    """Nobody is there who could allow it."""
    return Ruling(allowed=False, message="nobody is here to allow it")


@dataclass(frozen=True)
class ToolContext:
    """Where a tool works and where its output goes."""

    root: Path
    """The mission's worktree, resolved."""
    logs: Path
    """Folder for whole outputs."""
    on_output: Callable[[str], None]
    """Called with sanitized pieces of streaming output."""
    permit: Permit = refuse
    """Whether it may do what an agent may not do by itself; waits for a person where one has to say so."""
    place: "Place | None" = None
    """What the harness knows of the worktree; None: it is any folder."""
    veiled: bool = False
    """The agent is not shown any secret."""

    def shown(self, text: str) -> str:
        """`text` as the agent may see it. To be asked before anything of it is cut off."""
        return SECRETS.redact(text) if self.veiled else text

    def git_env(self) -> Mapping[str, str]:
        """Environment by which git finds the repository without believing the worktree's `.git`."""
        if self.place is None:
            return {}
        try:
            return self.place.git_env()
        except WorkspaceError:
            return {"GIT_DIR": os.devnull}  # none at all, rather than one that an agent made


class Place(Protocol):
    """What the harness knows of a worktree, whatever an agent has left in it."""

    def misplaced(self) -> str:
        """Why no command must be run there now, for the agent; empty when all is well."""

    def git_env(self) -> Mapping[str, str]:
        """Environment that names the repository to git, so that no `.git` is looked for. Raises WorkspaceError."""

    async def private_git(self) -> PrivateGit | None:
        """The git directory for its commands; None: the one its `.git` names. Raises WorkspaceError, OSError."""


class ToolError(Exception):
    """The tool refuses or fails; the message is written for the model: what is wrong and what to do instead."""


class Tool(Protocol):
    """One tool. Arguments were checked against `spec.parameters` before `run`."""

    @property
    def spec(self) -> ToolSpec:
        """As the model sees it."""

    def describe(self, arguments: dict[str, object]) -> str:
        """One sanitized line for the tool log while it runs: the path, the command."""

    async def run(self, arguments: dict[str, object], context: ToolContext) -> ToolOutcome:
        """Do it. Raises ToolError; cancelling ends everything it started."""
