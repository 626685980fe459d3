"""The proving ground: graded tasks carried out by one tier through the real engine, their checks hidden from it.

Each task has a repository of its own below the home, so that it stands alone and a run that was interrupted goes on
where it stopped. Money, slots and limits are those of the home: a paid tier is paid for."""

import asyncio
import shutil
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from pathlib import Path

from agents.clock import Clock, SystemClock
from agents.headquarters import Headquarters
from agents.models.connect import Connect, connector
from agents.proving.cooling import Places
from agents.proving.graded import GradedTask
from agents.proving.shapes import Shape, shape_of
from agents.proving.validating import write_files
from agents.settings import Cooldown, Settings
from agents.store import Proving
from agents.tasks import Frozen, Mission, NewTask, Outcome, Role, Task, TaskKind, TaskStatus, Usage, Way
from agents.workspace.git import git

JUDGED = frozenset({Outcome.PROVEN, Outcome.VERIFIED, Outcome.FAILED})


class ProvingStopped(Exception):
    """It cannot go on; the message says why. What was measured is kept, and the next run goes on from there."""

    def __init__(self, reason: str, *, exit_code: int) -> None:
        super().__init__(reason)
        self.exit_code = exit_code


class Measured(Frozen):
    """One graded task, tried once."""

    task: str
    complexity: int
    kind: TaskKind
    language: str
    solved: bool
    shape: Shape | None
    """How it failed."""
    reason: str
    way: Way
    predicted: float | None
    """The odds it was given."""
    steps: int
    seconds: float
    usage: Usage
    cost_nano: int | None
    again: bool = False
    """It was measured before, by a run that was interrupted."""


@dataclass(frozen=True)
class Range:
    """Where tasks are carried out: one tier, one setting, one folder."""

    settings: Settings
    tier: str
    home: Path
    folder: Path
    """Holds a repository a task."""
    connect: Connect | None = None
    clock: Clock | None = None
    simulated: bool = False
    purpose: Proving = Proving.COUNTED

    @property
    def slots(self) -> int:
        """Tasks at a time."""
        return self.settings.tiers[self.tier].total_slots

    def hidden(self) -> Settings:
        """The settings, with the check hidden and a single try: what is measured is the first, and nobody else is
        asked. Between tasks `Places` has the agents rest."""
        return self.settings.model_copy(
            update={
                "check": self.settings.check.model_copy(update={"show": False}),
                "routing": self.settings.routing.model_copy(update={"max_missions": 1, "judge": "none", "explore": 0}),
                "dispatch": self.settings.dispatch.model_copy(
                    update={"review_every": 0, "auto_accept": False, "max_in_review": 0}
                ),
                "cooldown": Cooldown(rest_s=0, reset_every=0),
            }
        )


async def measure(where: Range, tasks: Sequence[GradedTask]) -> AsyncGenerator[Measured, None]:
    """Carry out every task; each as it ends. Raises ProvingStopped, HeadquartersError, StoreError, WorkspaceError."""
    clock = where.clock or SystemClock()
    places = Places(
        where.slots,
        where.settings.cooldown,
        name=where.tier,
        tier=where.settings.tiers[where.tier],
        connect=where.connect or connector(clock, routing=where.settings.routing),
        clock=clock,
    )

    async def one(task: GradedTask) -> Measured:
        async with places.turn() as turn:
            measured = await _measured(where, task)
            turn.worked = not measured.again
            return measured

    running = [asyncio.create_task(one(task), name=f"graded {task.id}") for task in tasks]
    try:
        for ended in asyncio.as_completed(running):
            yield await ended
    finally:
        for work in running:
            work.cancel()
        await asyncio.gather(*running, return_exceptions=True)


async def _measured(where: Range, graded: GradedTask) -> Measured:
    repo = where.folder / graded.id
    if not (repo / ".git").exists():
        await make_repository(repo, graded)
    hq = Headquarters(
        where.hidden(),
        home=where.home,
        folder=repo,
        clock=where.clock or SystemClock(),
        connect=where.connect,
        simulated=where.simulated,
        recover=True,
        proving=where.purpose,
    )
    async with hq:
        known = await hq.store.task_by_external_id(str(hq.repository.root), graded.id)
        again = known is not None and known.outcome in JUDGED and not known.halted
        if known is None:
            known = await hq.post(as_hidden(graded, where.tier))
        if not again:
            if known.status in {TaskStatus.OPEN, TaskStatus.NEEDS_HUMAN, TaskStatus.CANCELLED}:
                await hq.dispatch(known.id)
            known = await hq.wait(known.id)
        if known.halted:
            raise ProvingStopped(known.reason, exit_code=4 if known.halted == "budget" else 3)
        if known.outcome not in JUDGED:
            raise ProvingStopped(f"{graded.id} ({known.label}) was not measured: {known.reason}", exit_code=1)
        if known.status is TaskStatus.REVIEW:
            known = await hq.accept(known.id)
        missions = [one for one in await hq.missions(known.id) if one.role is Role.CODE and not one.interrupted]
        return _result(graded, known, missions[-1], again=again)


def _result(graded: GradedTask, task: Task, mission: Mission, *, again: bool) -> Measured:
    solved = task.outcome in {Outcome.PROVEN, Outcome.VERIFIED}
    return Measured(
        task=graded.id,
        complexity=graded.complexity,
        kind=graded.kind,
        language=graded.language,
        solved=solved,
        shape=None if solved else shape_of(mission, graded.solution),
        reason=mission.reason,
        way=mission.way,
        predicted=next((arm.p for arm in task.plan), None),
        steps=mission.steps,
        seconds=mission.seconds,
        usage=mission.usage,
        cost_nano=mission.cost_nano,
        again=again,
    )


def as_hidden(task: GradedTask, tier: str) -> NewTask:
    """The task as it is posted: pinned to the tier, its check known to the harness alone."""
    return NewTask(title=task.title, brief=task.brief, check=task.check.strip(), tier=tier, external_id=task.id)


async def make_repository(folder: Path, task: GradedTask) -> None:
    """A git repository at `folder` that holds the task's base files and nothing else. Made whole or not at all."""
    making = folder.with_name(f".{folder.name}.making")
    shutil.rmtree(making, ignore_errors=True)  # of a process that was killed over it
    making.mkdir(parents=True)
    write_files(making, task.base)
    await git("init", "--quiet", "--initial-branch=main", cwd=making)
    await git("add", "--all", cwd=making)
    who = ("-c", "user.name=War Room proving ground", "-c", "user.email=proving@localhost")
    await git(*who, "commit", "--quiet", "--allow-empty", "--message", "The task, as it was found", cwd=making)
    making.rename(folder)
