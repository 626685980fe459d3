"""What the store keeps beside tasks, missions and events: calls, spending, probes, orders. Amounts in nano-dollars."""

from datetime import datetime
from enum import StrEnum

from pydantic import Field

from agents.tasks import Frozen, Grade, TaskKind, Usage, Variant, Way

MOST_NANO = 10**18
"""A billion dollars: what one amount may be, so that no sum overflows SQLite's 64 bits."""

LOCAL_PROVIDERS = frozenset({"ollama", "simulation"})
"""Providers whose calls cost nothing unless a price says otherwise."""


class NewCall(Frozen):
    """A model call about to be made."""

    task: int
    mission: int | None = None
    """None: a call outside any mission, such as the judge's."""
    tier: str
    model: str
    provider: str
    reserved_nano: int | None = Field(ge=0, le=MOST_NANO)
    """The most it can cost. None: its price is unknown."""
    price_date: str
    attempt: int = 1
    """1 for the first try of a request, 2 for its first repetition."""
    owner: str = ""
    """The process that makes it: host:pid:start. When that dies, nobody will say what the call cost."""


class CallState(StrEnum):
    """Open: reserved and not settled. Abandoned: whoever made it is gone, so it counts as its whole reservation."""

    OPEN = "open"
    SETTLED = "settled"
    ABANDONED = "abandoned"


class Call(NewCall):
    """One row of the ledger."""

    id: int
    at: datetime
    state: CallState
    cost_nano: int | None = None
    """None while open, or when the price of what was used is unknown."""
    usage: Usage = Usage()
    request_id: str | None = None
    """The provider's own number of the call, where it gave one."""
    error: str | None = None
    daily_cap_nano: int = 0
    """The daily cap as configured where it was made; a task's cap likewise."""
    task_cap_nano: int = 0
    warn_at: float = 1.0
    """The share of a cap, as configured there, at which a person is warned."""

    @property
    def counted_nano(self) -> int:
        """What counts against a cap: the cost, else the whole reservation."""
        return self.reserved_nano or 0 if self.cost_nano is None else self.cost_nano


class FreeWork(Frozen):
    """Results that stand and were made in a free tier."""

    complexity: dict[int, int]
    """By task, 1 to 10."""
    missions: frozenset[int]
    """The coding missions of these tasks."""

    def complexity_of(self, call: Call) -> int | None:
        """Of the task that `call` was part of the free work for; None when it was not."""
        if call.state is not CallState.SETTLED or call.reserved_nano or call.cost_nano != 0:
            return None
        return self.complexity.get(call.task) if call.mission in self.missions else None


class Spending(Frozen):
    """What calls cost, all together."""

    spent_nano: int = 0
    """Of ended calls; one that ended at an unknown cost counts as its whole reservation."""
    reserved_nano: int = 0
    """Of open calls."""
    calls: int = 0
    unknown_calls: int = 0
    """Ended calls whose true cost is unknown."""

    @property
    def committed_nano(self) -> int:
        """What counts against a cap."""
        return self.spent_nano + self.reserved_nano


class Probe(Frozen):
    """What a probe measured of one model. Sizes in bytes; None: not known."""

    provider: str
    model: str
    grade: Grade
    tokens_per_second: float | None = None
    size_bytes: int | None = None
    vram_bytes: int | None = None
    details: str = ""
    at: datetime


class Order(Frozen):
    """A command for whichever process runs the task: cancel, accept, pause…"""

    id: int
    task: int
    order: str
    argument: str = ""
    at: datetime


class Proving(StrEnum):
    """What graded tasks are carried out for."""

    COUNTED = "counted"
    """To know a model as it is set: its attempts move the odds."""
    APART = "apart"
    """To know what a setting does: attempts in a setting that is not the person's say nothing about theirs."""


class Expected(Frozen):
    """What was known of an attempt before it was made."""

    kind: TaskKind
    complexity: int
    """C1–C10 as it was shown."""
    rules_score: float | None = None
    judge_score: float | None = None
    language: str = "other"
    size: str = "none"
    """Of the files the task names that existed: none, small, medium, large."""
    failed_before: tuple[str, ...] = ()
    """The models whose attempts at the same dispatch failed before it, in their order, one entry an attempt."""
    predicted: float | None = None
    """The odds it was given."""
    propensity: float = 1.0
    """The probability with which the plan put it where it stood: below 1 where the router explores."""
    proving: bool = False
    """Of the proving ground, not of the person's work."""
    simulated: bool = False


class Trial(Expected):
    """A checked attempt, with what was known before it: what odds are learned from and judged by."""

    mission: int
    task: int
    at: datetime
    tier: str
    model: str
    way: Way
    variant: Variant
    success: bool
    """The harness's check said so: proven or verified."""
    cost_nano: int | None = 0
    seconds: float = 0.0
    usage: Usage = Usage()
