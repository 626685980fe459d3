"""What agents want beyond their walls: allowed by what a person said before, refused where nobody can be asked, else
put to a person. The queue is in the store, so any War Room of this home may answer."""

import asyncio
import re
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from agents.clock import Clock
from agents.events import AgentHealth, ApprovalAnswered, ApprovalRequested, Event
from agents.missions.beginning import where_of
from agents.permission import Answer, Ask, NewAsk, Reach, Ruling, Wish
from agents.redactor import SECRETS
from agents.refusals import NotPossible
from agents.sanitize import one_line, visible
from agents.settings import SandboxSettings
from agents.store import Store
from agents.tasks import Health, Mission
from agents.tools.patterns import matches, pattern_of

NOBODY = "nobody is here to allow it"
_COVERED = "redaction"
_WORD = re.compile(r"[\w+/=.:@%-]*", re.ASCII)
_DENIED = "A person did not allow this command"
_GO_ON = "Do not try it again; go on without it, or call finish and say what is missing."


@dataclass(frozen=True, slots=True)
class Attendance:
    """Who answers what agents ask."""

    attended: bool = False
    """A person is there."""
    yes_in_sandbox: bool = False
    """What crosses no wall needs no asking."""
    scripted: bool = False
    """No model wrote the commands but we did: nothing needs asking."""


ALONE = Attendance()
SCRIPTED = Attendance(scripted=True)
"""The simulation: its commands are our own, so it plays unattended where there is no wall too."""


class Approvals:
    """Rules over the wishes of the missions of one Headquarters."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        settings: SandboxSettings,
        *,
        repo: str,
        owner: str,
        who: Attendance,
    ) -> None:
        self._store, self._clock, self._settings = store, clock, settings
        self._repo, self._owner = repo, owner
        self._who = who
        self.answerable = who.attended or settings.headless == "wait"
        """Somebody may answer."""
        self._waiting: dict[int, asyncio.Future[ApprovalAnswered]] = {}
        self._tasks: Counter[int] = Counter()
        self.entered = asyncio.Event()
        """Set when a task comes to wait; whoever waits for that clears it."""

    @property
    def held(self) -> frozenset[int]:
        """The tasks of which something waits for a person's word."""
        return frozenset((+self._tasks).keys())

    def hear(self, event: Event) -> None:
        """Something happened, here or in another War Room."""
        if isinstance(event, ApprovalAnswered) and event.ask in self._waiting and event.ask is not None:
            answered = self._waiting[event.ask]
            if not answered.done():
                answered.set_result(event)

    async def rule(self, mission: Mission, wish: Wish, *, step: int = 0) -> Ruling:
        """Whether an agent may run what it wants. Waits for a person where one has to say so; cancel it any time."""
        reach = wish.reach
        everything = reach.unwalled and not reach.listed and self._settings.unwalled == "allow"
        if not reach.crossings or self._who.scripted or everything:
            return Ruling(allowed=True)
        where = where_of(self._clock, mission)
        by_rule = await self._without_asking(mission.id, wish)
        if by_rule is None:
            return await self._put(mission, wish, step)
        answer, by, message = by_rule
        told = ApprovalAnswered(**where, answer=answer.value, question=question_of(wish), by=by, message=message)
        await self._store.append(told)
        why = message if by == _COVERED else NOBODY
        return Ruling(allowed=True) if answer.allows else Ruling(allowed=False, message=f"refused: {why}. {_GO_ON}")

    async def _without_asking(self, mission: int, wish: Wish) -> tuple[Answer, str, str] | None:
        """What a rule says, which rule, and why it refuses; None: a person has to be asked."""
        reach = wish.reach
        if reach.unwalled and self._settings.unwalled == "refuse":
            return Answer.REFUSED, "[sandbox] unwalled", 'there is no wall here, and unwalled is "refuse"'
        for grant in await self._store.grants(mission, self._repo):
            if grant.reach.covers(reach) and matches(grant.pattern, wish.command):
                return Answer.ALLOW, f"allowed before: {visible(str(grant.pattern))}", ""
        if self._who.yes_in_sandbox and reach.stays_within:
            return Answer.ALLOW, "--yes-in-sandbox", ""
        if not self.answerable:
            return Answer.REFUSED, "headless", how_to_allow(reach)
        if covers_more_than_words(wish.command):
            return Answer.REFUSED, _COVERED, "what looks like a secret in it would be covered, and is more than a word"
        return None

    async def _put(self, mission: Mission, wish: Wish, step: int) -> Ruling:
        """Put it to a person and wait."""
        new = NewAsk(
            task=mission.task,
            mission=mission.id,
            agent=mission.agent,
            tier=mission.tier,
            repo=self._repo,
            wish=wish,
            pattern=pattern_of(wish.command),
            owner=self._owner,
        )
        where = where_of(self._clock, mission)
        health = AgentHealth(**where, health=Health.NEEDS_YOU, step=step, note=one_line(f"asks: {wish.command}", 120))
        self._tasks[mission.task] += 1
        number: int | None = None
        try:
            ask = await self._store.insert_ask(new, lambda ask: (requested(ask, where), health))
            number = ask.id
            answered = self._waiting[number] = asyncio.get_running_loop().create_future()
            self.entered.set()
            known = await self._store.ask(number)  # the answer may have come before anybody listened for it
            if known is not None and known.answer is not None:
                ruling = ruling_of(known.answer.value, known.message)
            else:
                event = await answered
                ruling = ruling_of(event.answer, event.message)
        finally:
            self._tasks[mission.task] -= 1
            if number is not None:
                self._waiting.pop(number, None)
        await self._store.append(
            AgentHealth(**where_of(self._clock, mission), health=Health.WORKING, step=step, note="was answered")
        )
        return ruling

    # What a person says

    async def waiting(self) -> list[Ask]:
        """What waits for an answer in this repository, oldest first."""
        return await self._store.waiting_asks(self._repo)

    async def answer(
        self, numbers: Collection[int], answer: Answer, *, message: str = "", remember: bool = False
    ) -> tuple[Ask, ...]:
        """Answer those of `numbers` that still wait, whichever War Room waits for it; they. Raises NotPossible."""
        return await answer_asks(
            self._store, numbers, answer, message=message, remember=remember, by=f"a person ({self._owner})"
        )


