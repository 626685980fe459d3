"""A mission that only reads: one question, one answer in a given form, at most one correction. It has an agent, a
transcript and a bill like any other, and no worktree, no branch and no tools: there is nothing it could write with."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any, Generic, TypeVar

from agents.events import AgentHealth, Event, MissionStarted
from agents.missions.answer import Unreadable
from agents.missions.beginning import where_of
from agents.missions.calls import ModelCalls
from agents.missions.closing import close_mission
from agents.missions.conversation import Conversation
from agents.missions.mission import Ground, being_cancelled
from agents.missions.stopwatch import Stopwatch
from agents.models.chat import ChatModel, ChatRequest, Finished, Message, StopReason
from agents.sanitize import one_line
from agents.tasks import Health, Mission, Outcome, Role, Task, Variant, Way
from agents.workspace.git import to_the_end

T = TypeVar("T")

CORRECTION = "That cannot be used: {problem}. Answer once more with the whole JSON object, and with nothing else."
CUT = "it was cut at the token limit: be briefer"
WORDING_TOKENS = 400
"""Kept free for the correction and for what a chat template adds."""


class NoAnswer(Exception):
    """The model was asked twice, or not at all; the message says why there is nothing, for people."""


@dataclass(frozen=True)
class Question(Generic[T]):
    """What is asked, and how the answer is read."""

    role: Role
    doing: str
    """What the agent does meanwhile, in three words: reads the diff."""
    system: str
    content: str
    schema: dict[str, Any]
    read: Callable[[str], T]
    """Raises Unreadable."""
    told: Callable[[T], str]
    """The answer in one sentence."""
    variant: Variant = Variant.ONCE
    """Of the arm it is asked for; once: for itself."""
    failing: str = ""
    """What the task was not where no answer comes: not ordered. Empty: as its role says."""
    most_tokens: int | None = None
    """Of an answer, with what is thought before it; None: as the tier is set."""


@dataclass(frozen=True)
class Seat:
    """Who answers: a tier's model in one of its slots."""

    tier: str
    agent: str
    model: ChatModel


async def advise(
    ground: Ground, seat: Seat, task: Task, question: Question[T], *, commit: str, provided: Callable[[Task], None]
) -> tuple[T, Mission]:
    """Ask `question` about `task`; the answer and the mission it came from, which has ended either way.

    `commit` is what the question is about. `provided` gets the task as it stands when the mission begins, and raises
    when there is nothing to ask any more. Raises NoAnswer, ModelError, OverBudget, UnknownPrice.
    """
    begun: list[_Advice[T]] = []

    async def begin() -> None:
        begun.append(
            _Advice(
                ground, seat, question, await _begin(ground, seat, task, question, commit=commit, provided=provided)
            )
        )

    try:
        await to_the_end(begin())
        answer = await begun[0].run(task)
    except asyncio.CancelledError:
        for advice in begun:
            await to_the_end(advice.end(Outcome.CANCELLED, "cancelled"))
        raise
    except Exception as error:
        cancelled = being_cancelled()  # what was torn down may complain in its own words
        for advice in begun:
            reason = "cancelled" if cancelled else one_line(str(error), 300) or type(error).__name__
            await to_the_end(advice.end(Outcome.CANCELLED if cancelled else Outcome.FAILED, reason))
        if cancelled:
            raise asyncio.CancelledError from error
        raise
    # An opinion: nothing was run that could prove it.
    return answer, await to_the_end(begun[0].end(Outcome.UNVERIFIED, question.told(answer)))


async def _begin(
    ground: Ground, seat: Seat, task: Task, question: Question[T], *, commit: str, provided: Callable[[Task], None]
) -> Mission:
    def started(mission: Mission) -> tuple[Event, ...]:
        return (
            MissionStarted(
                **where_of(ground.clock, mission),
                number=mission.number,
                model=one_line(mission.model, 80),
                way=mission.way,
                variant=mission.variant,
                role=mission.role,
                branch="",
                why=question.doing,
            ),
        )

    return await ground.store.insert_mission(
        task=task.id,
        number=None,
        agent=seat.agent,
        tier=seat.tier,
        model=seat.model.model,
        way=Way.DIRECT,
        variant=question.variant,
        role=question.role,
        owner=ground.owner,
        branch="",
        worktree="",
        start_commit=commit,
        events=started,
        provided=provided,
    )


