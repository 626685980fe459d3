"""The vocabulary every room shares: tasks, missions, agents and what the harness says of them. All frozen."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

NANO = 1_000_000_000
"""Money is counted in integers of nano-dollars; this many make a dollar."""


class Frozen(BaseModel):
    """A fact: immutable, and strict about unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class TaskStatus(StrEnum):
    """Where a task stands. Only `dispatch` changes it."""

    OPEN = "open"
    QUEUED = "queued"
    RUNNING = "running"
    REVIEW = "review"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"
    BLOCKED = "blocked"
    NEEDS_HUMAN = "needs_human"

    @property
    def ended(self) -> bool:
        """Nothing more happens to the task unless a person asks."""
        return self in {TaskStatus.DONE, TaskStatus.FAILED, TaskStatus.CANCELLED}

    @property
    def at_rest(self) -> bool:
        """No agent works on it or is about to: it ended, or waits for a person."""
        return self.ended or self in {TaskStatus.REVIEW, TaskStatus.NEEDS_HUMAN, TaskStatus.OPEN}


class Outcome(StrEnum):
    """What the harness, never a model, says of a result."""

    PROVEN = "proven"
    VERIFIED = "verified"
    UNVERIFIED = "unverified"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def accepted(self) -> bool:
        """Good enough to wait for the person's review."""
        return self in {Outcome.PROVEN, Outcome.VERIFIED, Outcome.UNVERIFIED}


class Health(StrEnum):
    """Health of an agent; on screen always glyph and word and colour."""

    READY = "ready"
    WORKING = "working"
    STUCK = "stuck"
    COOLING = "cooling"
    NEEDS_YOU = "needs_you"
    OFFLINE = "offline"


class Way(StrEnum):
    """A way of working: one reply with whole files or edits, or tools over several turns."""

    DIRECT = "direct"
    LOOP = "loop"


class Variant(StrEnum):
    """How an arm tries: plainly; once more seeing what failed; afresh at a higher temperature; after a plan that a
    tier with the role "plan" wrote; by a work order.

    An *orchestrated* arm is one attempt in many missions: a planner's order, an acceptance check, the parts that the
    arm's own tier writes, reviews. All of them have this variant; what they are for is in their `role`. Whatever an
    orchestrated attempt used up is what the calls of these missions used up: none of them is in the bill of another.
    """

    ONCE = "once"
    RETRY = "retry"
    SAMPLE = "sample"
    PLANNED = "planned"
    ORCHESTRATED = "orchestrated"


LED = frozenset({Variant.PLANNED, Variant.ORCHESTRATED})
"""Variants in which a stronger model leads the one that writes."""


class TaskKind(StrEnum):
    """The kind of work, which separates models better than any score."""

    FUNCTION = "function"
    EDIT = "edit"
    ISSUE = "issue"
    DOCS = "docs"
    TESTS = "tests"


class Grade(StrEnum):
    """What a probe found a model can do: native or text tool calls; answers to a JSON schema; text only."""

    TOOLS = "tools"
    SCHEMA = "schema"
    TEXT = "text"


class Usage(Frozen):
    """Tokens of one or more calls, by class, as the provider counted them. `input` excludes cached tokens."""

    input: int = 0
    output: int = 0
    cache_read: int = 0
    cache_write_5m: int = 0
    cache_write_1h: int = 0

    @property
    def prompt(self) -> int:
        """Everything the model read."""
        return self.input + self.cache_read + self.cache_write_5m + self.cache_write_1h

    @property
    def total(self) -> int:
        """Everything read and written."""
        return self.prompt + self.output

    def __add__(self, other: "Usage") -> "Usage":
        """The sum, class by class."""
        return Usage(**{name: getattr(self, name) + getattr(other, name) for name in type(self).model_fields})


class Role(StrEnum):
    """What an agent is on a mission for. Only `code` missions are attempts at the task."""

    CODE = "code"
    PLAN = "plan"
    REVIEW = "review"
    JUDGE = "judge"
    """Says how hard the task is, before anybody tries."""


class Arm(Frozen):
    """A tier with a way of working and a variant: one entry of a plan."""

    tier: str
    model: str
    way: Way
    variant: Variant = Variant.ONCE
    why: str = ""
    p: float | None = None
    """The odds that it succeeds, given that all before it failed; None where nobody reckoned them."""
    cost_usd: float | None = None
    """What one try costs, expected; None: the price is unknown."""
    seconds: float | None = None
    """How long one try takes, expected."""


class CheckResult(Frozen):
    """One run of a check on one commit. `exit_code` None: it was stopped by its time limit."""

    command: str
    commit: str
    exit_code: int | None
    output: str = ""
    """Trimmed: head and tail kept, and made readable where the command itself says too little."""
    log_path: str = ""
    """The whole output."""
    seconds: float = 0.0

    @property
    def green(self) -> bool:
        """The command decided: exit code 0."""
        return self.exit_code == 0


class Finding(Frozen):
    """One remark of a review. Foreign text, sanitized."""

    path: str = ""
    line: int | None = None
    severity: Literal["note", "warning", "error"] = "note"
    text: str


class Review(Frozen):
    """A read-only pass of a stronger tier over a result's diff."""

    commit: str
    """The result it is about."""
    tier: str
    model: str
    approves: bool
    summary: str
    findings: tuple[Finding, ...] = ()
    cost_nano: int | None = 0
    at: datetime


