"""A dispatch at its end: the task's row and its last event, stored as one."""

from collections.abc import Mapping, Sequence
from typing import Any

from agents.dispatch.ending import (
    environment_of,
    finished_event,
    reason_of,
    result_check,
    status_after,
    touched,
    used_up,
)
from agents.dispatch.footing import Footing, check_of
from agents.dispatch.gate import ours
from agents.events import Event, TaskStatusChanged
from agents.missions.mission import Ground
from agents.missions.orders import Report
from agents.sanitize import one_line
from agents.tasks import Outcome, Task

NOTHING: Mapping[str, Any] = {}


async def finish(
    ground: Ground,
    task: Task,
    reports: Sequence[Report],
    *,
    seconds: float,
    footing: Footing | None = None,
    environment: str = "",
    more: Mapping[str, Any] = NOTHING,
) -> Task:
    """The task as stored after `reports`, the last of which decides. `environment`: what of the surroundings failed;
    `more`: what else changes of its row."""
    environment = environment or environment_of(reports)
    last = reports[-1] if reports else None
    over = bool(last and last.over_budget)
    outcome = last.judgement.outcome if last else Outcome.FAILED
    commit = last.mission.commit if last and outcome.accepted else None
    changed: dict[str, Any] = {
        "status": status_after(task, outcome, environment=bool(environment), over_budget=over),
        "outcome": None if environment or over else outcome,
        "reason": one_line(environment or reason_of(reports, over), 500),
        "branch": last.mission.branch if last and commit else None,
        "commit": commit,
        "files": last.files if last and commit else (),
        "warnings": await _warnings(ground, task, last, footing, commit),
        "result_check": result_check(reports, outcome),
        "seconds": round(seconds, 3),
        "tier_used": last.mission.tier if last else task.tier,
        "model_used": last.mission.model if last else None,
        "halted": "environment" if environment else "budget" if over else None,
        "forced": False,
        "paused": False,
        "review": None,
        **more,
    }
    changed |= await used_up(ground.store, task.id)
    events = _told(ground, task.model_copy(update=changed), outcome)
    return await ground.store.save_task(task.id, events, provided=ours(ground.owner), **changed)


async def _warnings(
    ground: Ground, task: Task, last: Report | None, footing: Footing | None, commit: str | None
) -> tuple[str, ...]:
    warnings = task.warnings + (last.judgement.warnings if last else ())
    if footing is not None and commit:
        changes = await ground.repository.changes(footing.base.commit, commit)
        warnings += touched(changes, check_of(ground, task))
    if ground.sandbox.warning:
        warnings += (ground.sandbox.warning,)
    return tuple(dict.fromkeys(warnings))


def _told(ground: Ground, task: Task, outcome: Outcome) -> tuple[Event, ...]:
    at = ground.clock.now()
    status = TaskStatusChanged(at=at, task=task.id, status=task.status, reason=task.reason)
    return status, finished_event(task, outcome, at)
