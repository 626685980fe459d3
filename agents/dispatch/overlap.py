"""Tasks that will probably touch the same files: shown as a risk, not blocked."""

from collections.abc import Iterable

from agents.missions.reply import named_files
from agents.sanitize import one_line
from agents.tasks import Task


def likely_files(task: Task) -> frozenset[str]:
    """The files a task changed, or else those that its words and its check name."""
    if task.files:
        return frozenset(task.files)
    names = named_files(f"{task.text}\n{task.check or ''}")
    return frozenset((*names.named, *names.hinted))


def overlaps(task: Task, others: Iterable[Task]) -> tuple[str, ...]:
    """One sentence for each of `others`, which are under way or wait for review, that shares files with `task`."""
    mine = likely_files(task)
    said = []
    for other in others:
        shared = sorted(mine & likely_files(other)) if other.id not in {task.id, *task.depends_on} else []
        if shared:
            more = f" and {len(shared) - 2} more" if len(shared) > 2 else ""
            files = ", ".join(one_line(name, 80) for name in shared[:2])
            said.append(f"{other.label} may touch the same files: {files}{more}")
    return tuple(said)
