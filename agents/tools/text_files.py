"""Reading and writing text files of a worktree: regular files only, bounded, atomic."""

import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from agents.tools.paths import shown
from agents.tools.tool import ToolError
from agents.workspace.walking import walk

READ_CAP = 20_000_000
"""Bytes: larger files are not for reading as a whole."""
WRITE_CAP = 2_000_000
"""Bytes a model may write at once."""


class FileGone(ToolError):
    """There is no such file."""


def read_text(root: Path, path: Path) -> str:
    """The file as text; bytes that are not UTF-8 become lone surrogates, so that writing it back loses nothing.

    Raises FileGone when it is missing; ToolError when it is a folder, a device or FIFO, too large, or binary.
    """
    name = shown(root, path)
    try:
        with folder_inside(root, path.parent) as folder:
            # Not blocking: opening a FIFO would wait for its writer for ever.
            flags = os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC
            descriptor = os.open(path.name if path != root else ".", flags, dir_fd=folder)
    except FileNotFoundError:
        raise FileGone(f"{name} does not exist.{_similar(root, path)}") from None
    except OSError as error:
        raise ToolError(f"cannot read {name}: {error.strerror}.") from error
    try:
        status = os.fstat(descriptor)
        if stat.S_ISDIR(status.st_mode):
            raise ToolError(f"{name} is a folder. Use file_list to see what is in it.")
        if not stat.S_ISREG(status.st_mode):
            raise ToolError(f"{name} is a device, socket or FIFO, not a file.")
        if status.st_size > READ_CAP:
            raise ToolError(
                f"{name} is too large to read ({status.st_size / 1e6:,.0f} MB). "
                f"Use code_search, or shell_run with: sed -n '1,100p' {name}"
            )
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            data = file.read(READ_CAP + 1)
    finally:
        os.close(descriptor)
    if b"\0" in data:
        raise ToolError(f"{name} is binary ({len(data):,} bytes); only text can be read.")
    return data.decode("utf-8", "surrogateescape")


def write_text(root: Path, path: Path, text: str) -> bool:
    """Write the whole file at once, folders made as needed, an existing file's mode kept; True: it is new.

    Raises ToolError when that is not possible.
    """
    name = shown(root, path)
    data = text.encode("utf-8", "surrogateescape" if _escaped(text) else "replace")
    if len(data) > WRITE_CAP:
        raise ToolError(f"{len(data):,} bytes are too much for one file; the limit is {WRITE_CAP:,}.")
    try:
        with folder_inside(root, path.parent, make=True) as folder:
            mode = _mode_of(path.name, folder)
            if mode is not None and not stat.S_ISREG(mode):
                kind = "a folder" if stat.S_ISDIR(mode) else "not a regular file"
                raise ToolError(f"{name} is {kind}; give the path of a file.")
            _replace(path.name, folder, data, 0o666 & ~_umask() if mode is None else stat.S_IMODE(mode))
    except (FileExistsError, NotADirectoryError):
        raise ToolError(f"cannot write {name}: a part of its path is a file, not a folder.") from None
    except OSError as error:
        raise ToolError(f"cannot write {name}: {error.strerror}.") from error
    return mode is None


@contextmanager
def folder_inside(root: Path, folder: Path, *, make: bool = False) -> Iterator[int]:
    """A descriptor of `folder`, which is `root` or inside it, reached step by step without following any link: whatever
    was swapped for one since the path was resolved, nothing outside is reached. `make`: what is missing.

    Raises OSError.
    """
    descriptor = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for part in folder.relative_to(root).parts if folder.is_relative_to(root) else ():
            if make:
                with suppress(FileExistsError):
                    os.mkdir(part, dir_fd=descriptor)
            inner = os.open(part, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=descriptor)
            os.close(descriptor)
            descriptor = inner
        yield descriptor
    finally:
        os.close(descriptor)


def _mode_of(name: str, folder: int) -> int | None:
    try:
        return os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode
    except FileNotFoundError:
        return None


def _replace(name: str, folder: int, data: bytes, mode: int) -> None:
    temporary = f".warroom-{secrets.token_hex(8)}"
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600, dir_fd=folder)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            os.fchmod(descriptor, mode)
        os.replace(temporary, name, src_dir_fd=folder, dst_dir_fd=folder)
    except BaseException:
        os.unlink(temporary, dir_fd=folder)
        raise


def _escaped(text: str) -> bool:
    """Every lone surrogate stands for a byte that was read, none was invented by a model."""
    return all(not "\ud800" <= char <= "\udfff" or "\udc80" <= char <= "\udcff" for char in text)


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


def _similar(root: Path, path: Path) -> str:
    """A sentence naming files of the same name elsewhere, or what lies in its folder."""
    found = []
    for index, (folder, folders, files) in enumerate(walk(root)):
        folders[:] = [each for each in folders if each not in {".git", "node_modules", ".venv"}]
        if path.name in files:
            found.append(shown(root, Path(folder, path.name)))
        if len(found) == 3 or index == 2000:
            break
    return f" Did you mean {' or '.join(found)}?" if found else " Use file_list to see which files there are."
