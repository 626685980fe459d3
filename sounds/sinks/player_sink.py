"""The system's own player, where neither library can be installed: one process per clip."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from sounds.calls import Call
from sounds.signals import Channel
from sounds.sinks.sink import Unavailable, parts_of
from sounds.sinks.worker_sink import environment

_PLAYERS: Mapping[str, Callable[[float], Sequence[str]]] = {
    "afplay": lambda volume: ["-v", f"{volume:.2f}"],
    "paplay": lambda volume: [f"--volume={round(volume * 65_536)}"],
    "pw-play": lambda volume: [f"--volume={volume:.2f}"],
    "aplay": lambda volume: ["-q"],
}
"""Each with its options for a volume of 0 to 1; aplay has none."""
_TRIES = 2
"""So many failures in a row, and it is given up."""


def player(path: str | None) -> str | None:
    """The player of this system that is on `path`, the first of those we know."""
    return next((found for name in _PLAYERS if (found := shutil.which(name, path=path))), None)


class PlayerSink:
    """Plays with `program`. The effect and the line of a call come one after the other."""

    def __init__(self, program: str, environ: Mapping[str, str], *, unavailable: Unavailable) -> None:
        self.name = Path(program).name
        self._program = program
        self._environ = environment(environ)
        self._unavailable = unavailable
        self._volume = 1.0
        self._failures = 0
        self._tasks: dict[asyncio.Task[None], Channel] = {}

    def play(self, call: Call) -> None:
        """Start its clips."""
        channel = call.signal.channel
        if channel is Channel.UI:
            return  # a process per key press would be too much
        self.hush()
        task = asyncio.create_task(self._play(call), name="sound")
        self._tasks[task] = channel
        task.add_done_callback(lambda done: self._tasks.pop(done, None) and None)

    def hush(self) -> None:
        """Stop them."""
        for task in self._tasks:
            task.cancel()

    def volume(self, value: float) -> None:
        """Of what begins from now on."""
        self._volume = value

    async def close(self) -> None:
        """Stop everything and wait for it."""
        self.hush()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _play(self, call: Call) -> None:
        for part in parts_of(call):
            options = _PLAYERS[self.name](self._volume * part.gain)
            if not await self._run(*options, str(part.clip.file)):
                self._failures += 1
                if self._failures == _TRIES:
                    self._unavailable(f"{self.name} cannot play", False)
                return
            self._failures = 0

    async def _run(self, *arguments: str) -> bool:
        nowhere = asyncio.subprocess.DEVNULL
        try:
            process = await asyncio.create_subprocess_exec(
                self._program,
                *arguments,
                stdin=nowhere,
                stdout=nowhere,
                stderr=nowhere,
                env=self._environ,
                start_new_session=True,
            )
        except OSError:
            return False
        try:
            return await process.wait() == 0
        except asyncio.CancelledError:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()
            raise
