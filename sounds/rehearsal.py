"""Every event once: what `warroom sounds test` plays."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from random import Random

from sounds.calls import Call
from sounds.clips import Script
from sounds.cues import Cue
from sounds.signals import EVENTS


def rehearsal(script: Script, random: Random, events: Iterable[str] = EVENTS) -> Iterator[Call]:
    """A call for each of `events`, with any of its lines."""
    for number, event in enumerate(events, 1):
        signal, lines = EVENTS[event], script.lines(event)
        effect = script.effect(signal.effect) if signal.effect else None
        yield Call(number, Cue(event), "", effect, random.choice(lines) if lines else None)
