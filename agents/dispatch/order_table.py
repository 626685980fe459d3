"""What the steps of an orchestrated attempt have in common: the task, the arm, who is asked, how one is sent out."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from agents.dispatch.council import Adviser, Council
from agents.dispatch.footing import Footing
from agents.dispatch.gate import ours
from agents.dispatch.readiness import Readiness
from agents.dispatch.slots import Slot
from agents.missions.advice import Question
from agents.missions.mission import Ground
from agents.missions.orders import Orders, Report, Steering
from agents.models.chat import ChatModel
from agents.store import Expected, Store
from agents.store.work_orders import AcceptanceCheck, Orchestration
from agents.tasks import Arm, CheckResult, Mission, Task, Variant

T = TypeVar("T")
LARGEST = 400_000
"""Bytes of a file that stubs are made from."""

Send = Callable[[Arm, Callable[[Slot, ChatModel], Awaitable[Orders]]], Awaitable[Report]]
"""Sends an agent of the arm's tier out, in a slot, with the orders that are made for it there."""


@dataclass(frozen=True)
class Table:
    """One task on its way through one orchestrated arm."""

    council: Council
    task: Task
    arm: Arm
    footing: Footing
    ready: Readiness
    steering: Steering
    expected: Expected
    failure: str
    """How the last attempt before it failed."""
    send: Send

    @property
    def ground(self) -> Ground:
        """Of its Headquarters."""
        return self.council.ground

    @property
    def store(self) -> Store:
        """Of its Headquarters."""
        return self.ground.store

    def where(self, mission: Mission | None) -> dict[str, Any]:
        """The fields of an event about the order, stamped now."""
        who = {"mission": mission.id, "agent": mission.agent, "tier": mission.tier} if mission else {}
        return {"at": self.ground.clock.now(), "task": self.task.id, **who}

    def writers(self, state: Orchestration | None = None) -> set[str]:
        """The models that write code here."""
        handed = {part.tier for part in state.parts if part.tier} if state else set()
        return {self.arm.model, *(self.ground.settings.tiers[name].model for name in handed)}

    def protected(self, check: AcceptanceCheck | None) -> dict[str, str]:
        """The files nobody changes who is judged by them, by path."""
        return {check.path: check.content} if check is not None and check.written else {}

    async def ask(self, adviser: Adviser, question: Question[T], *, commit: str) -> tuple[T, Mission]:
        """The answer to `question` and its mission; nobody is asked, and paid, while the task is paused. Raises
        NoAdviser, NoAdvice, NoFunds."""
        await self.steering.proceed()
        return await self.council.advise(adviser, self.task, question, commit=commit, provided=ours(self.ground.owner))

    async def with_check(self, commit: str, check: AcceptanceCheck | None) -> str:
        """`commit` with the check as it was written."""
        files = self.protected(check)
        return await self.ground.repository.with_files(commit, files) if files else commit

    async def prove(self, command: str, commit: str, *, on: Literal["base", "result"]) -> CheckResult:
        """One run of `command` on a clean checkout, told."""
        return await self.ground.prover.run(
            command, commit, on=on, emit=self.store.append, where=lambda: self.where(None)
        )

    async def texts(self, commit: str, names: Sequence[str]) -> dict[str, str]:
        """Those of the files `names` that are there in `commit` and are text."""
        found: dict[str, str] = {}
        there = set(await self.ground.repository.files_at(commit))
        async with self.ground.repository.checkout(commit) as root:
            for name in names:
                path = root / name
                if name in there and path.is_file() and not path.is_symlink() and path.stat().st_size <= LARGEST:
                    data = path.read_bytes()
                    found[name] = "" if b"\0" in data else data.decode("utf-8", "replace")
        return found

    async def missions(self, state: Orchestration) -> list[Mission]:
        """All missions of this attempt so far."""
        return [
            one
            for one in await self.store.missions(self.task.id)
            if one.variant is Variant.ORCHESTRATED and one.number >= state.since
        ]
