"""Runs of the proving ground on disk: one that was interrupted is gone on with, one that ended is not begun again."""

import fcntl
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import TextIO

from pydantic import ValidationError

from agents.private_files import private_folder, write_private
from agents.proving.graded import GradedTask
from agents.refusals import NotPossible
from agents.settings import Settings
from agents.tasks import Frozen

DESCRIPTION = "run.json"
ENDED = "ended"
LOCK = "lock"


class Run(Frozen):
    """What is measured: two runs of the same description are one."""

    tier: str
    model: str
    suite: str
    tasks: tuple[str, ...]
    setting: str = ""
    """Of one arm of an A/B run; empty for a plain one."""
    content: str = ""
    """See `content_of`."""


def content_of(tasks: Sequence[GradedTask], settings: Settings, tier: str) -> str:
    """A digest of the tasks and of how the tier is set: figures of different ones must not be mixed."""
    of = settings.tiers[tier]
    parts = [
        of.model_dump_json(exclude={"endpoints", "slots", "band", "roles", "enabled"}),
        settings.mission.model_dump_json(),
        *(json.dumps(task.model_dump(mode="json"), sort_keys=True) for task in tasks),
    ]
    return sha256("\0".join(parts).encode(errors="surrogatepass")).hexdigest()


@contextmanager
def taken(home: Path, run: Run) -> Iterator[Path]:
    """The folder of `run`: that of one of the same description that has not ended, else a new one; ours alone until
    this ends. Raises NotPossible while another process measures the same."""
    place = home / "proving"
    private_folder(place)
    with _lock_of(place) as choosing:
        fcntl.flock(choosing, fcntl.LOCK_EX)
        folder = _folder_of(place, run)
        lock = _lock_of(folder)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            lock.close()
            raise NotPossible(
                f"Another `warroom prove` measures {run.tier} on these tasks now: wait for it, or interrupt it and "
                "give the same command again, which goes on from there."
            ) from error
    with lock:  # the kernel lets go of it when the process dies
        yield folder


def _lock_of(folder: Path) -> TextIO:
    return open(os.open(folder / LOCK, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600), "a")


def end(folder: Path) -> None:
    """Everything was measured: the next run of the same description is a new one."""
    (folder / ENDED).touch(mode=0o600)


def _folder_of(place: Path, run: Run) -> Path:
    numbers = sorted(int(entry.name) for entry in place.iterdir() if entry.name.isdecimal())
    for number in reversed(numbers):
        folder = place / str(number)
        if not (folder / ENDED).exists() and _described(folder) == run:
            return folder
    folder = place / str(numbers[-1] + 1 if numbers else 1)
    private_folder(folder)
    write_private(folder / DESCRIPTION, run.model_dump_json(indent=2))
    return folder


def _described(folder: Path) -> Run | None:
    try:
        return Run.model_validate(json.loads((folder / DESCRIPTION).read_text()))
    except (OSError, ValueError, ValidationError):
        return None
