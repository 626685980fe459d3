"""Posting a file of tasks after one look at the repository: each once, however often the file is posted."""

from collections.abc import Mapping, Sequence
from graphlib import CycleError, TopologicalSorter

from agents.dispatch.posting import cleaned, insert, require_tier
from agents.missions.mission import Ground
from agents.refusals import NotPossible
from agents.store import AlreadyPosted
from agents.tasks import Frozen, NewTask, Task

_COMPARED = tuple(name for name in NewTask.model_fields if name not in {"external_id", "parent"})


class Posted(Frozen):
    """A task that was asked for: put on the board now, or there already under its external id."""

    task: Task
    fresh: bool
    changed: tuple[str, ...] = ()
    """Fields that now differ from the task that was there. It stands as it was stored."""


async def post_all(
    ground: Ground, news: Sequence[NewTask], needs: Mapping[str, Sequence[str]], *, simulated: bool
) -> list[Posted]:
    """Many tasks with an external id each, in the order of `news`; what is there already stays as it is.

    `needs`: by external id, the external ids a task depends on, all of them among `news`. Raises NotPossible for a tier
    that does not exist and for dependencies that are missing or go in a circle; then nothing was posted.
    """
    ordered = in_order(news, needs)
    for new in ordered:
        require_tier(ground, new.tier)
    there = await ground.store.tasks(repo=str(ground.repository.root))
    known = {task.external_id: task for task in there if task.external_id is not None}
    files = frozenset[str]()
    if any(new.external_id not in known for new in news):
        files = await ground.repository.files_now()
    posted: dict[str, Posted] = {}
    for new in ordered:
        name = new.external_id or ""
        numbers = tuple(posted[need].task.id for need in needs.get(name, ()))
        wanted = cleaned(new).model_copy(update={"depends_on": numbers})
        posted[name] = await _known_or_new(ground, wanted, known.get(name), files, simulated=simulated)
    return [posted[new.external_id or ""] for new in news]


async def _known_or_new(
    ground: Ground, new: NewTask, there: Task | None, files: frozenset[str], *, simulated: bool
) -> Posted:
    if there is None:
        try:
            return Posted(task=await insert(ground, new, files, simulated=simulated), fresh=True)
        except AlreadyPosted:  # by another process, in this moment
            there = await ground.store.task_by_external_id(str(ground.repository.root), new.external_id or "")
            if there is None:
                raise
    changed = tuple(name for name in _COMPARED if getattr(there, name) != getattr(new, name))
    return Posted(task=there, fresh=False, changed=changed)


def in_order(news: Sequence[NewTask], needs: Mapping[str, Sequence[str]]) -> list[NewTask]:
    """`news`, what a task needs before it; as given where that does. Raises NotPossible for what cannot be met."""
    places = {new.external_id or "": place for place, new in enumerate(news)}
    for name, wanted in needs.items():
        if missing := [need for need in wanted if need not in places]:
            raise NotPossible(f"{name!r} depends on {missing[0]!r}, which is not among the tasks")
    if all(places[need] < place for name, place in places.items() for need in needs.get(name, ())):
        return list(news)
    try:
        order = TopologicalSorter({name: needs.get(name, ()) for name in places}).static_order()
        return [news[places[name]] for name in order]
    except CycleError as error:
        raise NotPossible(f"tasks depend on each other in a circle: {', '.join(map(repr, error.args[1]))}") from error
