"""A file that is there whole or not at all, and never in place of another one unasked."""

import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

import click

from agents.sanitize import one_line


class NotWritten(click.ClickException):
    """The disk refused."""

    exit_code = 3


@contextmanager
def new_file(path: Path, *, force: bool) -> Iterator[TextIO]:
    """A stream whose text becomes the file at `path`, private to the person (0600), when the block ends without error.

    Raises click.UsageError when something is there already (with `force`: something that is no ordinary file), or when
    there is no such folder; NotWritten when the disk refuses.
    """
    _require_free(path, force)
    shown = one_line(str(path), 300)
    part = path.with_name(f".{path.name[:100]}.{secrets.token_hex(4)}.part")
    try:
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except OSError as error:
        if not path.parent.is_dir():
            raise click.UsageError(f"there is no folder {one_line(str(path.parent), 300)}: make it first") from error
        raise NotWritten(f"{shown} cannot be written: {error.strerror}") from error
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", errors="replace", newline="") as stream:
            yield stream
            stream.flush()
            os.fsync(descriptor)
        _put_in_place(part, path, force)
    except OSError as error:
        raise NotWritten(f"{shown} cannot be written: {error.strerror}") from error
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)


def _require_free(path: Path, force: bool) -> None:
    try:
        found = path.lstat()
    except OSError:
        return
    if force and stat.S_ISREG(found.st_mode):
        return
    shown = one_line(str(path), 300)
    if force:
        raise click.UsageError(f"{shown} is no ordinary file and was left as it is; `-` is standard output")
    raise click.UsageError(f"{shown} is there already and was left as it is: --force replaces it")


def _put_in_place(part: Path, path: Path, force: bool) -> None:
    if force:
        part.replace(path)
        return
    try:
        os.link(part, path)
    except FileExistsError:
        _require_free(path, force)  # somebody was quicker
        raise
    except OSError:  # a disk without hard links
        _require_free(path, force)
        part.rename(path)
