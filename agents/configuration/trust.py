"""Which folders the person vouches for, remembered in War Room's home, one file a folder, for its owner alone.

Trust is given to a folder (the real path of the repository's top level) and to what its warroom.toml decided then: when
the file decides something else, the person is asked again. A comment that changes decides nothing.
"""

import contextlib
import hashlib
import json
import os
import stat
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

_BYTES = 512 * 1024
"""A record holds at most the 64 KiB of a settings file, spelt with escapes."""


@dataclass(frozen=True)
class TrustRecord:
    """What the person said about a folder."""

    folder: str
    trusted: bool
    """False: asked, and not trusted now."""
    decides: dict[str, Any]
    """What the folder's warroom.toml said then; empty: there was none, or it decided nothing."""
    at: str
    """When, ISO 8601 UTC."""

    def is_about(self, decides: dict[str, Any]) -> bool:
        """Whether the file still decides what it did."""
        return _canonical(self.decides) == _canonical(decides)


def recorded(home: Path, folder: Path) -> TrustRecord | None:
    """What was said about `folder`; None: nothing, or nothing that can be believed."""
    record = _read(_place(home, folder))
    return record if record is not None and record.folder == str(folder) else None


def remember(home: Path, record: TrustRecord) -> None:
    """Write `record`, in place of what was said about its folder before. Raises OSError."""
    place = _place(home, Path(record.folder))
    place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor, name = tempfile.mkstemp(dir=place.parent, prefix=".new-")  # readable and writable by its owner only
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            json.dump(asdict(record), file, default=str)
        os.replace(name, place)
    except OSError:
        os.unlink(name)
        raise


def forget(home: Path, folder: Path) -> bool:
    """Nothing was said about `folder`; False when nothing was. Raises OSError."""
    try:
        _place(home, folder).unlink()
    except FileNotFoundError:
        return False
    return True


def all_records(home: Path) -> list[TrustRecord]:
    """Everything that was said, by folder."""
    records = [_read(place) for place in (home / "trust").glob("*.json")]
    return sorted((record for record in records if record is not None), key=lambda record: record.folder)


def _place(home: Path, folder: Path) -> Path:
    return home / "trust" / f"{hashlib.sha256(os.fsencode(folder)).hexdigest()[:32]}.json"


def _read(place: Path) -> TrustRecord | None:
    """The record, if it is one and nobody else can have written it."""
    with contextlib.suppress(OSError, ValueError, TypeError, RecursionError), _owned(place) as descriptor:
        held = json.loads(os.read(descriptor, _BYTES))
        record = TrustRecord(**held)
        if (
            isinstance(record.folder, str)
            and isinstance(record.trusted, bool)
            and isinstance(record.decides, dict)
            and isinstance(record.at, str)
        ):
            return record
    return None


@contextlib.contextmanager
def _owned(place: Path) -> Iterator[int]:
    """The file, open for reading. Raises OSError unless it and its folder are ours and writable by nobody else."""
    descriptor = os.open(place, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        file, folder = os.fstat(descriptor), os.stat(place.parent)
        for found in (file, folder):
            if found.st_uid != os.geteuid() or found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
                raise PermissionError(f"{place} can be written by others")
        if not stat.S_ISREG(file.st_mode):
            raise PermissionError(f"{place} is no file")
        yield descriptor
    finally:
        os.close(descriptor)


def _canonical(decides: dict[str, Any]) -> str:
    return json.dumps(decides, sort_keys=True, default=str)
