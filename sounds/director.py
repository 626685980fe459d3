"""The director: events in, calls out. Decides what is heard, when, and in whose voice. Pure: time and chance are
injected, nothing is played here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import tzinfo
from math import inf
from typing import TYPE_CHECKING

from sounds.calls import Call
from sounds.clips import Clip, Script, speakable
from sounds.cues import Cue
from sounds.ear import Ear
from sounds.ration import Ration
from sounds.reminders import Reminders
from sounds.shuffle import ShuffleBags
from sounds.signals import NEEDS_PERSON, Channel, Signal
from sounds.taste import Taste

if TYPE_CHECKING:
    from random import Random

    from agents.clock import Clock
    from agents.events import Event

QUEUE = 2
STALE_S = 4.0
"""What could not be said within this is not said any more."""
LINES_A_MINUTE = 12
"""Voice lines below `UNCAPPED` that are spoken in any 60 seconds."""
UNCAPPED = 80
BLIPS_A_MINUTE = 6
"""How often in any 60 seconds money is heard going."""
CROWD = 8
"""Above so many agents at work there is no chatter."""
_CLAIMS = {"task.unverified": 0, "task.verified": 1, "task.proven": 2}
"""Of several results told at once, the least certain gives the words."""

_Key = tuple[str, object]


@dataclass(frozen=True, slots=True)
class _Ready:
    """One cue, or several gathered, ready to be heard; `since`: when the first of them came."""

    cues: tuple[Cue, ...]
    since: float

    @property
    def cue(self) -> Cue:
        return min(self.cues, key=lambda cue: _CLAIMS.get(cue.event, 0))

    @property
    def signal(self) -> Signal:
        return self.cue.signal

    @property
    def key(self) -> _Key:
        """What the cooldown is about."""
        cue = self.cue
        own = (cue.agent or cue.task) if cue.signal.per_agent else None
        return (cue.signal.name if cue.signal.per_agent or cue.signal.coalesce_s else cue.event, own)

    @property
    def caption(self) -> str:
        if len(self.cues) == 1:
            return self.cue.caption
        return f"×{len(self.cues)}: " + ", ".join(dict.fromkeys(cue.caption for cue in self.cues))


class Director:
    """Give it every event, call `advance` when `due` says so, and play what both return."""

    def __init__(
        self, clock: Clock, random: Random, script: Script, taste: Taste | None = None, zone: tzinfo | None = None
    ) -> None:
        """`zone`: where quiet hours are; None is the machine's own."""
        self._clock = clock
        self._zone = zone
        self._script = script
        self._bags = ShuffleBags(random)
        self._ear = Ear()
        self._reminders = Reminders()
        self.taste = taste or Taste()
        self._calls = 0
        self._rested: dict[_Key, float] = {}
        """When a cooldown ends."""
        self._gathering: dict[_Key, tuple[_Ready, float]] = {}
        self._queue: list[_Ready] = []
        self._on_air: tuple[Call, _Ready, float] | None = None
        """What is spoken, and until when."""
        self._alert_until = -inf
        self._lines = Ration(LINES_A_MINUTE)
        self._blips = Ration(BLIPS_A_MINUTE)

    @property
    def active(self) -> int:
        """How many agents are at work, as far as was heard."""
        return self._ear.active

    # In

    def take(self, event: Event) -> list[Call]:
        """What is to be heard now that `event` has happened. One that happened long ago is not: it is too late."""
        self._reminders.settle(event)
        cue = self._ear.cue(event)
        if cue is None:
            return []
        self._remember(cue)
        late = (self._clock.now() - event.at).total_seconds() > STALE_S
        return [] if late else self._hear(cue)

    def hear(self, cue: Cue) -> list[Call]:
        """What is to be heard now that there is `cue`."""
        self._remember(cue)
        return self._hear(cue)

    def _remember(self, cue: Cue) -> None:
        if cue.needs_person:
            self._reminders.note(cue, self._clock.monotonic(), NEEDS_PERSON.reminder_s)

    def _hear(self, cue: Cue) -> list[Call]:
        now, signal = self._clock.monotonic(), cue.signal
        if not self._wanted(cue) or (signal.chatter and self.active > CROWD):
            return []
        ready = _Ready((cue,), now)
        return self._gather(ready, now) if signal.coalesce_s else self._offer(ready, now)

    def advance(self) -> list[Call]:
        """What is to be heard now that time has passed."""
        now = self._clock.monotonic()
        calls: list[Call] = []
        for key, (ready, deadline) in list(self._gathering.items()):
            if now >= deadline:
                del self._gathering[key]
                calls += self._offer(ready, now)
        reminder = self._reminders.take(now)
        if reminder is not None and self._wanted(reminder):
            calls += self._offer(_Ready((reminder,), now), now)
        return calls + self._next(now)

    def due(self) -> float:
        """When `advance` is to be called next, on the clock's monotonic time; infinite: not before something comes."""
        times = [deadline for _, deadline in self._gathering.values()]
        if self._queue:
            ends = self._on_air[2] if self._on_air is not None else -inf
            times.append(max(ends, self._alert_until))
        return min([*times, self._reminders.due])

    def over(self, call: int) -> None:
        """The line of a call has ended, perhaps sooner than was reckoned."""
        if self._on_air is not None and self._on_air[0].id == call:
            self._on_air = None

    # Deciding

    def _wanted(self, cue: Cue) -> bool:
        return self.taste.wants(cue, self._clock.now().astimezone(self._zone).time())

    def _gather(self, ready: _Ready, now: float) -> list[Call]:
        """Wait for others of its kind, no longer than a cue may get old."""
        if (held := self._gathering.get(ready.key)) is not None:
            self._gathering[ready.key] = (replace(held[0], cues=held[0].cues + ready.cues), held[1])
            return []
        deadline = max(now + ready.signal.coalesce_s, self._rested.get(ready.key, -inf))
        if deadline <= now + STALE_S:
            self._gathering[ready.key] = (ready, deadline)
        return []

    def _offer(self, ready: _Ready, now: float) -> list[Call]:
        """Start it, have it wait, or drop it."""
        self._forget_stale(now)
        if now < self._rested.get(ready.key, -inf) or any(ready.key == one.key for one in self._queue):
            return []
        match ready.signal.channel:
            case Channel.UI:
                missed = ready.signal.drop_if_busy and (self._busy(now) or not self._blips.room(now))
                return [] if missed else self._start(ready, now)
            case Channel.ALERT:
                return [] if now < self._alert_until else self._alarm(ready, now)
        if not self._busy(now) and not self._queue:
            return self._start(ready, now)
        if ready.signal.drop_if_busy:
            return []
        if not self._busy(now):
            self._wait(ready)
            return self._next(now)
        spoken = self._on_air[0].signal.priority if self._on_air is not None else 0
        if now >= self._alert_until and ready.signal.priority > spoken:
            return self._start(ready, now, cuts=True)
        self._wait(ready)
        return []

    def _alarm(self, ready: _Ready, now: float) -> list[Call]:
        """The klaxon always wins; who needs the person and was cut short is heard after it, if that is soon enough."""
        cut = self._on_air if self._busy(now) else None
        if cut is not None and cut[0].signal.priority >= UNCAPPED:
            self._wait(cut[1])
        return self._start(ready, now, cuts=cut is not None)

    def _wait(self, ready: _Ready) -> None:
        self._queue.append(ready)
        self._queue.sort(key=lambda one: (-one.signal.priority, one.since))
        del self._queue[QUEUE:]

    def _next(self, now: float) -> list[Call]:
        """Start what has waited, if it is not too late for it and the channel is free."""
        self._forget_stale(now)
        while self._queue and not self._busy(now):
            if calls := self._start(self._queue.pop(0), now):
                return calls
        return []

    def _forget_stale(self, now: float) -> None:
        self._queue = [ready for ready in self._queue if now - ready.since <= STALE_S]

    def _busy(self, now: float) -> bool:
        return now < self._alert_until or (self._on_air is not None and now < self._on_air[2])

    def _start(self, ready: _Ready, now: float, *, cuts: bool = False) -> list[Call]:
        signal = ready.signal
        capped = signal.priority < UNCAPPED and signal.channel is not Channel.UI and not self._lines.room(now)
        if capped and signal.channel is Channel.VOICE:
            return []
        effect = self._script.effect(signal.effect) if signal.effect else None
        line = None if capped else self._line(ready.cue)
        self._rested[ready.key] = now + signal.cooldown_s
        if line is not None and signal.priority < UNCAPPED:
            self._lines.take(now)
        if signal.drop_if_busy and signal.channel is Channel.UI:
            self._blips.take(now)
        self._calls += 1
        needs = any(cue.needs_person for cue in ready.cues)
        call = Call(self._calls, ready.cue, ready.caption, effect, line, len(ready.cues), cuts, needs)
        if signal.channel is Channel.ALERT:
            self._alert_until = now + (effect.seconds if effect is not None else 0.0)
        if signal.channel is not Channel.UI:
            self._on_air = (call, ready, now + call.seconds)
        return [call]

    def _line(self, cue: Cue) -> Clip | None:
        lines: Sequence[Clip] = self._script.lines(cue.event)
        return self._bags.draw(cue.event, speakable(lines, cue.agent, self._script.voices))
