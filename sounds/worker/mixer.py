"""Mixing: clips of 16-bit mono samples, each with its gain and channel, into the buffers a device asks for."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from threading import Lock

RATE = 22_050
"""Samples a second of everything that is mixed."""
FADE = RATE // 50
"""Samples over which what is cut fades away: 20 ms."""
_TOP, _BOTTOM = 32_767, -32_768


@dataclass(slots=True)
class _Track:
    """A clip that plays, or waits while its position is below 0."""

    id: int
    channel: str
    samples: Sequence[int]
    gain: float
    position: int
    fading: int = -1
    """Samples left of its fade; below 0: it does not fade."""

    def take(self, count: int) -> Sequence[int]:
        """Its next samples, silence before its beginning; fewer than `count` at its end."""
        begin, self.position = self.position, self.position + count
        if begin >= 0:
            found = self.samples[begin : begin + count]
        else:
            silent = min(-begin, count)
            found = array("h", bytes(2 * silent)) + array("h", self.samples[: count - silent])
        if self.fading >= 0:
            found = [sample * max(0, self.fading - n) // FADE for n, sample in enumerate(found)]
            self.fading -= count
        return found

    @property
    def over(self) -> bool:
        return self.position >= len(self.samples) or self.fading == 0 or self.fading < -1


class Mixer:
    """Tracks are added in one thread and rendered in the device's."""

    def __init__(self) -> None:
        self.volume = 1.0
        self._tracks: list[_Track] = []
        self._ended: list[int] = []
        self._lock = Lock()

    @property
    def playing(self) -> bool:
        """Whether anything plays or waits."""
        return bool(self._tracks)

    def add(self, number: int, channel: str, samples: Sequence[int], *, gain: float, delay_s: float = 0.0) -> None:
        """Play `samples` on `channel` from `delay_s` seconds from now on."""
        with self._lock:
            self._tracks.append(_Track(number, channel, samples, gain, -round(delay_s * RATE)))

    def cut(self, channel: str) -> None:
        """Fade out what plays on `channel`, drop what waits there."""
        with self._lock:
            for track in self._tracks:
                if track.channel == channel and track.fading < 0:
                    track.fading = FADE if track.position >= 0 else 0
            self._sweep()

    def render(self, count: int) -> array[int]:
        """The next `count` samples, clipped to 16 bits."""
        with self._lock:
            mixed = array("h", bytes(2 * count))
            parts = [(track.take(count), track.gain * self.volume) for track in self._tracks]
            if len(parts) == 1:
                samples, gain = parts[0]
                mixed[: len(samples)] = array("h", [int(sample * gain) for sample in samples])
            elif parts:
                sums = [0.0] * count
                for samples, gain in parts:
                    for place, sample in enumerate(samples):
                        sums[place] += sample * gain
                mixed = array("h", [int(min(_TOP, max(_BOTTOM, level))) for level in sums])
            self._sweep()
            return mixed

    def ended(self) -> list[int]:
        """The ids of the tracks that ended since this was asked last."""
        with self._lock:
            found, self._ended = self._ended, []
            return found

    def clear(self) -> None:
        """End everything at once."""
        with self._lock:
            self._ended += [track.id for track in self._tracks]
            self._tracks.clear()

    def _sweep(self) -> None:
        self._ended += [track.id for track in self._tracks if track.over]
        self._tracks = [track for track in self._tracks if not track.over]
