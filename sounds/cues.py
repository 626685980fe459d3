"""Cues: what the ear gets for an event. A pure table; playing them is somebody else's work."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from agents.events import (
        AgentHealth,
        ApprovalRequested,
        BudgetExhausted,
        BudgetWarning,
        Event,
        LoopDetected,
        MissionStarted,
        TaskFinished,
        TaskSplit,
        TaskStatusChanged,
    )


class Priority(IntEnum):
    """Which cue wins when several come at once; the higher speaks."""

    CHATTER = 1
    NEWS = 2
    WARNING = 3
    ALARM = 4


@dataclass(frozen=True, slots=True)
class Cue:
    """A sound by name, and the caption a person who does not hear it reads."""

    name: str
    caption: str
    priority: Priority

    @property
    def calls_for_you(self) -> bool:
        """Somebody has to do something: worth the terminal's bell."""
        return self.priority >= Priority.WARNING


def _task(event: Event) -> str:
    return f"T{event.task}" if event.task is not None else "a task"


def _agent(event: Event) -> str:
    return event.agent or "An agent"


def _mission_started(event: MissionStarted) -> Cue | None:
    return Cue("mission-started", f"{_agent(event)} moves out: {_task(event)}", Priority.CHATTER)


def _health(event: AgentHealth) -> Cue | None:
    match str(event.health):
        case "stuck":
            return Cue("klaxon", f"{_agent(event)} is stuck on {_task(event)}", Priority.ALARM)
        case "needs_you":
            return Cue("needs-you", f"{_agent(event)} needs you on {_task(event)}", Priority.ALARM)
        case _ if event.low_power:
            return Cue("low-power", f"{_agent(event)}: {event.note}", Priority.NEWS)
        case _:
            return None


def _loop(event: LoopDetected) -> Cue | None:
    caption = f"{_agent(event)} goes in circles on {_task(event)}: {event.action}"
    stopped = event.action == "stopped"
    return Cue("klaxon" if stopped else "loop", caption, Priority.ALARM if stopped else Priority.NEWS)


def _status(event: TaskStatusChanged) -> Cue | None:
    if str(event.status) != "needs_human":
        return None
    return Cue("needs-you", f"{_task(event)} needs you", Priority.ALARM)


def _finished(event: TaskFinished) -> Cue | None:
    if str(event.status) == "needs_human":
        return Cue("needs-you", f"{_task(event)} needs you", Priority.ALARM)
    match str(event.outcome):
        case "proven":
            return Cue("proven", f"{_task(event)} proven", Priority.NEWS)
        case "verified":
            return Cue("verified", f"{_task(event)} verified", Priority.NEWS)
        case "unverified":
            return Cue("unverified", f"{_task(event)} finished, unverified", Priority.NEWS)
        case "failed":
            return Cue("failed", f"{_task(event)} failed", Priority.WARNING)
        case _:
            return None


def _split(event: TaskSplit) -> Cue:
    return Cue("needs-you", f"{_task(event)} is split into {len(event.parts)} parts: approve them", Priority.ALARM)


def _budget_warning(event: BudgetWarning) -> Cue | None:
    if event.cap_nano <= 0:
        return None
    share = event.spent_nano * 100 // event.cap_nano
    whose = "today's cap" if event.scope == "day" else f"the cap of {_task(event)}"
    return Cue("budget-warning", f"Low funds: {share} % of {whose} is spent", Priority.WARNING)


def _budget_exhausted(event: BudgetExhausted) -> Cue | None:
    whose = "Today's budget" if event.scope == "day" else f"The budget of {_task(event)}"
    return Cue("budget-exhausted", f"{whose} is exhausted", Priority.ALARM)


def _approval(event: ApprovalRequested) -> Cue | None:
    return Cue("needs-you", f"{_agent(event)} asks you about {_task(event)}", Priority.ALARM)


CUES: Mapping[str, Callable[[Any], Cue | None]] = {
    "mission.started": _mission_started,
    "agent.health": _health,
    "loop.detected": _loop,
    "task.status": _status,
    "task.finished": _finished,
    "task.split": _split,
    "budget.warning": _budget_warning,
    "budget.exhausted": _budget_exhausted,
    "approval.requested": _approval,
}
"""By event type. A type that is not here is silent."""


def cue_for(event: Event) -> Cue | None:
    """What `event` sounds like, or None: most events are silent."""
    rule = CUES.get(event.type)
    return rule(event) if rule is not None else None
