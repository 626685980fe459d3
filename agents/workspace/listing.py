"""The files of a folder by name alone, for those who only look."""

import os
from pathlib import Path

from agents.workspace.errors import WorkspaceError
from agents.workspace.git import git
from agents.workspace.walking import walk

MOST = 200_000
"""Files of a plain folder that are listed at most."""


async def files_in(root: Path) -> frozenset[str]:
    """What git keeps in the repository at `root`; of a plain folder what lies there and is not hidden."""
    try:
        return frozenset(name for name in (await git("ls-files", "-z", cwd=root)).split("\0") if name)
    except WorkspaceError:
        return _walked(root)


async def uncommitted_in(root: Path) -> frozenset[str]:
    """What lies in the repository at `root` and git does not know, but for what it ignores; of a folder nothing."""
    try:
        said = await git("ls-files", "-z", "--others", "--exclude-standard", cwd=root)
    except WorkspaceError:
        return frozenset()
    return frozenset(name for name in said.split("\0") if name)


def _walked(root: Path) -> frozenset[str]:
    found: set[str] = set()
    for folder, folders, names in walk(root):
        folders[:] = [name for name in folders if not name.startswith(".") and name not in {"node_modules", ".venv"}]
        found.update(os.path.relpath(Path(folder) / name, root) for name in names if not name.startswith("."))
        if len(found) >= MOST:
            break
    return frozenset(found)
