"""Playing with simpleaudio: WAV only, no fading; it mixes nothing itself, the sound system does."""

from __future__ import annotations

import sys
import time
import wave
from array import array
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from sounds.worker.output import ClipError, OutputError, Play


@dataclass(slots=True)
class _Sound:
    """Samples, and what the library must know of them."""

    samples: array[int]
    channels: int
    rate: int


class SimpleaudioOutput:
    """The backend of the first design. The package is archived and crashes on Python 3.12 and later."""

    name = "simpleaudio"

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        if sys.version_info >= (3, 12):
            raise OutputError("simpleaudio crashes on Python 3.12 and later", library=True)
        try:
            self._library: Any = import_module("simpleaudio")
        except ImportError as error:
            raise OutputError("simpleaudio is not installed", library=True) from error
        self._clock = clock
        self._volume = 1.0
        self._waiting: list[tuple[float, Play]] = []
        self._playing: list[tuple[Play, Any]] = []
        self._sounds: dict[Path, _Sound] = {}
        self._ended: list[int] = []
        self._try_device()

    def play(self, clip: Play) -> None:
        """Start it, now or when its delay is over."""
        if clip.delay_s > 0:
            self._waiting.append((self._clock() + clip.delay_s, clip))
            return
        if clip.channel != "ui":
            self.stop(clip.channel)
        self._begin(clip)

    def stop(self, channel: str) -> None:
        """At once: there is no fading here."""
        self._ended += [clip.id for _, clip in self._waiting if clip.channel == channel]
        self._waiting = [one for one in self._waiting if one[1].channel != channel]
        for clip, playing in self._playing:
            if clip.channel == channel:
                playing.stop()

    def volume(self, value: float) -> None:
        """Of what begins from now on."""
        self._volume = value

    def tick(self) -> list[int]:
        """Start what has waited, find out what is over."""
        now = self._clock()
        due = [clip for at, clip in self._waiting if at <= now]
        self._waiting = [one for one in self._waiting if one[0] > now]
        for clip in due:
            self._begin(clip)
        over = [clip.id for clip, playing in self._playing if not playing.is_playing()]
        self._playing = [one for one in self._playing if one[0].id not in over]
        found, self._ended = self._ended + over, []
        return found

    @property
    def busy(self) -> bool:
        """While something plays or waits."""
        return bool(self._waiting or self._playing)

    def close(self) -> None:
        """Stop everything."""
        self._library.stop_all()

    def _try_device(self) -> None:
        """A moment of silence tells whether there is a device."""
        try:
            self._library.play_buffer(bytes(2 * 220), 1, 2, 22_050).stop()
        except Exception as error:  # its own error type is not part of its interface
            raise OutputError(f"no sound device was found ({error})") from error

    def _begin(self, clip: Play) -> None:
        sound, gain = self._sound(clip.file), clip.gain * self._volume
        data = array("h", [int(sample * gain) for sample in sound.samples]).tobytes()
        try:
            playing = self._library.play_buffer(data, sound.channels, 2, sound.rate)
        except Exception as error:
            raise OutputError(f"no sound device was found ({error})") from error
        self._playing.append((clip, playing))

    def _sound(self, file: Path) -> _Sound:
        if file not in self._sounds:
            try:
                with wave.open(str(file), "rb") as opened:
                    if opened.getsampwidth() != 2:
                        raise ClipError(f"{file.name}: simpleaudio plays 16-bit WAV here; miniaudio plays the rest")
                    samples = array("h", opened.readframes(opened.getnframes()))
                    self._sounds[file] = _Sound(samples, opened.getnchannels(), opened.getframerate())
            except (OSError, EOFError, wave.Error) as error:
                raise ClipError(f"{file.name} cannot be played: {error}") from error
        return self._sounds[file]
