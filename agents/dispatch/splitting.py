"""Splitting: a planner divides a task that is too large for one mission. Nothing starts before a person approves."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from agents.dispatch.concluding import check_at, run_check
from agents.dispatch.council import Council
from agents.dispatch.posting import cleaned, prepared
from agents.events import Event, TaskSplit, TaskStatusChanged
from agents.missions.decompose import Decomposition, PlannedPart, decompose_question
from agents.missions.mission import being_cancelled
from agents.refusals import NoAdvice, NotPossible
from agents.store.parts import NewPart
from agents.tasks import CheckResult, Mission, NewTask, Role, Task, TaskStatus
from agents.tools.sandbox import SandboxError
from agents.workspace import Base, WorkspaceError

_MAY_BE_SPLIT = frozenset({TaskStatus.OPEN, TaskStatus.NEEDS_HUMAN, TaskStatus.FAILED})


async def split(council: Council, task: Task) -> tuple[Task, ...]:
    """Have `task` divided; its parts, on the board as open tasks that wait for approval.

    Raises NotPossible where it stands elsewhere or has parts already, NoAdviser, NoAdvice (also when the planner would
    leave it whole), NoFunds.
    """
    return await council.hold(task, _split(council, task))


async def _split(council: Council, task: Task) -> tuple[Task, ...]:
    ground = council.ground
    require_divisible(task, await ground.store.tasks(parent=task.id))
    await council.require_unasked(Role.PLAN, task)
    adviser = await council.adviser(Role.PLAN, task)
    missions = tuple(await ground.store.missions(task.id))
    try:
        base = await ground.repository.base()
        files = await ground.repository.files_at(base.commit)
        command = await check_at(ground, task, base.commit)
        check = await run_check(ground, task, command, base.commit, on="base") if command else None
        async with ground.repository.checkout(base.commit) as root:
            question = await asyncio.to_thread(
                decompose_question, task, root, files, room=adviser.room, check=check, missions=missions
            )
    except (WorkspaceError, SandboxError) as error:
        if being_cancelled():
            raise asyncio.CancelledError from error
        raise NotPossible(f"{task.label} was not split: {error}") from error
    planned, mission = await council.advise(
        adviser, task, question, commit=base.commit, provided=lambda now: require_divisible(now, ())
    )
    if not planned.parts:
        raise NoAdvice(f"{task.label} was not split: {mission.agent} would leave it whole. {planned.summary}")
    new = await _new_parts(council, task, planned)
    return await ground.store.split_task(
        task.id,
        new,
        lambda _, parts: _parted(parts, planned.summary, mission, base=base, check=check),
        provided=require_divisible,
    )


def require_divisible(task: Task, parts: Sequence[Task]) -> None:
    """Raises NotPossible when `task`, whose parts are `parts`, may not be split as it stands."""
    if task.status not in _MAY_BE_SPLIT:
        raise NotPossible(f"{task.label} is {task.status}: only an open task, or one that failed, can be split")
    if living := [part.label for part in parts if not part.status.ended]:
        raise NotPossible(
            f"{task.label} has parts already: {', '.join(living)}. Approve them, or cancel them to have it split anew"
        )


async def _new_parts(council: Council, task: Task, planned: Decomposition) -> list[NewPart]:
    made = []
    files = await council.ground.repository.files_now()
    for part in planned.parts:
        ready = await prepared(council.ground, cleaned(_new_task(task, part, len(planned.parts))), files)
        fields = ready.fields(task.repo, simulated=task.simulated)
        made.append(NewPart(new=ready.new, fields=fields, events=ready.events, after=part.after))
    return made


def _new_task(task: Task, part: PlannedPart, count: int) -> NewTask:
    """The part as a task of its own, whichever tier does it. What the whole waits for its parts wait for, and what the
    person allowed for the whole is shared among them."""
    return NewTask(
        title=part.title,
        brief=part.brief,
        check=part.check,
        priority=task.priority,
        depends_on=task.depends_on,
        budget_nano=None if task.budget_nano is None else task.budget_nano // count,
        max_steps=task.max_steps,
        timeout_s=task.timeout_s,
    )


def _parted(
    parts: tuple[Task, ...], summary: str, mission: Mission, *, base: Base, check: CheckResult | None
) -> tuple[Sequence[Event], Mapping[str, Any]]:
    """What is told of the whole, and what changes of it: it waits for the person, and remembers where it began."""
    at, task = mission.finished_at or mission.started_at, mission.task
    named = ", ".join(part.label for part in parts)
    reason = f"split into {len(parts)} parts: {named}; approve them or change them"
    who = {"task": task, "mission": mission.id, "agent": mission.agent, "tier": mission.tier}
    events = (
        TaskStatusChanged(at=at, task=task, status=TaskStatus.NEEDS_HUMAN, reason=reason),
        TaskSplit(at=at, **who, parts=tuple(part.id for part in parts), summary=summary),
    )
    return events, {
        "status": TaskStatus.NEEDS_HUMAN,
        "reason": reason,
        "base_commit": base.commit,
        "target_branch": base.branch,
        "base_check": check,
        "result_check": None,
        "halted": None,
    }
