"""The ear: what an event means to whoever has heard those before it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sounds.cues import Cue, cue_for

if TYPE_CHECKING:
    from agents.events import Event

_HALF = 0.5
_FORGOTTEN = frozenset({"done", "cancelled", "open"})


class Ear:
    """Makes cues of events, in their order. It knows who is at work, who rests, and who is new."""

    def __init__(self) -> None:
        self._at_work: dict[int, str] = {}
        """The agent of every mission under way, by mission."""
        self._known: set[str] = set()
        self._resting: set[str] = set()
        self._halfway: set[int] = set()
        self._last_on: dict[int, str] = {}
        """Who worked on a task last."""

    @property
    def active(self) -> int:
        """How many agents are at work."""
        return len(set(self._at_work.values()))

    def cue(self, event: Event) -> Cue | None:
        """What `event` sounds like after all that came before, or None."""
        match event.type:
            case "mission.started":
                return self._started(event)
            case "mission.finished" if event.mission is not None:
                self._at_work.pop(event.mission, None)
                self._halfway.discard(event.mission)
            case "agent.cooling" if event.agent:
                self._resting.add(event.agent)
            case "agent.health":
                return cue_for(event) or self._recovered(event) or self._milestone(event)
            case "task.finished" | "task.status" if event.task is not None:
                return self._with_worker(event)
        return cue_for(event)

    def _with_worker(self, event: Event) -> Cue | None:
        """A task's news names no agent; who worked on it last speaks for it."""
        said: Any = event
        worker = event.agent or self._last_on.get(event.task or 0)
        if str(said.status) in _FORGOTTEN:
            self._last_on.pop(event.task or 0, None)
        cue = cue_for(event)
        return replace(cue, agent=worker) if cue is not None else None

    def _started(self, event: Event) -> Cue | None:
        cue = cue_for(event)
        if event.agent is None or cue is None:
            return cue
        if event.mission is not None:
            self._at_work[event.mission] = event.agent
        if event.task is not None:
            self._last_on[event.task] = event.agent
        self._resting.discard(event.agent)
        if event.agent in self._known or cue.event != "task.assigned":
            return cue
        self._known.add(event.agent)
        return Cue("agent.spawned", f"{event.agent} reports for duty: T{event.task}", event.agent, event.task)

    def _recovered(self, event: Event) -> Cue | None:
        said: Any = event
        if str(said.health) != "ready" or event.agent not in self._resting:
            return None
        self._resting.discard(event.agent)
        return Cue("agent.ready", f"{event.agent} is ready again", event.agent)

    def _milestone(self, event: Event) -> Cue | None:
        said: Any = event
        mission = event.mission
        if mission is None or mission in self._halfway or mission not in self._at_work:
            return None
        if said.max_steps < 4 or said.step < said.max_steps * _HALF:
            return None
        self._halfway.add(mission)
        caption = f"{event.agent} has used half of its {said.max_steps} steps on T{event.task}"
        return Cue("task.milestone", caption, event.agent, event.task)
