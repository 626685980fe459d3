"""The speaker: sends calls to the best sink there is, and to the next one when that fails."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Literal

from sounds.calls import Call
from sounds.sinks.player_sink import PlayerSink, player
from sounds.sinks.sink import Silent, Sink
from sounds.sinks.terminal_sink import TerminalSink
from sounds.sinks.worker_sink import WorkerSink

Backend = Literal["auto", "miniaudio", "simpleaudio", "player", "bell", "null"]
_LIBRARIES = ("miniaudio", "simpleaudio")


class Speaker:
    """Nothing here raises or waits; `status` says in a few words what is heard where."""

    def __init__(
        self,
        environ: Mapping[str, str],
        terminal: TerminalSink,
        *,
        changed: Callable[[], None],
        ended: Callable[[int], None] = lambda call: None,
        ready: Callable[[], None] = lambda: None,
        volume: float = 0.7,
    ) -> None:
        """`changed`: the status is another. `ready`: sounds can be played from now on. `ended`: a call is over."""
        # What begins a player needs no key to a paid model.
        self._environ = {name: value for name, value in environ.items() if not name.startswith("ANTHROPIC_")}
        self._terminal = terminal
        self._changed = changed
        self._call_ended = ended
        self._call_ready = ready
        self._sink: Sink = Silent()
        self._opening: asyncio.Task[None] | None = None
        self._on = False
        self.volume = volume
        self.muted = False
        self.trouble = ""
        """Why there is no sound though there should be."""

    def open(self, backend: Backend) -> None:
        """Switch on, with `backend`."""
        self._on, self.trouble = True, ""
        if self._remote or backend == "bell":
            self._take(self._terminal)
        elif backend == "player":
            self._with_player("no player is known on this system")
        else:
            self._with_worker(backend)

    @property
    def _remote(self) -> bool:
        """Over SSH, with nobody at this end who hears: a sound server of the person's own may be named."""
        return bool(self._environ.get("SSH_CONNECTION")) and not self._environ.get("PULSE_SERVER")

    def _with_worker(self, backend: Backend) -> None:
        names = _LIBRARIES if backend == "auto" else (backend,)

        def failed(reason: str, library: bool) -> None:
            if library and backend == "auto":
                self._with_player(reason)
            else:
                self._give_up(reason)

        def ready() -> None:
            self._take(sink)
            self._call_ready()

        sink = WorkerSink(names, self._environ, ready=ready, unavailable=failed, ended=self._call_ended)
        sink.volume(self.volume)
        self._take(sink)
        self._opening = asyncio.create_task(sink.run(), name="sound worker")

    def _with_player(self, reason: str) -> None:
        program = player(self._environ.get("PATH"))
        if program is None:
            self._give_up(reason)
            return
        sink = PlayerSink(program, self._environ, unavailable=lambda why, _: self._give_up(why))
        sink.volume(self.volume)
        self._take(sink)
        self._call_ready()

    def _give_up(self, reason: str) -> None:
        """The bell, for the rest of the run."""
        self.trouble = reason
        self._take(self._terminal)

    def _take(self, sink: Sink) -> None:
        self._sink = sink
        self._changed()

    # Use

    @property
    def status(self) -> str:
        """One of: off; muted; opening; a device with its volume; bell only, with why."""
        if not self._on:
            return "off"
        if self.muted:
            return "muted"
        if isinstance(self._sink, TerminalSink):
            return self._sink.name
        return f"{self._sink.name} {round(self.volume * 100)}%" if self._sink.name else "opening"

    @property
    def on(self) -> bool:
        """Whether it was opened."""
        return self._on

    @property
    def audible(self) -> bool:
        """Whether spoken words are heard."""
        return self._on and not self.muted and not isinstance(self._sink, Silent | TerminalSink)

    @property
    def sink(self) -> Sink:
        """Where calls go now."""
        return self._sink

    def play(self, call: Call) -> None:
        """Have `call` heard, unless muted."""
        if self._on and not self.muted:
            self._sink.play(call)

    def mute(self, muted: bool) -> None:
        """Say nothing, or speak again."""
        self.muted = muted
        if muted:
            self._sink.hush()
        self._changed()

    def turn(self, volume: float) -> None:
        """Louder or less, from 0 to 1."""
        self.volume = volume
        self._sink.volume(volume)
        self._changed()

    async def close(self) -> None:
        """Switch off and let everything go."""
        self._on = False
        await self._sink.close()
        self._sink = Silent()
        if self._opening is not None:
            opening, self._opening = self._opening, None
            await asyncio.gather(opening, return_exceptions=True)
