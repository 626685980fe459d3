"""The bus: what was committed, told to whoever subscribed, in the order of the log. A slow subscriber slows nobody.

The log is the truth and a subscription's queue is only a cache of its tail. Every stored event has a `seq`, and seqs
are dense, so a subscription knows by itself when it is behind: its queue was full, another process committed in
between, or `announce` said that the log goes further. It then reads on from the log, in pieces no larger than its
queue, until it is level. Hence state events arrive exactly once, in order, whoever wrote them, in bounded memory.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Hashable, Sequence
from types import TracebackType
from typing import Self

from agents.events import Event, ModelDelta, ToolOutput

Replay = Callable[[int, int], Awaitable[Sequence[Event]]]
"""replay(after_seq, limit): the oldest committed events after `after_seq`, at most `limit`, in order."""

Listener = Callable[[Event], None]

TEXT_CAP = 16_384
"""Characters of coalesced text one pending delta keeps: the newest ones."""
PIECE = 500
"""Most events read from the log at once."""


class _Pending:
    """An event in a queue. A pending delta may still grow; `known` is how far the log was known when it came."""

    __slots__ = ("event", "known", "text")

    def __init__(self, event: Event, known: int) -> None:
        self.event = event
        self.known = known
        self.text: str | None = None

    def grow(self, event: Event) -> None:
        text = self.text if self.text is not None else _text(self.event)
        self.text = (text + _text(event))[-TEXT_CAP:]
        self.event = event

    def take(self) -> Event:
        return self.event if self.text is None else self.event.model_copy(update={"text": self.text})


def _text(event: Event) -> str:
    return event.text if isinstance(event, ModelDelta | ToolOutput) else ""


def _key(event: Event) -> Hashable:
    return event.type, event.mission, event.agent, getattr(event, "call", None)


class Subscription:
    """An async iterator of events for one consumer, from the moment it was made.

    State events come without gaps, duplicates or disorder. Deltas of one source are joined while they wait, lose their
    oldest text beyond `TEXT_CAP`, and are dropped where there is no room; they never change sides with a state event of
    their mission.
    """

    def __init__(self, bus: "EventBus", replay: Replay | None, capacity: int, known: int | None) -> None:
        if capacity < 1:
            raise ValueError("a subscription needs room for at least one event")
        self._bus = bus
        self._replay = replay
        self._capacity = capacity
        self._queue: deque[_Pending] = deque()
        self._latest: dict[int | None, _Pending] = {}  # the newest in the queue, by mission
        self._late: deque[_Pending] = deque()  # what came while behind, and is not in the log
        self._queued: int | None = known  # every stored event up to here was delivered or is in the queue
        self._known = known or 0  # the log goes at least this far
        self._wake = asyncio.Event()
        self._ending = False

    @property
    def behind(self) -> bool:
        """The log is known to hold events that are not in the queue: they are being read from it."""
        return self._replay is not None and self._queued is not None and self._known > self._queued

    def close(self) -> None:
        """End the iterator now; what is pending is forgotten. Safe to call twice, and from the iterating task."""
        self._bus.forget(self)
        self._queue.clear()
        self._late.clear()
        self._latest.clear()
        self._queued = None
        self.finish()

    def finish(self) -> None:
        """End the iterator once what is pending has been taken."""
        self._ending = True
        self._wake.set()

    def offer(self, event: Event) -> None:
        """Take `event` in; called by the bus."""
        if event.transient:
            self._offer_delta(event)
        elif event.seq == 0:
            self._keep(event)
        else:
            self._offer_stored(event)
        self._wake.set()

    def hear(self, seq: int) -> None:
        """The log goes at least up to `seq`; called by the bus."""
        if self._queued is None:
            self._queued = seq
        self._known = max(self._known, seq)
        self._wake.set()

    def _offer_stored(self, event: Event) -> None:
        if self._queued is not None and event.seq <= self._queued:
            return
        level = not self.behind and (self._queued is None or event.seq == self._queued + 1)
        self._known = max(self._known, event.seq)
        if self._replay is None or (level and len(self._queue) < self._capacity):
            self._enqueue(_Pending(event, event.seq))
            self._queued = event.seq
        else:
            self._drop_late(event.mission, event.seq)

    def _offer_delta(self, event: Event) -> None:
        latest = self._last_late(event.mission) if self.behind else self._latest.get(event.mission)
        if latest is not None and isinstance(event, ModelDelta | ToolOutput) and _key(latest.event) == _key(event):
            latest.grow(event)
        elif len(self._queue) + len(self._late) < self._capacity:
            self._keep(event)

    def _keep(self, event: Event) -> None:
        pending = _Pending(event, self._known)
        if self.behind:
            self._late.append(pending)
        else:
            self._enqueue(pending)

    def _enqueue(self, pending: _Pending) -> None:
        self._queue.append(pending)
        self._latest[pending.event.mission] = pending

    def _last_late(self, mission: int | None) -> _Pending | None:
        return next((one for one in reversed(self._late) if one.event.mission == mission), None)

    def _drop_late(self, mission: int | None, seq: int) -> None:
        """Forget late deltas of `mission` that may be older than event `seq`, which is delivered before them."""
        if self._late:
            self._late = deque(
                one for one in self._late if not one.event.transient or one.event.mission != mission or one.known >= seq
            )

    async def _catch_up(self) -> None:
        if self._replay is None or self._queued is None:
            return
        after, known = self._queued, self._known
        events = await self._replay(after, min(PIECE, self._capacity, known - after))
        if self._queued != after:  # closed meanwhile
            return
        for event in events:
            self._drop_late(event.mission, event.seq)
            self._enqueue(_Pending(event, event.seq))
        self._queued = events[-1].seq if events else known  # nothing there: a hole in the log is no reason to wait
        if not self.behind:
            late, self._late = self._late, deque()
            for pending in late:
                self._enqueue(pending)

    def __aiter__(self) -> Self:
        """Itself: one consumer per subscription."""
        return self

    async def __anext__(self) -> Event:
        """The next event. Raises what the log raises when it cannot be read, unless the bus is closing."""
        while True:
            if self._queue:
                return self._take()
            if self.behind:
                try:
                    await self._catch_up()
                except Exception:
                    if not self._ending:
                        raise
                    raise StopAsyncIteration from None
                continue
            if self._ending:
                raise StopAsyncIteration
            self._wake.clear()
            await self._wake.wait()

    def _take(self) -> Event:
        pending = self._queue.popleft()
        mission = pending.event.mission
        if self._latest.get(mission) is pending:
            del self._latest[mission]
        return pending.take()

    def __enter__(self) -> Self:
        """Use as a context manager to be sure it is closed."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close."""
        self.close()


