"""A director to test: a clock that is moved by hand, a script without files, events of a squad."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

from agents.clock import SystemClock
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
    ModelDelta,
    ModelFailed,
    TaskFinished,
    TaskPosted,
    TaskStatusChanged,
    TokenCounts,
    ToolFinished,
)
from agents.tasks import Health, Outcome, Role, TaskStatus, Variant, Way
from sounds.calls import Call
from sounds.clips import Clip
from sounds.director import Director
from sounds.signals import Channel
from sounds.taste import Taste

AT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
VOICES = ("am_fenrir", "am_michael", "bm_george")
EFFECTS = {"klaxon": 1.5, "fanfare": 1.3, "failure": 0.9, "sonar": 0.8, "clank": 0.6, "warn": 0.5, "squelch": 0.2}


class HandClock(SystemClock):
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def now(self) -> datetime:
        return AT + timedelta(seconds=self.seconds)

    def monotonic(self) -> float:
        return self.seconds


class Lines:
    """Two advisor's lines and two of each unit voice for every event; the effects of our own pack."""

    voices: Sequence[str] = VOICES

    def lines(self, event: str) -> Sequence[Clip]:
        advisor = [Clip(Path(f"{event}_{n}.wav"), f"advisor {n}", 1.3 + n, "advisor", "bf_emma") for n in (0, 1)]
        units = [Clip(Path(f"{event}_{v}_{n}.wav"), f"{v} {n}", 1.2 + n, "unit", v) for v in VOICES for n in (0, 1)]
        return [] if event.startswith(("budget.spent", "key.")) else advisor + units

    def effect(self, name: str) -> Clip | None:
        return Clip(Path(f"fx_{name}.wav"), name, EFFECTS.get(name, 0.1))


class Stage:
    """A director, and everything it had heard, with the time."""

    def __init__(self, seed: int = 7, taste: Taste | None = None) -> None:
        self.clock = HandClock()
        self.director = Director(self.clock, Random(seed), Lines(), taste, UTC)
        self.heard: list[tuple[float, Call]] = []

    def note(self, calls: Sequence[Call]) -> list[Call]:
        self.heard += [(self.clock.seconds, call) for call in calls]
        return list(calls)

    def tell(self, event: Event) -> list[Call]:
        """`event` happens now."""
        return self.note(self.director.take(event.model_copy(update={"at": self.clock.now()})))

    def wait(self, seconds: float) -> list[Call]:
        """Time passes, and the director is woken whenever it asked for that."""
        until, calls = self.clock.seconds + seconds, []
        while (due := self.director.due()) <= until:
            self.clock.seconds = max(self.clock.seconds, due)
            calls += self.note(self.director.advance())
        self.clock.seconds = until
        return calls

    @property
    def events(self) -> list[str]:
        return [call.cue.event for _, call in self.heard]

    def spoken(self) -> list[tuple[float, Call]]:
        """What was on the voice channel or the alert's."""
        return [(at, call) for at, call in self.heard if call.signal.channel is not Channel.UI]


def started(task: int = 12, agent: str = "CodeX-7", role: Role = Role.CODE) -> MissionStarted:
    told = {"number": 1, "model": "m", "way": Way.LOOP, "variant": Variant.ONCE, "branch": "b", "role": role}
    return MissionStarted(at=AT, task=task, mission=task, agent=agent, **told)


def finished(task: int = 12, outcome: Outcome = Outcome.PROVEN, status: TaskStatus = TaskStatus.REVIEW) -> TaskFinished:
    told = {"complexity": 3, "missions": 1, "steps": 1, "cost_usd": None, "tokens": TokenCounts(), "seconds": 1}
    return TaskFinished(at=AT, task=task, outcome=outcome, status=status, reason="", **told)


def stuck(task: int = 12, agent: str = "Viper-2") -> AgentHealth:
    return AgentHealth(at=AT, task=task, agent=agent, health=Health.STUCK)


def needs(task: int = 12, agent: str = "Viper-2") -> ApprovalRequested:
    return ApprovalRequested(at=AT, task=task, agent=agent, question="May I?")


def status(task: int, to: TaskStatus, reason: str = "") -> TaskStatusChanged:
    return TaskStatusChanged(at=AT, task=task, status=to, reason=reason)


def squad_event(random: Random, agents: int = 12) -> Event:
    """Something that happens in a squad of `agents`, as often as it does in a busy one."""
    number = random.randrange(agents)
    agent, task = f"Unit-{number}", 100 + number
    where = {"at": AT, "task": task, "agent": agent, "mission": task}
    made: Sequence[tuple[int, Callable[[], Event]]] = (
        (20, lambda: ToolFinished(**where, call=1, tool="shell_run", ok=True, summary="", seconds=1)),
        (20, lambda: ModelDelta(**where, text="word ")),
        (15, lambda: BudgetSpent(**where, call=1, amount_nano=9, today_nano=9, cap_nano=99)),
        (10, lambda: started(task, agent)),
        (8, lambda: finished(task, random.choice((Outcome.PROVEN, Outcome.VERIFIED, Outcome.UNVERIFIED)))),
        (5, lambda: finished(task, Outcome.FAILED, TaskStatus.FAILED)),
        (5, lambda: AgentCooling(**where, seconds=3)),
        (5, lambda: AgentHealth(**where, health=Health.READY)),
        (3, lambda: MissionEscalated(**where, to_tier="sonnet", variant=Variant.ONCE, reason="")),
        (3, lambda: needs(task, agent)),
        (3, lambda: LoopDetected(**where, tool="shell_run", times=3, action="stopped")),
        (2, lambda: stuck(task, agent)),
        (2, lambda: TaskPosted(at=AT, task=task, title="", priority=5)),
        (1, lambda: ModelFailed(**where, model="m", error="rate_limited", message="", retry_in_s=3)),
        (1, lambda: BudgetWarning(at=AT, today_nano=81, cap_nano=100)),
        (1, lambda: BudgetExhausted(at=AT, scope="day", needed_nano=1, cap_nano=1)),
    )
    return random.choices([make for _, make in made], [weight for weight, _ in made])[0]()
