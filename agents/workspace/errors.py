"""What can go wrong with a person's repository, said so that they know what to do."""

from collections.abc import Sequence

from agents.sanitize import one_line, sanitize


class WorkspaceError(Exception):
    """Something in the repository stands in the way. The message says what, where, and what to do."""


class GitError(WorkspaceError):
    """A git command failed: `command` as typed, its `exit_code`, and what it said (`stderr`, sanitized)."""

    def __init__(self, command: Sequence[str], exit_code: int, stderr: str, place: str) -> None:
        self.command = tuple(command)
        self.exit_code = exit_code
        self.stderr = sanitize(stderr).strip()[:4000]
        typed = one_line(" ".join(("git", *command)), 120)
        said = one_line(self.stderr, 400) or f"exit code {exit_code}, no message"
        super().__init__(f"`{typed}` failed in {one_line(place)}: {said}")


class MergeConflict(WorkspaceError):
    """The result and the person's branch changed the same lines of `files`."""

    def __init__(self, files: Sequence[str], onto: str) -> None:
        self.files = tuple(files)
        super().__init__(
            f"The result conflicts with {one_line(onto)} in {name_files(files)}. Nothing was changed: "
            "send the task back to an agent, or merge its branch yourself."
        )


class UnsavedWork(WorkspaceError):
    """A worktree holds work that is committed nowhere, and nobody asked to throw it away."""


def name_files(files: Sequence[str], most: int = 5) -> str:
    """File names for a sentence: sanitized, the first few and how many more."""
    shown = ", ".join(one_line(name, 80) or "?" for name in files[:most])
    return shown if len(files) <= most else f"{shown} and {len(files) - most} more"
