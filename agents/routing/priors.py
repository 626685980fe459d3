"""What is believed of a model before anything was tried here: read from priors.toml, which is shipped."""

import math
import re
import tomllib
from collections.abc import Mapping
from datetime import date
from functools import cache, lru_cache
from importlib.resources import files
from typing import Literal

from pydantic import Field

from agents.routing.features import Band, Features
from agents.tasks import Frozen, TaskKind, Usage, Way

SIMULATED = "SIMULATION "
"""How the name of a simulated model begins; the rest is whom it plays."""
ClassName = Literal["tiny", "small", "medium", "agentic", "haiku", "sonnet", "opus"]
_BILLIONS = re.compile(r"(?<![\d.a-z])(?:\d+x)?(\d+(?:\.\d+)?)([bm])(?![a-z0-9])")


class Sourced(Frozen):
    """A figure's origin."""

    measured: bool
    """On public tasks, somewhere; else it is a guess."""
    source: str


class Slope(Sourced):
    """How a retry's log-odds follow those of the first try, and the most by which it was seen to beat it."""

    value: float
    most: float = Field(ge=1)


class Cell(Sourced):
    """P(the first try solves it)."""

    p: float = Field(gt=0, lt=1)


class Shift(Sourced):
    """What is added to the log-odds."""

    logit: float


class Retry(Sourced):
    """P(a retry that sees the failing output is right | the first try was wrong), where the first try's odds were so
    and so."""

    first: float = Field(gt=0, lt=1)
    then: float = Field(gt=0, lt=1)


class Together(Sourced):
    """How failures at one kind of task come together (see difficulty.py)."""

    spread: float = Field(gt=0)
    own: float = Field(gt=0)


class Planned(Sourced):
    """A planner's plan in an editor's hands."""

    share: float = Field(ge=0, le=1)
    input: int
    output: int
    seconds: float


class Ordered(Sourced):
    """A planner's work order in the hands of one that writes, its check written by another, its result reviewed."""

    share: float = Field(ge=0, le=1)
    like: ClassName
    """The class of models that order: their odds are what it can come near."""
    input: int
    output: int
    """Tokens of all the advice together: order, check, reviews."""
    seconds: float
    """Of the advice."""
    tries: float
    """How often the whole is written, in plain tries."""
    checks: float
    """How often checks run beside that of the result: on the base and on stubs."""

    @property
    def usage(self) -> Usage:
        """As tokens that can be priced."""
        return Usage(input=self.input, output=self.output)


class ModelClass(Frozen):
    """Models that are believed to be alike."""

    up_to_b: float | None = None
    from_b: float = 0.0
    families: tuple[str, ...] = ()
    rank: int
    tokens_per_s: float = Field(gt=0)
    turn_s: float = Field(ge=0)
    """Seconds a turn takes beside writing: reading the prompt, running a tool."""
    first: Mapping[TaskKind, Cell]
    ways: Mapping[Way, Shift]
    retry: Retry


class Work(Frozen):
    """What one try uses."""

    input: int
    cache_read: int = 0
    output: int
    turns: int = 1

    @property
    def usage(self) -> Usage:
        """As tokens that can be priced."""
        return Usage(input=self.input, cache_read=self.cache_read, output=self.output)


class Priors(Frozen):
    """The whole file."""

    date: date
    pseudo_tasks: float = Field(gt=0)
    discount: float = Field(gt=0, le=1)
    retry_slope: Slope
    together: Mapping[TaskKind, Together]
    band: Mapping[Band, Shift]
    goes: Mapping[str, Shift]
    """By where such work goes: of local models."""
    planned: Planned
    ordered: Ordered
    classes: Mapping[ClassName, ModelClass]
    work: Mapping[Way, Mapping[TaskKind, Work]]

    def class_name(self, model: str) -> ClassName:
        """By the family in a model's name, else its parameters; a model that tells neither counts as small."""
        name = model.removeprefix(SIMULATED).lower()
        for claude in ("haiku", "sonnet", "opus"):
            if claude in name:
                return claude
        billions = _billions(name)
        agentic = self.classes["agentic"]
        if any(family in name for family in agentic.families) and (billions or math.inf) >= agentic.from_b:
            return "agentic"
        if billions is None:
            return "small"
        for size in ("tiny", "small"):
            if billions <= (self.classes[size].up_to_b or 0.0):
                return size
        return "medium"

    def class_of(self, model: str) -> ModelClass:
        """What is believed of models like `model`."""
        return self.classes[self.class_name(model)]

    def first(self, model: str, features: Features, way: Way) -> Cell:
        """P(a first try solves it). A simulated model plays its part in whatever way it is asked to."""
        of = self.class_of(model)
        cell, effect = of.first[features.kind], of.ways[way]
        shift = 0.0 if model.startswith(SIMULATED) else effect.logit
        local = self.class_name(model) not in {"haiku", "sonnet", "opus"}
        sort = self.goes[features.goes].logit if local and features.goes in self.goes else 0.0
        p = expit(logit(cell.p) + shift + sort + self.band[features.band].logit)
        return Cell(
            p=clamp(p),
            measured=cell.measured and (effect.measured or not shift),
            source=effect.source if shift else cell.source,
        )

    def retry(self, model: str, p: float) -> float:
        """P(a retry that sees the output is right | the first try was wrong), for a model with first-try odds `p`."""
        known, slope = self.class_of(model).retry, self.retry_slope
        followed = expit(logit(known.then) + slope.value * (logit(p) - logit(known.first)))
        return clamp(min(followed, slope.most * p))

    def planned_by(self, p: float, kind: TaskKind) -> float:
        """P(right | with a planner's plan), for an editor with first-try odds `p`."""
        return self._led(p, kind, "opus", self.planned.share)

    def ordered_by(self, p: float, kind: TaskKind) -> float:
        """P(right | by a work order), for one that writes with first-try odds `p`."""
        return self._led(p, kind, self.ordered.like, self.ordered.share)

    def _led(self, p: float, kind: TaskKind, leader: ClassName, share: float) -> float:
        """`p` that comes this share of the way to the leader's odds, as log-odds."""
        return clamp(expit(logit(p) + share * max(0.0, logit(self.classes[leader].first[kind].p) - logit(p))))


@cache
def shipped_priors() -> Priors:
    """The priors of this version."""
    text = (files("agents.routing") / "priors.toml").read_text(encoding="utf-8")
    return Priors.model_validate(tomllib.loads(text))


@lru_cache(maxsize=256)
def _billions(name: str) -> float | None:
    """The parameters a model's name speaks of."""
    found = _BILLIONS.search(name)
    return None if found is None else float(found[1]) / (1000 if found[2] == "m" else 1)


def logit(p: float) -> float:
    """The log-odds of `p`."""
    return math.log(p / (1 - p))


def expit(x: float) -> float:
    """The probability with log-odds `x`."""
    return 1 / (1 + math.exp(-x)) if x > -700 else 0.0


def clamp(p: float) -> float:
    """Nothing is certain."""
    return min(0.999, max(0.001, p))
