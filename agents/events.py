"""Events: frozen, typed facts with a sequence number. What the bus carries, the log stores and `--json` prints."""

from datetime import datetime
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, TypeAdapter

from agents.tasks import Arm, Frozen, Health, Outcome, Role, TaskStatus, Usage, Variant, Way


class Event(Frozen):
    """What every event has. `seq` is 0 until the store has appended it; transient events keep 0."""

    transient: ClassVar[bool] = False
    """Transient events are not stored and may be coalesced per subscriber; state events never are."""

    type: str
    seq: int = 0
    at: datetime
    task: int | None = None
    mission: int | None = None
    agent: str | None = None
    tier: str | None = None

    def row(self) -> dict[str, Any]:
        """The event as a JSON-ready dictionary, without empty optional fields: one line of `--json`."""
        data = self.model_dump(mode="json")
        return {key: value for key, value in data.items() if value is not None}


class TaskPosted(Event):
    type: Literal["task.posted"] = "task.posted"
    title: str
    priority: int
    repo: str = ""


class TaskAssessed(Event):
    type: Literal["task.assessed"] = "task.assessed"
    complexity: int
    kind: str
    source: str = "rules"
    evidence: tuple[str, ...] = ()
    rules: float | None = None
    """The rules' own score."""
    judge: int | None = None
    """The judge's, where one was heard."""


class TaskPlanned(Event):
    type: Literal["task.planned"] = "task.planned"
    plan: tuple[Arm, ...]


class TaskQueued(Event):
    type: Literal["task.queued"] = "task.queued"


class TaskStatusChanged(Event):
    type: Literal["task.status"] = "task.status"
    status: TaskStatus
    reason: str = ""


class TokenCounts(Frozen):
    """Tokens as CONTRACT prints them: both cache writes in one figure."""

    input: int = 0
    output: int = 0
    cache_read: int = 0
    cache_write: int = 0

    @classmethod
    def of(cls, usage: Usage) -> "TokenCounts":
        """The counts of `usage`."""
        written = usage.cache_write_5m + usage.cache_write_1h
        return cls(input=usage.input, output=usage.output, cache_read=usage.cache_read, cache_write=written)


class CheckSummary(Frozen):
    """The check's command and its exit codes on the result and on the base; None where it was not run or timed out."""

    command: str | None = None
    exit_code: int | None = None
    base_exit_code: int | None = None


class TaskFinished(Event):
    type: Literal["task.finished"] = "task.finished"
    outcome: Outcome
    status: TaskStatus
    model: str | None = None
    complexity: int
    missions: int
    steps: int
    cost_usd: float | None
    tokens: TokenCounts
    seconds: float
    branch: str | None = None
    commit: str | None = None
    files: tuple[str, ...] = ()
    check: CheckSummary = CheckSummary()
    warnings: tuple[str, ...] = ()
    reason: str
    simulated: bool = False

    def row(self) -> dict[str, Any]:
        """As CONTRACT lists it: its own fields and the tier are there even when empty."""
        own = set(type(self).model_fields) - set(Event.model_fields) | {"tier"}
        data = self.model_dump(mode="json")
        return {key: value for key, value in data.items() if value is not None or key in own}


class MissionStarted(Event):
    type: Literal["mission.started"] = "mission.started"
    number: int
    model: str
    way: Way
    variant: Variant
    role: Role = Role.CODE
    branch: str
    worktree: str = ""
    sandbox: str = ""
    why: str = ""
    conventions: tuple[str, ...] = ()
    """The guides and skills of the repository it is told, each with the sections. Foreign names, sanitized."""


class MissionFinished(Event):
    type: Literal["mission.finished"] = "mission.finished"
    role: Role = Role.CODE
    outcome: Outcome
    reason: str
    steps: int
    seconds: float
    commit: str | None = None
    files: tuple[str, ...] = ()


