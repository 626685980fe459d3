"""A plain folder with a private git history under War Room's home; nothing named .git appears in the folder."""

import asyncio
import contextlib
import hashlib
import os
import secrets
import shutil
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from agents.private_files import private_folder
from agents.workspace.commits import EMAIL, NAME, named, write_commit
from agents.workspace.errors import WorkspaceError, name_files
from agents.workspace.git import Git, to_the_end
from agents.workspace.results import Base, MergePreview, oid
from agents.workspace.snapshot import copy_index, take_snapshot
from agents.workspace.walking import walk

MAX_FILE_BYTES = 20_000_000
"""Larger files are not part of the private history: agents do not see them."""
MAX_FILES = 50_000
_REF = "refs/heads/folder"
_EXACT = "* -text -eol -ident -filter -working-tree-encoding\n"


async def open_shadow(folder: Path, home: Path, place: Path) -> "PlainFolder":
    """The private history of `folder` kept at `place`, made when it is not there yet."""
    store = place / "history"
    if not (store / "HEAD").is_file():
        private_folder(place)
        making = place / f"making-{secrets.token_hex(4)}"
        await Git(place)("init", "--quiet", "--bare", "--template=", str(making))
        (making / "info").mkdir(exist_ok=True)
        # The person's bytes go in and come out as they are, whatever a .gitattributes among them says.
        (making / "info" / "attributes").write_text(_EXACT)
        (making / "HEAD").write_text(f"ref: {_REF}\n")
        with contextlib.suppress(OSError):  # another War Room was quicker
            making.rename(store)
        shutil.rmtree(making, ignore_errors=True)
    return PlainFolder(folder, home, place, store)


class PlainFolder:
    """A folder without git as a destination: its state is committed privately, results are written into it."""

    def __init__(self, folder: Path, home: Path, place: Path, store: Path) -> None:
        self.store = store
        self.git = Git(place, {"GIT_DIR": str(store)})
        self.view = Git(folder, {"GIT_DIR": str(store), "GIT_WORK_TREE": str(folder)})
        self._folder, self._home, self._place = folder, home, place

    async def base(self) -> Base:
        """The folder's state as a commit of the private history."""
        commit, left_out = await self._record()
        kept = "This folder is not a git repository: War Room keeps a private history of it."
        return Base(commit, None, (kept, *left_out))

    async def tip(self, target_branch: str | None) -> str | None:
        """The folder's present state."""
        return (await self._record())[0]

    async def _record(self) -> tuple[str, tuple[str, ...]]:
        index = self._place / f"index-{secrets.token_hex(4)}"
        kept = self._place / "index"
        try:
            if kept.is_file():
                copy_index(kept, index)
            snapshot = await take_snapshot(
                self.view, index, max_bytes=MAX_FILE_BYTES, max_files=MAX_FILES, skipped=self._is_ours
            )
            if index.is_file():
                index.replace(kept)
        finally:
            index.unlink(missing_ok=True)
        before = await self.git.maybe("rev-parse", "--verify", "--quiet", _REF)
        if before is not None and await self.git("rev-parse", f"{before}^{{tree}}") == snapshot.tree:
            return before, snapshot.warnings
        parents = [before] if before else []
        commit = await write_commit(self.git, snapshot.tree, parents, "The folder as it was\n", named(NAME, EMAIL))
        await self.git("update-ref", _REF, commit)
        return commit, snapshot.warnings

    def _is_ours(self, name: str) -> bool:
        return (self._folder / name).is_relative_to(self._home)

    async def apply(self, preview: MergePreview) -> None:
        """Write what differs into the folder, where the folder still is what the preview was made on."""
        await to_the_end(self._apply(preview))

    async def _apply(self, preview: MergePreview) -> None:
        if preview.tip is None or preview.tip == preview.commit:
            return
        raw = await self.git.names("diff-tree", "-r", "-z", "--no-renames", oid(preview.tip), oid(preview.commit))
        edits = [_Edit.read(facts, path) for facts, path in zip(raw[::2], raw[1::2], strict=True)]
        contents = await self._contents([edit.new for edit in edits if edit.new_mode != _NONE])
        await asyncio.to_thread(_write, self._folder, edits, contents)
        await self.git("update-ref", _REF, preview.commit)

    async def _contents(self, blobs: list[str]) -> dict[str, bytes]:
        raw = await self.git.raw("cat-file", "--batch", input="".join(f"{blob}\n" for blob in blobs).encode())
        found, at = {}, 0
        for _ in blobs:
            end = raw.index(b"\n", at)
            name, kind, size = raw[at:end].split()
            if kind != b"blob":
                raise WorkspaceError(
                    "The result holds a git repository of its own, which cannot be written to a folder."
                )
            found[name.decode()] = raw[end + 1 : end + 1 + int(size)]
            at = end + 1 + int(size) + 1
        return found


