"""The director, minute by minute: priorities, cooldowns, gathering, reminders, voices."""

from datetime import timedelta

from stage import AT, VOICES, Stage, finished, needs, started, status, stuck

from agents.events import (
    AgentCooling,
    AgentHealth,
    ApprovalAnswered,
    BudgetExhausted,
    BudgetRaised,
    BudgetSpent,
    MissionEscalated,
    MissionFinished,
    TaskPosted,
)
from agents.tasks import Health, Outcome, TaskStatus, Variant
from sounds.clips import voice_of
from sounds.cues import Cue
from sounds.signals import EVENTS
from sounds.taste import Taste, quiet_hours


def test_a_mission_is_heard_at_once_in_the_agents_own_voice() -> None:
    stage = Stage()
    stage.tell(started(1))
    stage.wait(10)
    (call,) = stage.tell(started(2))
    assert (call.cue.event, call.caption) == ("task.assigned", "CodeX-7 moves out: T2")
    assert call.effect is not None
    assert call.line is not None
    assert call.effect.label == "squelch"
    assert call.line.voice in {"bf_emma", voice_of("CodeX-7", VOICES)}
    assert call.line.label in call.subtitle


def test_who_is_new_reports_for_duty_once() -> None:
    stage = Stage()
    stage.tell(started(1))
    stage.wait(10)
    stage.tell(started(2))
    stage.wait(10)
    stage.tell(started(3, "Viper-2"))
    assert stage.events == ["agent.spawned", "task.assigned", "agent.spawned"]


def test_what_nobody_misses_never_waits_for_the_channel() -> None:
    stage = Stage()
    stage.tell(started(1))
    stage.tell(needs(2))
    stage.tell(started(3))
    stage.wait(60)
    assert stage.events == ["agent.spawned", "agent.needs_input"]


def test_the_higher_interrupts_and_the_lower_waits() -> None:
    stage = Stage()
    stage.tell(started(1))
    (call,) = stage.tell(needs(2))
    assert call.cuts
    stage.tell(MissionEscalated(at=AT, task=2, to_tier="opus", variant=Variant.ONCE, reason=""))
    assert len(stage.heard) == 2
    stage.wait(call.seconds)
    assert stage.events[-1] == "mission.escalated"
    assert not stage.heard[-1][1].cuts


def test_what_waited_too_long_is_not_said() -> None:
    stage = Stage()
    for number in range(8):
        stage.tell(needs(number, f"Agent-{number}"))
    stage.wait(60)
    assert all(at <= 4 for at, _ in stage.heard)
    assert len(stage.heard) < 4


def test_an_event_of_long_ago_is_not_heard() -> None:
    stage = Stage()
    late = needs().model_copy(update={"at": AT - timedelta(seconds=5)})
    assert stage.note(stage.director.take(late)) == []
    assert stage.wait(130), "but who waits is reminded of"


def test_the_klaxon_wins_over_everything_and_what_it_cut_comes_after_it() -> None:
    stage = Stage()
    stage.tell(needs(1))
    stage.wait(0.1)
    (call,) = stage.tell(stuck(2, "CodeX-7"))
    assert call.cuts
    assert call.seconds < 3.9
    assert call.effect is not None
    assert call.effect.label == "klaxon"
    assert stage.tell(stuck(3, "Hawk-4")) == [], "it sounds already"
    (again,) = stage.wait(3.9)
    assert again.cue.event == "agent.needs_input"


def test_an_agent_sounds_the_klaxon_twice_a_minute_at_most() -> None:
    stage = Stage()
    for _ in range(60):
        stage.tell(stuck())
        stage.wait(1)
    assert stage.events == ["agent.stuck", "agent.stuck"]


def test_results_that_come_together_are_told_together() -> None:
    stage = Stage()
    for number in (1, 2, 3):
        stage.tell(finished(number, Outcome.VERIFIED if number == 2 else Outcome.PROVEN))
        stage.wait(0.4)
    assert stage.events == []
    (call,) = stage.wait(1)
    assert (call.times, call.needs_person) == (3, True)
    assert call.caption == "×3: T1 proven, T2 verified, T3 proven"
    assert call.cue.event == "task.verified", "the least certain gives the words"


def test_no_result_says_more_than_was_checked() -> None:
    stage = Stage()
    stage.tell(finished(1, Outcome.UNVERIFIED))
    stage.tell(finished(2, Outcome.PROVEN))
    (call,) = stage.wait(2)
    assert call.cue.event == "task.unverified"


def test_the_worker_of_a_task_speaks_of_its_end() -> None:
    stage = Stage()
    stage.tell(started(5, "Hawk-4"))
    stage.wait(10)
    stage.tell(finished(5, Outcome.FAILED, TaskStatus.FAILED))
    (call,) = stage.wait(2)
    assert call.cue.agent == "Hawk-4"


