"""The acceptance check of a work order: where it lies and how it is run, which the harness decides, and what it holds,
which a model writes that does not write the code."""

import re
from collections import Counter
from collections.abc import Collection
from pathlib import Path, PurePosixPath

from agents.missions.advice import Question
from agents.missions.answer import Unreadable, read_object
from agents.missions.blocks import parse_python
from agents.missions.context import fitting
from agents.missions.decompose import named_within
from agents.missions.fences import RULE, fenced
from agents.missions.order_mending import order_in_words
from agents.models.tokens import estimate_tokens
from agents.sanitize import sanitize
from agents.store.work_orders import WorkOrder
from agents.tasks import Frozen, Role, Task, Variant
from agents.workspace.checks import is_test

LONGEST = 16_000
"""Characters of a check."""
MOST_TOKENS = 9000
CONTEXT_TOKENS = 8000
_TASK_TOKENS = 4000
PYTEST = "python3 -m pytest"
_PYTEST = re.compile(r"\s*((?:[\w./=:-]+\s+){0,5}?[\w./-]*pytest)(?=\s|$)")
_SCRIPTS = {".js": "mjs", ".mjs": "mjs", ".cjs": "mjs", ".jsx": "mjs", ".ts": "mts", ".mts": "mts", ".tsx": "mts"}


class Place(Frozen):
    """Where a check is put, and how it is run."""

    path: str
    command: str
    form: str
    """What kind of file it is, for the model."""


def place_of(task: Task, order: WorkOrder, files: Collection[str], *, pytest: str) -> Place:
    """The check's place in a repository with `files`, by the language of the order's files; its name is nobody's.

    `pytest`: how it is begun there; empty: it is not to be used.
    """
    ends = Counter(PurePosixPath(name).suffix for name in order.files)
    suffix = next((end for end, _ in ends.most_common() if end == ".py" or end in _SCRIPTS), "")
    folder = next((name for name in ("tests", "test") if any(file.startswith(f"{name}/") for file in files)), "")
    stem = f"warroom_{task.label.lower()}"
    if suffix == ".py":
        path = _free(folder, f"test_{stem}", "py", files)
        roots = ".:src" if any(name.startswith("src/") for name in (*files, *order.files)) else "."
        if pytest:
            command = f"PYTHONPATH={roots} {pytest} -q {path}"
            return Place(path=path, command=command, form="a pytest file: functions test_..., each with plain asserts")
        form = "a Python script that runs from its first line to its last, with plain asserts at its top level"
        return Place(path=path, command=f"PYTHONPATH={roots} python3 {path}", form=form)
    if suffix:
        path = _free(folder, stem, f"test.{_SCRIPTS[suffix]}", files)
        up = "../" if folder else "./"
        form = f"an ES module for `node --test`, with node:test and node:assert; it imports from {up} and so on"
        return Place(path=path, command=f"node --test {path}", form=form)
    path = _free(folder, stem, "sh", files)
    form = "a POSIX shell script, run from the top of the repository, that exits with 0 only if all is well"
    return Place(path=path, command=f"sh -eu {path}", form=form)


def _free(folder: str, stem: str, end: str, files: Collection[str]) -> str:
    taken = {name.lower() for name in files}
    for number in range(len(taken) + 1):
        name = f"{stem}{f'_{number}' if number else ''}.{end}"
        path = f"{folder}/{name}" if folder else name
        if path.lower() not in taken:
            return path
    raise AssertionError("one of so many names is free")


def check_question(
    task: Task, order: WorkOrder, place: Place, root: Path, files: tuple[str, ...], *, room: int, refused: str = ""
) -> Question[str]:
    """The question for the check of `order` at `place`; `refused`: why the one before was no good."""
    system = f"""\
You write the acceptance check of a change to a repository before anybody writes the change. Others write the code; \
you never do: import it, as the order names it, and do not define it.
{RULE}
The check is {place.form}. It lies at {place.path} and is run as: {place.command}
It must fail now, and pass once the change does all that the order says, and only then: an empty function, one that \
returns a constant or its argument must fail. So look at several different inputs with different results, edge cases \
among them. Check behaviour that the order or the task states, nothing else: not names nobody promised, not messages.
Answer with one JSON object: "content", the whole text of that file."""
    parts = [
        fenced("task", fitting(task.text, min(_TASK_TOKENS, room // 4))),
        fenced("work order", order_in_words(order)),
    ]
    if refused:
        parts.append(fenced("why your last check was refused", refused))
    left = min(room - sum(map(estimate_tokens, (*parts, system))), CONTEXT_TOKENS)
    about = task.model_copy(update={"brief": f"{task.brief}\n{' '.join(order.files)}"})
    shown, _ = named_within(about, root, files, left)
    return Question(
        role=Role.PLAN,
        doing="writes the check",
        system=system,
        content="\n\n".join([*parts, *shown, "Write the check."]),
        schema={
            "type": "object",
            "properties": {"content": {"type": "string"}},
            "required": ["content"],
            "additionalProperties": False,
        },
        read=lambda answer: read_check(answer, place, order),
        told=lambda content: f"a check of {content.count(chr(10))} lines, {place.path}",
        variant=Variant.ORCHESTRATED,
        failing="not given a check",
        most_tokens=MOST_TOKENS,
    )


def read_check(answer: str, place: Place, order: WorkOrder) -> str:
    """The file in `answer`. Raises Unreadable, in words for the model."""
    said = read_object(answer, ("content",))["content"]
    content = sanitize(said).strip("\n") if isinstance(said, str) else ""
    if fence := re.fullmatch(r"\s*```[\w+-]*\n(.*?)\n?```\s*", content, re.DOTALL):
        content = fence[1]
    if not content.strip():
        raise Unreadable("the check is empty")
    if len(content) > LONGEST:
        raise Unreadable(f"the check has {len(content)} characters, the limit is {LONGEST}")
    if place.path.endswith(".py"):
        tree = parse_python(content)
        if tree is None:
            raise Unreadable("the check is no Python that parses")
        own = {node.name for node in tree.body if hasattr(node, "name")}
        if built := own & {one.signature.partition("(")[0].strip() for one in order.interfaces}:
            raise Unreadable(f"the check defines {', '.join(sorted(map(str, built)))} itself: import what it checks")
    return content + "\n"


def pytest_of(command: str | None, files: Collection[str]) -> str:
    """How pytest is begun in a repository with the check `command` and `files`; empty where it is not tested with it.

    As the check begins it, where that can be seen: by the interpreter or the runner of the project.
    """
    if command is not None and (begun := _PYTEST.match(command)):
        return begun[1]
    tested = any(
        name.endswith(("pytest.ini", "conftest.py")) or (name.endswith(".py") and is_test(name)) for name in files
    )
    return PYTEST if tested or (command is not None and "pytest" in command) else ""


def parses(path: str) -> str:
    """The command that says whether a check that is no Python can be read at all; empty: there is none."""
    tools = {".mjs": "node --check", ".sh": "sh -n"}
    tool = tools.get(PurePosixPath(path).suffix)
    return f"{tool} {path}" if tool else ""
