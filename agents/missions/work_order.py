"""The work order: what a planner is asked, and how its answer is read. Never the code: who writes it is another model.

A planner that writes the code all the same is told so once; the second time its answer is of no use."""

from collections.abc import Collection
from pathlib import Path
from typing import Any

from agents.missions.advice import Question
from agents.missions.answer import Unreadable, line_of, objects, read_object, text_of
from agents.missions.context import fitting, project_context
from agents.missions.decompose import named_within
from agents.missions.failure import essence
from agents.missions.fences import RULE, fenced
from agents.missions.naming import unsafe
from agents.missions.prose import holds_code
from agents.models.tokens import estimate_tokens
from agents.store.work_orders import Interface, OrderedPart, WorkOrder
from agents.tasks import CheckResult, Role, Task, Variant

WORK = (
    "boilerplate", "tests", "component", "migration", "client", "types", "function", "docs", "refactor", "debugging",
    "other",
)  # fmt: skip
"""Kinds of work, as a planner names them."""
MOST_PARTS = 6
MOST_FILES = 20
MOST_INTERFACES = 20
MOST_CONVENTIONS = 8
BRIEF_LIMIT = 1200
"""Characters of a part's brief."""
ACCEPTANCE_LIMIT = 1200
SIGNATURE_LIMIT = 200
LONGEST = 6000
"""Characters of all its texts together: an order is a few hundred tokens, a program is more."""
MOST_TOKENS = 6000
"""Of the answer; models that always think do it within this."""
CONTEXT_TOKENS = 12_000
_TASK_TOKENS = 6000
CODE = "{where} holds code: say in words what is to be done. Who writes the code is another model"

SYSTEM = f"""\
You plan a change to a repository. Cheaper models write it, one part each, seeing their part of your order; \
another programmer checks it. You plan and never write code: no code blocks, no bodies of functions, no contents of \
files.
{RULE}
Answer with one JSON object, a few hundred tokens in all: "summary" (one or two sentences), "files" (every file that \
is created or changed), "interfaces" (what other parts and the check rely on: each with "file", "signature", on one \
line, such as slugify(text: str) -> str or Cart.add(item), and "does", in words), "conventions" (what of this \
repository's ways applies here, short lines), "acceptance" (what a check must show, in words: inputs, results, edge \
cases), "parts" (1 to {MOST_PARTS}, in the order they are written: each with "title", "brief", in words, "files" and \
"work", one of {", ".join(WORK)}).
A part is small enough for a weak model in one sitting: one file, or a few. What is one file's work is one part."""

_TEXTS = {"type": "array", "items": {"type": "string"}}