class MissionEscalated(Event):
    type: Literal["mission.escalated"] = "mission.escalated"
    to_tier: str
    variant: Variant
    reason: str


class AgentHealth(Event):
    type: Literal["agent.health"] = "agent.health"
    health: Health
    step: int = 0
    max_steps: int = 0
    note: str = ""
    low_power: bool | None = None
    """Whether the local model does not fit the graphics memory, so that part of it runs on the CPU; `note` says how it
    lies. None: not looked at now, it is as it was."""


class AgentCooling(Event):
    type: Literal["agent.cooling"] = "agent.cooling"
    seconds: float
    reset: bool = False


class ModelStarted(Event):
    type: Literal["model.started"] = "model.started"
    model: str
    call: int
    state: Literal["waiting", "loading", "retrying"] = "waiting"
    note: str = ""


class ModelDelta(Event):
    transient: ClassVar[bool] = True
    type: Literal["model.delta"] = "model.delta"
    text: str


class ModelUsage(Event):
    type: Literal["model.usage"] = "model.usage"
    model: str
    call: int
    usage: Usage
    cost_nano: int | None
    seconds: float
    tokens_per_second: float | None = None
    stop_reason: str = ""


class ModelFailed(Event):
    type: Literal["model.failed"] = "model.failed"
    model: str
    error: str
    message: str
    retry_in_s: float | None = None
    attempt: int = 1


class ToolStarted(Event):
    type: Literal["tool.started"] = "tool.started"
    call: int
    tool: str
    summary: str
    """One sanitized line: the path, the command."""


class ToolOutput(Event):
    transient: ClassVar[bool] = True
    type: Literal["tool.output"] = "tool.output"
    call: int
    text: str


class ToolFinished(Event):
    type: Literal["tool.finished"] = "tool.finished"
    call: int
    tool: str
    ok: bool
    summary: str
    seconds: float
    exit_code: int | None = None
    log_path: str = ""


class CheckStarted(Event):
    type: Literal["check.started"] = "check.started"
    command: str
    commit: str
    on: Literal["base", "result", "merge"]


class CheckFinished(Event):
    type: Literal["check.finished"] = "check.finished"
    command: str
    commit: str
    on: Literal["base", "result", "merge"]
    exit_code: int | None
    seconds: float
    output: str = ""


class LoopDetected(Event):
    type: Literal["loop.detected"] = "loop.detected"
    tool: str
    times: int
    action: Literal["warned", "redirected", "stopped"]


class BudgetReserved(Event):
    type: Literal["budget.reserved"] = "budget.reserved"
    call: int
    amount_nano: int


class BudgetSpent(Event):
    type: Literal["budget.spent"] = "budget.spent"
    call: int
    amount_nano: int
    today_nano: int
    cap_nano: int


class BudgetWarning(Event):
    """A cap is nearly spent: today's, or a task's."""

    type: Literal["budget.warning"] = "budget.warning"
    scope: Literal["task", "day"] = "day"
    today_nano: int
    cap_nano: int
    task_nano: int | None = None
    """What the task has spent, where the cap is its own."""

    @property
    def spent_nano(self) -> int:
        """What is spent of the cap."""
        return self.today_nano if self.task_nano is None else self.task_nano


class BudgetExhausted(Event):
    type: Literal["budget.exhausted"] = "budget.exhausted"
    scope: Literal["task", "day"]
    needed_nano: int
    cap_nano: int
    message: str = ""


class BudgetRaised(Event):
    """A person raised a cap. The only way a cap grows while War Room runs."""

    type: Literal["budget.raised"] = "budget.raised"
    scope: Literal["task", "day"]
    from_nano: int
    cap_nano: int
    by: str = ""


class TaskPaused(Event):
    """A person holds the task, or lets it go on."""

    type: Literal["task.paused"] = "task.paused"
    paused: bool


