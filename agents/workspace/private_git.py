"""A git directory of a mission's own: an agent commits, stages and stashes in it, and the person's is out of reach."""

import asyncio
import os
import re
import secrets
import shutil
import stat
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from agents.workspace.administration import delete_folder, point
from agents.workspace.git import Git

_SETTINGS = (
    *("core.autocrlf", "core.eol", "core.safecrlf", "core.filemode", "core.symlinks", "core.ignorecase"),
    *("core.precomposeunicode", "core.sparsecheckout", "core.sparsecheckoutcone", "core.abbrev", "core.commentchar"),
    *("index.sparse", "extensions.objectformat", "diff.algorithm", "diff.renames", "merge.conflictstyle"),
)
"""What of the person's configuration says how files are read; nothing that runs a program or holds an address."""
_HIDDEN_REFS = ("refs/stash", "refs/warroom/", "refs/heads/warroom/", "refs/heads/warroom-", "refs/worktree/")
_REF = re.compile(r"ref: (refs/[^\x00-\x20\x7f]+)")
_OID = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_POINTER_CAP = 4096
_PACKED_CAP = 50_000_000
_DEEPEST = 5


@dataclass(frozen=True)
class PrivateGit:
    """What a command may use of git instead of the person's repository."""

    folder: Path
    """The git directory, which the command writes as it likes: no git outside the wall is ever pointed at it."""
    pointer: Path
    """A file to stand where the worktree's `.git` stands, out of the command's reach."""
    objects: tuple[Path, ...]
    """The object stores of the person's repository, to be readable; nothing else of it has to be."""

    @contextmanager
    def standing_in(self, worktree: Path) -> Iterator[None]:
        """For a wall that cannot show another file in place of one: the worktree's `.git` leads here meanwhile."""
        right, aside = (worktree / ".git").read_bytes(), self.folder.with_name("replaced-git")
        point(worktree, self.pointer.read_bytes(), aside)
        try:
            yield
        finally:
            point(worktree, right, aside)


async def open_private(git: Git, common: Path, state: Path, branch: str) -> PrivateGit:
    """The private git directory below `state`, made when it is not there: HEAD on `branch`, the worktree's own index.

    `git` is the worktree's, its repository named. Refs are copied and so are the settings that say how files are read;
    objects are read from the repository and written in private. Raises GitError, OSError.
    """
    folder, pointer = state / "git", state / "git-pointer"
    if not pointer.is_file() or private_head(folder) is None:
        await _make(git, common, folder, branch)
        # Last: it says that the folder is whole.
        pointer.write_bytes(b"gitdir: " + os.fsencode(folder) + b"\n")
    return PrivateGit(folder, pointer, tuple(object_stores(common)))


def drop_private(state: Path) -> None:
    """The next command gets a fresh one, which knows what has become of the branch since."""
    (state / "git-pointer").unlink(missing_ok=True)
    delete_folder(state / "git")


async def _make(git: Git, common: Path, folder: Path, branch: str) -> None:
    delete_folder(folder)
    listed = "--format=%(objectname) %(refname)"
    settings, refs = await asyncio.gather(git.maybe("config", "-z", "--list"), git("for-each-ref", listed))
    making = folder.with_name(f"git-{secrets.token_hex(4)}")
    for part in ("objects/info", "refs/heads", "info"):
        (making / part).mkdir(parents=True)
    admin = Path(git.env["GIT_DIR"])
    (making / "HEAD").write_text(f"ref: refs/heads/{branch}\n")
    (making / "config").write_text(_config(settings or ""))
    own = f"refs/heads/{branch}"
    lines = [line for line in refs.split("\n") if _shown(line.partition(" ")[2], own)]
    (making / "packed-refs").write_bytes(os.fsencode("".join(f"{line}\n" for line in lines)))
    store = str(common / "objects")
    # Quoted only where it must be: `git clone` does not understand it there.
    line = _quoted(common / "objects") if store.startswith(('"', "#")) or "\n" in store else store
    (making / "objects/info/alternates").write_bytes(os.fsencode(f"{line}\n"))
    copies = [(common, "info/exclude"), (common, "info/attributes"), (common, "shallow")]
    copies += [(admin, "info/sparse-checkout"), *((admin, shared.name) for shared in admin.glob("sharedindex.*"))]
    for source, name in ((admin, "index"), *copies):
        if (source / name).is_file():
            shutil.copy2(source / name, making / name)  # with its time: git tells by it which entries it may trust
    making.rename(folder)


def _config(settings: str) -> str:
    """The settings among `git config -z --list` that are copied, as the text of a configuration."""
    found: dict[str, str] = {}
    for entry in settings.split("\0"):
        name, _, value = entry.partition("\n")
        if name in _SETTINGS and re.fullmatch(r"[A-Za-z0-9_-]+", value):
            found[name] = value
    version = 1 if "extensions.objectformat" in found else 0
    lines = [f"[core]\n\trepositoryformatversion = {version}\n\tbare = false\n\tlogallrefupdates = true\n"]
    for name, value in found.items():
        section, _, key = name.partition(".")
        lines.append(f"[{section}]\n\t{key} = {value}\n")
    return "".join(lines)


def _shown(ref: str, own: str) -> bool:
    return ref == own or (bool(ref) and not ref.startswith(_HIDDEN_REFS))


def object_stores(common: Path) -> Iterator[Path]:
    """The repository's folder of objects and those it borrows from (`git clone --shared`), resolved."""
    yield from _stores(common / "objects", _DEEPEST, set())


def _stores(objects: Path, depth: int, seen: set[Path]) -> Iterator[Path]:
    real = Path(os.path.realpath(objects))
    if real in seen or not real.is_dir():
        return
    seen.add(real)
    yield real
    if depth:
        for line in _lines(real / "info" / "alternates"):
            if line and not line.startswith(("#", '"')):
                yield from _stores(real / line, depth - 1, seen)


class PrivateHead(NamedTuple):
    """Where a private HEAD is."""

    ref: str
    """Full name of the branch; empty when detached."""
    commit: str
    """Empty when the branch has none."""


def private_head(folder: Path) -> PrivateHead | None:
    """The HEAD of the private git directory `folder`; None when there is none, or none that git would take.

    Read as text: git would obey a configuration that an agent has written.
    """
    head = _first_line(folder / "HEAD")
    if _OID.fullmatch(head):
        return PrivateHead("", head)
    found = _REF.fullmatch(head)
    if found is None or ".." in found[1]:
        return None
    ref = found[1]
    commit = _first_line(folder / ref)
    if not commit:
        packed = (line.split(" ", 1) for line in _lines(folder / "packed-refs", _PACKED_CAP))
        commit = next((parts[0] for parts in packed if parts[1:] == [ref]), "")
    return PrivateHead(ref, commit if _OID.fullmatch(commit) else "")


def _first_line(path: Path) -> str:
    return next(iter(_lines(path)), "")


def _lines(path: Path, cap: int = _POINTER_CAP) -> Iterable[str]:
    """The lines of an ordinary file; of anything else, or what is larger than `cap` bytes, none."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except (OSError, ValueError):
        return []
    with open(descriptor, "rb") as file:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) or status.st_size > cap:
            return []
        return os.fsdecode(file.read(cap)).split("\n")


def _quoted(path: Path) -> str:
    """`path` as git wants it in a list of object stores: quoted, as a colon or a new line would end the name."""
    name = str(path).replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{name}"'


def alternates(common: Path) -> Mapping[str, str]:
    """Environment by which git reads the repository's objects and writes none among them."""
    return {"GIT_ALTERNATE_OBJECT_DIRECTORIES": _quoted(common / "objects")}
