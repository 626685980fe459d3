"""The engine as the screen sees it: exactly what it calls, no more. `agents.headquarters.Headquarters` satisfies it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from pathlib import Path

    from agents.events import Event
    from agents.models.chat import Message
    from agents.permission import Answer, Ask
    from agents.settings import Settings
    from agents.store import Store
    from agents.tasks import Agent, Mission, NewTask, Task


class Credits(Protocol):
    """Today's money, in nano-dollars."""

    @property
    def spent_nano(self) -> int:
        """What settled calls cost."""

    @property
    def reserved_nano(self) -> int:
        """What calls on their way may cost at most."""

    @property
    def cap_nano(self) -> int:
        """The day's hard cap: the one in force, raised or not."""

    @property
    def unknown_calls(self) -> int:
        """Calls whose price nobody knows."""

    @property
    def saved_nano(self) -> int | None:
        """An estimate: what today's free work would have cost in a paid tier. None: nobody knows."""


class Base(Protocol):
    """Where the person's repository stands."""

    @property
    def branch(self) -> str | None:
        """The checked-out branch; None when HEAD is detached."""


class Repository(Protocol):
    """The person's folder."""

    @property
    def root(self) -> Path:
        """Its top."""

    async def base(self) -> Base:
        """Its current commit and branch."""


class EventStream(Protocol):
    """A subscription to the bus."""

    def __aiter__(self) -> EventStream:
        """Itself."""

    async def __anext__(self) -> Event:
        """The next event; ends after `close`."""

    def close(self) -> None:
        """No more events."""


class Approvals(Protocol):
    """What agents ask."""

    async def waiting(self) -> Sequence[Ask]:
        """What waits for an answer in this repository, oldest first."""

    async def answer(
        self, numbers: Collection[int], answer: Answer, *, message: str = "", remember: bool = False
    ) -> object:
        """Answer those that still wait."""


class Command(Protocol):
    """What the command center asks of the engine. Every method raises the engine's own errors, made for people."""

    @property
    def settings(self) -> Settings:
        """The merged configuration."""

    @property
    def simulated(self) -> bool:
        """The models are scripted: said everywhere."""

    @property
    def walled(self) -> bool:
        """Agents' commands are held by a wall. False: they run as the person, which the header says."""

    @property
    def warnings(self) -> tuple[str, ...]:
        """What a person should know about this opening."""

    @property
    def store(self) -> Store:
        """What is kept on this home, for the screens that add it up. They only read."""

    @property
    def repository(self) -> Repository:
        """The person's folder."""

    @property
    def approvals(self) -> Approvals:
        """What agents ask, and the answers to it."""

    def events(self) -> EventStream:
        """Everything that happens from now on."""

    def listen(self, listener: Callable[[Event], None]) -> Callable[[], None]:
        """Call `listener` the moment an event of this process is told; returns how to stop it."""

    async def history(self, limit: int) -> Sequence[Event]:
        """The last events of this repository, oldest first."""

    def agents(self) -> tuple[Agent, ...]:
        """The roster."""

    def under_way(self) -> frozenset[int]:
        """The tasks this process carries out or has queued, not those of other War Rooms on the home."""

    async def post(self, new: NewTask) -> Task:
        """Put a task on the board."""

    async def dispatch(self, task_id: int) -> Task:
        """Queue an open task."""

    async def dispatch_all(self) -> list[Task]:
        """Queue every open task."""

    async def cancel(self, task_id: int) -> object:
        """Stop a task now."""

    async def accept(self, task_id: int) -> Task:
        """Merge a result onto the person's branch."""

    async def reject(self, task_id: int) -> Task:
        """Throw a result away."""

    async def retry(self, task_id: int, comment: str = "") -> Task:
        """Send a task back to the agents."""

    async def pause(self, task_id: int) -> Task:
        """Hold a task before its next step."""

    async def resume(self, task_id: int) -> Task:
        """Let a held task go on."""

    async def escalate(self, task_id: int) -> Task:
        """Give a task to the next tier up."""

    async def force(self, task_id: int) -> Task:
        """Start a task whatever it waits for."""

    async def edit(self, task_id: int, **changes: Any) -> Task:
        """Change what was posted."""

    async def rework(self, task_id: int) -> Task:
        """Accept a result, or have it done again where it does not fit any more."""

    async def raise_daily_cap(self, usd: float) -> Credits:
        """Let today cost more, in every War Room of this home."""

    async def raise_task_cap(self, task_id: int, usd: float) -> Task:
        """Let a task cost more."""

    async def abort_all(self) -> object:
        """Cancel everything that is under way."""

    async def review(self, task_id: int) -> Task:
        """Have a stronger model read a result's diff."""

    async def send_back(self, task_id: int, comment: str = "") -> Task:
        """Send a task back with what its review found."""

    async def split(self, task_id: int) -> tuple[Task, ...]:
        """Have a task divided into parts, which wait for approval."""

    async def approve(self, task_id: int) -> tuple[Task, ...]:
        """Send out the parts of a split task."""

    async def parts(self, task_id: int) -> Sequence[Task]:
        """The parts of a split task."""

    async def diff(self, task_id: int) -> str:
        """What the result changes."""

    async def task(self, task_id: int) -> Task:
        """One task, as stored."""

    async def tasks(self) -> list[Task]:
        """This repository's board."""

    async def missions(self, task_id: int) -> Sequence[Mission]:
        """Attempts at a task, oldest first."""

    async def open_missions(self) -> Sequence[Mission]:
        """Missions under way."""

    async def transcript(self, mission_id: int) -> Sequence[Message]:
        """What was said in a mission so far."""

    async def credits(self) -> Credits:
        """Today's money."""