class RulesScore(Frozen):
    """What the rules say of a task's complexity, with its three parts after Campbell (1988)."""

    score: float
    component: float
    coordinative: float
    dynamic: float
    evidence: tuple[str, ...] = ()


class JudgeScore(Frozen):
    """What a cheap model says of it. `reason` is foreign text, sanitized."""

    score: int
    reason: str
    tier: str = ""
    cost_nano: int | None = 0


class NewTask(Frozen):
    """What a person posts."""

    title: str = Field(min_length=1, max_length=500)
    brief: str = ""
    check: str | None = None
    priority: int = Field(default=5, ge=1, le=10)
    tier: str | None = None
    """A pin: this tier only, no escalation."""
    depends_on: tuple[int, ...] = ()
    external_id: str | None = None
    parent: int | None = None
    """The task this one is a part of."""
    budget_nano: int | None = Field(default=None, ge=0)
    max_steps: int | None = Field(default=None, ge=1)
    timeout_s: float | None = Field(default=None, gt=0)
    orchestrate: bool = False
    """A pin: a work order of a planner, written by the tier it is pinned to or the cheapest one, and nothing else."""


class Task(NewTask):
    """A piece of work on the board, as stored."""

    id: int
    repo: str
    """Absolute path of the person's folder."""
    status: TaskStatus
    complexity: int = Field(ge=1, le=10)
    kind: TaskKind = TaskKind.FUNCTION
    language: str = "other"
    size: Literal["none", "small", "medium", "large"] = "none"
    """Of the files it names that exist."""
    assessed_by: Literal["rules", "judge", "dual"] = "rules"
    """What its complexity was made from."""
    rules: RulesScore | None = None
    judge: JudgeScore | None = None
    """None: nobody was asked, or no answer came."""
    created_at: datetime
    updated_at: datetime
    outcome: Outcome | None = None
    reason: str = ""
    """One sentence: why it stands where it stands."""
    plan: tuple[Arm, ...] = ()
    base_commit: str | None = None
    target_branch: str | None = None
    """The person's branch at dispatch; None when HEAD was detached."""
    branch: str | None = None
    commit: str | None = None
    """The checked result, on `branch`."""
    merged_commit: str | None = None
    files: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    """Said beside the outcome: edited or deleted tests, a base that was already green, no sandbox."""
    base_check: CheckResult | None = None
    result_check: CheckResult | None = None
    missions: int = 0
    steps: int = 0
    cost_nano: int | None = 0
    """None: a call was made whose price is unknown."""
    usage: Usage = Usage()
    seconds: float = 0.0
    tier_used: str | None = None
    model_used: str | None = None
    simulated: bool = False
    owner: str = ""
    """The process that carries it out: host:pid:start."""
    halted: Literal["environment", "budget"] | None = None
    """What stopped it that is no fault of the task: it went back on the board, or waits for a person."""
    paused: bool = False
    """A person holds it: no step of it is begun until it is resumed."""
    forced: bool = False
    """A person wants it started whatever it waits for, but for money."""
    comment: str = ""
    """What the person said when they sent it out again: for every mission of this dispatch."""
    first_mission: int = 1
    """Number of the first mission of this dispatch; those before it belong to results that were sent back."""
    built_on: Mapping[int, str] = {}
    """Tasks whose results were in its base before they were accepted, and the commits of these results."""
    at_least: str | None = None
    """A person wants it no cheaper than this tier."""
    review: Review | None = None
    """What a stronger model found in the result. Advice: no word of it changes the outcome."""

    @property
    def label(self) -> str:
        """How it is written on screen and on the command line: T12."""
        return f"T{self.id}"

    @property
    def present_review(self) -> Review | None:
        """The review of the result it has now; one of a result that was thrown away says nothing any more."""
        return self.review if self.review is not None and self.review.commit == self.commit else None

    @property
    def text(self) -> str:
        """Title and brief, as a model reads them."""
        return f"{self.title}\n\n{self.brief}".strip()


class Mission(Frozen):
    """One attempt at a task by one agent in one tier."""

    id: int
    task: int
    number: int
    """1 for the task's first mission."""
    agent: str
    tier: str
    model: str
    way: Way
    variant: Variant
    role: Role = Role.CODE
    started_at: datetime
    finished_at: datetime | None = None
    outcome: Outcome | None = None
    reason: str = ""
    branch: str = ""
    worktree: str = ""
    start_commit: str = ""
    commit: str | None = None
    files: tuple[str, ...] = ()
    steps: int = 0
    cost_nano: int | None = 0
    usage: Usage = Usage()
    seconds: float = 0.0
    check: CheckResult | None = None
    owner: str = ""
    """The process that runs it: host:pid:start."""
    interrupted: bool = False
    """It was ended by a crash, a pause or a closing War Room, not by the task: it is no failed attempt."""
    conventions: tuple[str, ...] = ()
    """The guides and skills of the repository it was told, each with the sections. Foreign names, sanitized."""

    @property
    def label(self) -> str:
        """T12.1: the first mission of task 12."""
        return f"T{self.task}.{self.number}"


class Agent(Frozen):
    """A named unit occupying one slot of a tier."""

    callsign: str
    tier: str
    health: Health = Health.READY
    task: int | None = None
    mission: int | None = None
    step: int = 0
    note: str = ""
    """A short phrase for the mission line: what it does, what it waits for, why it is stuck."""
    low_power: bool = False
    """Its local model does not fit the graphics memory."""
    power: str = ""
    """How its local model lies in memory, where not all of it is on the card: LOW POWER with the share, CPU only."""