def test_ready_again_is_said_of_those_who_rested() -> None:
    stage = Stage()
    ready = AgentHealth(at=AT, agent="Forge-1", health=Health.READY)
    assert stage.tell(ready) == []
    stage.tell(AgentCooling(at=AT, agent="Forge-1", seconds=3))
    stage.wait(10)
    (call,) = stage.tell(ready)
    assert call.caption == "Forge-1 is ready again"
    stage.wait(10)
    assert stage.tell(ready) == []


def test_half_of_the_steps_is_a_milestone_once() -> None:
    stage = Stage()
    stage.tell(started(1))
    where = {"at": AT, "task": 1, "mission": 1, "agent": "CodeX-7", "health": Health.WORKING, "max_steps": 10}
    for step in (4, 5, 6):
        stage.wait(70)
        stage.tell(AgentHealth(step=step, **where))
    assert stage.events == ["agent.spawned", "task.milestone"]


def test_a_crowd_does_not_chatter() -> None:
    stage = Stage()
    for number in range(12):
        stage.tell(started(number, f"Agent-{number}"))
        stage.wait(10)
    assert stage.director.active == 12
    heard = len(stage.heard)
    assert heard == 8
    stage.tell(TaskPosted(at=AT, task=1, title="x", priority=5))
    assert len(stage.heard) == heard
    done = {"outcome": Outcome.FAILED, "reason": "", "steps": 1, "seconds": 1}
    for number in range(6):
        stage.tell(MissionFinished(at=AT, task=number, mission=number, agent=f"Agent-{number}", **done))
    assert stage.tell(TaskPosted(at=AT, task=1, title="x", priority=5))


def test_who_waits_is_reminded_of_later_and_later_until_it_is_settled() -> None:
    stage = Stage()
    stage.tell(needs(7))
    calls = stage.wait(900)
    assert [round(at) for at, _ in stage.heard[1:]] == [120, 360, 840]
    assert calls[0].caption == "Waiting for you for 2 min: Viper-2 asks you about T7"
    stage.tell(ApprovalAnswered(at=AT, task=7, answer="yes"))
    assert stage.wait(9000) == []
    assert stage.director.due() == float("inf"), "nothing wakes the screen while nothing happens"


def test_one_reminder_for_all_that_wait() -> None:
    stage = Stage()
    stage.tell(finished(1))
    stage.wait(10)
    stage.tell(status(2, TaskStatus.NEEDS_HUMAN))
    stage.wait(30)
    (call,) = stage.wait(100)
    assert call.caption.startswith("2 wait for you, the first for 2 min: T1 proven")
    stage.tell(status(1, TaskStatus.DONE, "accepted"))
    stage.tell(status(2, TaskStatus.QUEUED))
    stage.wait(10)
    assert stage.wait(9000) == []


def test_a_raised_budget_is_not_reminded_of() -> None:
    stage = Stage()
    stage.tell(BudgetExhausted(at=AT, scope="day", needed_nano=1, cap_nano=1))
    stage.tell(BudgetRaised(at=AT, scope="day", from_nano=1, cap_nano=2))
    stage.wait(9000)
    assert stage.events == ["budget.exhausted"]


def test_money_clinks_beside_the_voices_and_not_for_ever() -> None:
    stage = Stage()
    spent = BudgetSpent(at=AT, call=1, amount_nano=1, today_nano=1, cap_nano=9)
    for _ in range(100):
        stage.tell(spent)
        stage.wait(0.5)
    assert stage.events == ["budget.spent"] * 6
    assert all(call.line is None for _, call in stage.heard)


def test_taste_verbosity_and_mutes() -> None:
    everything = [Cue(event, needs_person=event == "agent.needs_input") for event in EVENTS]
    noon = AT.time()

    def wanted(taste: Taste) -> set[str]:
        return {cue.event for cue in everything if taste.wants(cue, noon)}

    assert wanted(Taste()) == set(EVENTS)
    assert wanted(Taste("needs-you")) == {"agent.needs_input"}
    assert "task.posted" not in wanted(Taste("important"))
    assert "task.proven" in wanted(Taste("important"))
    assert wanted(Taste(muted=frozenset({"task.posted", "task.error"}))) == {
        event for event in EVENTS if event != "task.posted" and EVENTS[event].category != "task.error"
    }


def test_quiet_hours_may_pass_midnight() -> None:
    for text, at_noon in (("22:00-07:00", True), ("11:00-13:00", False), ("13:00-11:30", True), ("", True)):
        stage = Stage(taste=Taste(quiet=quiet_hours(text)))
        assert bool(stage.tell(needs())) is at_noon, text


def test_a_line_that_ends_early_frees_the_channel() -> None:
    stage = Stage()
    (call,) = stage.tell(needs(1))
    stage.tell(MissionEscalated(at=AT, task=2, to_tier="opus", variant=Variant.ONCE, reason=""))
    stage.director.over(call.id)
    assert stage.note(stage.director.advance())[0].cue.event == "mission.escalated"
