"""A part of a work order that failed: what the planner is asked about it, once, and how the answer is read."""

from typing import Any, Literal

from agents.missions.advice import Question
from agents.missions.answer import Unreadable, line_of, read_object
from agents.missions.context import fitting
from agents.missions.failure import trim_output
from agents.missions.fences import RULE, fenced
from agents.missions.material import diff_within
from agents.missions.work_order import BRIEF_LIMIT, MOST_TOKENS, paths_of, words
from agents.models.tokens import estimate_tokens
from agents.store.work_orders import WorkOrder
from agents.tasks import Frozen, Role, Task, Variant

OUTPUT_LIMIT = 3000
"""Characters of the failing output."""
MOST_DIFF_TOKENS = 6000
_TASK_TOKENS = 2000

SYSTEM = f"""\
You planned a change to a repository, and a cheaper model failed at one part of it. You plan and never write code.
{RULE}
Say what becomes of that part. "mend": the order was unclear, wrong or incomplete; the same model tries again with a \
brief you write anew. "hand over": the order is right and the model too weak for it; a stronger one gets the part.
Answer with one JSON object: "action" ("mend" or "hand over"), "why" (one sentence), "brief" (to mend: the whole brief \
of the part, in words, at most {BRIEF_LIMIT} characters, saying what was misunderstood; else empty), "files" (to mend: \
the files of the part; else empty)."""

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "action": {"type": "string", "enum": ["mend", "hand over"]},
        "why": {"type": "string"},
        "brief": {"type": "string"},
        "files": {"type": "array", "items": {"type": "string"}},
    },
    "required": ["action", "why", "brief", "files"],
    "additionalProperties": False,
}


class Mending(Frozen):
    """What becomes of a part that failed. Foreign text, sanitized."""

    action: Literal["mend", "hand over"]
    why: str
    brief: str = ""
    files: tuple[str, ...] = ()


def mending_question(
    task: Task, order: WorkOrder, place: int, *, diff: str, output: str, room: int
) -> Question[Mending]:
    """What becomes of the part at `place` (from 0), of which `diff` was written and which failed with `output`."""
    part = order.parts[place]
    parts = [
        fenced("task", fitting(task.text, min(_TASK_TOKENS, room // 6))),
        fenced("your order", order_in_words(order)),
        fenced("the part that failed", f"part {place + 1}: {part.title}\n{part.brief}\nfiles: {', '.join(part.files)}"),
        fenced("how it failed", trim_output(output, OUTPUT_LIMIT)),
    ]
    left = room - sum(map(estimate_tokens, (*parts, SYSTEM)))
    if diff:
        parts.append(fenced("what was written", diff_within(diff, min(left, MOST_DIFF_TOKENS))))
    return Question(
        role=Role.PLAN,
        doing="mends the work order",
        system=SYSTEM,
        content="\n\n".join([*parts, "What becomes of this part?"]),
        schema=SCHEMA,
        read=read_mending,
        told=lambda said: f"{said.action}: {said.why}",
        variant=Variant.ORCHESTRATED,
        failing="not mended",
        most_tokens=MOST_TOKENS,
    )


def read_mending(answer: str) -> Mending:
    """What `answer` says. Raises Unreadable, in words for the model."""
    said = read_object(answer, ("action",))
    action = line_of(said["action"], 20).lower().replace("_", " ")
    why = line_of(said.get("why"), 300) or "no reason was given"
    if action in {"hand over", "handover"}:
        return Mending(action="hand over", why=why)
    if action != "mend":
        raise Unreadable('action must be "mend" or "hand over"')
    brief = words(said.get("brief"), "the brief", BRIEF_LIMIT)
    if not brief:
        raise Unreadable("a mended part needs its whole brief")
    return Mending(action="mend", why=why, brief=brief, files=paths_of(said.get("files"), "files"))


def order_in_words(order: WorkOrder) -> str:
    """The order as a text."""
    lines = [order.summary, f"Files: {', '.join(order.files)}"]
    lines += [f"{one.file}: {one.signature}" + (f": {one.does}" if one.does else "") for one in order.interfaces]
    lines += [f"Convention: {line}" for line in order.conventions]
    lines.append(f"The check must show: {order.acceptance}")
    lines += [f"Part {number} ({part.work}): {part.title}. {part.brief}" for number, part in enumerate(order.parts, 1)]
    return "\n".join(lines)
