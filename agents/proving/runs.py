"""Runs of the proving ground on disk: one that was interrupted is gone on with, one that ended is not begun again."""

import json
from pathlib import Path

from pydantic import ValidationError

from agents.tasks import Frozen

DESCRIPTION = "run.json"
ENDED = "ended"


class Run(Frozen):
    """What is measured: two runs of the same description are one."""

    tier: str
    model: str
    suite: str
    tasks: tuple[str, ...]
    setting: str = ""
    """Of one arm of an A/B run; empty for a plain one."""


def folder_of(home: Path, run: Run) -> Path:
    """The folder of `run`: that of one of the same description that has not ended, else a new one."""
    place = home / "proving"
    place.mkdir(parents=True, exist_ok=True, mode=0o700)
    numbers = sorted(int(entry.name) for entry in place.iterdir() if entry.name.isdecimal())
    for number in reversed(numbers):
        folder = place / str(number)
        if not (folder / ENDED).exists() and _described(folder) == run:
            return folder
    folder = place / str(numbers[-1] + 1 if numbers else 1)
    folder.mkdir()
    (folder / DESCRIPTION).write_text(run.model_dump_json(indent=2))
    return folder


def end(folder: Path) -> None:
    """Everything was measured: the next run of the same description is a new one."""
    (folder / ENDED).touch()


def _described(folder: Path) -> Run | None:
    try:
        return Run.model_validate(json.loads((folder / DESCRIPTION).read_text()))
    except (OSError, ValueError, ValidationError):
        return None
