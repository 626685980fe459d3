"""What a client that waits is told of its task meanwhile: short lines, never too many, and never none for long."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from agents.events import AgentHealth, Event
from agents.sanitize import one_line
from agents.tasks import Health
from app.commands.narration import in_words

if TYPE_CHECKING:
    from agents.bus import Subscription

APART_S = 0.5
"""Between two notifications: what happens faster is told together."""
SILENCE_S = 15.0
"""A client that hears nothing for longer may give up, so it is told that there is nothing new."""
LINES = 8
"""Of what happened between two notifications: all that matters, before the last of the rest."""
_MATTERS = frozenset(
    {"mission.started", "mission.finished", "mission.escalated", "check.finished", "loop.detected", "task.finished"}
    | {"budget.warning", "budget.exhausted", "approval.requested"}
)

Tell = Callable[[float, str], Awaitable[None]]
"""Sends a notification: a number that grows, and what happened."""


class Progress:
    """Follows one task. The number is that of the notification: how many there will be nobody knows."""

    def __init__(self, task_id: int, tell: Tell) -> None:
        self._task_id, self._tell = task_id, tell
        self._sent = 0
        self._news: list[tuple[bool, str]] = []
        """What happened since the last notification, and whether it matters."""
        self._heard = asyncio.Event()
        self._last = "waiting"

    async def follow(self, events: "Subscription") -> None:
        """Tell until the events end. Cancel it to stop."""
        listening = asyncio.create_task(self._listen(events))
        try:
            while not listening.done() or self._news:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(SILENCE_S):
                        await self._heard.wait()
                await self._send()
                await asyncio.wait({listening}, timeout=APART_S)
        finally:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)

    async def _listen(self, events: "Subscription") -> None:
        async for event in events:
            if event.task == self._task_id and (line := line_of(event)):
                self.note(line, matters=event.type in _MATTERS)
        self._heard.set()

    def note(self, line: str, *, matters: bool) -> None:
        """Keep what happened for the next notification."""
        self._news.append((matters, line))
        if len(self._news) > LINES:
            del self._news[next((at for at, (kept, _) in enumerate(self._news) if not kept), 0)]
        self._heard.set()

    async def _send(self) -> None:
        self._heard.clear()
        told, self._news = [line for _, line in self._news], []
        if told:
            self._last = told[-1]
        self._sent += 1
        await self._tell(self._sent, "; ".join(told) or f"nothing new since: {self._last}")


def line_of(event: Event) -> str:
    """What is said of an event; empty: nothing."""
    if isinstance(event, AgentHealth) and event.health is Health.WORKING and event.step:
        of = f" of {event.max_steps}" if event.max_steps else ""
        said = f"step {event.step}{of} {one_line(event.note, 100)}".rstrip()
    else:
        told = in_words(event)
        said = told[0] if told else ""
    return f"{one_line(event.agent, 20)} {said}" if said and event.agent else said
