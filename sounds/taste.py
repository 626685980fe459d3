"""What a person wants to hear."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import time
from typing import Literal

from sounds.cues import Cue

Verbosity = Literal["all", "important", "needs-you"]

IMPORTANT = 50
"""The least priority that is heard where only what is important is."""


@dataclass(frozen=True, slots=True)
class Quiet:
    """Hours without any sound, in the person's local time; `end` may be of the next day."""

    start: time
    end: time

    def holds(self, at: time) -> bool:
        """Whether `at` is in them."""
        if self.start <= self.end:
            return self.start <= at < self.end
        return at >= self.start or at < self.end


@dataclass(frozen=True, slots=True)
class Taste:
    """Which cues are heard. The defaults let everything through."""

    verbosity: Verbosity = "all"
    muted: frozenset[str] = frozenset()
    """Names of events and CESP categories."""
    quiet: Quiet | None = None

    def wants(self, cue: Cue, at: time) -> bool:
        """Whether `cue` is heard at the local time `at`."""
        if cue.event in self.muted or cue.signal.category in self.muted:
            return False
        if self.quiet is not None and self.quiet.holds(at):
            return False
        match self.verbosity:
            case "needs-you":
                return cue.needs_person
            case "important":
                return cue.priority >= IMPORTANT
            case _:
                return True


def quiet_hours(text: str) -> Quiet | None:
    """The hours in a text like 22:00-07:00; None for an empty one. Raises ValueError."""
    if not text.strip():
        return None
    start, dash, end = text.replace(" ", "").partition("-")
    if not dash:
        raise ValueError("quiet hours are written like 22:00-07:00")
    return Quiet(time.fromisoformat(start.zfill(5)), time.fromisoformat(end.zfill(5)))
