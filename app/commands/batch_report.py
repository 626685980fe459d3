"""A batch as a person reads it at its end: a table, a line, and one exit code for all of it."""

from collections import Counter
from collections.abc import Sequence

from agents.tasks import Task
from app.commands.batch_tasks import BatchTask
from app.commands.console import paint, put, put_painted, table
from app.commands.failures import BUDGET, DONE, ENVIRONMENT, FAILED
from app.commands.report import status_words, tier_of
from app.commands.watching import exit_code
from app.screen.words import counted, dollars

WORST_FIRST = (BUDGET, ENVIRONMENT, FAILED)
"""Which of several tasks' codes is the batch's: what stopped it for all before what went wrong for one."""


def print_table(wanted: Sequence[BatchTask], tasks: Sequence[Task]) -> None:
    """One row a task, in the order of the file, on stdout."""
    heads = ("ID", "TASK", "OUTCOME", "TIER", "COST", "SECONDS", "TITLE")
    lines = table([heads, *(_cells(one, task) for one, task in zip(wanted, tasks, strict=True))], cut=6)
    put_painted(paint(lines[0], "bold"))
    for line in lines[1:]:
        put(line)


def _cells(wanted: BatchTask, task: Task) -> tuple[str, ...]:
    return (
        wanted.name or "-",
        task.label,
        status_words(task),
        tier_of(task) or "-",
        dollars(task.cost_nano),
        f"{task.seconds:.1f}",
        task.title,
    )


def summary(tasks: Sequence[Task]) -> str:
    """12 tasks: 9 proven, 2 verified, 1 needs human; $0.42."""
    stands = Counter(str(task.outcome or task.status.replace("_", " ")) for task in tasks)
    costs = [task.cost_nano for task in tasks]
    known = [cost for cost in costs if cost is not None]
    total = dollars(sum(known)) + ("" if len(known) == len(costs) else " and calls of unknown price")
    how = ", ".join(f"{number} {word}" for word, number in stands.most_common())
    return f"{counted(len(tasks), 'task')}" + (f": {how}; {total}" if how else "")


def worst(tasks: Sequence[Task]) -> int:
    """The exit code of a batch that came to its end. A task that somebody cancelled meanwhile was not done: 1."""
    codes = {exit_code(task) for task in tasks}
    return next((code for code in WORST_FIRST if code in codes), FAILED if codes - {DONE} else DONE)
