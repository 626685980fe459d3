"""Plays a tape: pause, step, scrub, speed. Where it stands is how many events were played."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from time import monotonic
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
    from typing import Any

    from agents.events import Event
    from agents.settings import Settings
    from agents.tasks import Agent, Mission, Task
    from app.screen.command import Base
    from app.screen.replay_tape import Tape

SPEEDS = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 100.0)


class Feed:
    """The stream a bridge follows. `take` gives back what it has not taken yet."""

    def __init__(self) -> None:
        self._waiting: deque[Event] = deque()
        self._changed = asyncio.Event()
        self._closed = False

    def put(self, event: Event) -> None:
        """Something happened, once."""
        self._waiting.append(event)
        self._changed.set()

    def __aiter__(self) -> Feed:
        return self

    async def __anext__(self) -> Event:
        while not self._waiting:
            if self._closed:
                raise StopAsyncIteration
            self._changed.clear()
            await self._changed.wait()
        return self._waiting.popleft()

    def close(self) -> None:
        """No more of it."""
        self._closed = True
        self._changed.set()


class Player:
    """`rewind` is called when what was played is to be shown anew, up to `position`; `moved` whenever that changes."""

    def __init__(self, tape: Tape, speed: float, rewind: Callable[[], None], moved: Callable[[], None]) -> None:
        self.tape = tape
        self.speed = speed
        self.playing = True
        self.position = 0
        self.feed = Feed()
        self._rewind = rewind
        self._moved = moved
        self._asked = asyncio.Event()

    @property
    def at_end(self) -> bool:
        """Everything was played."""
        return self.position >= len(self.tape.events)

    async def run(self) -> None:
        """Play until cancelled."""
        while True:
            if not self.playing or self.at_end:
                await self._asked.wait()
            else:
                gap = self.tape.offsets[self.position] - self.tape.reached(self.position)
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._asked.wait(), gap / self.speed)
                if not self._asked.is_set():
                    self._play_one()
                    await asyncio.sleep(0)  # where events have no time between them, keys still come through
            self._asked.clear()

    def restarted(self) -> tuple[Event, ...]:
        """What was played so far, for whoever shows it anew; the stream goes on from there."""
        self.feed = Feed()
        return self.tape.events[: self.position]

    def toggle(self) -> None:
        """Pause or go on; at the end begin again."""
        if self.at_end:
            self.playing = True
            self.seek(0)
        else:
            self.playing = not self.playing
        self._ask()

    def step(self, events: int) -> None:
        """So many events on, or back; then stand still."""
        self.playing = False
        self.seek(self.position + events)

    def scrub(self, seconds: float) -> None:
        """To the events due so many seconds of the tape later, or earlier; at least one event."""
        place = self.tape.place(self.tape.reached(self.position) + seconds)
        self.seek(max(place, self.position + 1) if seconds > 0 else min(place, self.position - 1))

    def seek(self, position: int) -> None:
        """Stand after `position` events."""
        position = max(0, min(position, len(self.tape.events)))
        if position < self.position:
            self.position = position
            self._rewind()
        while self.position < position:
            self._play_one()
        self._ask()

    def change_speed(self, steps: int) -> None:
        """Faster or slower."""
        nearest = min(range(len(SPEEDS)), key=lambda at: abs(SPEEDS[at] - self.speed))
        self.speed = SPEEDS[max(0, min(nearest + steps, len(SPEEDS) - 1))]
        self._ask()

    def _play_one(self) -> None:
        event = self.tape.events[self.position]
        self.position += 1
        self.feed.put(event)
        self._moved()

    def _ask(self) -> None:
        self._asked.set()
        self._moved()


class TapeClock:
    """Shows the time of the recording; durations are our own."""

    def __init__(self, tape: Tape) -> None:
        self._tape = tape
        self.player: Player | None = None

    def now(self) -> datetime:
        """When the last event that was played happened."""
        position = self.player.position if self.player is not None else 0
        return self._tape.events[max(0, position - 1)].at

    def monotonic(self) -> float:
        """Seconds from anywhere."""
        return monotonic()

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await asyncio.sleep(seconds)


class NothingToOrder(Exception):
    """The actions are greyed; this is for what asks all the same."""


@dataclass(frozen=True, slots=True)
class Played:
    """The day's money as it was told last."""

    spent_nano: int = 0
    reserved_nano: int = 0
    cap_nano: int = 0
    unknown_calls: int = 0
    saved_nano: int | None = None


@dataclass(frozen=True, slots=True)
class Nowhere:
    """The folder replays are looked at from; nothing in it is read."""

    root: Path
    branch: str | None = None

    async def base(self) -> Base:
        """No branch."""
        return self


class Recording:
    """A tape in the place of an engine: it tells events, has no rows of its own, and takes no orders."""

    simulated = False
    walled = True
    warnings: tuple[str, ...] = ()

    def __init__(self, player: Player, settings: Settings, folder: Path) -> None:
        self.player = player
        self.settings = settings
        self.repository = Nowhere(folder)

    def events(self) -> Feed:
        """The player's present stream."""
        return self.player.feed

    def listen(self, hear: Callable[[Event], None]) -> Callable[[], None]:
        """Nothing happens here beside the stream."""
        return lambda: None

    async def history(self, limit: int) -> Sequence[Event]:
        """None: everything is played."""
        return ()

    def agents(self) -> tuple[Agent, ...]:
        """Nobody but those in the events."""
        return ()

    def under_way(self) -> frozenset[int]:
        """Nothing."""
        return frozenset()

    async def tasks(self) -> list[Task]:
        """None."""
        return []

    async def open_missions(self) -> Sequence[Mission]:
        """None."""
        return ()

    async def credits(self) -> Played:
        """As the events told it."""
        for event in reversed(self.player.tape.events[: self.player.position]):
            if event.type == "budget.spent":
                told: Any = event
                return Played(spent_nano=told.today_nano, cap_nano=told.cap_nano)
        return Played()

    def __getattr__(self, name: str) -> NoReturn:
        raise NothingToOrder("This is a replay: nothing is carried out here.")
