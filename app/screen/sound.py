"""Sound on the screen: the director between the bus and the speaker, the keys, and what is saved of them."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Protocol

from sounds.cues import Cue

if TYPE_CHECKING:
    from agents.clock import Clock
    from agents.events import Event
    from agents.settings import Sound
    from sounds.calls import Call
    from sounds.director import Director
    from sounds.speaker import Speaker

STEP = 0.1
"""How much a key changes the volume."""
_PRESENT_S = 60.0
"""How long after a key a person counts as present, on a terminal that does not tell what has the focus."""

_TROUBLE = 65
"""Weight of the caption that says that nothing can be played."""


class Stage(Protocol):
    """What sound needs of the application."""

    def write_to_terminal(self, text: str) -> None:
        """Put an escape sequence on the terminal, past the screen."""

    def caption(self, text: str, priority: int, *, needs_person: bool, heard: bool = False) -> None:
        """Show the words of what is heard."""

    def sound_changed(self) -> None:
        """The status is another."""

    def say(self, text: str, colour: str = "") -> None:
        """Answer the person."""


class SoundDesk:
    """Deaf and mute until it is opened. Nothing here raises or waits."""

    def __init__(self, stage: Stage, clock: Clock, *, environ: Mapping[str, str] | None = None) -> None:
        self._stage = stage
        self._clock = clock
        self._environ = os.environ if environ is None else environ
        self._director: Director | None = None
        self._speaker: Speaker | None = None
        self._settings: Sound | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._saving: set[asyncio.Task[None]] = set()
        self._one_at_a_time = asyncio.Lock()
        self._focused: bool | None = None
        self._key_at = float("-inf")
        self._greeted = self._told = False

    # Opening and closing

    async def open(self, settings: Sound, repository: Path | None = None) -> None:
        """Read the pack and, if sound is on, start what plays it."""
        from sounds.cesp.finding import places, script_of
        from sounds.director import Director
        from sounds.sinks.terminal_sink import TerminalSink
        from sounds.speaker import Speaker
        from sounds.taste import Taste, quiet_hours

        script, warning = await asyncio.to_thread(script_of, settings.pack, places(Path.home(), repository))
        taste = Taste(settings.verbosity, frozenset(settings.mute), quiet_hours(settings.quiet_hours))
        self._settings = settings
        self._director = Director(self._clock, Random(), script, taste)
        terminal = TerminalSink(
            self._stage.write_to_terminal, self._environ, remote=self.remote, attended=self._attended
        )
        self._speaker = Speaker(
            self._environ,
            terminal,
            changed=self._changed,
            ready=self._greet,
            ended=self._ended,
            volume=settings.volume,
        )
        self._speaker.muted = settings.muted
        if settings.enabled is True or (settings.enabled == "ask" and self.remote):
            self._speaker.open(settings.backend)
        if warning:
            self._stage.say(warning, "$warn")
        self._stage.sound_changed()

    @property
    def remote(self) -> bool:
        """Over SSH, with no sound server of the person's own."""
        return bool(self._environ.get("SSH_CONNECTION")) and not self._environ.get("PULSE_SERVER")

    @property
    def to_be_asked(self) -> bool:
        """Whether the person has to be asked if they want sound."""
        return self._settings is not None and self._settings.enabled == "ask" and not self.remote

    @property
    def status(self) -> str:
        """What the header shows after `snd`; empty before it is opened."""
        return self._speaker.status if self._speaker is not None else ""

    async def close(self) -> None:
        """End what plays, and what is still being saved."""
        if self._timer is not None:
            self._timer.cancel()
        if self._director is not None and self._speaker is not None:
            self._play(self._director.hear(Cue("app.ended")))
            await self._speaker.close()
        self._director = self._speaker = None
        await asyncio.gather(*self._saving, return_exceptions=True)

    # What happens

    def take(self, event: Event) -> None:
        """An event of the bus, in the moment it is told. A fault here is no reason to disturb the engine."""
        if self._director is None:
            return
        try:
            self._play(self._director.take(event))
        except Exception as error:
            self._director = None
            self._stage.say(f"Sound is switched off, it has a fault: {type(error).__name__}.", "$warn")

    def hear(self, cue: Cue) -> None:
        """Something the screen itself wants heard."""
        if self._director is not None:
            self._play(self._director.hear(cue))

    def key(self, *, accepted: bool) -> None:
        """A person pressed a key that does something, or is refused."""
        self._key_at = self._clock.monotonic()
        self.hear(Cue("key.pressed" if accepted else "key.refused"))

    def selected(self, agent: str | None) -> None:
        """A person looks at what `agent` does."""
        if agent is not None:
            self.hear(Cue("agent.selected", agent=agent))

    def focus(self, focused: bool) -> None:
        """The terminal says whether it has the focus."""
        self._focused = focused

    def _attended(self) -> bool:
        """Whether the person looks at the screen, or, where no terminal tells that, pressed a key lately."""
        if self._focused is not None:
            return self._focused
        return self._clock.monotonic() - self._key_at < _PRESENT_S

    def _changed(self) -> None:
        self._stage.sound_changed()
        if self._speaker is not None and self._speaker.trouble and not self._told:
            self._told = True
            self._stage.caption(f"No sound, the bell only: {self._speaker.trouble}", _TROUBLE, needs_person=False)

    def _greet(self) -> None:
        if not self._greeted:
            self._greeted = True
            self.hear(Cue("app.ready"))

    def _ended(self, call: int) -> None:
        if self._director is not None:
            self._director.over(call)
            self._plan()

    def _play(self, calls: Sequence[Call]) -> None:
        speaker = self._speaker
        for call in calls:
            if speaker is not None:
                speaker.play(call)
            if call.caption:
                told = call.subtitle if speaker is not None and speaker.audible else call.caption
                self._stage.caption(told, call.cue.priority, needs_person=call.needs_person, heard=True)
        self._plan()

    def _plan(self) -> None:
        """Wake the director when it wants to be."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._director is not None and (due := self._director.due()) != float("inf"):
            wait = max(0.01, due - self._clock.monotonic())
            self._timer = asyncio.get_running_loop().call_later(wait, self._advance)

    def _advance(self) -> None:
        self._timer = None
        if self._director is not None:
            self._play(self._director.advance())

    # Keys

    def answer(self, wanted: bool) -> None:
        """The person was asked whether they want sound."""
        if self._settings is None or self._speaker is None:
            return
        self._settings = self._settings.model_copy(update={"enabled": wanted})
        self._save("enabled", wanted)
        if wanted:
            self._speaker.open(self._settings.backend)
            self._stage.say("Sound is on: m mutes, [ and ] turn the volume.")
        else:
            self._stage.say("Sound is off: m switches it on.")
        self._stage.sound_changed()

    def mute(self) -> None:
        """On when it was off; else muted, and back."""
        speaker = self._speaker
        if speaker is None:
            return
        if not speaker.on:
            speaker.mute(False)
            self.answer(True)
            self._save("muted", False)
            return
        speaker.mute(not speaker.muted)
        self._save("muted", speaker.muted)
        self._stage.say("Muted: m speaks again." if speaker.muted else f"Sound: {speaker.status}.")

    def turn(self, steps: int) -> None:
        """Louder or less by so many steps."""
        speaker = self._speaker
        if speaker is None:
            return
        speaker.turn(min(1.0, max(0.0, round(speaker.volume + steps * STEP, 2))))
        self._save("volume", speaker.volume)
        self._stage.say(f"Volume {round(speaker.volume * 100)}%")

    def _save(self, key: str, value: bool | float) -> None:
        task = asyncio.create_task(self._write(key, value), name="save sound")
        self._saving.add(task)
        task.add_done_callback(self._saving.discard)

    async def _write(self, key: str, value: bool | float) -> None:
        from agents.configuration import ConfigurationError, user_config_file
        from agents.configuration.saving import save_value

        try:
            async with self._one_at_a_time:
                await asyncio.to_thread(save_value, user_config_file(), "sound", key, value)
        except ConfigurationError as error:
            self._stage.say(str(error), "$warn")
