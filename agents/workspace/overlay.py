"""Files put over a commit, or taken out of it, without any folder: through a private index."""

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

from agents.workspace.commits import EMAIL, NAME, named, write_commit
from agents.workspace.git import Git
from agents.workspace.results import oid

Overlay = Mapping[str, str | None]
"""By path in the repository: the text of the file, or None where there is to be none."""
_WHEN = "2000-01-01T00:00:00Z"


async def overlaid_tree(git: Git, commit: str, files: Overlay) -> str:
    """The hash of the tree of `commit` with `files`. Raises GitError."""
    if not files:
        return await git("rev-parse", f"{oid(commit)}^{{tree}}")
    lines: list[bytes] = []
    for path, text in files.items():
        name = os.fsencode(path)
        lines.append(b"0 " + b"0" * len(oid(commit)) + b"\t" + name)  # what stands there makes way, whatever it is
        if text is not None:
            blob = await git("hash-object", "-w", "--stdin", input=text.encode("utf-8", "replace"))
            lines.append(f"100644 {blob}\t".encode() + name)
    with tempfile.TemporaryDirectory(prefix="warroom-index-") as folder:
        private = git.having(GIT_INDEX_FILE=str(Path(folder) / "index"))
        await private("read-tree", oid(commit))
        await private("update-index", "--add", "--replace", "-z", "--index-info", input=b"\0".join(lines) + b"\0")
        return await private("write-tree")


async def overlaid(git: Git, commit: str, files: Overlay) -> str:
    """A commit on `commit` with `files` over it, on no branch; the same hash for the same files. Raises GitError."""
    tree = await overlaid_tree(git, commit, files)
    env = {**named(NAME, EMAIL), "GIT_AUTHOR_DATE": _WHEN, "GIT_COMMITTER_DATE": _WHEN}
    return await write_commit(git, tree, [oid(commit)], "Files that belong to the task\n", env)