def _object(**properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


_TEXT = {"type": "string"}
SCHEMA: dict[str, Any] = _object(
    summary=_TEXT,
    files=_TEXTS,
    interfaces={"type": "array", "items": _object(file=_TEXT, signature=_TEXT, does=_TEXT)},
    conventions=_TEXTS,
    acceptance=_TEXT,
    parts={
        "type": "array",
        "items": _object(title=_TEXT, brief=_TEXT, files=_TEXTS, work={"type": "string", "enum": list(WORK)}),
    },
)


def order_question(
    task: Task, root: Path, files: tuple[str, ...], *, room: int, check: CheckResult | None, failure: str = ""
) -> Question[WorkOrder]:
    """The question for a work order for `task`, in about `room` tokens. `root`: a checkout of the commit with `files`;
    `check`: how the task's own check ended there; `failure`: how the last attempt failed."""
    parts = [fenced("task", fitting(task.text, min(_TASK_TOKENS, room // 4)))]
    if check is not None:
        red = f"\n{essence(check.output)}" if not check.green else ""
        parts.append(fenced("check", f"{check.command}{red}"))
    if task.comment:
        parts.append(fenced("what the person says of an earlier result", fitting(task.comment, _TASK_TOKENS)))
    if failure:
        parts.append(fenced("how the last attempt failed", essence(failure)))
    left = min(room - sum(map(estimate_tokens, (*parts, SYSTEM))), CONTEXT_TOKENS)
    shown, left = named_within(task, root, files, left)
    context = project_context(root, files, token_budget=max(0, left))
    parts += [*shown, *([fenced("repository", context)] if context else []), "Write the order for this task."]
    return Question(
        role=Role.PLAN,
        doing="writes the work order",
        system=SYSTEM,
        content="\n\n".join(parts),
        schema=SCHEMA,
        read=read_order,
        told=lambda order: f"{counted_parts(len(order.parts))}: {order.summary}",
        variant=Variant.ORCHESTRATED,
        failing="not ordered",
        most_tokens=MOST_TOKENS,
    )


def read_order(answer: str) -> WorkOrder:
    """The order in `answer`. Raises Unreadable, in words for the model."""
    said = read_object(answer, ("parts", "acceptance"))
    items = objects(said["parts"], "parts")
    if not 1 <= len(items) <= MOST_PARTS:
        raise Unreadable(f"an order has 1 to {MOST_PARTS} parts, not {len(items)}")
    acceptance = words(said["acceptance"], "acceptance", ACCEPTANCE_LIMIT)
    if not acceptance:
        raise Unreadable("acceptance is empty: say what a check must show")
    parts = tuple(_part(number, item) for number, item in enumerate(items, 1))
    named = dict.fromkeys((*paths_of(said.get("files"), "files"), *(name for part in parts for name in part.files)))
    found = objects(said.get("interfaces"), "interfaces")[:MOST_INTERFACES]
    order = WorkOrder(
        summary=line_of(said.get("summary"), 500) or counted_parts(len(parts)),
        files=tuple(named),
        interfaces=tuple(one for item in found if (one := _interface(item)) is not None),
        conventions=_conventions(said.get("conventions")),
        acceptance=acceptance,
        parts=parts,
    )
    if (length := len(order.model_dump_json())) > LONGEST:
        raise Unreadable(f"the order has {length} characters, the limit is {LONGEST}: be briefer, and leave out code")
    return order


def counted_parts(number: int) -> str:
    """1 part, 2 parts."""
    return "1 part" if number == 1 else f"{number} parts"


def words(value: Any, where: str, limit: int) -> str:
    """`value` as words within `limit` characters. Raises Unreadable where they are code, or too many."""
    text = text_of(value)
    if holds_code(text):
        raise Unreadable(CODE.format(where=where))
    if len(text) > limit:
        raise Unreadable(f"{where} has {len(text)} characters, the limit is {limit}")
    return text


def paths_of(value: Any, where: str) -> tuple[str, ...]:
    """`value` as paths inside the repository. Raises Unreadable."""
    if value is None:
        return ()
    if not isinstance(value, list) or len(value) > MOST_FILES:
        raise Unreadable(f"{where} must be a list of at most {MOST_FILES} paths")
    found = [line_of(item, 300).removeprefix("./") for item in value]
    for name in found:
        if fault := unsafe(name):
            raise Unreadable(f"{where} names {name[:80]!r}, which {fault}")
    return tuple(dict.fromkeys(found))


def _part(number: int, item: dict[str, Any]) -> OrderedPart:
    where = f"part {number}"
    title = line_of(item.get("title"), 200)
    files = paths_of(item.get("files"), f"the files of {where}")
    if not title or not files:
        raise Unreadable(f"{where} has no {'files' if title else 'title'}")
    work = line_of(item.get("work"), 30).lower()
    brief = words(item.get("brief"), f"the brief of {where}", BRIEF_LIMIT)
    return OrderedPart(title=title, brief=brief, files=files, work=work if work in WORK else "other")


def _interface(item: dict[str, Any]) -> Interface | None:
    given = text_of(item.get("signature"))
    file = line_of(item.get("file"), 300).removeprefix("./")
    if not given or unsafe(file):
        return None
    if len(given) > SIGNATURE_LIMIT or "\n" in given or holds_body(given):
        raise Unreadable(f"the signature in {file[:80]!r} is no one-liner: give its name and parameters only")
    return Interface(file=file, signature=given, does=line_of(item.get("does"), 300))


def holds_body(signature: str) -> bool:
    """Whether what should be a name with parameters does something already."""
    rest = signature.rpartition(")")[2]
    return "return " in signature or ";" in signature or ("{" in rest and rest.strip() not in {"{", "{}"})


def _conventions(value: Any) -> tuple[str, ...]:
    given: Collection[Any] = value if isinstance(value, list) else [value] if isinstance(value, str) else []
    found = [line_of(item, 200) for item in given][:MOST_CONVENTIONS]
    if holds_code("\n".join(found)):
        raise Unreadable(CODE.format(where="conventions"))
    return tuple(line for line in found if line)
