"""What one mission is sent out with, how it is held or broken off, and how it reports."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from agents.missions.attempt import HandOver
from agents.missions.proof import Judgement
from agents.models.chat import ChatModel
from agents.store import Expected
from agents.tasks import Arm, CheckResult, Frozen, Grade, Mission, Task


@dataclass
class Steering:
    """How a mission is held between its steps, and what becomes of it when it is broken off: whoever does that says."""

    proceed: Callable[[], Awaitable[bool]]
    """Waits while the task is paused; True when it had to."""
    admitted: Callable[[], Awaitable[bool]]
    """Whether the task may still begin, now that there is a slot for it."""
    paused: Callable[[], bool] = lambda: False
    reason: str = "cancelled"
    interrupted: bool = False
    """It is no end of the task: it goes on later."""
    whole: "Steering | None" = None
    """The task's own, where this is one of several missions beside each other: without a reason it ends as that."""

    def ending(self) -> tuple[str, bool]:
        """Why it is broken off, and whether it goes on later."""
        return self.whole.ending() if self.whole is not None and not self.reason else (self.reason, self.interrupted)


@dataclass(frozen=True)
class Ordered:
    """What is special about a mission that writes a part of a work order."""

    part: str
    """Which: part 1 of 3."""
    protected: Mapping[str, str]
    """Files that are as they are, whatever the mission does to them, by path: the acceptance check."""
    kept: bool
    """These files belong to the result."""
    whose: str
    """Whose the check is, in words: the check written by sonnet."""
    title: str
    """Of the whole task."""


@dataclass(frozen=True)
class Orders:
    """What one mission is to do."""

    task: Task
    arm: Arm
    number: int
    attempt: int
    """1 for the task's first attempt: missions that planned or reviewed it were none."""
    agent: str
    model: ChatModel
    grade: Grade | None
    base_commit: str
    start_commit: str
    check: str | None
    own_check: bool
    base_check: CheckResult | None
    hand_over: HandOver | None
    steering: Steering
    expected: Expected
    """What was known before, to be kept beside what the check says."""
    ordered: Ordered | None = None
    """Its check is that of the whole order and stands only with the last part: without one, the part is written."""


class Report(Frozen):
    """How a mission ended. `stopped` is set when the surroundings or the budget ended it, not the task."""

    mission: Mission
    judgement: Judgement
    files: tuple[str, ...] = ()
    stopped: str | None = None
    over_budget: bool = False
    environment: bool = False
    hopeless: bool = False
    """The same tier in the same way would end the same: the task does not fit the model."""
    stalled: bool = False
    """It stood still for too long."""
