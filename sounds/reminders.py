"""Who waits for the person, and when they are reminded of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sounds.cues import Cue

if TYPE_CHECKING:
    from agents.events import Event

_WAITING = frozenset({"needs_human", "review"})
_GROWS = 2.0


@dataclass(slots=True)
class _Waiting:
    """One that waits: how it was told, and since when."""

    cue: Cue
    since: float


class Reminders:
    """One reminder for all that wait, later and later, and from the beginning when something new comes."""

    def __init__(self) -> None:
        self._waiting: dict[tuple[str, object], _Waiting] = {}
        self._interval = 0.0
        self.due = float("inf")
        """When the next one comes; infinite while nobody waits."""

    def note(self, cue: Cue, now: float, after_s: float) -> None:
        """`cue` needs the person; remind them in `after_s` seconds unless it is settled before."""
        key = ("task", cue.task) if cue.task is not None else ("agent", cue.agent)
        if key in self._waiting:
            self._waiting[key].cue = cue
            return
        self._waiting[key] = _Waiting(cue, now)
        self._interval = after_s
        self.due = min(self.due, now + after_s) if len(self._waiting) > 1 else now + after_s

    def settle(self, event: Event) -> None:
        """Forget what `event` says is settled."""
        said: Any = event
        match event.type:
            case "task.status" | "task.finished":
                settled = str(said.status) not in _WAITING
            case "approval.answered" | "mission.started" | "budget.raised":
                settled = True
            case _:
                settled = False
        if not settled:
            return
        if event.type == "budget.raised" and event.task is None:
            self._forget(("agent", None))
        for key in (("task", event.task), ("agent", event.agent)):
            self._forget(key if key[1] is not None else ("", None))

    def _forget(self, key: tuple[str, object]) -> None:
        self._waiting.pop(key, None)
        if not self._waiting:
            self.due = float("inf")

    def take(self, now: float) -> Cue | None:
        """The reminder that is due, if one is."""
        if now < self.due or not self._waiting:
            return None
        self._interval *= _GROWS
        self.due = now + self._interval
        oldest = min(self._waiting.values(), key=lambda one: one.since)
        minutes = max(1, round((now - oldest.since) / 60))
        many = len(self._waiting)
        begin = f"{many} wait for you, the first" if many > 1 else "Waiting for you"
        caption = f"{begin} for {minutes} min: {oldest.cue.caption}"
        return Cue("agent.needs_input", caption, oldest.cue.agent, oldest.cue.task, needs_person=True)
