"""What a caller can do now about a task: the last line of every answer about one."""

from agents.routing.size import too_large
from agents.tasks import Task, TaskStatus


def next_step(task: Task, *, may_accept: bool) -> str:
    """One or two sentences. `may_accept`: the person allows callers to merge."""
    number = task.id
    match task.status:
        case TaskStatus.REVIEW if may_accept:
            return f"Read diff(task={number}), then accept(task={number}) or reject(task={number})."
        case TaskStatus.REVIEW:
            return (
                f"Read diff(task={number}). The person merges it with `warroom accept {task.label}`; "
                f"reject(task={number}) throws it away."
            )
        case TaskStatus.QUEUED | TaskStatus.RUNNING | TaskStatus.BLOCKED:
            waiting = f"It is on its way: show(task={number}, wait_s=60) waits for it; cancel(task={number}) stops it."
            return f"{waiting} {_size(task)}".rstrip()
        case TaskStatus.DONE:
            return "Nothing: it is merged."
        case TaskStatus.OPEN if task.halted == "environment":
            return "No agent could work on it. Do it yourself, or tell the person what the reason says."
        case _:
            return f"Do it yourself, or dispatch it anew with what the reason tells you. {_size(task)}".rstrip()


def _size(task: Task) -> str:
    why = too_large(task)
    return f"It looks too large for one agent ({why}): smaller parts are likelier to succeed." if why else ""
