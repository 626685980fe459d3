"""Which events are heard, as what, and which of them call for the person."""

from datetime import UTC, datetime

import pytest

from agents.events import (
    AgentHealth,
    ApprovalRequested,
    BudgetExhausted,
    BudgetWarning,
    Event,
    LoopDetected,
    MissionStarted,
    ModelDelta,
    TaskFinished,
    TaskSplit,
    TaskStatusChanged,
    TokenCounts,
)
from agents.tasks import Health, Outcome, TaskStatus, Variant, Way
from sounds.cues import Priority, cue_for

AT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def finished(outcome: Outcome, status: TaskStatus) -> TaskFinished:
    return TaskFinished(
        at=AT,
        task=12,
        outcome=outcome,
        status=status,
        complexity=3,
        missions=1,
        steps=1,
        cost_usd=None,
        tokens=TokenCounts(),
        seconds=1,
        reason="",
    )


@pytest.mark.parametrize(
    ("event", "name", "calls"),
    [
        (finished(Outcome.PROVEN, TaskStatus.REVIEW), "proven", False),
        (finished(Outcome.VERIFIED, TaskStatus.REVIEW), "verified", False),
        (finished(Outcome.UNVERIFIED, TaskStatus.REVIEW), "unverified", False),
        (finished(Outcome.FAILED, TaskStatus.FAILED), "failed", True),
        (finished(Outcome.FAILED, TaskStatus.NEEDS_HUMAN), "needs-you", True),
        (TaskStatusChanged(at=AT, task=12, status=TaskStatus.NEEDS_HUMAN), "needs-you", True),
        (TaskSplit(at=AT, task=12, parts=(13, 14)), "needs-you", True),
        (AgentHealth(at=AT, task=12, agent="Viper-2", health=Health.STUCK), "klaxon", True),
        (AgentHealth(at=AT, task=12, agent="Viper-2", health=Health.NEEDS_YOU), "needs-you", True),
        (AgentHealth(at=AT, agent="CodeX-7", health=Health.COOLING, low_power=True, note="LOW"), "low-power", False),
        (LoopDetected(at=AT, task=12, tool="shell_run", times=3, action="stopped"), "klaxon", True),
        (LoopDetected(at=AT, task=12, tool="shell_run", times=2, action="warned"), "loop", False),
        (BudgetExhausted(at=AT, scope="day", needed_nano=1, cap_nano=1), "budget-exhausted", True),
        (BudgetWarning(at=AT, today_nano=81, cap_nano=100), "budget-warning", True),
        (BudgetWarning(at=AT, task=3, scope="task", today_nano=0, task_nano=9, cap_nano=10), "budget-warning", True),
        (ApprovalRequested(at=AT, task=12, agent="Viper-2", question="May I?"), "needs-you", True),
    ],
)
def test_events_that_are_heard(event: Event, name: str, calls: bool) -> None:
    cue = cue_for(event)
    assert cue is not None
    assert (cue.name, cue.calls_for_you) == (name, calls)
    assert cue.caption


def test_a_mission_moves_out_quietly() -> None:
    event = MissionStarted(
        at=AT, task=12, agent="CodeX-7", number=1, model="m", way=Way.LOOP, variant=Variant.ONCE, branch="b"
    )
    cue = cue_for(event)
    assert cue is not None
    assert cue.caption == "CodeX-7 moves out: T12"
    assert cue.priority is Priority.CHATTER


@pytest.mark.parametrize(
    "event",
    [
        ModelDelta(at=AT, text="hello"),
        AgentHealth(at=AT, agent="Viper-2", health=Health.WORKING),
        AgentHealth(at=AT, agent="CodeX-7", health=Health.WORKING, low_power=False, note="CPU only"),
        TaskStatusChanged(at=AT, task=12, status=TaskStatus.RUNNING),
        finished(Outcome.CANCELLED, TaskStatus.CANCELLED),
        BudgetWarning(at=AT, today_nano=0, cap_nano=0),
        Event(type="weather.changed", at=AT),
    ],
)
def test_most_events_are_silent(event: Event) -> None:
    assert cue_for(event) is None
