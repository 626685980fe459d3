"""Whether a task looks too large for one mission: a hint for the person, who alone decides to have it split."""

import re

from agents.tasks import Task, TaskKind

LARGE = 9
"""Complexity from which an issue over several files is more than one mission, as a rule."""
MANY = 5
"""Separate pieces of work in one brief."""
_ITEM = re.compile(
    r"^ {0,3}(?:[-*+•]|\d{1,2}[.)])\s+(?:\[[ xX]\]\s+)?(?:also |then |and )?"
    r"(?:add|allow|build|change|convert|create|delete|document|drop|expose|extend|extract|fix|implement|introduce|make"
    r"|migrate|move|port|provide|refactor|remove|rename|replace|rewrite|show|split|store|support|test|update|wire"
    r"|write)\b",
    re.IGNORECASE | re.MULTILINE,
)


def too_large(task: Task) -> str:
    """Why `task` looks too large for one mission; empty when it does not."""
    pieces = len(_ITEM.findall(task.text))
    if pieces >= MANY:
        return f"its brief lists {pieces} separate pieces of work"
    if task.kind is TaskKind.ISSUE and task.complexity >= LARGE:
        return f"it is a C{task.complexity} over several files or open questions"
    return ""
