"""Which events are heard, as what, and which of them call for the person."""

import pytest
from stage import AT, finished, needs, started, status, stuck

from agents.events import (
    AgentHealth,
    BudgetExhausted,
    BudgetSpent,
    BudgetWarning,
    Event,
    LoopDetected,
    MissionEscalated,
    ModelDelta,
    ModelFailed,
    TaskPosted,
    TaskSplit,
)
from agents.settings import SoundName
from agents.tasks import Health, Outcome, Role, TaskStatus, Variant
from sounds.cues import cue_for
from sounds.signals import CATEGORIES, EVENTS


def failed(error: str, retry_in_s: float | None = None) -> ModelFailed:
    return ModelFailed(at=AT, model="m", error=error, message="nobody answers", retry_in_s=retry_in_s)


@pytest.mark.parametrize(
    ("event", "name", "needs_person"),
    [
        (finished(12, Outcome.PROVEN), "task.proven", True),
        (finished(12, Outcome.PROVEN, TaskStatus.DONE), "task.proven", False),
        (finished(12, Outcome.VERIFIED), "task.verified", True),
        (finished(12, Outcome.UNVERIFIED), "task.unverified", True),
        (finished(12, Outcome.FAILED, TaskStatus.FAILED), "task.failed", False),
        (finished(12, Outcome.FAILED, TaskStatus.NEEDS_HUMAN), "agent.needs_input", True),
        (status(12, TaskStatus.NEEDS_HUMAN), "agent.needs_input", True),
        (status(12, TaskStatus.DONE, "accepted"), "merge.done", False),
        (TaskSplit(at=AT, task=12, parts=(13, 14)), "agent.needs_input", True),
        (needs(), "agent.needs_input", True),
        (stuck(), "agent.stuck", False),
        (AgentHealth(at=AT, task=12, agent="Viper-2", health=Health.NEEDS_YOU), "agent.needs_input", True),
        (AgentHealth(at=AT, agent="Viper-2", health=Health.OFFLINE), "agent.lost", False),
        (AgentHealth(at=AT, agent="A", health=Health.COOLING, low_power=True, note="LOW"), "model.spilled", False),
        (LoopDetected(at=AT, task=12, tool="shell_run", times=3, action="stopped"), "agent.loop", False),
        (MissionEscalated(at=AT, task=12, to_tier="opus", variant=Variant.ONCE, reason=""), "mission.escalated", False),
        (BudgetExhausted(at=AT, scope="day", needed_nano=1, cap_nano=1), "budget.exhausted", True),
        (BudgetExhausted(at=AT, task=3, scope="task", needed_nano=1, cap_nano=1), "budget.refused", True),
        (BudgetWarning(at=AT, today_nano=81, cap_nano=100), "budget.eighty", False),
        (BudgetWarning(at=AT, task=3, scope="task", today_nano=0, task_nano=9, cap_nano=10), "budget.low", False),
        (failed("unreachable"), "model.offline", False),
        (failed("rate_limited", 3), "model.limited", False),
        (TaskPosted(at=AT, task=1, title="x", priority=5), "task.posted", False),
        (started(), "task.assigned", False),
        (started(role=Role.REVIEW), "review.started", False),
    ],
)
def test_events_that_are_heard(event: Event, name: str, needs_person: bool) -> None:
    cue = cue_for(event)
    assert cue is not None
    assert (cue.event, cue.needs_person) == (name, needs_person)
    assert cue.caption, "nothing is said by sound alone"


def test_what_loops_or_sticks_sounds_the_klaxon() -> None:
    for event in (stuck(), LoopDetected(at=AT, tool="t", times=2, action="warned")):
        cue = cue_for(event)
        assert cue is not None
        assert cue.signal.effect == "klaxon"
        assert cue.calls_for_you


def test_a_call_that_is_paid_clinks() -> None:
    spent = BudgetSpent(at=AT, call=1, amount_nano=1, today_nano=1, cap_nano=9)
    cue = cue_for(spent)
    assert cue is not None
    assert cue.event == "budget.spent"
    assert cue_for(spent.model_copy(update={"amount_nano": 0})) is None


@pytest.mark.parametrize(
    "event",
    [
        ModelDelta(at=AT, text="hello"),
        AgentHealth(at=AT, agent="Viper-2", health=Health.WORKING),
        AgentHealth(at=AT, agent="CodeX-7", health=Health.WORKING, low_power=False, note="CPU only"),
        status(12, TaskStatus.RUNNING),
        finished(12, Outcome.CANCELLED, TaskStatus.CANCELLED),
        BudgetWarning(at=AT, today_nano=0, cap_nano=0),
        failed("timeout"),
        failed("unreachable", 2),
        Event(type="weather.changed", at=AT),
    ],
)
def test_most_events_are_silent(event: Event) -> None:
    assert cue_for(event) is None


def test_settings_know_every_event_and_category_by_name() -> None:
    assert set(SoundName.__args__) == {*EVENTS, *CATEGORIES}
    assert {signal.category for signal in EVENTS.values()} <= {*CATEGORIES, ""}
