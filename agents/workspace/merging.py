"""From a checked result to the person's branch: a private merge first, then nothing but a fast-forward."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from agents.sanitize import one_line
from agents.workspace.checkouts import Checkouts
from agents.workspace.commits import empty_root, identity
from agents.workspace.errors import GitError, MergeConflict, WorkspaceError, name_files
from agents.workspace.git import Git, to_the_end
from agents.workspace.results import Base, MergePreview, oid

_UNFINISHED = {
    "MERGE_HEAD": "merge",
    "CHERRY_PICK_HEAD": "cherry-pick",
    "REVERT_HEAD": "revert",
    "rebase-merge": "rebase",
    "rebase-apply": "rebase",
}


class Destination(Protocol):
    """Where the person's work lives, where agents start from and where accepted results go."""

    async def base(self) -> Base:
        """The pinned commit agents start from."""

    async def tip(self, target_branch: str | None) -> str | None:
        """The commit the result has to be brought onto; None when there is none yet."""

    async def apply(self, preview: MergePreview) -> None:
        """Make the destination what `preview` shows, or raise WorkspaceError and leave it as it is."""


async def preview_merge(
    git: Git, checkouts: Checkouts, destination: Destination, commit: str, target_branch: str | None
) -> MergePreview:
    """What the destination would become with `commit`. Raises MergeConflict, WorkspaceError.

    The commit itself where a fast-forward does; else a merge made in a private worktree.
    """
    oid(commit)
    tip = await destination.tip(target_branch)
    if tip is None or await git.is_ancestor(tip, commit):
        return MergePreview(commit, False, target_branch, tip)
    if await git.is_ancestor(commit, tip):
        return MergePreview(tip, False, target_branch, tip)
    target = f"branch {target_branch}" if target_branch else "the present state"
    merged = await _merge(git, checkouts, tip, commit, onto=target_branch or "HEAD", target=target)
    return MergePreview(merged, True, target_branch, tip)


async def stack(git: Git, checkouts: Checkouts, base: str, commits: Sequence[str]) -> str:
    """`base` with `commits` merged onto it, one after the other, in private. Raises MergeConflict."""
    for commit in commits:
        if await git.is_ancestor(base, oid(commit)):
            base = commit
        elif not await git.is_ancestor(commit, base):
            base = await _merge(git, checkouts, base, commit, onto=base[:12], target="the results before it")
    return base


async def _merge(git: Git, checkouts: Checkouts, tip: str, commit: str, *, onto: str, target: str) -> str:
    """A merge commit of `tip` and `commit`, made in a private worktree. Raises MergeConflict, GitError."""
    subject = await git("log", "-1", "--format=%s", commit)
    message = f"Merge: {one_line(subject)}\n\nWar Room merged {commit[:12]}, since {one_line(onto)} had moved on.\n"
    # Work that began before the first commit shares no history with what the person has committed since.
    unrelated = await git.is_ancestor(await empty_root(git), commit)
    extra = ["--allow-unrelated-histories"] if unrelated else []
    async with checkouts.open(tip) as private:
        private = private.having(**await identity(git))
        args = ["--no-ff", "--no-edit", "--no-stat", "--quiet", *extra, "-m", message, commit]
        try:
            await private("merge", *args)
        except GitError as error:
            files = await private.names("diff", "--name-only", "--diff-filter=U", "--no-renames", "-z")
            if not files:
                raise
            raise MergeConflict(files, target) from error
        return await private("rev-parse", "HEAD")


