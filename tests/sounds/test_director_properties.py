"""What always holds, whatever a squad does."""

from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st
from stage import Stage, squad_event

from agents.events import AgentHealth, LoopDetected
from sounds.calls import Call
from sounds.director import LINES_A_MINUTE, STALE_S
from sounds.signals import Channel


def played(seed: int, agents: int, pauses: list[float]) -> Stage:
    """A squad's life: an event after every pause."""
    stage, random = Stage(seed), Random(seed)
    for pause in pauses:
        stage.tell(squad_event(random, agents))
        stage.wait(pause)
    stage.wait(10)
    return stage


lives = st.builds(
    played,
    st.integers(0, 10_000),
    st.integers(1, 15),
    st.lists(st.sampled_from([0.0, 0.01, 0.3, 1.0, 5.0]), min_size=1, max_size=120),
)


@settings(max_examples=60, deadline=None)
@given(lives)
def test_what_always_holds(stage: Stage) -> None:
    never_two_voices_at_once(stage.spoken())
    never_the_same_line_twice_running(stage.spoken())
    caps_hold(stage.spoken())
    one_voice_per_agent(stage.spoken())


def never_two_voices_at_once(spoken: list[tuple[float, Call]]) -> None:
    """What begins while another speaks says that it cuts it; the klaxon is cut by nothing."""
    for (at, before), (begins, after) in zip(spoken, spoken[1:], strict=False):
        assert begins >= at + before.seconds or after.cuts
        if before.signal.channel is Channel.ALERT:
            assert before.effect is not None
            assert begins >= at + before.effect.seconds
        if after.cuts and after.signal.channel is Channel.VOICE:
            assert after.signal.priority > before.signal.priority


def never_the_same_line_twice_running(spoken: list[tuple[float, Call]]) -> None:
    lines = [call.line for _, call in spoken if call.line is not None]
    assert all(before != after for before, after in zip(lines, lines[1:], strict=False))
    for event in {call.cue.event for _, call in spoken}:
        of_event = [call.line for _, call in spoken if call.cue.event == event and call.line is not None]
        assert all(before != after for before, after in zip(of_event, of_event[1:], strict=False))


def caps_hold(spoken: list[tuple[float, Call]]) -> None:
    lines = [at for at, call in spoken if call.line is not None and call.signal.priority < 80]
    assert all(later - at >= 60 for at, later in zip(lines, lines[LINES_A_MINUTE:], strict=False))


def one_voice_per_agent(spoken: list[tuple[float, Call]]) -> None:
    voices: dict[str | None, set[str]] = {}
    for _, call in spoken:
        if call.line is not None and call.line.role == "unit":
            voices.setdefault(call.cue.agent, set()).add(call.line.voice)
    assert None not in voices
    assert all(len(found) == 1 for found in voices.values())


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.lists(st.sampled_from([0.0, 0.2, 1.0, 3.0]), min_size=1, max_size=100))
def test_nothing_older_than_four_seconds_is_said(seed: int, pauses: list[float]) -> None:
    stage, random = Stage(seed), Random(seed)
    told: dict[str, float] = {}
    for pause in pauses:
        event = squad_event(random)
        before = len(stage.heard)
        stage.tell(event)
        now = stage.clock.seconds
        told[f"T{event.task}"] = told[event.agent or ""] = now
        stage.wait(pause)
        for at, call in stage.heard[before:]:
            if call.cue.task is not None and call.caption:
                assert at - told[f"T{call.cue.task}"] <= STALE_S


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.lists(st.sampled_from([0.0, 0.2, 1.0, 3.0]), min_size=1, max_size=100))
def test_the_klaxon_always_wins(seed: int, pauses: list[float]) -> None:
    stage, random = Stage(seed), Random(seed)
    sounded: dict[str, float] = {}
    until = 0.0
    for pause in pauses:
        event = squad_event(random, 6)
        calls = stage.tell(event)
        alarms = isinstance(event, LoopDetected) or (isinstance(event, AgentHealth) and event.health == "stuck")
        now, agent = stage.clock.seconds, event.agent or ""
        if alarms and now >= until and now >= sounded.get(agent, -99) + 30:
            assert [call.signal.channel for call in calls] == [Channel.ALERT]
            assert calls[0].effect is not None
            sounded[agent], until = now, now + calls[0].effect.seconds
        stage.wait(pause)


def test_a_storm_of_600_events_in_a_minute_is_some_thirty_cues() -> None:
    for seed in range(12):
        stage, random = Stage(seed), Random(seed)
        for _ in range(600):
            stage.tell(squad_event(random))
            stage.wait(0.1)
        assert 25 <= len(stage.heard) <= 40, seed
