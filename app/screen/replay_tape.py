"""A recording: events in their order on a timeline that has no long pauses. Pure of Textual."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from pathlib import PurePath

from agents.events import Event, TaskPosted
from agents.sanitize import one_line

LONGEST_S = 2.0
"""A pause between two events that took longer takes so long."""


@dataclass(frozen=True, slots=True)
class Tape:
    """What is played."""

    name: str
    """Of what: our own words and sanitized parts."""
    repository: str
    """The name of the folder its first task is of, sanitized; empty where that is not recorded."""
    events: tuple[Event, ...]
    offsets: tuple[float, ...]
    """When each event is due, in seconds from the first at speed 1."""
    shortened: int
    """Pauses that were."""
    shortened_s: float
    """What they took in all, before."""

    @property
    def seconds(self) -> float:
        """How long it plays at speed 1."""
        return self.offsets[-1] if self.offsets else 0.0

    def place(self, offset: float) -> int:
        """How many events are due by `offset`."""
        return bisect_right(self.offsets, offset)

    def reached(self, position: int) -> float:
        """The offset of the last of the first `position` events."""
        return self.offsets[min(position, len(self.offsets)) - 1] if position > 0 and self.offsets else 0.0


def record(name: str, events: Sequence[Event]) -> Tape:
    """Put `events` on a timeline. A task that is first heard of in the middle is put on the board at the start."""
    told = [*_unposted(events), *(_anywhere(event) for event in events)]
    offsets, at, shortened, shortened_s = [0.0] if told else [], 0.0, 0, 0.0
    for before, after in pairwise(told):
        gap = max(0.0, (after.at - before.at).total_seconds())
        if gap > LONGEST_S:
            shortened, shortened_s = shortened + 1, shortened_s + gap
        at += min(gap, LONGEST_S)
        offsets.append(at)
    return Tape(name, _repository(events), tuple(told), tuple(offsets), shortened, shortened_s)


def first_at(tape: Tape, position: int) -> datetime | None:
    """What the clock showed after `position` events."""
    return tape.events[max(0, min(position, len(tape.events)) - 1)].at if tape.events else None


def _unposted(events: Sequence[Event]) -> list[Event]:
    known: set[int] = set()
    found: list[Event] = []
    for event in events:
        if event.task is not None and event.task not in known:
            known.add(event.task)
            if event.type != "task.posted":
                title = "(posted before this recording)"
                found.append(TaskPosted(at=events[0].at, task=event.task, title=title, priority=5))
    return found


def _repository(events: Sequence[Event]) -> str:
    folders = (event.repo for event in events if isinstance(event, TaskPosted) and event.repo)
    return one_line(PurePath(next(folders, "")).name, 60)


def _anywhere(event: Event) -> Event:
    """The board takes tasks of one repository only; a recording is played whole."""
    return event.model_copy(update={"repo": ""}) if isinstance(event, TaskPosted) else event