class TaskReviewed(Event):
    """A stronger model read the result's diff."""

    type: Literal["task.reviewed"] = "task.reviewed"
    model: str
    approves: bool
    summary: str
    findings: int


class TaskSplit(Event):
    """A planner proposed parts; nothing starts before a person approves them."""

    type: Literal["task.split"] = "task.split"
    parts: tuple[int, ...]
    summary: str = ""


class OrderWritten(Event):
    """A planner answered with a work order."""

    type: Literal["order.written"] = "order.written"
    summary: str
    parts: int
    files: tuple[str, ...] = ()


class OrderCheck(Event):
    """An acceptance check was tried on the base and on stubs, before anybody wrote code."""

    type: Literal["order.check"] = "order.check"
    command: str
    path: str = ""
    """The test that a model wrote; empty: the check is the task's own."""
    model: str = ""
    tried: int
    """Distinct stubs; `refused` of them did not satisfy it."""
    refused: int
    accepted: bool
    reason: str = ""


class OrderPart(Event):
    """A part of a work order is written and its gate green, or given up."""

    type: Literal["order.part"] = "order.part"
    part: int
    parts: int
    title: str
    written: bool
    model: str
    reason: str = ""


class OrderMended(Event):
    """The planner read why a part failed, and changed its order or gave it to another tier."""

    type: Literal["order.mended"] = "order.mended"
    part: int
    to_tier: str | None = None
    """None: the same tier tries it with the mended order."""
    reason: str


class OrderReviewed(Event):
    """A reviewer read the diff beside the order and the check's output."""

    type: Literal["order.reviewed"] = "order.reviewed"
    round: int
    model: str
    approves: bool
    summary: str
    corrections: int


class ApprovalRequested(Event):
    """An agent waits for a person's word."""

    type: Literal["approval.requested"] = "approval.requested"
    question: str
    """All of it in one line."""
    ask: int | None = None
    """Its number: A7."""
    command: str = ""
    """Exactly what would run, with everything written out that a terminal would obey or hide."""
    folder: str = ""
    reason: str = ""
    """The agent's own words."""
    crossings: tuple[str, ...] = ()
    """Why it is asked about: no wall, network, read outside, write outside, ask list."""
    reach: str = ""
    """What the command would have: network; write /data."""
    pattern: str = ""
    """What "for this mission" would allow."""


class ApprovalAnswered(Event):
    """What became of an ask, or of a wish that needed none."""

    type: Literal["approval.answered"] = "approval.answered"
    answer: str
    """allow, allow-mission, deny; refused by a setting; closed with its mission."""
    ask: int | None = None
    question: str = ""
    message: str = ""
    """What the agent is told, or why nobody was asked."""
    by: str = ""
    """Who answered: the process of the person, or the rule."""
    pattern: str = ""
    """What was allowed for the mission, or remembered."""
    remembered: bool = False


AnyEvent = Annotated[
    TaskPosted | TaskAssessed | TaskPlanned | TaskQueued | TaskStatusChanged | TaskFinished
    | MissionStarted | MissionFinished | MissionEscalated | AgentHealth | AgentCooling
    | ModelStarted | ModelDelta | ModelUsage | ModelFailed | ToolStarted | ToolOutput | ToolFinished
    | CheckStarted | CheckFinished | LoopDetected | BudgetReserved | BudgetSpent | BudgetWarning | BudgetExhausted
    | BudgetRaised | TaskPaused | TaskReviewed | TaskSplit | OrderWritten | OrderCheck | OrderPart
    | OrderMended | OrderReviewed | ApprovalRequested | ApprovalAnswered,
    Field(discriminator="type"),
]  # fmt: skip

_ADAPTER: TypeAdapter[AnyEvent] = TypeAdapter(AnyEvent)


def decode(data: str | bytes) -> Event:
    """The event a stored JSON text holds. Raises pydantic.ValidationError when it holds none."""
    return _ADAPTER.validate_json(data)