_NONE, _LINK, _PROGRAM = "000000", "120000", "100755"


class _Edit(NamedTuple):
    """One path of a raw diff."""

    path: str
    old_mode: str
    new_mode: str
    old: str
    new: str

    @classmethod
    def read(cls, facts: str, path: str) -> "_Edit":
        old_mode, new_mode, old, new, _ = facts.removeprefix(":").split(" ")
        return cls(path, old_mode, new_mode, old, new)


@dataclass(frozen=True)
class _Before:
    """What stood at a path, to be put back."""

    mode: int
    content: bytes


def _write(folder: Path, edits: list[_Edit], contents: dict[str, bytes]) -> None:
    """All edits or none. Raises WorkspaceError naming the files that are not what the result was made on."""
    before = {edit.path: _look(folder / edit.path) for edit in edits if edit.old_mode != _NONE}
    gone = {edit.path for edit in edits if edit.old_mode != _NONE and edit.new_mode == _NONE}
    in_the_way = [edit.path for edit in edits if not _as_expected(folder, edit, before.get(edit.path), gone)]
    if in_the_way:
        raise WorkspaceError(
            f"Changed in your folder since: {name_files(in_the_way)}. Nothing was written; accept again."
        )
    done: list[_Edit] = []
    try:
        for edit in sorted(edits, key=lambda edit: edit.new_mode != _NONE):  # deletions make room
            done.append(edit)
            if edit.new_mode == _NONE:
                (folder / edit.path).unlink()
                _drop_empty(folder, edit.path)
            else:
                _put(folder / edit.path, edit.new_mode, contents[edit.new], before.get(edit.path))
    except OSError as error:
        _put_back(folder, done, before)
        raise WorkspaceError(
            f"{error.filename or folder} cannot be written: {error.strerror}. Your folder is as it was."
        ) from error


def _look(path: Path) -> _Before | None:
    with contextlib.suppress(OSError):
        status = path.lstat()
        if stat.S_ISLNK(status.st_mode):
            return _Before(status.st_mode, os.fsencode(os.readlink(path)))
        if stat.S_ISREG(status.st_mode):
            return _Before(status.st_mode, path.read_bytes())
    return None


def _as_expected(folder: Path, edit: _Edit, found: _Before | None, gone: set[str]) -> bool:
    parent = folder
    for part in Path(edit.path).parts[:-1]:
        parent /= part
        if parent.is_symlink() or (parent.exists() and not parent.is_dir()):
            return os.path.relpath(parent, folder) in gone
    target = folder / edit.path
    if edit.old_mode != _NONE:
        if found is None or stat.S_ISLNK(found.mode) != (edit.old_mode == _LINK):
            return False
        return (
            hashlib.sha1(b"blob %d\0" % len(found.content) + found.content, usedforsecurity=False).hexdigest()
            == edit.old
        )
    if target.is_dir() and not target.is_symlink():
        inside = (os.path.join(at, name) for at, _, names in walk(target) for name in names)
        return all(os.path.relpath(name, folder) in gone for name in inside)
    return not os.path.lexists(target)


def _put(target: Path, mode: str, content: bytes, before: _Before | None) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    beside = target.with_name(f".warroom-{secrets.token_hex(6)}")
    try:
        if mode == _LINK:
            beside.symlink_to(os.fsdecode(content))
        else:
            wanted = 0o777 if mode == _PROGRAM else 0o666
            with open(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, wanted), "wb") as file:
                file.write(content)
            if before is not None and not stat.S_ISLNK(before.mode) and bool(before.mode & 0o100) == (mode == _PROGRAM):
                beside.chmod(stat.S_IMODE(before.mode))
        beside.replace(target)
    finally:
        beside.unlink(missing_ok=True)


def _drop_empty(folder: Path, path: str) -> None:
    parent = (folder / path).parent
    while parent != folder:
        try:
            parent.rmdir()
        except OSError:
            return
        parent = parent.parent


def _put_back(folder: Path, done: list[_Edit], before: dict[str, "_Before | None"]) -> None:
    for edit in reversed(done):
        target, old = folder / edit.path, before.get(edit.path)
        with contextlib.suppress(OSError):  # what could not be written needs no putting back
            if edit.new_mode != _NONE and target.is_file() or target.is_symlink():
                target.unlink()
            if old is None:
                _drop_empty(folder, edit.path)
            else:
                mode = _LINK if stat.S_ISLNK(old.mode) else edit.old_mode
                _put(target, mode, old.content, old)
