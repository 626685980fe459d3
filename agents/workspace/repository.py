"""The person's repository as the engine sees it: pinned bases, worktrees for missions, clean checkouts, merges."""

import hashlib
import os
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

from agents.sanitize import one_line
from agents.workspace.checkouts import Checkouts
from agents.workspace.errors import GitError, WorkspaceError
from agents.workspace.foreign_programs import refuse_foreign_programs
from agents.workspace.git import Git
from agents.workspace.includes import Included, copy_included
from agents.workspace.merging import Branches, Destination, preview_merge, stack
from agents.workspace.overlay import Overlay, overlaid
from agents.workspace.place import MissionPlace
from agents.workspace.results import Base, Commit, FileChange, MergePreview, Worktree, oid
from agents.workspace.shadow import PlainFolder, open_shadow
from agents.workspace.worktrees import Worktrees


class Repository:
    """One repository, or a plain folder with a private history (`shadow`). Made by `open`."""

    root: Path
    """The person's folder: the top of the repository."""
    shadow: bool
    """The person's folder is no git repository; its history lies under War Room's home."""

    def __init__(self, root: Path, home: Path, *, git: Git, common: Path, destination: Destination, view: Git) -> None:
        """`git` runs in the repository, `view` looks at the person's files, `common` is git's shared folder."""
        self.root = root
        self.shadow = isinstance(destination, PlainFolder)
        self._git, self._view, self._destination = git, view, destination
        name = folder_name(root)
        self._checkouts = Checkouts(git, common, home / "checkouts" / name)
        self._worktrees = Worktrees(git, common, home / "worktrees" / name, self._copy_included)

    @classmethod
    async def open(cls, folder: Path, home: Path, *, trusted: bool = True) -> "Repository":
        """The repository `folder` is in; a plain folder gets a private one under `home`.

        `trusted`: git may run what the repository's own configuration names. Raises WorkspaceError, with what to do,
        for a bare repository, one of another owner, one that is not trusted and names programs, and a missing folder.
        """
        folder = Path(os.path.realpath(folder))
        home = Path(os.path.realpath(home))
        if not folder.is_dir():
            raise WorkspaceError(f"{one_line(str(folder))} is not a folder.")
        git = Git(folder)
        if not trusted:
            await refuse_foreign_programs(folder)
        try:
            kind = (await git("rev-parse", "--is-bare-repository", "--is-inside-work-tree")).split()
        except GitError as error:
            _explain(error, folder)
            shadow = await open_shadow(folder, home, home / "shadow" / folder_name(folder))
            repository = cls(folder, home, git=shadow.git, common=shadow.store, destination=shadow, view=shadow.view)
        else:
            if kind[1] != "true":
                raise WorkspaceError(
                    f"{one_line(str(folder))} is a bare repository or inside a .git folder: nothing to work on. "
                    "Open War Room in a checkout of it (`git clone`, `git worktree add`)."
                )
            root = Path(await git("rev-parse", "--show-toplevel"))
            common = Path(os.path.realpath(folder / await git("rev-parse", "--git-common-dir")))
            git = Git(root)
            repository = cls(root, home, git=git, common=common, destination=Branches(git, common, home), view=git)
        await repository._checkouts.sweep()
        return repository

    async def base(self) -> Base:
        """The commit agents start from, pinned, with warnings about what they will not see."""
        return await self._destination.base()

    async def tip(self, target_branch: str | None) -> str:
        """Where the person's branch (None: the detached HEAD, or a plain folder) stands. Raises WorkspaceError."""
        return await self._destination.tip(target_branch) or (await self.base()).commit

    async def add_worktree(self, label: str, number: int, start_commit: str) -> Worktree:
        """A worktree on a new branch `warroom/<label>-<number>`, with the files of `.worktreeinclude`."""
        return await self._worktrees.add(label, number, start_commit)

    @asynccontextmanager
    async def checkout(self, commit: str) -> AsyncIterator[Path]:
        """A clean checkout of `commit` with the files of `.worktreeinclude`; removed after, also when cancelled."""
        async with self._checkouts.open(commit) as git:
            await self._copy_included(git.cwd)
            yield git.cwd

    async def commit(self, worktree: Worktree, message: str, trailers: Mapping[str, str]) -> Commit | None:
        """The mission's work as one commit on its branch; None when nothing differs from its start."""
        return await self._worktrees.commit(worktree, message, trailers)

    async def with_files(self, commit: str, files: Overlay) -> str:
        """A commit on `commit` with `files` over it, on no branch; the same hash for the same files."""
        return await overlaid(self._git, commit, files)

    async def restored(self, worktree: Worktree, commit: Commit, files: Mapping[str, str]) -> Commit | None:
        """`commit` with `files` as they are to be, whatever the mission did to them; the branch points at it.

        None when nothing else differs from its start.
        """
        found = await self._worktrees.restored(worktree, commit, files)
        if await self.tree_at(found) == await self.tree_at(worktree.start_commit):
            return None
        changed = await self.files_changed(worktree.start_commit, found)
        put_back = await self.files_changed(commit.commit, found)
        said = tuple(f"the agent changed {one_line(name, 100)}: it was put back" for name in put_back)
        return Commit(found, changed, (*commit.warnings, *said))

    async def seal(
        self,
        worktree: Worktree,
        commit: Commit,
        *,
        base: str,
        message: str,
        trailers: Mapping[str, str],
        without: Sequence[str] = (),
    ) -> Commit:
        """The checked tree of `commit` as one commit on `base`, with its final message; the branch points at it.

        Earlier attempts a retry started from do not enter the person's history, nor do the files `without`.
        """
        sealed = await self._worktrees.seal(
            worktree, commit, base=base, message=message, trailers=trailers, without=without
        )
        return Commit(sealed, await self.files_changed(base, sealed), commit.warnings)

    async def tree_at(self, commit: str) -> str:
        """The hash of the files in `commit`."""
        return await self._git("rev-parse", f"{oid(commit)}^{{tree}}")

    async def tree(self, worktree_path: Path) -> str:
        """The hash of a mission's files as they are now, without touching anything the agent works with."""
        return await self._worktrees.tree(worktree_path)

    async def archive(self, branch: str) -> None:
        """Keep what a failed mission's branch holds under refs/warroom, out of the person's list of branches."""
        await self._worktrees.archive(branch)

    async def idle_branches(self) -> tuple[str, ...]:
        """War Room's branches that are checked out in no worktree."""
        return await self._worktrees.idle_branches()

    async def files_at(self, commit: str) -> tuple[str, ...]:
        """Every path in `commit`. Real paths: sanitize for display."""
        return tuple(await self._git.names("ls-tree", "-r", "-z", "--name-only", oid(commit)))

    async def files_now(self) -> frozenset[str]:
        """Every path in the commit agents would start from now."""
        return frozenset(await self.files_at((await self.base()).commit))

    async def changes(self, base: str, commit: str) -> tuple[FileChange, ...]:
        """What differs between two commits, renames as a deletion and an addition. Real paths: sanitize for display."""
        parts = await self._git.names("diff-tree", "-r", "-z", "--name-status", "--no-renames", oid(base), oid(commit))
        return tuple(FileChange(*pair) for pair in zip(parts[::2], parts[1::2], strict=True))

    async def files_changed(self, base: str, commit: str) -> tuple[str, ...]:
        """The paths of `changes`."""
        return tuple(change.path for change in await self.changes(base, commit))

    async def diff(self, base: str, commit: str) -> str:
        """A unified diff, renames detected. Foreign text: sanitize for display."""
        raw = await self._git.raw(
            "diff-tree", "-r", "-p", "-M", "--no-ext-diff", "--no-textconv", "--no-color", oid(base), oid(commit)
        )
        return raw.decode("utf-8", "replace")

    async def merge_preview(self, commit: str, target_branch: str | None) -> MergePreview:
        """What the person's branch would become with `commit`. Raises MergeConflict."""
        return await preview_merge(self._git, self._checkouts, self._destination, commit, target_branch)

    async def contains(self, commit: str, older: str) -> bool:
        """Whether `older` is `commit` or in its history."""
        return await self._git.is_ancestor(oid(older), oid(commit))

    async def stack(self, base: Base, commits: Sequence[str]) -> Base:
        """`base` with `commits`, which are not accepted yet, merged onto it in private. Raises MergeConflict."""
        return replace(base, commit=await stack(self._git, self._checkouts, base.commit, commits))

    async def apply_merge(self, preview: MergePreview) -> None:
        """Fast-forward the person's branch and its checkout, all or nothing.

        Raises WorkspaceError when uncommitted work is in the way or the branch has moved since the preview.
        """
        await self._destination.apply(preview)

    async def remove(self, worktree_path: Path, *, branch: str | None = None, force: bool = False) -> None:
        """Remove a mission's worktree and, if given, its branch. Raises UnsavedWork unless `force`."""
        await self._worktrees.remove(worktree_path, branch=branch, force=force)

    def leave(self, worktree: Worktree) -> None:
        """The mission in it is over: its lock goes, what is still there is kept."""
        self._worktrees.leave(worktree.path)

    def place(self, worktree: Worktree) -> MissionPlace:
        """The worktree as its mission's tools see it."""
        return MissionPlace(self._worktrees, worktree)

    async def sweep(self) -> None:
        """Remove worktrees and checkouts that dead processes left without work in them."""
        await self._worktrees.sweep()
        await self._checkouts.sweep()

    async def has_unsaved_work(self, worktree_path: Path) -> bool:
        """Whether a mission's worktree holds work that is committed nowhere."""
        return await self._worktrees.has_unsaved_work(worktree_path)

    async def _copy_included(self, target: Path) -> Included:
        return await copy_included(self._view, self.root, target)


def folder_name(root: Path) -> str:
    """A readable and unique folder name for `root` under War Room's home."""
    readable = re.sub(r"[^A-Za-z0-9._-]+", "-", root.name).strip("-.")[:40] or "folder"
    return f"{readable}-{hashlib.sha256(os.fsencode(root)).hexdigest()[:10]}"


def _explain(error: GitError, folder: Path) -> None:
    """Return when `error` says that there is no repository. Raises WorkspaceError with the fix otherwise."""
    if "not a git repository (or any" in error.stderr and not (folder / ".git").exists():
        return
    if "dubious ownership" in error.stderr or "safe.directory" in error.stderr:
        raise WorkspaceError(
            f"The repository at {one_line(str(folder))} is another user's: git does not open it. If you trust it: "
            f"git config --global --add safe.directory {one_line(str(folder))}"
        ) from error
    raise WorkspaceError(
        f"The git repository at {one_line(str(folder))} cannot be read: {one_line(error.stderr, 300)}. "
        "Check it with `git status`."
    ) from error
