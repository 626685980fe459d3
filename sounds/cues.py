"""Cues: what the ear gets for an event, and the caption that says the same. A pure table; when and whether a cue is
heard is the director's decision."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sounds.signals import EVENTS, Fallback, Signal

if TYPE_CHECKING:
    from agents.events import (
        AgentCooling,
        AgentHealth,
        ApprovalRequested,
        BudgetExhausted,
        BudgetSpent,
        BudgetWarning,
        Event,
        LoopDetected,
        MissionEscalated,
        MissionStarted,
        ModelFailed,
        TaskFinished,
        TaskPosted,
        TaskSplit,
        TaskStatusChanged,
    )

_GONE = frozenset({"unreachable", "not_pulled", "not_allowed"})
"""Kinds of model errors after which nobody answers until a person does something."""


@dataclass(frozen=True, slots=True)
class Cue:
    """Something to be heard. `event` is its name in `signals.EVENTS`; `caption` says it to who does not hear it."""

    event: str
    caption: str = ""
    agent: str | None = None
    task: int | None = None
    needs_person: bool = False
    """Nothing goes on there until a person does something."""

    @property
    def signal(self) -> Signal:
        """How it is heard."""
        return EVENTS[self.event]

    @property
    def priority(self) -> int:
        """The signal's."""
        return self.signal.priority

    @property
    def calls_for_you(self) -> bool:
        """Worth the terminal's bell."""
        return self.signal.fallback is not Fallback.SILENT


def _task(event: Event) -> str:
    return f"T{event.task}" if event.task is not None else "a task"


def _agent(event: Event) -> str:
    return event.agent or "An agent"


def _cue(event: Event, name: str, caption: str = "", *, needs_person: bool = False) -> Cue:
    return Cue(name, caption, event.agent, event.task, needs_person)


def _mission_started(event: MissionStarted) -> Cue:
    if str(event.role) == "review":
        return _cue(event, "review.started", f"{_agent(event)} reads the result of {_task(event)}")
    return _cue(event, "task.assigned", f"{_agent(event)} moves out: {_task(event)}")


def _health(event: AgentHealth) -> Cue | None:
    match str(event.health):
        case "stuck":
            return _cue(event, "agent.stuck", f"{_agent(event)} is stuck on {_task(event)}")
        case "needs_you":
            return _needs(event, f"{_agent(event)} needs you on {_task(event)}")
        case "offline":
            return _cue(event, "agent.lost", f"{_agent(event)} is lost{f': {event.note}' if event.note else ''}")
        case _ if event.low_power:
            return _cue(event, "model.spilled", f"{_agent(event)}: {event.note}")
        case _:
            return None


def _needs(event: Event, caption: str) -> Cue:
    return _cue(event, "agent.needs_input", caption, needs_person=True)


def _loop(event: LoopDetected) -> Cue:
    return _cue(event, "agent.loop", f"{_agent(event)} goes in circles on {_task(event)}: {event.action}")


def _status(event: TaskStatusChanged) -> Cue | None:
    match str(event.status):
        case "needs_human":
            return _needs(event, f"{_task(event)} needs you")
        case "done" if event.reason == "accepted":
            return _cue(event, "merge.done", f"{_task(event)} merged")
        case _:
            return None


def _finished(event: TaskFinished) -> Cue | None:
    task, waits = _task(event), str(event.status) == "review"
    if str(event.status) == "needs_human":
        return _needs(event, f"{task} needs you")
    match str(event.outcome):
        case "proven":
            return _cue(event, "task.proven", f"{task} proven", needs_person=waits)
        case "verified":
            return _cue(event, "task.verified", f"{task} verified", needs_person=waits)
        case "unverified":
            return _cue(event, "task.unverified", f"{task} finished, unverified", needs_person=waits)
        case "failed":
            return _cue(event, "task.failed", f"{task} failed")
        case _:
            return None


def _split(event: TaskSplit) -> Cue:
    return _needs(event, f"{_task(event)} is split into {len(event.parts)} parts: approve them")


def _budget_warning(event: BudgetWarning) -> Cue | None:
    if event.cap_nano <= 0:
        return None
    share = event.spent_nano * 100 // event.cap_nano
    whose = "today's cap" if event.scope == "day" else f"the cap of {_task(event)}"
    name = "budget.eighty" if 80 <= share < 83 else "budget.low"
    return _cue(event, name, f"Low funds: {share} % of {whose} is spent")


def _budget_exhausted(event: BudgetExhausted) -> Cue:
    if event.scope == "day":
        return _cue(event, "budget.exhausted", "Today's budget is exhausted", needs_person=True)
    return _cue(event, "budget.refused", f"The budget of {_task(event)} is exhausted", needs_person=True)


def _spent(event: BudgetSpent) -> Cue | None:
    return _cue(event, "budget.spent") if event.amount_nano > 0 else None


def _approval(event: ApprovalRequested) -> Cue:
    return _needs(event, f"{_agent(event)} asks you about {_task(event)}")


def _escalated(event: MissionEscalated) -> Cue:
    return _cue(event, "mission.escalated", f"{_task(event)} goes to {event.to_tier}")


def _model_failed(event: ModelFailed) -> Cue | None:
    if event.retry_in_s is not None:
        limited = event.error == "rate_limited"
        return _cue(event, "model.limited", f"{event.model} limits its rate: waiting") if limited else None
    return _cue(event, "model.offline", f"{_agent(event)}: {event.message}") if event.error in _GONE else None


def _cooling(event: AgentCooling) -> Cue:
    return _cue(event, "agent.cooling", f"{_agent(event)} cools down")


def _posted(event: TaskPosted) -> Cue:
    return _cue(event, "task.posted", f"New bounty: {_task(event)}")


CUES: Mapping[str, Callable[[Any], Cue | None]] = {
    "task.posted": _posted,
    "mission.started": _mission_started,
    "mission.escalated": _escalated,
    "agent.health": _health,
    "agent.cooling": _cooling,
    "loop.detected": _loop,
    "model.failed": _model_failed,
    "task.status": _status,
    "task.finished": _finished,
    "task.split": _split,
    "budget.spent": _spent,
    "budget.warning": _budget_warning,
    "budget.exhausted": _budget_exhausted,
    "approval.requested": _approval,
}
"""By event type. A type that is not here is silent."""


def cue_for(event: Event) -> Cue | None:
    """What `event` sounds like, or None: most events are silent."""
    rule = CUES.get(event.type)
    return rule(event) if rule is not None else None