class EventBus:
    """Tells subscribers what happened. Belongs to one event loop; nothing here blocks or awaits a subscriber."""

    def __init__(self, replay: Replay | None = None, *, after_seq: int | None = None) -> None:
        """`replay` reads the log; without it a full queue grows, since state events are never dropped.

        `after_seq` is how far the log went when the bus was made; None: not known before the first event.
        """
        self._replay = replay
        self._position = after_seq
        self._subscriptions: set[Subscription] = set()
        self._listeners: list[Listener] = []
        self._closed = False

    @property
    def position(self) -> int:
        """The highest seq published or announced; 0 when there was none."""
        return self._position or 0

    def publish(self, event: Event) -> None:
        """Tell every subscriber. Never blocks, never raises for a slow one. After `close` nobody is left to tell."""
        if event.seq:
            self._position = max(self.position, event.seq)
        for subscription in tuple(self._subscriptions):
            subscription.offer(event)
        for listener in tuple(self._listeners):
            listener(event)

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Call `listener` in the moment an event is published here, for what must not wait its turn in the loop; what
        only the log holds it never hears. It must take next to no time and raise nothing. Returns how to stop it."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def announce(self, seq: int) -> None:
        """The log goes at least up to `seq`, though not all of it was published here: subscribers read it there."""
        if seq > self.position:
            self._position = seq
            for subscription in tuple(self._subscriptions):
                subscription.hear(seq)

    def subscribe(self, *, capacity: int = 1000, after_seq: int | None = None) -> Subscription:
        """Events from now on; with `after_seq`, the log's from there on first. `capacity`: events kept in memory."""
        known = self._position if after_seq is None else after_seq
        subscription = Subscription(self, self._replay, capacity, known)
        if self._closed:
            subscription.finish()
            return subscription
        self._subscriptions.add(subscription)
        if self._position is not None:
            subscription.hear(self._position)
        return subscription

    def forget(self, subscription: Subscription) -> None:
        """Tell `subscription` nothing more."""
        self._subscriptions.discard(subscription)

    def close(self) -> None:
        """End every subscription once what it still holds has been taken. Safe to call twice."""
        self._closed = True
        for subscription in self._subscriptions:
            subscription.finish()
        self._subscriptions.clear()
