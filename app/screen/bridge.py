"""From the bus to the screen: one consumer takes every event at once and has what changed drawn now and then."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from agents.clock import Clock
from app.screen.asks import stored
from app.screen.chronicle import notice
from app.screen.reduce import apply, recall
from app.screen.state import Part, War
from sounds.cues import Cue, cue_for

if TYPE_CHECKING:
    from agents.events import Event
    from app.screen.command import Command

Draw = Callable[[Part, Cue | None], None]
"""Draw the parts that changed, and give the most urgent cue that came since the last time."""

RATE = 15
"""Drawings a second at most."""
REMOTE_RATE = 10
"""The same over SSH, where every drawing is traffic."""
HISTORY = 500
"""Events of this repository that are read back when the screen opens."""
_SLOW = Part.RADAR | Part.CREDITS
_SLOW_S = 0.5
_TICK_S = 1.0
_CREDITS_S = 1.0
_TELLING = frozenset({"task.finished", "budget.raised"})
"""Rare events after which the ledger is read in any case: no other says what was saved, and what may be spent."""


class Bridge:
    """Follows the engine for one screen. Cancel `run` to stop."""

    def __init__(
        self,
        war: War,
        command: Command,
        draw: Draw,
        clock: Clock,
        *,
        notices: Sequence[str] = (),
        rate: int = RATE,
        hear: Callable[[Event], None] = lambda event: None,
    ) -> None:
        """`notices`: what a person should know about this opening; they are logged below the history. `hear` gets
        every new event that is about this repository, at once."""
        self._war = war
        self._command = command
        self._draw = draw
        self._clock = clock
        self._notices = notices
        self._hear = hear
        self._overheard: set[int] = set()
        """What was heard already when it comes with the stream."""
        self._recalled = 0
        """The newest event of the history: what comes again with the stream is not told twice."""
        self._interval = 1 / rate
        self._pending = Part.NONE
        self._cue: Cue | None = None
        self._scheduled: asyncio.TimerHandle | None = None
        self._tick: asyncio.TimerHandle | None = None
        self._drawn_at = self._slow_at = self._credits_at = float("-inf")

    async def run(self) -> None:
        """Load what is stored, then follow what happens until the stream ends. Raises what the engine raises."""
        stream, stop = self._command.events(), None
        try:
            await self._load()
            stop = self._command.listen(self._overhear)
            async for event in stream:
                await self._take(event)
        finally:
            stream.close()
            if stop is not None:
                stop()
            for handle in (self._scheduled, self._tick):
                if handle is not None:
                    handle.cancel()

    async def _load(self) -> None:
        command, war = self._command, self._war
        # First what happened, then how it stands: an event that comes in between is told again on newer rows, not lost.
        history = await command.history(HISTORY)
        tasks = await command.tasks()
        running = await command.open_missions()
        asks = [] if war.replayed else [stored(ask) for ask in await command.approvals.waiting()]
        credits = await command.credits()
        if not war.replayed:  # a recording may be of another repository
            war.repositories.add(str(command.repository.root))
        war.load(tasks, command.agents(), running, [ask for ask in asks if ask is not None])
        self._recalled = recall(war, history)
        war.burn.read(credits)
        for text in self._notices:
            notice(war.log, self._clock.now(), text)
        self._want(Part.ALL)

    async def _take(self, event: Event) -> None:
        if 0 < event.seq <= self._recalled:
            return
        self._want(apply(self._war, event))
        ours = self._is_ours(event)
        if event.seq in self._overheard:
            self._overheard.discard(event.seq)
        elif ours:
            self._hear(event)
        cue = cue_for(event) if ours else None
        if cue is not None and cue.caption and (self._cue is None or cue.priority >= self._cue.priority):
            self._cue = cue
            self._want(Part.HEADER)
        now = asyncio.get_running_loop().time()
        moved = event.type.startswith("budget.") and now - self._credits_at >= _CREDITS_S
        if moved or event.type in _TELLING:
            self._credits_at = now
            self._war.burn.read(await self._command.credits())
            self._want(Part.CREDITS)

    def _overhear(self, event: Event) -> None:
        """In the moment it is told here: what is heard does not wait until something else has been drawn."""
        if event.seq > self._recalled and self._is_ours(event):
            self._overheard.add(event.seq)
            self._hear(event)

    def _is_ours(self, event: Event) -> bool:
        return event.task is None or event.task in self._war.tasks

    def _want(self, parts: Part) -> None:
        if not parts:
            return
        self._pending |= parts
        loop = asyncio.get_running_loop()
        urgent = self._pending & ~_SLOW
        due = max(loop.time(), self._drawn_at + self._interval if urgent else self._slow_at + _SLOW_S)
        if self._scheduled is not None:
            if self._scheduled.when() <= due:
                return
            self._scheduled.cancel()  # what is drawn slowly does not keep waiting what is not
        self._scheduled = loop.call_at(due, self._flush)

    def _flush(self) -> None:
        now = asyncio.get_running_loop().time()
        self._scheduled = None
        parts, later = self._pending, Part.NONE
        if parts & _SLOW:
            if now < self._slow_at + _SLOW_S:
                later = parts & _SLOW
                parts &= ~_SLOW
            else:
                self._slow_at = now
        self._pending = Part.NONE
        cue, self._cue = self._cue, None
        self._drawn_at = now
        if parts or cue is not None:
            self._draw(parts, cue)
        self._want(later)
        self._keep_ticking()

    def _keep_ticking(self) -> None:
        """Seconds pass on the screen only while something moves: an idle War Room draws nothing."""
        if self._tick is None and self._war.moving:
            self._tick = asyncio.get_running_loop().call_later(_TICK_S, self._ticked)

    def _ticked(self) -> None:
        self._tick = None
        rested = self._war.end_rests(self._clock.now())
        asked = Part.ASKS if self._war.asks else Part.NONE
        self._want(Part.MISSIONS | Part.CREDITS | asked | rested)
