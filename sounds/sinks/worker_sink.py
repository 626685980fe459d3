"""The worker process, from this side: started once, watched, started again once, given up."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from sounds.calls import Call
from sounds.signals import Channel
from sounds.sinks.sink import Unavailable, parts_of

ANSWER_S = 3.0
"""A worker that owes an answer for so long hangs in its device, and is killed."""
_END_S = 0.5
_BEGIN = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]); "
    "from sounds.worker.main import main; sys.exit(main(sys.argv[2:]))"
)
_PASSED_ON = ("PATH", "HOME", "USER", "LOGNAME", "TMPDIR", "DISPLAY", "XAUTHORITY", "WAYLAND_DISPLAY", "DYLD_", "LD_")
_PASSED_ON_TOO = ("LANG", "LC_", "XDG_", "PULSE_", "PIPEWIRE_", "ALSA_", "AUDIODEV", "DBUS_", "JACK_", "SYSTEMROOT")


def command(names: Sequence[str]) -> list[str]:
    """The worker's command line, with our own import path and nothing of the folder a person stands in."""
    path = json.dumps([place for place in sys.path if place])
    return [sys.executable, "-I", "-c", _BEGIN, path, *names]


def environment(environ: Mapping[str, str]) -> dict[str, str]:
    """What a sound system needs to be found; no key and no token is passed on."""
    kept = {name: value for name, value in environ.items() if name.startswith((*_PASSED_ON, *_PASSED_ON_TOO))}
    return {"JACK_NO_START_SERVER": "1", **kept}


class WorkerSink:
    """Give `run` to the event loop. Until the worker is ready, calls are dropped: late is worse than never."""

    def __init__(
        self,
        names: Sequence[str],
        environ: Mapping[str, str],
        *,
        ready: Callable[[], None],
        unavailable: Unavailable,
        ended: Callable[[int], None] = lambda call: None,
        begin: Sequence[str] | None = None,
        answer_s: float = ANSWER_S,
    ) -> None:
        """`names`: the outputs to be tried. `ended`: told when a call's last clip is over. `begin`: another command."""
        self.name = ""
        self._begin = list(begin or command(names))
        self._environ = environment(environ)
        self._ready = ready
        self._unavailable = unavailable
        self._ended = ended
        self._answer_s = answer_s
        self._volume = 1.0
        self._process: asyncio.subprocess.Process | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._closing = False
        self._owed: dict[int, asyncio.TimerHandle] = {}
        """Answers that are due, each with what happens if they do not come."""
        self._last_part: dict[int, int] = {}
        self._parts = 0

    @property
    def process_id(self) -> int | None:
        """The worker's, while there is one."""
        return self._process.pid if self._process is not None else None

    # The process

    async def run(self) -> None:
        """Start the worker and listen to it until it is closed or given up."""
        for _ in range(2):
            reason, final, library = await self._once()
            self.name = ""
            if self._closing:
                return
            if final:
                break
        self._unavailable(reason, library)

    async def _once(self) -> tuple[str, bool, bool]:
        """One process, from its start to its end: why it ended, whether another would end the same, and whether only
        the library is missing."""
        try:
            process = await asyncio.create_subprocess_exec(
                *self._begin,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,  # ALSA would write on the screen
                env=self._environ,
                cwd="/",
                start_new_session=True,
            )
        except OSError as error:
            return f"the sound process cannot be started: {error.strerror}", True, False
        self._process, self._writer = process, process.stdin
        if self._closing:
            await self.close()
        self._owe(0)
        try:
            return await self._listen(process)
        finally:
            await self._end(process)

    async def _listen(self, process: asyncio.subprocess.Process) -> tuple[str, bool, bool]:
        assert process.stdout is not None
        while line := await _line(process.stdout):
            with suppress(ValueError, TypeError, KeyError):
                news = json.loads(line)
                if not isinstance(news, dict):
                    continue
                if news.get("state") == "unavailable":
                    return str(news.get("reason", "")), True, bool(news.get("library"))
                self._hear(news)
        hung = -1 in self._owed
        return ("the sound device does not answer" if hung else "the sound process ended"), hung, False

    def _hear(self, news: Mapping[str, Any]) -> None:
        if news.get("state") == "opening":  # a busy machine took its time; the device has time of its own
            self._settle(0)
            self._owe(0)
        if news.get("state") == "ready":
            self._settle(0)
            self.name = str(news["backend"])
            self._send(do="volume", value=self._volume)
            self._ready()
        if "started" in news:
            self._settle(int(news["started"]))
        if "ended" in news and (call := self._last_part.pop(int(news["ended"]), None)) is not None:
            self._ended(call)

    async def _end(self, process: asyncio.subprocess.Process) -> None:
        """Have it gone: by the end of its stdin, else by force."""
        for handle in self._owed.values():
            handle.cancel()
        self._owed.clear()
        self._last_part.clear()
        self._process, writer, self._writer = None, self._writer, None
        if writer is not None:
            writer.close()
        try:
            async with asyncio.timeout(_END_S):
                await process.wait()
        except TimeoutError:
            _kill(process)
            await process.wait()

    def _owe(self, number: int) -> None:
        self._owed[number] = asyncio.get_running_loop().call_later(self._answer_s, self._give_up)

    def _settle(self, number: int) -> None:
        if (handle := self._owed.pop(number, None)) is not None:
            handle.cancel()

    def _give_up(self) -> None:
        """It hangs; nothing would be gained by starting it again."""
        self._owed[-1] = asyncio.get_running_loop().call_later(0, lambda: None)
        if self._process is not None:
            _kill(self._process)

    # The sink

    def play(self, call: Call) -> None:
        """Send its clips."""
        if not self.name:
            return
        if call.cuts:
            self._send(do="stop", channel=Channel.VOICE)
        for part in parts_of(call):
            self._parts += 1
            self._owe(self._parts)
            where = {"file": str(part.clip.file), "channel": part.channel}
            self._send(do="play", id=self._parts, gain=part.gain, delay=round(part.delay_s, 3), **where)
        if call.signal.channel is not Channel.UI:
            self._last_part[self._parts] = call.id

    def hush(self) -> None:
        """Fade everything out."""
        for channel in Channel:
            self._send(do="stop", channel=channel)

    def volume(self, value: float) -> None:
        """Of everything."""
        self._volume = value
        self._send(do="volume", value=value)

    async def close(self) -> None:
        """The end of its stdin ends the worker, or force soon after; `run` then returns."""
        self._closing = True
        if self._writer is not None and self._process is not None:
            self._writer.close()
            self._owed[-2] = asyncio.get_running_loop().call_later(_END_S, _kill, self._process)

    def _send(self, **message: object) -> None:
        if self._writer is not None and self.name and not self._writer.is_closing():
            self._writer.write(json.dumps(message).encode() + b"\n")


async def _line(stream: asyncio.StreamReader) -> bytes:
    """The next line; nothing at the end, and where what comes is no line at all."""
    try:
        return await stream.readline()
    except ValueError:  # longer than any of ours
        return b""


def _kill(process: asyncio.subprocess.Process) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
