"""A squad that has lost its screen: it works on, and leaves a note of that in its home."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from agents.clock import Clock
from agents.private_files import write_private
from agents.sanitize import one_line

if TYPE_CHECKING:
    from agents.tasks import Task

LOG = "headless.log"


class Squad(Protocol):
    """What goes on without a screen. `agents.headquarters.Headquarters` satisfies it."""

    def under_way(self) -> frozenset[int]:
        """The tasks this process carries out or has queued."""

    async def until_idle(self) -> None:
        """Until there are none but those that wait for a person."""

    async def task(self, task_id: int) -> Task:
        """A task as it stands."""


async def work_on(squad: Squad, logs: Path, clock: Clock, *, lost: str = "its terminal") -> None:
    """Until nothing is left to do here without a person. Cancel it to stop; either is noted in the folder `logs`.

    `lost` is what it was that went away. Raises what the engine raises.
    """
    begun = squad.under_way()
    _note(logs, clock, f"lost {lost} and works on without a screen: {_labels(begun)}")
    try:
        await squad.until_idle()
    except asyncio.CancelledError:
        _note(logs, clock, f"was told to stop while {_labels(squad.under_way()) or 'nothing'} was under way")
        raise
    stand = [await squad.task(number) for number in sorted(begun)]
    _note(logs, clock, f"ends: {', '.join(f'{task.label} {task.status}' for task in stand)}")


def _labels(tasks: Collection[int]) -> str:
    return ", ".join(f"T{number}" for number in sorted(tasks))


def _note(logs: Path, clock: Clock, text: str) -> None:
    """Add a line; a disk that takes none is no reason to stop working."""
    try:
        line = one_line(f"{clock.now():%Y-%m-%d %H:%M:%S}Z process {os.getpid()} in {Path.cwd()} {text}", 1000)
        write_private(logs / LOG, f"{line}\n", append=True)
    except OSError:
        return
