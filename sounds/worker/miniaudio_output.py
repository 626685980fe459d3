"""Playing with miniaudio: decodes each clip once, mixes in the device's callback, lets the device go when idle."""

from __future__ import annotations

import time
from array import array
from collections.abc import Callable, Generator, Sequence
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any

from sounds.worker.mixer import RATE, Mixer
from sounds.worker.output import ClipError, OutputError, Play

IDLE_S = 4.0
"""How long the device is kept open after the last sound."""
_BUFFER_MS = 40
_NOT_REAL = frozenset({"NULL", "CUSTOM", "WEBAUDIO"})


class MiniaudioOutput:
    """The default. An explicit list of real devices: else a bare machine silently gets the one that plays nothing."""

    def __init__(self, *, null: bool = False, clock: Callable[[], float] = time.monotonic) -> None:
        try:
            miniaudio: Any = import_module("miniaudio")
        except ImportError as error:
            raise OutputError("miniaudio is not installed", library=True) from error
        self._library = miniaudio
        self._backends: Sequence[Any] = [
            backend
            for backend in miniaudio.Backend
            if (backend.name == "NULL" if null else backend.name not in _NOT_REAL)
            and backend in miniaudio.get_enabled_backends()
        ]
        self._clock = clock
        self._mixer = Mixer()
        self._decoded: dict[Path, array[int]] = {}
        self._device: Any = None
        self._last = clock()
        self.name = ""
        self._open()

    def play(self, clip: Play) -> None:
        """Play `clip`; the device is opened if it was let go."""
        samples = self._samples(clip.file)
        if clip.delay_s <= 0 and clip.channel != "ui":
            self._mixer.cut(clip.channel)
        self._mixer.add(clip.id, clip.channel, samples, gain=clip.gain, delay_s=clip.delay_s)
        self._last = self._clock()
        try:
            self._open()
        except OutputError:
            self._mixer.clear()
            raise

    def stop(self, channel: str) -> None:
        """Fade it out."""
        self._mixer.cut(channel)

    def volume(self, value: float) -> None:
        """Of everything."""
        self._mixer.volume = value

    def tick(self) -> list[int]:
        """Let the device go after a while without sound."""
        now = self._clock()
        if self._mixer.playing:
            self._last = now
        elif self._device is not None and now - self._last >= IDLE_S:
            self.close()
        return self._mixer.ended()

    @property
    def busy(self) -> bool:
        """As long as the device is open."""
        return self._device is not None

    def close(self) -> None:
        """Let the device go."""
        device, self._device = self._device, None
        if device is not None:
            with suppress(self._library.MiniaudioError):
                device.close()

    def _open(self) -> None:
        if self._device is not None:
            return
        library = self._library
        try:
            device = library.PlaybackDevice(
                output_format=library.SampleFormat.SIGNED16,
                nchannels=1,
                sample_rate=RATE,
                buffersize_msec=_BUFFER_MS,
                backends=list(self._backends),
                app_name="War Room",
            )
            feed = self._feed()
            next(feed)
            device.start(feed)
        except library.MiniaudioError as error:
            raise OutputError(f"no sound device was found ({error.args[0]})") from error
        self._device, self.name = device, str(device.backend)

    def _feed(self) -> Generator[array[int], int, None]:
        """Called by the device, in its own thread."""
        count = yield array("h")
        while True:
            count = yield self._mixer.render(count)

    def _samples(self, file: Path) -> array[int]:
        if file not in self._decoded:
            library = self._library
            try:
                sound = library.decode(
                    file.read_bytes(), output_format=library.SampleFormat.SIGNED16, nchannels=1, sample_rate=RATE
                )
            except (OSError, library.MiniaudioError) as error:
                raise ClipError(f"{file.name} cannot be played: {error}") from error
            self._decoded[file] = sound.samples
        return self._decoded[file]


class NullOutput(MiniaudioOutput):
    """miniaudio's device that plays to nobody, in real time."""

    def __init__(self) -> None:
        super().__init__(null=True)
