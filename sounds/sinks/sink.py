"""What a sink is, and the one that says nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from sounds.calls import Call
from sounds.clips import Clip
from sounds.signals import Channel

EFFECT_GAIN = 0.8
"""Effects stand behind the voices."""
UI_GAIN = 0.35


class Sink(Protocol):
    """Plays calls. Nothing of it waits or raises."""

    name: str
    """What the header shows: PulseAudio, bell only."""

    def play(self, call: Call) -> None:
        """Have `call` heard."""

    def hush(self) -> None:
        """Stop what is heard."""

    def volume(self, value: float) -> None:
        """From 0 to 1."""

    async def close(self) -> None:
        """Let go of everything."""


Unavailable = Callable[[str, bool], None]
"""Told once when a sink cannot play any more: why, and whether only its library is missing."""


class Silent:
    """Nothing is heard."""

    name = "off"

    def play(self, call: Call) -> None:
        """Nothing."""

    def hush(self) -> None:
        """Nothing."""

    def volume(self, value: float) -> None:
        """Nothing."""

    async def close(self) -> None:
        """Nothing."""


@dataclass(frozen=True, slots=True)
class Part:
    """One clip of a call: where, how loud, and how long after the call's beginning."""

    clip: Clip
    channel: Channel
    gain: float
    delay_s: float


def parts_of(call: Call) -> list[Part]:
    """The clips of `call` in their order: the effect, then the line on the voice channel."""
    found: list[Part] = []
    channel, delay = call.signal.channel, 0.0
    if call.effect is not None:
        found.append(Part(call.effect, channel, UI_GAIN if channel is Channel.UI else EFFECT_GAIN, 0.0))
        delay = call.effect.seconds
    if call.line is not None:
        found.append(Part(call.line, Channel.VOICE, 1.0, delay))
    return found
