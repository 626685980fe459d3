"""What a way of working is given, and the typed ways it can end early."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from agents.clock import Clock
from agents.events import Event
from agents.missions.beginning import where_of
from agents.missions.calls import ModelCalls
from agents.models.chat import Message
from agents.settings import Settings
from agents.tasks import Arm, Grade, Mission, Task, Variant
from agents.tools.toolbox import Toolbox

if TYPE_CHECKING:
    from agents.missions.stall import StallWatch


class AttemptEnded(Exception):
    """The attempt stops here; the message is the reason, for people. What was written so far is still checked."""


class LimitReached(AttemptEnded):
    """Steps, wall clock or money of this mission are used up."""


class Stuck(AttemptEnded):
    """The loop watch stopped it, or the model cannot keep to the format."""


@dataclass(frozen=True)
class HandOver:
    """What a later attempt learns from an earlier one: never the transcript."""

    diff: str
    failure: str
    """The check's failing output, made readable and trimmed."""
    note: str = ""
    """What ended the attempt."""
    comment: str = ""
    """What the person said when they sent the task back."""
    plan: str = ""
    """How a stronger model would go about it."""

    @property
    def tried(self) -> bool:
        """There was an attempt to learn from."""
        return bool(self.diff or self.failure or self.note)


class Emit(Protocol):
    """Stores and tells what happened in a mission."""

    async def __call__(self, *events: Event, message: Message | None = None) -> None:
        """All of it in one transaction: `events`, and `message` at the end of the mission's transcript."""


@dataclass(frozen=True)
class Attempt:
    """One mission's surroundings, handed to a way of working."""

    task: Task
    mission: Mission
    arm: Arm
    grade: Grade | None
    settings: Settings
    root: Path
    calls: ModelCalls
    stall: "StallWatch"
    """Told what tools print; held while the mission waits (`suspended`) or a person holds it (`paused`)."""
    toolbox: Toolbox
    emit: Emit
    check: str | None
    base_failure: str
    """How the check failed on the base, readable; empty when it was green or is hidden."""
    context: str
    """Project context, trimmed to the window."""
    conventions: str
    """The project's guides and skills, as far as this task needs them; fenced."""
    hand_over: HandOver | None
    ordinal: int
    """1 for the task's first attempt."""
    max_steps: int
    clock: Clock
    proceed: Callable[[], Awaitable[None]]
    """Awaited before each step: it waits while a person holds the task."""
    files: tuple[str, ...] = ()
    """The repository's files, relative."""

    @property
    def retries(self) -> bool:
        """It goes on from work that failed, and sees how."""
        variant = self.arm.variant
        again = self.hand_over is not None and self.hand_over.tried
        return variant is Variant.RETRY or (variant is Variant.ORCHESTRATED and again)

    @property
    def is_first_try(self) -> bool:
        """Nothing of the same kind failed before it, or is tried beside it."""
        variant = self.arm.variant
        return variant is Variant.ONCE or (variant is Variant.ORCHESTRATED and not self.retries)

    @property
    def temperature(self) -> float:
        """Of a first try."""
        return self.settings.tiers[self.arm.tier].temperature

    def where(self) -> dict[str, Any]:
        """The fields every event of this mission carries, stamped now."""
        return where_of(self.clock, self.mission)
