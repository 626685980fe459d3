"""A task and its parts: posted together, or not at all. Functions on an open connection."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from agents.events import Event
from agents.store import board
from agents.store.database import Transaction
from agents.store.errors import UnknownRow
from agents.tasks import NewTask, Task

Split = Callable[[Task, tuple[Task, ...]], tuple[Sequence[Event], Mapping[str, Any]]]
"""(The task as it stands, its new parts) → the events that tell of it, and what changes of the task's own row."""

Provided = Callable[[Task, Sequence[Task]], None]
"""(The task as it stands, those of its parts that have not ended): raises when it may not be split."""


@dataclass(frozen=True)
class NewPart:
    """A part about to be posted."""

    new: NewTask
    fields: Mapping[str, Any]
    """Repository, complexity, kind, simulated."""
    events: Callable[[Task], Sequence[Event]]
    after: tuple[int, ...] = ()
    """Places of earlier parts whose results it needs, from 0; their numbers are known once they are posted."""


def split_task(
    transaction: Transaction, task_id: int, new: Sequence[NewPart], at: datetime, split: Split, *, provided: Provided
) -> tuple[Task, ...]:
    """Post `new` as parts of the task, in order, and change the task as `split` says. Raises what `provided` raises."""
    before = board.get_task(transaction.sql, task_id)
    if before is None:
        raise UnknownRow(f"there is no task T{task_id} in this home: `warroom board --all` lists what is")
    living = [part for part in board.find_tasks(transaction.sql, parent=task_id) if not part.status.ended]
    provided(before, living)
    posted: list[Task] = []
    for part in new:
        needs = dict.fromkeys((*part.new.depends_on, *(posted[place].id for place in part.after)))
        wired = part.new.model_copy(update={"parent": task_id, "depends_on": tuple(needs)})
        posted.append(board.insert_task(transaction, wired, part.fields, at, part.events))
    events, changes = split(before, tuple(posted))
    board.save_task(transaction, task_id, events, changes, at)
    return tuple(posted)