async def answer_asks(
    store: Store, numbers: Collection[int], answer: Answer, *, message: str, remember: bool, by: str
) -> tuple[Ask, ...]:
    """The same without a Headquarters. Raises NotPossible when none of them waits any more."""
    if remember and not answer.allows:
        raise NotPossible("only what is allowed can be remembered: deny it without")
    answered = await store.answer_asks(numbers, answer, message=one_line(message, 1000), by=by, remember=remember)
    if not answered:
        named = ", ".join(f"A{number}" for number in sorted(numbers))
        raise NotPossible(f"{named} does not wait for an answer any more: `warroom approvals` lists what does")
    return answered


def covers_more_than_words(command: str) -> bool:
    """Whether a person who is shown `command` without its secrets would not see all that a shell does with it."""
    found = SECRETS.redaction(command)
    return any(not _WORD.fullmatch(command[start:end]) for start, end in found.spans)


def how_to_allow(reach: Reach) -> str:
    """What a person can do who finds it refused because nobody was there."""
    ways = ["the command center or --ask asks you"]
    if reach.stays_within:
        ways.append("--yes-in-sandbox allows it")
    if reach.unwalled and not reach.listed:
        ways.append('`unwalled = "allow"` under [sandbox] in your own config.toml allows all where there is no wall')
    return f"{NOBODY}: {'; '.join(ways)}"


def grouped(asks: Collection[Ask]) -> list[tuple[Ask, ...]]:
    """Asks that one answer does for, together; in the order of the oldest of each."""
    groups: list[list[Ask]] = []
    for ask in asks:
        group = next((group for group in groups if group[0].same_as(ask)), None)
        if group is None:
            groups.append([ask])
        else:
            group.append(ask)
    return [tuple(group) for group in groups]


def question_of(wish: Wish) -> str:
    """All of it on one line, for logs."""
    return one_line(f"{visible(wish.command)}  ({wish.reach})", 400)


def requested(ask: Ask, where: dict[str, Any]) -> ApprovalRequested:
    """The event of an ask. `where`: whose it is, and when."""
    wish = ask.wish
    return ApprovalRequested(
        **where,
        question=question_of(wish),
        ask=ask.id,
        command=visible(wish.command),
        folder=visible(wish.folder),
        reason=wish.reason,
        crossings=tuple(crossing.value for crossing in wish.reach.crossings),
        reach=visible(str(wish.reach)),
        pattern=visible(str(ask.pattern)),
    )


def ruling_of(answer: str, message: str) -> Ruling:
    """What the agent is told."""
    said = Answer(answer)
    if said.allows:
        return Ruling(allowed=True)
    if said is Answer.DENY:
        words = f': "{message}"' if message else ""
        return Ruling(allowed=False, message=f"{_DENIED}{words}. {_GO_ON}")
    return Ruling(allowed=False, message=message or NOBODY)
