"""A folder and a branch per mission, made, found again and removed; whatever an agent did to them in between."""

import asyncio
import contextlib
import json
import os
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agents.private_files import private_folder, write_private
from agents.sanitize import one_line
from agents.workspace.administration import delete_folder, delete_worktree, find_admin, git_of, point
from agents.workspace.commits import compose, identity, write_commit
from agents.workspace.errors import GitError, UnsavedWork, WorkspaceError
from agents.workspace.git import Git, to_the_end
from agents.workspace.includes import Included
from agents.workspace.locks import WorktreeLocks, is_left
from agents.workspace.overlay import overlaid, overlaid_tree
from agents.workspace.pipes import unblocked
from agents.workspace.private_git import PrivateGit, alternates, drop_private, open_private, private_head
from agents.workspace.registering import add_worktree
from agents.workspace.results import Commit, Worktree, oid
from agents.workspace.snapshot import Snapshot, copy_index, take_snapshot

MAX_FILE_BYTES = 100_000_000
"""A larger new file is left out of a commit, and said so."""
_TRIES = 100
_LABEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")

CopyIncluded = Callable[[Path], Awaitable[Included]]


def archived(branch: str) -> str:
    """Where a failed mission's branch is kept."""
    return f"refs/warroom/{branch.removeprefix('warroom/')}"


