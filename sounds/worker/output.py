"""What plays in the worker: the seam between the libraries."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Play:
    """One clip to be played."""

    id: int
    file: Path
    gain: float
    """0 to 1, beside the volume of all."""
    channel: str
    delay_s: float = 0.0
    """A clip with a delay belongs to the one before it; one without ends what plays on its channel."""


class Output(Protocol):
    """A library with its device. Opening one raises OutputError."""

    name: str
    """What a person calls the device: PulseAudio, ALSA."""

    def play(self, clip: Play) -> None:
        """Play a clip. Raises OutputError: there is no device any more; ClipError."""

    def stop(self, channel: str) -> None:
        """End what plays or waits on `channel`."""

    def volume(self, value: float) -> None:
        """0 to 1."""

    def tick(self) -> list[int]:
        """Look after the device; the ids of clips that ended since the last time."""

    @property
    def busy(self) -> bool:
        """Whether `tick` is to be called soon."""

    def close(self) -> None:
        """Let the device go."""


class OutputError(Exception):
    """Nothing can be played with this library. `library`: it is not even there."""

    def __init__(self, message: str, *, library: bool = False) -> None:
        super().__init__(message)
        self.library = library


class ClipError(Exception):
    """This one file cannot be played."""


LIBRARIES: Mapping[str, str] = {
    "miniaudio": "sounds.worker.miniaudio_output:MiniaudioOutput",
    "null": "sounds.worker.miniaudio_output:NullOutput",
    "simpleaudio": "sounds.worker.simpleaudio_output:SimpleaudioOutput",
}
"""By the name that settings use; `null` plays in real time to nobody."""


def opened(name: str) -> Output:
    """The output called `name`, with its device open. Raises OutputError."""
    module, _, kind = LIBRARIES[name].partition(":")
    make: Callable[[], Output] = getattr(import_module(module), kind)
    return make()
