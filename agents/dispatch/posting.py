"""A task on its way to the board: looked at, assessed, stored; and changed by a person before it is sent out."""

from dataclasses import dataclass
from typing import Any

from agents.dispatch.resting import known_task
from agents.events import Event, TaskAssessed, TaskPosted, TaskStatusChanged
from agents.missions.mission import Ground
from agents.refusals import NotPossible
from agents.routing.assessment import assess
from agents.routing.surroundings import Surroundings
from agents.sanitize import one_line, sanitize
from agents.store import Store
from agents.tasks import NewTask, Task, TaskKind, TaskStatus

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
    ready = prepared(ground, new, files)
    fields = ready.fields(str(ground.repository.root), simulated=simulated)
    return await ground.store.insert_task(ready.new, **fields, events=ready.events)


@dataclass(frozen=True)
class Prepared:
    """What the store needs to post one task."""

    new: NewTask
    assessed: TaskAssessed

    def fields(self, repo: str, *, simulated: bool) -> dict[str, Any]:
        """The fields of the row that nobody writes by hand."""
        kind = TaskKind(self.assessed.kind)
        return {"repo": repo, "complexity": self.assessed.complexity, "kind": kind, "simulated": simulated}

    def events(self, task: Task) -> tuple[Event, ...]:
        """What is told of it once it has a number."""
        posted = TaskPosted(at=self.assessed.at, task=task.id, title=task.title, priority=task.priority, repo=task.repo)
        return posted, self.assessed.model_copy(update={"task": task.id})


def prepared(ground: Ground, new: NewTask, files: frozenset[str]) -> Prepared:
    """A cleaned task, assessed beside the repository's `files`."""
    return Prepared(new, _assessed(ground, new, files))


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
        assessed = _assessed(ground, new, await ground.repository.files_now())
        events.append(assessed.model_copy(update={"task": task.id}))
        changed |= {"complexity": assessed.complexity, "kind": TaskKind(assessed.kind)}

    def editable(now: Task) -> None:
        if now.status is not task.status:
            raise NotPossible(f"{now.label} is {now.status} by now: look at it before you change it")

    said = TaskStatusChanged(at=ground.clock.now(), task=task.id, status=task.status, reason=task.reason)
    return await ground.store.save_task(task.id, [*events, said], provided=editable, **changed)


def _assessed(ground: Ground, new: NewTask, files: frozenset[str]) -> TaskAssessed:
    found = assess(f"{new.title}\n\n{new.brief}", Surroundings(files))
    return TaskAssessed(at=ground.clock.now(), complexity=found.complexity, kind=found.kind, evidence=found.evidence)


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