class Worktrees:
    """The mission worktrees of one repository, under `folder`."""

    def __init__(self, git: Git, common: Path, folder: Path, copy_included: CopyIncluded) -> None:
        self._git, self._common, self._folder, self._copy = git, common, folder, copy_included
        self._locks = WorktreeLocks()

    async def add(self, label: str, number: int, start_commit: str) -> Worktree:
        """A new worktree on a new branch `warroom/T12-1`; where that name is taken, with the next free suffix."""
        if not _LABEL.fullmatch(label):
            raise WorkspaceError(f"{label[:80]!r} cannot be part of a branch name.")
        oid(start_commit)
        private_folder(self._folder)
        for _ in range(_TRIES):
            claim = _Claim(*await self._free_name(f"{label}-{number}"))
            try:
                await to_the_end(self._take(claim, start_commit))
                if claim.held:
                    return await self._create(self._folder / claim.name, claim.branch, start_commit)
            except BaseException:
                if claim.held:
                    await to_the_end(self._discard(claim))
                raise
        raise WorkspaceError(f"No free branch name for {label}-{number}: others keep taking them. Try again.")

    async def _take(self, claim: "_Claim", start_commit: str) -> None:
        """Hold the name: the folder under this home, the branch in the repository. Not held: others were quicker."""
        state = self._state(claim.name)
        try:
            state.mkdir(mode=0o700)
        except FileExistsError:
            return
        ref, nothing = f"refs/heads/{claim.branch}", "0" * len(start_commit)
        self._locks.hold(state)
        # Before the branch is made: a kill in between must not leave one that nobody can tell from a person's.
        _note(state, branch=claim.branch, start_commit=start_commit)
        try:
            await self._git("update-ref", "-m", "War Room: a mission", ref, start_commit, nothing)
            claim.held = True
        except GitError as error:
            self._locks.let_go(state)
            await asyncio.to_thread(delete_folder, state)
            if "already exists" not in error.stderr:
                raise

    async def _free_name(self, wanted: str) -> tuple[str, str]:
        """A free folder name and its branch."""
        refs = await self._git("for-each-ref", "--format=%(refname)", "refs/heads/warroom", "refs/heads/warroom-*")
        taken = set(refs.splitlines())
        # A branch named just `warroom` leaves no room for warroom/T12-1.
        prefix = "warroom-" if "refs/heads/warroom" in taken else "warroom/"
        name, suffix = wanted, 1
        while f"refs/heads/{prefix}{name}" in taken or (self._folder / name).exists() or self._state(name).exists():
            suffix += 1
            name = f"{wanted}-{suffix}"
        return name, f"{prefix}{name}"

    async def _create(self, path: Path, branch: str, start_commit: str) -> Worktree:
        await add_worktree(self._git, "--lock", str(path), branch)
        admin = find_admin(self._common, path)
        if admin is None:
            raise WorkspaceError(f"git did not register the worktree {path}.")
        (admin / "locked").write_text(f"War Room: an agent works here ({branch})\n")
        included = await self._copy(path)
        state = self._state(path.name)
        copy_index(admin / "index", state / "index")
        _note(state, branch=branch, start_commit=start_commit, copied=included.copied)
        return Worktree(path, branch, start_commit, included.warnings)

    async def _discard(self, claim: "_Claim") -> None:
        await delete_worktree(self._common, self._folder / claim.name)
        self._locks.let_go(self._state(claim.name))
        await self._git.maybe("update-ref", "-d", f"refs/heads/{claim.branch}")
        await asyncio.to_thread(delete_folder, self._state(claim.name))

    def leave(self, path: Path) -> None:
        """The mission in it is over; what is still there is kept."""
        self._locks.let_go(self._state(path.name))

    async def sweep(self) -> None:
        """Remove what dead processes left without work in it. Branches go with worktrees whose mission left nothing."""
        for state in self._folder.glob("*.state") if self._folder.is_dir() else ():
            path = state.with_suffix("")
            with contextlib.suppress(WorkspaceError, OSError):
                if is_left(state) and not await self.has_unsaved_work(path):
                    await to_the_end(self._sweep(path))

    async def _sweep(self, path: Path) -> None:
        facts = _facts(self._state(path.name))
        await delete_worktree(self._common, path)
        if "branch" in facts:
            ref = f"refs/heads/{facts['branch']}"
            (self._common / f"{ref}.lock").unlink(missing_ok=True)  # of a git that was killed with its mission
            tip = await self._git.maybe("rev-parse", "--verify", "--quiet", ref)
            elsewhere = await self._git("for-each-ref", "--format=%(worktreepath)", ref)
            if tip is not None and tip == facts.get("start_commit") and not elsewhere:
                await self._git("update-ref", "-d", ref, tip)
        await asyncio.to_thread(delete_folder, self._state(path.name))

    def misplaced(self, worktree: Worktree) -> str:
        """Why a command must not be run there now: it is not where its mission's branch is. Empty when all is well."""
        if worktree.path.is_symlink() or not worktree.path.is_dir():
            return f"the worktree {worktree.path.name} is gone"
        admin = find_admin(self._common, worktree.path)
        head = (admin / "HEAD").read_text(errors="replace").strip() if admin and (admin / "HEAD").exists() else ""
        private = private_head(self._state(worktree.path.name) / "git")
        for at in (head.removeprefix("ref: "), *([private.ref or private.commit] if private else [])):
            if at != f"refs/heads/{worktree.branch}":
                place = one_line(at.removeprefix("refs/heads/"), 80) or "no branch"
                return f"this worktree is on {place}. Go back first: git checkout {worktree.branch}"
        return ""

    def git_env(self, path: Path) -> Mapping[str, str]:
        """Environment that names the repository of the worktree `path` to git. Raises WorkspaceError."""
        return git_of(self._common, self._owned(path)).env

    async def private_git(self, worktree: Worktree) -> PrivateGit:
        """The git directory for an agent's commands in `worktree`; its `.git` is put right. Raises WorkspaceError."""
        return await open_private(
            self._at(worktree.path), self._common, self._state(worktree.path.name), worktree.branch
        )

    def _state(self, name: str) -> Path:
        return self._folder / f"{name}.state"

    def _owned(self, path: Path) -> Path:
        path = Path(os.path.normpath(path))
        if path.parent != self._folder:
            raise WorkspaceError(f"{path} is not a worktree of War Room's for this repository.")
        return path

    def _at(self, path: Path) -> Git:
        """git in one of our worktrees, its `.git` put right again."""
        git = git_of(self._common, self._owned(path))
        point(path, b"gitdir: " + os.fsencode(git.env["GIT_DIR"]) + b"\n", self._state(path.name) / "replaced-git")
        return git

    async def _snapshot(self, git: Git, path: Path, index: Path, *, fresh: bool = True) -> Snapshot:
        """`fresh`: begin with the mission's index; else with what `index` holds."""
        state = self._state(path.name)
        if fresh and (state / "index").is_file():
            copy_index(state / "index", index)
        elif fresh:
            await git.having(GIT_INDEX_FILE=str(index))("read-tree", "HEAD")
        copied = frozenset(_facts(state).get("copied", ()))
        folders = tuple(name for name in copied if name.endswith("/"))
        taking = take_snapshot(
            git,
            index,
            max_bytes=MAX_FILE_BYTES,
            skipped=lambda name: name in copied or name.startswith(folders),
        )
        return await unblocked(taking, path)

    async def commit(self, worktree: Worktree, message: str, trailers: Mapping[str, str]) -> Commit | None:
        """All the mission's work as one commit on `start_commit`; None when nothing differs from it.

        Commits the agent made itself count and are folded into it. Raises WorkspaceError when the agent led the
        worktree to a commit its work did not start from.
        """
        git = self._at(worktree.path)
        start = oid(worktree.start_commit)
        await self._return_to_branch(git, worktree)
        state = self._state(worktree.path.name)
        private_folder(state)
        index = state / "index.new"
        try:
            snapshot = await self._snapshot(git, worktree.path, index)
            if snapshot.tree == await git("rev-parse", f"{start}^{{tree}}"):
                return None
            text = compose(message, trailers)
            commit = await write_commit(git, snapshot.tree, [start], text, await identity(git))
            await git("update-ref", "-m", "War Room: the mission's work", f"refs/heads/{worktree.branch}", commit)
            index.replace(state / "index")
            copy_index(state / "index", Path(git.env["GIT_DIR"]) / "index")
            await asyncio.to_thread(drop_private, state)
        finally:
            index.unlink(missing_ok=True)
        files = await git.names("diff-tree", "-r", "-z", "--name-only", "--no-renames", start, commit)
        return Commit(commit, tuple(files), snapshot.warnings)

    async def restored(self, worktree: Worktree, commit: Commit, files: Mapping[str, str]) -> str:
        """`commit` with `files` as they are to be; its hash, at which the branch points."""
        found = await overlaid(self._git, commit.commit, files)
        trees = [await self._git("rev-parse", f"{one}^{{tree}}") for one in (found, oid(commit.commit))]
        if trees[0] == trees[1]:
            return commit.commit
        ref = f"refs/heads/{worktree.branch}"
        await self._git("update-ref", "-m", "War Room: what is not the agent's", ref, found, commit.commit)
        return found

    async def seal(
        self,
        worktree: Worktree,
        commit: Commit,
        *,
        base: str,
        message: str,
        trailers: Mapping[str, str],
        without: Sequence[str] = (),
    ) -> str:
        """The tree of `commit` as a commit on `base` that the branch points at; its hash."""
        tree = await overlaid_tree(self._git, commit.commit, dict.fromkeys(without))
        text = compose(message, trailers)
        sealed = await write_commit(self._git, tree, [oid(base)], text, await identity(self._git))
        ref = f"refs/heads/{worktree.branch}"
        await self._git("update-ref", "-m", "War Room: checked", ref, sealed, commit.commit)
        return sealed

    async def archive(self, branch: str) -> None:
        """Move a mission's branch to refs/warroom."""
        commit = await self._git.maybe("rev-parse", "--verify", "--quiet", f"refs/heads/{branch}")
        if commit is not None:
            await self._git("update-ref", archived(branch), commit)
            await self._git.maybe("update-ref", "-d", f"refs/heads/{branch}", commit)  # another may have been quicker

    async def idle_branches(self) -> tuple[str, ...]:
        """Our branches that are checked out nowhere."""
        listed = "--format=%(refname:short)%00%(worktreepath)"
        refs = await self._git("for-each-ref", listed, "refs/heads/warroom", "refs/heads/warroom-*")
        return tuple(name for name, _, place in (line.partition("\0") for line in refs.splitlines()) if not place)

    async def _return_to_branch(self, git: Git, worktree: Worktree) -> None:
        head = await git.maybe("rev-parse", "--verify", "--quiet", "HEAD^{commit}")
        where = await git.maybe("symbolic-ref", "--quiet", "HEAD")
        expected = f"refs/heads/{worktree.branch}"
        heads = [(where, head)]
        private = private_head(self._state(worktree.path.name) / "git")
        if private is not None and await git.maybe("cat-file", "-e", f"{private.commit}^{{commit}}") is not None:
            heads.append((private.ref, private.commit))  # a commit made in private is on what it was made on
        for ref, commit in heads:
            if commit is not None and not await git.is_ancestor(worktree.start_commit, commit):
                place = one_line((ref or commit[:12]).removeprefix("refs/heads/"), 80)
                raise WorkspaceError(
                    f"The agent moved its worktree {worktree.path} to {place}, which its work did not start from: "
                    "what it changed cannot be told apart. The folder is kept; retry the task."
                )
        if where != expected:
            await git("symbolic-ref", "HEAD", expected)

    async def has_unsaved_work(self, path: Path) -> bool:
        """Whether the worktree holds anything that is not committed; True also when that cannot be found out."""
        path = self._owned(path)
        if not path.exists():
            return False
        try:
            git = self._at(path)
        except WorkspaceError:
            return any(path.iterdir())
        index = self._state(path.name) / "index.look"
        private_folder(index.parent)
        try:
            snapshot = await self._snapshot(git, path, index)
            return snapshot.tree != await git.maybe("rev-parse", "--verify", "--quiet", "HEAD^{tree}")
        except GitError:
            return True
        finally:
            index.unlink(missing_ok=True)

    async def tree(self, path: Path) -> str:
        """The hash of the files as they are now, while the agent works: neither its index, its `.git` nor the
        repository's objects are touched. Not for two at once. Raises WorkspaceError."""
        git = git_of(self._common, self._owned(path))
        state = self._state(path.name)
        index, objects = state / "index.tree", state / "objects"
        private_folder(objects)
        apart = {"GIT_OBJECT_DIRECTORY": str(objects), **alternates(self._common)}
        try:
            # The index is kept for the next time, which then has only the differences to look at.
            return (await self._snapshot(git.having(**apart), path, index, fresh=not index.is_file())).tree
        except BaseException:
            for left in (index, state / "index.tree.lock"):
                left.unlink(missing_ok=True)
            raise

    async def remove(self, path: Path, *, branch: str | None = None, force: bool = False) -> None:
        """Remove a worktree, and its branch when given. Without the folder the rest is still put in order.

        Raises UnsavedWork unless `force` when work in it is committed nowhere, WorkspaceError when the branch is
        checked out elsewhere.
        """
        path = self._owned(path)
        if branch is not None:
            await self._refuse_foreign_branch(path, branch)
        if not force and await self.has_unsaved_work(path):
            raise UnsavedWork(f"The worktree {path} holds work that is committed nowhere. Nothing was removed.")
        await to_the_end(self._remove(path, branch))

    async def _remove(self, path: Path, branch: str | None) -> None:
        await delete_worktree(self._common, path)
        self._locks.let_go(self._state(path.name))
        await asyncio.to_thread(delete_folder, self._state(path.name))
        for ref in (f"refs/heads/{branch}", archived(branch)) if branch is not None else ():
            if await self._git.maybe("rev-parse", "--verify", "--quiet", ref):
                await self._git("update-ref", "-d", ref)

    async def _refuse_foreign_branch(self, path: Path, branch: str) -> None:
        if not branch.startswith(("warroom/", "warroom-")):
            raise WorkspaceError(f"Branch {one_line(branch, 80)} is not one of War Room's: it is not removed.")
        place = await self._git("for-each-ref", "--format=%(worktreepath)", f"refs/heads/{branch}")
        if place and Path(place) != path and Path(place).is_dir():
            raise WorkspaceError(
                f"Branch {branch} is checked out in {one_line(place)}. Switch to another branch there, then try again."
            )


@dataclass
class _Claim:
    """A name on its way to be ours alone."""

    name: str
    branch: str
    held: bool = False


def _note(state: Path, **facts: Any) -> None:
    """Whole or not at all, also when we are killed."""
    written = state / "facts.new"
    write_private(written, json.dumps(facts))
    written.replace(state / "facts.json")


def _facts(state: Path) -> dict[str, Any]:
    try:
        facts = json.loads((state / "facts.json").read_text())
    except (OSError, ValueError):
        return {}
    return facts if isinstance(facts, dict) else {}
