"""What the tools answer with: CONTRACT's rows, with what a caller needs to go on. Foreign text is made safe here."""

from collections.abc import Mapping, Sequence
from typing import Any

from agents.events import CheckSummary, TaskFinished, TokenCounts
from agents.redactor import SECRETS
from agents.sanitize import sanitize
from agents.tasks import Frozen, Mission, Outcome, Role, Task, TaskStatus
from app.commands.report import mission_kind, row, usd
from app.serving.arguments import lean

SHOWN_FILES = 100
SHOWN_ARMS = 8
SHOWN_MISSIONS = 30
OUTPUT_CHARS = 4000
"""Characters of a check's output that `show` answers with: its end, where the failure is."""
BRIEF_CHARS = 2000


class TaskRow(Frozen):
    """CONTRACT's row of `board`."""

    task: int
    title: str
    status: TaskStatus
    outcome: Outcome | None
    tier: str | None
    complexity: int
    cost_usd: float | None
    priority: int
    branch: str | None
    repo: str
    reason: str
    updated_at: str
    simulated: bool


class Result(Frozen):
    """What CONTRACT's `task.finished` carries."""

    outcome: Outcome
    status: TaskStatus
    tier: str | None
    model: str | None
    complexity: int
    missions: int
    steps: int
    cost_usd: float | None
    tokens: TokenCounts
    seconds: float
    branch: str | None
    commit: str | None
    files: tuple[str, ...]
    check: CheckSummary
    warnings: tuple[str, ...]
    reason: str


class Standing(TaskRow):
    """A task as it stands."""

    next: str
    """What the caller can do now."""


class Report(Standing):
    """A task with what came of it."""

    result: Result | None
    """Null while there is none."""


class ArmRow(Frozen):
    tier: str
    model: str
    way: str
    variant: str
    p: float | None
    cost_usd: float | None
    seconds: float | None
    why: str


class MissionRow(Frozen):
    mission: str
    agent: str
    tier: str
    model: str
    kind: str
    outcome: str
    reason: str
    steps: int
    seconds: float
    cost_usd: float | None


class Shown(Report):
    """Everything a caller needs to judge a task."""

    brief: str
    check: str | None
    """The end of what the check printed on the result, or where there is none on the base."""
    check_output: str
    plan: tuple[ArmRow, ...]
    missions: tuple[MissionRow, ...]
    parts: tuple[int, ...]
    review: str | None
    transcript: str
    """The resource that holds what was said."""


class BoardRows(Frozen):
    tasks: tuple[TaskRow, ...]
    older: int
    """Ended tasks that are left out; all=true has them."""


class DiffPage(Frozen):
    task: int
    files: tuple[str, ...]
    check: CheckSummary
    outcome: Outcome | None
    diff: str
    offset: int
    total_chars: int
    next_offset: int | None
    """Where the rest begins; null: this is all."""


class RouteRow(Frozen):
    """CONTRACT's row of `route`."""

    complexity: int
    source: str
    rules: dict[str, Any]
    judge: dict[str, Any] | None
    kind: str
    language: str
    size: str
    plan: tuple[dict[str, Any], ...]
    preset: str


class CostRows(Frozen):
    """CONTRACT's rows of `costs`: the total, then each tier, model, task, day and orchestrated task."""

    rows: tuple[dict[str, Any], ...]
    left_out: int
    """Older tasks and days."""


def task_row(task: Task) -> dict[str, Any]:
    """A line of the board."""
    return row(task)


def result_of(task: Task, finished: TaskFinished | None) -> dict[str, Any] | None:
    """What came of a task. `finished` is what was told of its last end; that of a result thrown away does not count."""
    if finished is None or task.outcome is None:
        return None
    data = finished.model_dump(mode="json", include=set(Result.model_fields))
    return data | {"files": data["files"][:SHOWN_FILES], "status": task.status.value}


def arm_rows(task: Task) -> list[dict[str, Any]]:
    """The first arms of its plan."""
    return [arm.model_dump(mode="json") for arm in task.plan[:SHOWN_ARMS]]


def mission_rows(missions: Sequence[Mission]) -> list[dict[str, Any]]:
    """The last missions."""
    return [_mission_row(mission) for mission in missions[-SHOWN_MISSIONS:]]


def _mission_row(mission: Mission) -> dict[str, Any]:
    outcome = "running" if mission.finished_at is None else str(mission.outcome or "interrupted")
    if mission.role is not Role.CODE and mission.outcome is Outcome.UNVERIFIED:
        outcome = "answered"
    return {
        "mission": mission.label,
        "agent": mission.agent,
        "tier": mission.tier,
        "model": mission.model,
        "kind": mission_kind(mission),
        "outcome": outcome,
        "reason": mission.reason,
        "steps": mission.steps,
        "seconds": round(mission.seconds, 1),
        "cost_usd": usd(mission.cost_nano),
    }


def check_of(task: Task) -> CheckSummary:
    """CONTRACT's check of a task."""
    base, result = task.base_check, task.result_check
    known = result or base
    return CheckSummary(
        command=known.command if known else task.check,
        exit_code=result.exit_code if result else None,
        base_exit_code=base.exit_code if base else None,
    )


def safe_text(text: str) -> str:
    """Foreign text as it may leave War Room: nothing a terminal obeys, and no secret."""
    return SECRETS.redact(sanitize(text))


def safe(value: Any) -> Any:
    """The same for every text in a JSON-like value."""
    if isinstance(value, str):
        return safe_text(value)
    if isinstance(value, Mapping):
        return {safe_text(str(key)): safe(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [safe(item) for item in value]
    return value


def output_schema(kind: type[Frozen]) -> dict[str, Any]:
    """The JSON schema of an answer. What its fields mean is told by the tool."""
    found: dict[str, Any] = lean(kind.model_json_schema(mode="serialization"), "title", "description")
    return found
