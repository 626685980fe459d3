"""The board as the event log alone tells it. The rows of the tasks say the same: invariant 1, tested."""

from collections.abc import Iterable

from agents.events import Event, TaskFinished, TaskPosted, TaskQueued, TaskStatusChanged
from agents.tasks import Outcome, TaskStatus

Standing = tuple[TaskStatus, Outcome | None]
"""Where a task stands: its status and its outcome."""

POSTED: Standing = (TaskStatus.OPEN, None)
_AFRESH = frozenset({TaskStatus.OPEN, TaskStatus.QUEUED, TaskStatus.BLOCKED})
"""A task that goes back to these is tried again: what was said of its last result no longer holds."""


def moves(event: Event) -> bool:
    """True when `event` can change where its task stands."""
    return isinstance(event, TaskPosted | TaskQueued | TaskStatusChanged | TaskFinished)


def advance(standing: Standing, event: Event) -> Standing:
    """Where a task that was at `standing` stands after `event`, one of its own."""
    match event:
        case TaskPosted():
            return POSTED
        case TaskQueued():
            return TaskStatus.QUEUED, None
        case TaskStatusChanged(status=status):
            return status, None if status in _AFRESH else standing[1]
        case TaskFinished(status=status, outcome=outcome):
            return status, None if status in _AFRESH else outcome
    return standing


def replay(events: Iterable[Event]) -> dict[int, Standing]:
    """Every posted task's standing after `events`, in log order. Events of tasks nobody posted change nothing."""
    board: dict[int, Standing] = {}
    for event in events:
        if event.task is not None and (event.task in board or isinstance(event, TaskPosted)):
            board[event.task] = advance(board.get(event.task, POSTED), event)
    return board
