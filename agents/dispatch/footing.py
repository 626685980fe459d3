"""What a task's missions stand on: the pinned base commit, and how the check ends there."""

from collections.abc import Mapping
from dataclasses import dataclass

from agents.missions.mission import Ground
from agents.refusals import NotPossible
from agents.sanitize import one_line
from agents.tasks import CheckResult, Task, TaskStatus
from agents.workspace import Base, MergeConflict
from agents.workspace.checks import find_check


@dataclass(frozen=True)
class Footing:
    """The base of every mission of one dispatch."""

    base: Base
    command: str | None
    """The check; None: there is none."""
    built_on: Mapping[int, str]
    """Results that were put under it before they were accepted."""


def check_of(ground: Ground, task: Task) -> str | None:
    """The task's own check, else the repository's as its folder has it now."""
    return task.check or ground.settings.check.command or find_check(ground.repository.root)


async def find_footing(ground: Ground, task: Task) -> Footing:
    """Where the person's branch stands now, with the results under it that the task depends on and nobody accepted yet.

    Raises NotPossible when these do not fit together, WorkspaceError.
    """
    base = await ground.repository.base()
    below: dict[int, str] = {}
    for number in task.depends_on:
        needed = await ground.store.task(number)
        if needed is not None and needed.status is TaskStatus.REVIEW and needed.commit:
            below[number] = needed.commit
    try:
        stacked = await ground.repository.stack(base, tuple(below.values()))
    except MergeConflict as error:
        names = ", ".join(f"T{number}" for number in below)
        raise NotPossible(f"the results of {names} do not fit together: {error} Accept one of them first") from error
    command, warnings = await _committed(ground, task, stacked)
    return Footing(base=Base(stacked.commit, base.branch, (*base.warnings, *warnings)), command=command, built_on=below)


async def _committed(ground: Ground, task: Task, base: Base) -> tuple[str | None, tuple[str, ...]]:
    """The check as the base commit has it: one found in files that are not committed could only ever be red."""
    command = check_of(ground, task)
    if command is None or task.check or ground.settings.check.command:
        return command, ()
    async with ground.repository.checkout(base.commit) as folder:
        found = find_check(folder)
    if found == command:
        return command, ()
    return found, (f"`{one_line(command, 80)}` was not used as the check: what defines it is not committed yet",)


async def check_base(ground: Ground, task: Task, footing: Footing) -> CheckResult | None:
    """The red half of red to green. None: there is no check."""
    if footing.command is None:
        return None
    return await ground.prover.run(
        footing.command,
        footing.base.commit,
        on="base",
        emit=ground.store.append,
        where=lambda: {"at": ground.clock.now(), "task": task.id},
    )
