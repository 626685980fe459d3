"""The parts of a split task: approved, sent out, and, when all of them are accepted, the whole judged by its check."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Literal

from agents.dispatch.ending import finished_event
from agents.dispatch.gate import ours
from agents.events import TaskStatusChanged
from agents.missions.mission import Ground, being_cancelled
from agents.missions.proof import Judgement, judge
from agents.refusals import NotPossible
from agents.sanitize import one_line
from agents.tasks import CheckResult, Outcome, Task, TaskStatus
from agents.tools.sandbox import SandboxError
from agents.workspace import WorkspaceError
from agents.workspace.checks import find_check

Dispatch = Callable[[int], Awaitable[Task]]
_MAY_WAIT = frozenset({TaskStatus.OPEN, TaskStatus.NEEDS_HUMAN, TaskStatus.FAILED, TaskStatus.BLOCKED})


async def approve(ground: Ground, task: Task, dispatch: Dispatch) -> tuple[Task, ...]:
    """Send out `task`, which waits at the gate for its parts, and its open parts; the parts sent out.

    When all of them are done already, the whole is judged (again). Raises NotPossible when there is nothing to approve.
    """
    parts = [part for part in await ground.store.tasks(parent=task.id) if part.status is not TaskStatus.CANCELLED]
    if task.status not in _MAY_WAIT:
        raise NotPossible(f"{task.label} is {task.status.replace('_', ' ')}: its parts cannot be approved now")
    if not parts:
        raise NotPossible(f"{task.label} has no parts: `warroom split {task.label}` has a planner propose some")
    waiting = [part for part in parts if part.status is TaskStatus.OPEN]
    if not waiting and not all(part.status is TaskStatus.DONE for part in parts):
        stand = ", ".join(f"{part.label} {part.status.replace('_', ' ')}" for part in parts)
        raise NotPossible(f"no part of {task.label} waits for approval: {stand}")
    sent = []
    for one in (task, *sorted(waiting, key=lambda part: (-part.priority, part.id))):
        with contextlib.suppress(NotPossible):  # it waits already, or another War Room was quicker
            sent.append(await dispatch(one.id))
    return tuple(one for one in sent if one.id != task.id)


async def conclude(ground: Ground, task: Task, parts: Sequence[int]) -> Task:
    """Judge a task whose `parts` are all accepted, by its check on the person's branch as it is now. The stored task.

    Green: done, proven when the task's own check was red on the commit it was split at. No check: done, unverified.
    Red, or a check that could not be run: needs_human. Raises Elsewhere when the task is another War Room's by now.
    """
    done = [part for number in parts if (part := await ground.store.task(number)) is not None]
    reason = "its parts are accepted: the check of the whole is run"
    said = TaskStatusChanged(at=ground.clock.now(), task=task.id, status=TaskStatus.RUNNING, reason=reason)
    mine = ours(ground.owner)
    task = await ground.store.save_task(task.id, [said], provided=mine, status=TaskStatus.RUNNING, reason=reason)
    try:
        commit = await ground.repository.tip(task.target_branch)
        command = await check_at(ground, task, commit)
        result = await run_check(ground, task, command, commit, on="merge") if command else None
    except (WorkspaceError, SandboxError) as error:
        if being_cancelled():
            raise asyncio.CancelledError from error
        reason = (
            f"its parts are accepted, but its own check could not be run: {error} "
            f"`warroom approve {task.label}` tries again"
        )
        return await _end(ground, task, Judgement(outcome=Outcome.FAILED, reason=reason), {"halted": "environment"})
    files = tuple(dict.fromkeys(name for part in done for name in part.files))
    changes = {"files": files, "result_check": result, "merged_commit": commit}
    return await _end(ground, task, _judged(task, result), changes)


def _judged(task: Task, result: CheckResult | None) -> Judgement:
    if result is None:
        reason = "its parts are accepted; there was no check of the whole to run"
        return Judgement(outcome=Outcome.UNVERIFIED, reason=reason)
    base = task.base_check if task.base_check is not None and task.base_check.command == result.command else None
    said = judge(own=task.check is not None and base is not None, base=base, result=result)
    if said.outcome.accepted:
        if base is None:
            return said.model_copy(update={"reason": "its parts are accepted and the check is green"})
        return said.model_copy(update={"reason": f"its parts are accepted; {said.reason}"})
    branch = one_line(task.target_branch or "HEAD", 80)
    ended = "does not end in time" if result.exit_code is None else f"exits {result.exit_code}"
    reason = f"its parts are accepted, but its own check {ended} on {branch} as it is now. What should change?"
    return said.model_copy(update={"reason": reason})


async def _end(ground: Ground, task: Task, judgement: Judgement, changes: dict[str, Any]) -> Task:
    at, store = ground.clock.now(), ground.store
    outcome = judgement.outcome
    status = TaskStatus.DONE if outcome.accepted else TaskStatus.NEEDS_HUMAN
    changes |= {
        "status": status,
        "outcome": outcome,
        "reason": one_line(judgement.reason, 500),
        "warnings": tuple(dict.fromkeys((*task.warnings, *judgement.warnings))),
    }
    if status is not TaskStatus.DONE:
        changes.pop("merged_commit", None)
    after = task.model_copy(update=changes)
    events = (
        TaskStatusChanged(at=at, task=task.id, status=status, reason=after.reason),
        finished_event(after, outcome, at),
    )
    return await store.save_task(task.id, events, provided=ours(ground.owner), **changes)


async def check_at(ground: Ground, task: Task, commit: str) -> str | None:
    """The check of `task` on `commit`: its own, else the one that is set, else what is found there; None for none."""
    command = task.check or ground.settings.check.command
    if command:
        return command
    async with ground.repository.checkout(commit) as folder:
        return find_check(folder)


async def run_check(
    ground: Ground, task: Task, command: str, commit: str, *, on: Literal["base", "merge"]
) -> CheckResult:
    """Run `command` on a clean checkout of `commit`. Raises SandboxError, WorkspaceError."""
    return await ground.prover.run(
        command,
        commit,
        on=on,
        emit=ground.store.append,
        where=lambda: {"at": ground.clock.now(), "task": task.id},
    )
