"""Clips, and where the director takes them from."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

_ADVISOR = frozenset({"", "advisor"})


@dataclass(frozen=True, slots=True)
class Clip:
    """One sound file."""

    file: Path
    label: str
    """The words that are spoken, or what is heard."""
    seconds: float
    role: str = ""
    """`advisor`, or `unit` for a line that is an agent's own; empty in packs that do not tell."""
    voice: str = ""


class Script(Protocol):
    """The lines and effects of a pack."""

    def lines(self, event: str) -> Sequence[Clip]:
        """What may be said at `event`; empty: nothing is."""

    def effect(self, name: str) -> Clip | None:
        """An effect by its name."""

    @property
    def voices(self) -> Sequence[str]:
        """The voices its units have."""


class Silence:
    """No pack: nothing is said."""

    voices: Sequence[str] = ()

    def lines(self, event: str) -> Sequence[Clip]:
        """None."""
        return ()

    def effect(self, name: str) -> Clip | None:
        """None."""
        return None


def voice_of(agent: str, voices: Sequence[str]) -> str:
    """The unit voice of `agent`: always the same one. Empty where there are none."""
    return voices[zlib.crc32(agent.encode()) % len(voices)] if voices else ""


def speakable(lines: Sequence[Clip], agent: str | None, voices: Sequence[str]) -> list[Clip]:
    """The lines of `lines` that fit: the advisor's, and the units' in the voice of `agent`."""
    own = voice_of(agent, voices) if agent else None
    return [line for line in lines if line.role in _ADVISOR or line.voice == own]
