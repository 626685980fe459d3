"""A task on its way to the board: looked at, assessed, stored; and changed by a person before it is sent out."""

import asyncio
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from agents.dispatch.resting import known_task
from agents.events import Event, TaskAssessed, TaskPosted, TaskStatusChanged
from agents.missions.mission import Ground
from agents.refusals import NotPossible
from agents.routing.assessment import Assessment, assess
from agents.routing.dual import Rating
from agents.routing.surroundings import survey
from agents.sanitize import one_line, sanitize
from agents.store import Store
from agents.tasks import JudgeScore, NewTask, RulesScore, Task, TaskStatus

EDITABLE = frozenset(
    {TaskStatus.OPEN, TaskStatus.BLOCKED, TaskStatus.QUEUED, TaskStatus.NEEDS_HUMAN, TaskStatus.FAILED}
    | {TaskStatus.CANCELLED}
)


async def post(ground: Ground, new: NewTask, *, simulated: bool) -> Task:
    """Put a task on the board, assessed. Raises NotPossible, UnknownTask, AlreadyPosted."""
    await _require_sound(ground, new.tier, new.depends_on)
    return await insert(ground, cleaned(new), await ground.repository.files_now(), simulated=simulated)


def cleaned(new: NewTask) -> NewTask:
    """As it is stored: foreign text made safe."""
    return new.model_copy(update={"title": one_line(new.title, 500) or "untitled", "brief": sanitize(new.brief)})


async def insert(ground: Ground, new: NewTask, files: frozenset[str], *, simulated: bool) -> Task:
    """Store a task that was looked at, assessed beside the repository's `files`. Raises AlreadyPosted."""
    ready = await prepared(ground, new, files)
    fields = ready.fields(str(ground.repository.root), simulated=simulated)
    return await ground.store.insert_task(ready.new, **fields, events=ready.events)


@dataclass(frozen=True)
class Prepared:
    """What the store needs to post one task."""

    new: NewTask
    found: Assessment
    at: datetime

    def fields(self, repo: str, *, simulated: bool) -> dict[str, Any]:
        """The fields of the row that nobody writes by hand."""
        return {"repo": repo, "simulated": simulated, **assessed(self.found)}

    def events(self, task: Task) -> tuple[Event, ...]:
        """What is told of it once it has a number."""
        posted = TaskPosted(at=self.at, task=task.id, title=task.title, priority=task.priority, repo=task.repo)
        return posted, assessed_event(task, self.at)


async def prepared(ground: Ground, new: NewTask, files: frozenset[str]) -> Prepared:
    """A cleaned task, assessed beside the repository's `files`."""
    return Prepared(new, await _assess(ground, new, files), ground.clock.now())


async def edit(ground: Ground, task: Task, **changes: Any) -> Task:
    """Change what a person posted. Raises NotPossible, UnknownTask, ValidationError.

    A task that runs or has a result in review is not changed under its agent's hands.
    """
    if task.status not in EDITABLE:
        raise NotPossible(f"{task.label} is {task.status}: cancel or reject it before you change it")
    fields = {name: getattr(task, name) for name in NewTask.model_fields}
    new = cleaned(NewTask.model_validate({**fields, **changes}))
    await _require_sound(ground, new.tier, new.depends_on, task=task.id)
    changed = {name: getattr(new, name) for name in changes}
    events: list[Event] = []
    if "title" in changed or "brief" in changed:
        changed |= assessed(await _assess(ground, new, await ground.repository.files_now()))
        events.append(assessed_event(task.model_copy(update=changed), ground.clock.now()))

    def editable(now: Task) -> None:
        if now.status is not task.status:
            raise NotPossible(f"{now.label} is {now.status} by now: look at it before you change it")

    said = TaskStatusChanged(at=ground.clock.now(), task=task.id, status=task.status, reason=task.reason)
    return await ground.store.save_task(task.id, [*events, said], provided=editable, **changed)


async def _assess(ground: Ground, new: NewTask, files: frozenset[str]) -> Assessment:
    text = f"{new.title}\n\n{new.brief}"
    around = await asyncio.to_thread(survey, ground.repository.root, text, files)
    return assess(text, around, goes=ground.settings.routing.goes)


def assessed(found: Assessment, rating: Rating | None = None, judge: JudgeScore | None = None) -> dict[str, Any]:
    """What an assessment by the rules makes of a task's row; with the `judge` where one was heard."""
    return {
        "complexity": rating.complexity if rating else found.complexity,
        "kind": found.kind,
        "language": found.language,
        "size": found.size,
        "assessed_by": rating.source if rating else "rules",
        "rules": RulesScore(
            score=found.score,
            component=found.component,
            coordinative=found.coordinative,
            dynamic=found.dynamic,
            evidence=found.evidence,
        ),
        "judge": judge,
    }


def assessed_event(task: Task, at: datetime) -> TaskAssessed:
    """CONTRACT's `task.assessed` for a task as it is assessed now."""
    rules, judge = task.rules, task.judge
    return TaskAssessed(
        at=at,
        task=task.id,
        complexity=task.complexity,
        kind=task.kind,
        source=task.assessed_by,
        evidence=rules.evidence if rules else (),
        rules=round(rules.score, 2) if rules else None,
        judge=judge.score if judge else None,
    )


def require_tier(ground: Ground, tier: str | None) -> None:
    """Raises NotPossible when `tier`, to which a task is pinned, does not exist."""
    tiers = ground.settings.tiers
    if tier is not None and tier not in tiers:
        raise NotPossible(f"there is no tier {tier!r}: the tiers are {', '.join(tiers)}")


async def _require_sound(
    ground: Ground, tier: str | None, depends_on: tuple[int, ...], *, task: int | None = None
) -> None:
    require_tier(ground, tier)
    for number in depends_on:
        needed = await known_task(ground.store, number)
        if needed.repo != str(ground.repository.root):
            raise NotPossible(f"T{number} belongs to another repository: a task can wait only for those of its own")
        if task is not None and await _leads_to(ground.store, needed, task):
            raise NotPossible(f"T{task} cannot wait for T{number}, which waits for T{task}")


async def _leads_to(store: Store, needed: Task, wanted: int) -> bool:
    """Whether `needed` is `wanted` or waits for it, through however many others."""
    seen: set[int] = set()
    todo = [needed.id]
    while todo:
        number = todo.pop()
        if number == wanted:
            return True
        if number not in seen and (found := await store.task(number)) is not None:
            todo += (*found.depends_on, *await store.parts_of(number))
        seen.add(number)
    return False
