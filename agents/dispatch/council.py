"""The council: stronger models that plan and review. They take slots, cost money and can be stopped like any agent,
and they write nothing."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, TypeVar

from agents.dispatch.ending import used_up
from agents.dispatch.leaving import Leave, Spawn
from agents.dispatch.owner import is_alive
from agents.dispatch.readiness import look
from agents.dispatch.slots import Slots
from agents.missions.advice import NoAnswer, Question, Seat, advise, question_room
from agents.missions.mission import Ground, being_cancelled
from agents.models.connect import Connect
from agents.models.errors import ModelError
from agents.refusals import NoAdvice, NoAdviser, NoFunds, NotPossible
from agents.settings import TierSettings
from agents.store import OverBudget, UnknownPrice
from agents.tasks import Mission, Role, Task
from agents.workspace.git import to_the_end

T = TypeVar("T")

NOT = {Role.PLAN: "not split", Role.REVIEW: "not reviewed", Role.JUDGE: "not judged"}
_BEING = {Role.PLAN: "planned", Role.REVIEW: "reviewed", Role.JUDGE: "judged"}


@dataclass(frozen=True)
class Adviser:
    """The tier that is asked."""

    tier: str
    settings: TierSettings

    @property
    def room(self) -> int:
        """Tokens of a question and everything shown with it."""
        return question_room(self.settings.max_tokens, self.settings.num_ctx)


class Council:
    """Asks advisers, one question about a task at a time; what it asks beside the squad ends with the squad."""

    def __init__(self, ground: Ground, slots: Slots, connect: Connect, leave: Leave, spawn: Spawn) -> None:
        self.ground = ground
        self._slots = slots
        self._connect = connect
        self._leave = leave
        self._spawn = spawn
        self._asking: dict[asyncio.Task[Any], int] = {}
        """What is being asked, and about which task."""

    async def adviser(self, role: Role, task: Task) -> Adviser:
        """The first tier with `role` that can be reached now. Raises NoAdviser, with what to do."""
        settings = self.ground.settings
        tiers = {name: tier for name, tier in settings.tiers.items() if tier.enabled and role.value in tier.roles}
        if not tiers:
            raise NoAdviser(
                f"{task.label} was {NOT[role]}: no tier that is switched on has the role {role.value!r}; give one of "
                f'them tiers.NAME.roles = ["{role.value}"] in warroom.toml'
            )
        ready = await look(settings.model_copy(update={"tiers": tiers}), self.ground.store)
        for name, tier in tiers.items():
            if name in ready.available:
                return Adviser(name, tier)
        raise NoAdviser(f"{task.label} was {NOT[role]}: {'; '.join(ready.missing.values())}")

    async def advise(
        self, adviser: Adviser, task: Task, question: Question[T], *, commit: str, provided: Callable[[Task], None]
    ) -> tuple[T, Mission]:
        """The answer to `question` and its mission. Raises NoAdviser, NoAdvice, NoFunds, and what `provided` raises."""
        said = f"{task.label} was {question.failing or NOT[question.role]}: "
        slot = await self._slots.take(adviser.tier, priority=task.priority, task=task.id)
        try:
            model = self._connect(adviser.tier, adviser.settings, slot.url)
        except BaseException:
            await self._slots.give_back(slot)
            raise
        seat = Seat(adviser.tier, slot.callsign, model)
        try:
            return await advise(self.ground, seat, task, question, commit=commit, provided=provided)
        except NoAnswer as error:
            raise NoAdvice(f"{said}{error} (its words are in `warroom show {task.label}`)") from error
        except (OverBudget, UnknownPrice) as error:
            raise NoFunds(f"{said}{error}") from error
        except ModelError as error:
            raise (NoAdviser if error.environment else NoAdvice)(f"{said}{error}") from error
        finally:
            self._spawn(self._leave(slot, model))
            await to_the_end(self._count(task.id))

    async def _count(self, task_id: int) -> None:
        """What the task has used up, this question included."""
        await self.ground.store.save_task(task_id, **await used_up(self.ground.store, task_id))

    async def require_unasked(self, role: Role, task: Task) -> None:
        """Raises NotPossible when an adviser is busy with the same question, here or in another War Room."""
        busy = [
            mission
            for mission in await self.ground.store.missions(task.id)
            if mission.role is role and mission.finished_at is None and is_alive(mission.owner)
        ]
        if busy:
            raise NotPossible(f"{task.label} is being {_BEING[role]} by {busy[0].agent} already")

    def begin(self, task: Task, work: Coroutine[Any, Any, T]) -> "asyncio.Task[T]":
        """Do `work` about `task` in the background, where `stop` and `join` find it."""
        asking = asyncio.create_task(work, name=f"{task.label} advice")
        self._asking[asking] = task.id
        asking.add_done_callback(self._ended)
        return asking

    def _ended(self, asking: "asyncio.Task[Any]") -> None:
        del self._asking[asking]
        if not asking.cancelled():
            asking.exception()  # whoever waits has it; if nobody does, it must not be complained of at the end

    def _about(self, task_id: int) -> set["asyncio.Task[Any]"]:
        return {asking for asking, about in self._asking.items() if about == task_id}

    async def hold(self, task: Task, work: Coroutine[Any, Any, T]) -> T:
        """Do `work` about `task`, and wait; whoever waits here and is cancelled stops it.

        Raises what `work` raises, and NotPossible when it was stopped, or when something is asked about `task` already.
        """
        if self._about(task.id):
            work.close()
            raise NotPossible(f"{task.label} is being looked at already: wait for what comes of it, or cancel it")
        try:
            return await self.begin(task, work)
        except asyncio.CancelledError:
            if being_cancelled():
                raise
            raise NotPossible(f"{task.label}: that was stopped before it was done") from None

    async def stop(self, task_id: int) -> None:
        """Stop what is being asked about the task: the stream closed, the slot free."""
        for asking in (about := self._about(task_id)):
            asking.cancel()
        if about:
            await asyncio.wait(about)

    async def join(self, task_id: int) -> None:
        """Until nothing is asked about the task any more."""
        while about := self._about(task_id):
            await asyncio.wait(about)

    async def idle(self) -> None:
        """Until nothing is asked at all."""
        while self._asking:
            await asyncio.wait(set(self._asking))

    async def close(self) -> None:
        """Stop everything."""
        for task_id in set(self._asking.values()):
            await self.stop(task_id)