class Branches:
    """The person's repository as a destination."""

    def __init__(self, git: Git, common: Path, ignored: Path) -> None:
        """`ignored`: War Room's own folder, of which nothing counts as the person's."""
        self._git, self._common, self._ignored = git, common, ignored

    async def base(self) -> Base:
        """HEAD's commit. Warnings name what agents will not see."""
        parts = await self._git.names(
            "status", "--porcelain=v2", "--branch", "-z",
            "--untracked-files=all", "--ignore-submodules=all", "--no-renames",
        )  # fmt: skip
        facts = dict(part[2:].split(" ", 1) for part in parts if part.startswith("# "))
        dirty = [name for name in map(_status_path, parts) if name and not self._ours(name)]
        commit, branch = facts["branch.oid"], facts["branch.head"]
        unborn = commit == "(initial)"
        if unborn:
            commit = await empty_root(self._git)
        warnings = []
        if unborn:
            warnings.append("This repository has no commit yet: agents start from an empty folder.")
        if branch == "(detached)":
            warnings.append("HEAD is detached: accepting moves HEAD itself, and no branch.")
        if dirty:
            what = "1 uncommitted file is" if len(dirty) == 1 else f"{len(dirty)} uncommitted files are"
            warnings.append(f"{what} not seen by agents: {name_files(dirty, 3)}. Commit what they need.")
        if not unborn and await self._git.maybe("cat-file", "-e", f"{commit}:.gitmodules") is not None:
            warnings.append("This repository has submodules: they are empty in the agents' worktrees.")
        return Base(commit, None if branch == "(detached)" else branch, tuple(warnings))

    def _ours(self, name: str) -> bool:
        return (self._git.cwd / name).is_relative_to(self._ignored)

    async def tip(self, target_branch: str | None) -> str | None:
        """Where the branch (None: the detached HEAD) stands."""
        if target_branch is None:
            await self._still_detached()
            return await self._git("rev-parse", "--verify", "HEAD^{commit}")
        tip = await self._resolve(f"refs/heads/{target_branch}")
        if tip is None and await self._git.maybe("symbolic-ref", "HEAD") != f"refs/heads/{target_branch}":
            raise WorkspaceError(
                f"Branch {one_line(target_branch)} is gone. Create it again, or merge the task's branch yourself."
            )
        return tip

    async def _resolve(self, ref: str) -> str | None:
        return await self._git.maybe("rev-parse", "--verify", "--quiet", f"{ref}^{{commit}}")

    async def _still_detached(self) -> None:
        head = await self._git.maybe("symbolic-ref", "--quiet", "--short", "HEAD")
        if head is not None:
            raise WorkspaceError(
                f"HEAD was detached when the task began and is now on branch {one_line(head)}. "
                "Detach it again (`git checkout --detach`), or merge the task's branch yourself."
            )

    async def apply(self, preview: MergePreview) -> None:
        """Fast-forward the branch, with its checkout where it has one."""
        await to_the_end(self._apply(preview))

    async def _apply(self, preview: MergePreview) -> None:
        commit = oid(preview.commit)
        tip = await self.tip(preview.target_branch)
        if tip == commit:
            return
        if tip != preview.tip:
            raise WorkspaceError(f"{self._named(preview)} has moved in this moment. Nothing was changed; accept again.")
        if preview.target_branch is None:
            await self._fast_forward(self._git, commit, self._named(preview))
            return
        ref = f"refs/heads/{preview.target_branch}"
        self._refuse_rebased(ref)
        place = await self._checked_out(ref)
        if place is not None and tip is None:
            await self._refuse_overwriting(place, commit)
        if place is not None:
            await self._fast_forward(Git(place, self._git.env), commit, self._named(preview))
            return
        try:
            await self._git("update-ref", "-m", "War Room: accepted", ref, commit, tip or "0" * len(commit))
        except GitError as error:
            raise WorkspaceError(f"{self._named(preview)} could not be moved: {one_line(error.stderr)}") from error

    @staticmethod
    def _named(preview: MergePreview) -> str:
        return f"Branch {one_line(preview.target_branch)}" if preview.target_branch else "The detached HEAD"

    async def _checked_out(self, ref: str) -> Path | None:
        if await self._git.maybe("symbolic-ref", "--quiet", "HEAD") == ref:
            return self._git.cwd
        place = await self._git("for-each-ref", "--format=%(worktreepath)", ref)
        return Path(place) if place and Path(place).is_dir() else None

    def _refuse_rebased(self, ref: str) -> None:
        """A branch in the middle of a rebase or bisect is on no HEAD, and still not to be moved."""
        for folder in (self._common, *(self._common / "worktrees").glob("*")):
            for state in ("rebase-merge/head-name", "rebase-apply/head-name", "BISECT_START"):
                note = folder / state
                if note.is_file() and note.read_text(errors="replace").strip() in {
                    ref,
                    ref.removeprefix("refs/heads/"),
                }:
                    what = "bisect" if state == "BISECT_START" else "rebase"
                    raise WorkspaceError(
                        f"Branch {one_line(ref.removeprefix('refs/heads/'))} is in the middle of a {what}. "
                        "Finish or abort it, then accept again."
                    )

    async def _refuse_overwriting(self, place: Path, commit: str) -> None:
        """Before the first commit git lets a merge overwrite ignored files, whatever it is told."""
        files = await self._git.names("ls-tree", "-r", "-z", "--name-only", commit)
        in_the_way = [name for name in files if os.path.lexists(place / name) or _under_a_file(place, name)]
        if in_the_way:
            raise WorkspaceError(_uncommitted(in_the_way, place))

    async def _fast_forward(self, git: Git, commit: str, named: str) -> None:
        folder = Path(await git("rev-parse", "--absolute-git-dir"))
        for state, what in _UNFINISHED.items():
            if (folder / state).exists():
                raise WorkspaceError(
                    f"A {what} is in progress in {one_line(str(git.cwd))}. Finish or abort it, then accept again."
                )
        try:
            # Even what is ignored in the person's folder is theirs: it is not overwritten.
            await git("merge", "--ff-only", "--no-overwrite-ignore", "--no-squash", "--no-stat", "--quiet", commit)
        except GitError as error:
            raise WorkspaceError(_in_the_way(error, named, git.cwd)) from error


def _in_the_way(error: GitError, named: str, folder: Path) -> str:
    files = [line.strip() for line in error.stderr.splitlines() if line.startswith("\t")]
    if files:
        return _uncommitted(files, folder)
    if "index.lock" in error.stderr:
        return (
            f"Another git command is at work in {one_line(str(folder))}. Accept again when it has ended; "
            "when none is running, remove the index.lock it left."
        )
    if "Not possible to fast-forward" in error.stderr:
        return f"{named} has moved in this moment. Nothing was changed; accept again."
    return f"The result cannot be brought onto your checkout: {one_line(error.stderr, 400)}"


def _uncommitted(files: list[str], folder: Path) -> str:
    return (
        f"Your own uncommitted work is in the way of the result: {name_files(files)} in {one_line(str(folder))}. "
        "Nothing was changed. Commit, stash or move it, then accept again."
    )


def _under_a_file(folder: Path, name: str) -> bool:
    parents = [folder / parent for parent in list(Path(name).parents)[:-1]]
    return any(os.path.lexists(parent) and (parent.is_symlink() or not parent.is_dir()) for parent in parents)


def _status_path(entry: str) -> str | None:
    """The path of one entry of `git status --porcelain=v2 -z`; None for headers."""
    fields_before_path = {"1": 8, "u": 10, "?": 1}.get(entry[:1])
    if fields_before_path is None or entry[1:2] != " ":
        return None
    parts = entry.split(" ", fields_before_path)
    return parts[-1] if len(parts) > fields_before_path else None
