"""A lock for each worktree that lives as long as the process that works in it: the kernel lets go of a dead one's."""

import contextlib
import fcntl
import os
from pathlib import Path

from agents.workspace.errors import WorkspaceError

_NAME = "lock"


class WorktreeLocks:
    """The locks this process holds, by the folder a worktree's state is kept in."""

    def __init__(self) -> None:
        self._held: dict[Path, int] = {}

    def hold(self, state: Path) -> None:
        """Lock it for us. Raises WorkspaceError when another agent works there."""
        descriptor = os.open(state / _NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(descriptor)
            raise WorkspaceError(f"Another agent works in {state.with_suffix('')}.") from error
        self._held[state] = descriptor

    def let_go(self, state: Path) -> None:
        """Nobody works there any more. Safe to call twice."""
        descriptor = self._held.pop(state, None)
        if descriptor is not None:
            os.close(descriptor)


def is_left(state: Path) -> bool:
    """Whether somebody worked there and is gone. A folder whose lock is only on its way is not left."""
    try:
        descriptor = os.open(state / _NAME, os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return False
    with contextlib.closing(os.fdopen(descriptor)) as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
    return True