class _Advice(Generic[T]):
    def __init__(self, ground: Ground, seat: Seat, question: Question[T], mission: Mission) -> None:
        self._ground = ground
        self._seat = seat
        self._question = question
        self._mission = mission

    async def run(self, task: Task) -> T:
        """The answer. Raises as `advise` does."""
        limit_s = self._ground.settings.mission.timeout_s
        watch = Stopwatch(self._ground.clock)
        asking = asyncio.create_task(self._asked(self._calls(task, watch)))
        over = asyncio.create_task(watch.reaches(limit_s))
        try:
            await asyncio.wait({asking, over}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            await to_the_end(_end(asking, over))
        if asking.cancelled():
            raise NoAnswer(f"no answer came within {limit_s:g} s")
        return asking.result()

    async def _asked(self, calls: ModelCalls) -> T:
        conversation = Conversation(calls.store, self._mission.id)
        await self._report(self._question.doing, step=1)
        await conversation.add(Message(role="user", content=self._question.content))
        finished = await self._call(calls, conversation)
        try:
            return self._read(finished)
        except Unreadable as error:
            await self._report("asks once more", step=2)
            await conversation.add(Message(role="user", content=CORRECTION.format(problem=error)))
        finished = await self._call(calls, conversation)
        try:
            return self._read(finished)
        except Unreadable as error:
            raise NoAnswer(f"no usable answer came, twice: {one_line(str(error), 200)}") from error

    async def _call(self, calls: ModelCalls, conversation: Conversation) -> Finished:
        tier = self._ground.settings.tiers[self._seat.tier]
        request = ChatRequest(
            system=self._question.system,
            messages=(),
            max_tokens=reply_room(
                min(tier.max_tokens, self._question.most_tokens or tier.max_tokens), calls.model.window
            ),
            schema=self._question.schema,
        )
        return await calls.call(conversation.fitted(request, calls.model.window), conversation)

    def _read(self, finished: Finished) -> T:
        if finished.stop is StopReason.REFUSAL:
            raise NoAnswer("the model refused")
        try:
            return self._question.read(finished.message.content)
        except Unreadable as error:
            if finished.stop is StopReason.MAX_TOKENS:
                raise Unreadable(CUT) from error
            raise

    def _calls(self, task: Task, watch: Stopwatch) -> ModelCalls:
        ground, settings = self._ground, self._ground.settings
        return ModelCalls(
            self._seat.model,
            store=ground.store,
            mission=self._mission,
            clock=ground.clock,
            random=Random(f"{ground.seed}:{task.id}:{self._mission.number}"),
            daily_cap_nano=settings.budget.daily_nano,
            task_cap_nano=settings.budget.task_nano,
            warn_at=settings.budget.warn_at,
            free=settings.tiers[self._seat.tier].free,
            redact=settings.sandbox.redact_prompts,
            on_activity=self._report,
            suspended=watch.held,
            held=watch.held,
        )

    async def _report(self, note: str, step: int = 0) -> None:
        health = AgentHealth(**where_of(self._ground.clock, self._mission), health=Health.WORKING, step=step, note=note)
        await self._ground.store.append(health)

    async def end(self, outcome: Outcome, reason: str) -> Mission:
        """Its row and its money in order, whatever became of it."""
        return await close_mission(self._ground.store, self._ground.clock, self._mission, outcome, reason)


async def _end(*tasks: "asyncio.Task[Any]") -> None:
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)
    for task in tasks:
        if not task.cancelled():
            task.exception()  # asked for, so that nobody complains that it was not


def reply_room(max_tokens: int, window: int) -> int:
    """Tokens of one answer: as the tier is set, but at most half the window."""
    return min(max_tokens, window // 2)


def question_room(max_tokens: int, window: int) -> int:
    """Tokens of the question and everything shown with it: what answers, a correction and our own words leave."""
    return max(0, window - 2 * reply_room(max_tokens, window) - WORDING_TOKENS)
