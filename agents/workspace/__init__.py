"""Git worktrees, the commit of a mission's work, clean checkouts, and the way onto the person's branch."""

from agents.workspace.errors import GitError, MergeConflict, UnsavedWork, WorkspaceError
from agents.workspace.foreign_programs import ForeignPrograms, foreign_programs
from agents.workspace.repository import Repository
from agents.workspace.results import Base, Commit, FileChange, MergePreview, Worktree

__all__ = [
    "Base",
    "Commit",
    "FileChange",
    "ForeignPrograms",
    "GitError",
    "MergeConflict",
    "MergePreview",
    "Repository",
    "UnsavedWork",
    "Worktree",
    "WorkspaceError",
    "foreign_programs",
]
