"""A plan by a stronger model for a cheaper one: what it is asked, how its answer is read. It holds no code."""

from pathlib import Path
from typing import Any

from agents.missions.advice import Question
from agents.missions.answer import Unreadable, read_object, text_of
from agents.missions.context import fitting, project_context
from agents.missions.decompose import CODE_LINES, code_lines, named_within
from agents.missions.failure import essence
from agents.missions.fences import RULE, fenced
from agents.models.tokens import estimate_tokens
from agents.tasks import CheckResult, Frozen, Role, Task

LONGEST = 2400
"""Characters of a plan: a few hundred tokens."""
CONTEXT_TOKENS = 8000
_TASK_TOKENS = 6000

SYSTEM = f"""\
You plan a change to a repository; a cheaper model will make it and see your plan. You plan and never write code: no \
code blocks, no contents of files. Name files, functions, what each must do, the order, and what is easy to get wrong.
{RULE}
Answer with one JSON object: "plan" (at most {LONGEST} characters, short numbered steps)."""

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"plan": {"type": "string"}},
    "required": ["plan"],
    "additionalProperties": False,
}


class Approach(Frozen):
    """How a task is to be done. Foreign text, sanitized."""

    plan: str


def approach_question(
    task: Task, root: Path, files: tuple[str, ...], *, room: int, check: CheckResult | None, failure: str = ""
) -> Question[Approach]:
    """The question how to do `task`, in about `room` tokens. `root`: a checkout of the commit with `files`; `check`:
    how the check ended there; `failure`: how the last attempt at it failed."""
    parts = [fenced("task", fitting(task.text, min(_TASK_TOKENS, room // 4)))]
    if check is not None:
        red = f"\n{essence(check.output)}" if not check.green else ""
        parts.append(fenced("check", f"{check.command}{red}"))
    if failure:
        parts.append(fenced("how the last attempt failed", essence(failure)))
    left = min(room - sum(map(estimate_tokens, (*parts, SYSTEM))), CONTEXT_TOKENS)
    shown, left = named_within(task, root, files, left)
    context = project_context(root, files, token_budget=max(0, left))
    parts += [*shown, *([fenced("repository", context)] if context else []), "Plan this change."]
    return Question(
        role=Role.PLAN,
        doing="plans the change",
        system=SYSTEM,
        content="\n\n".join(parts),
        schema=SCHEMA,
        read=read_approach,
        told=lambda approach: approach.plan,
    )


def read_approach(answer: str) -> Approach:
    """The plan in `answer`. Raises Unreadable, in words for the model."""
    plan = text_of(read_object(answer, ("plan",))["plan"])
    if not plan:
        raise Unreadable("the plan is empty")
    if len(plan) > LONGEST:
        raise Unreadable(f"the plan has {len(plan)} characters, the limit is {LONGEST}")
    if code_lines(plan) > CODE_LINES:
        raise Unreadable("the plan holds code: say in words what is to be done, the other model writes the code")
    return Approach(plan=plan)
