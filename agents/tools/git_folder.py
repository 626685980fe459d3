"""The git directory behind a worktree, found without asking git or believing what an agent may have written."""

from pathlib import Path

_POINTER_CAP = 4096


def git_folders(worktree: Path) -> tuple[Path, ...]:
    """What must be readable for `git status` to work in `worktree`: its `.git`, and the repository that points to.

    A `.git` file counts only when the repository points back to it, so a forged one opens nothing.
    """
    pointer = worktree / ".git"
    if pointer.is_symlink():
        return ()
    if pointer.is_dir():
        return (pointer,)
    if not pointer.is_file():
        return ()
    own = _target(pointer, "gitdir:")
    if own is None or own.parent.name != "worktrees":
        return (pointer,)
    common = own.parent.parent
    back = _target(own / "gitdir", "")
    if back != pointer or _target(own / "commondir", "") != common or not (common / "objects").is_dir():
        return (pointer,)
    return (pointer, common)


def _target(pointer: Path, prefix: str) -> Path | None:
    """The resolved path a one-line pointer file of git names, relative to the file's folder."""
    try:
        with pointer.open("rb") as file:
            line = file.read(_POINTER_CAP).decode("utf-8", "surrogateescape").strip()
        if not line.startswith(prefix) or "\0" in line:
            return None
        return (pointer.parent / line.removeprefix(prefix).strip()).resolve()
    except (OSError, RuntimeError):
        return None
