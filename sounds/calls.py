"""What the director decided to have heard now."""

from __future__ import annotations

from dataclasses import dataclass

from sounds.clips import Clip
from sounds.cues import Cue
from sounds.signals import Signal


@dataclass(frozen=True, slots=True)
class Call:
    """One cue, or several of a kind told at once, on the air."""

    id: int
    cue: Cue
    caption: str
    effect: Clip | None = None
    """Comes first."""
    line: Clip | None = None
    """Spoken after the effect."""
    times: int = 1
    cuts: bool = False
    """It interrupts what is spoken."""
    needs_person: bool = False

    @property
    def signal(self) -> Signal:
        """How it is heard."""
        return self.cue.signal

    @property
    def seconds(self) -> float:
        """How long it takes, effect and line."""
        return sum(clip.seconds for clip in (self.effect, self.line) if clip is not None)

    @property
    def subtitle(self) -> str:
        """The caption, with the words that are spoken."""
        return f'{self.caption} "{self.line.label}"' if self.line is not None and self.line.label else self.caption
