"""Decomposition: what a planner is asked about a task too large for one mission, and how its parts are read.

A planner plans. Parts that hold code are refused: whoever does a part writes it, and the check decides."""

import re
from pathlib import Path
from typing import Any

from agents.missions.advice import Question
from agents.missions.answer import Unreadable, line_of, objects, read_object, text_of, whole_number
from agents.missions.context import fitting, project_context
from agents.missions.failure import essence
from agents.missions.fences import RULE, fenced
from agents.missions.naming import named_files
from agents.models.tokens import estimate_tokens
from agents.sanitize import one_line
from agents.tasks import CheckResult, Frozen, Mission, Role, Task

FEWEST, MOST = 2, 7
"""Parts of a task."""
BRIEF_LIMIT = 2000
"""Characters of a part's brief."""
CHECK_LIMIT = 500
CODE_LINES = 4
"""Lines of a fenced block in a brief: a call or a line of output is a specification, more is somebody's code."""
CONTEXT_TOKENS = 16_000
_TASK_TOKENS = 6000
_FILE_TOKENS = 3000
_TRIED = 6
_FENCE = re.compile(r"^[ \t]*(`{3,}|~{3,})", re.MULTILINE)

SYSTEM = f"""\
You are the planner of a squad of coding agents. You split a task that is too large for one agent into {FEWEST} to \
{MOST} parts. You plan and never write code: no code blocks, no contents of files. Name files, functions, behaviour.
{RULE}
Each part is small enough for a weak model in one sitting: one file, or a few. Its agent sees its title, its brief and \
the repository, and nothing of the other parts: say in each brief whatever two parts must agree on. Parts that do not \
depend on each other are done at the same time, so they should not change the same files.
Answer with one JSON object: "summary" (one or two sentences: how the task is divided), "parts". Each part has \
"title" (what to do, at most 100 characters), "brief" (at most {BRIEF_LIMIT} characters), "check" (one shell command \
on one line that fails before the part is done and exits 0 after; empty if there is none) and "depends_on" (the \
numbers of earlier parts whose results it needs; the first part is 1).
If the task is no more than one agent's work, answer with no parts and say why in the summary."""

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "summary": {"type": "string"},
        "parts": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "title": {"type": "string"},
                    "brief": {"type": "string"},
                    "check": {"type": "string"},
                    "depends_on": {"type": "array", "items": {"type": "integer"}},
                },
                "required": ["title", "brief", "check", "depends_on"],
                "additionalProperties": False,
            },
        },
    },
    "required": ["summary", "parts"],
    "additionalProperties": False,
}


class PlannedPart(Frozen):
    """A part as the planner sees it. Foreign text, sanitized."""

    title: str
    brief: str = ""
    check: str | None = None
    after: tuple[int, ...] = ()
    """Places of the earlier parts it depends on, from 0."""


class Decomposition(Frozen):
    """How a task is divided. No parts: it should be left whole, for the reason in the summary."""

    summary: str
    parts: tuple[PlannedPart, ...] = ()


def decompose_question(
    task: Task,
    root: Path,
    files: tuple[str, ...],
    *,
    room: int,
    check: CheckResult | None = None,
    missions: tuple[Mission, ...] = (),
) -> Question[Decomposition]:
    """The question how to divide `task`, in about `room` tokens. `root`: a checkout of the commit with `files`;
    `check`: how the task's check ended there; `missions`: what was tried before."""
    parts = [fenced("task", fitting(task.text, min(_TASK_TOKENS, room // 4)))]
    if check is not None:
        ended = "does not end in time" if check.exit_code is None else f"exits {check.exit_code}"
        red = f"\n{essence(check.output)}" if not check.green else ""
        parts.append(fenced("check of the whole task", f"{check.command}\nwhich {ended} now{red}"))
    tried = [f"{mission.tier}: {one_line(mission.reason, 200)}" for mission in missions if mission.role is Role.CODE]
    if tried:
        parts.append(fenced("what was tried on the whole task", "\n".join(tried[-_TRIED:])))
    left = min(room - sum(map(estimate_tokens, (*parts, SYSTEM))), CONTEXT_TOKENS)
    shown, left = named_within(task, root, files, left)
    context = project_context(root, files, token_budget=max(0, left))
    parts += [*shown, *([fenced("repository", context)] if context else []), "Divide this task."]
    return Question(
        role=Role.PLAN,
        doing="plans the parts",
        system=SYSTEM,
        content="\n\n".join(parts),
        schema=SCHEMA,
        read=read_decomposition,
        told=_told,
    )


def read_decomposition(answer: str) -> Decomposition:
    """The parts in `answer`. Raises Unreadable, in words for the model."""
    said = read_object(answer, ("parts",))
    items = objects(said["parts"], "parts")
    summary = line_of(said.get("summary"), 500)
    if not items and summary:
        return Decomposition(summary=summary)
    if not FEWEST <= len(items) <= MOST:
        raise Unreadable(f"a task has {FEWEST} to {MOST} parts, not {len(items)}")
    parts = tuple(_part(number, item) for number, item in enumerate(items, 1))
    return Decomposition(summary=summary or f"{len(parts)} parts", parts=parts)


def _part(number: int, item: dict[str, Any]) -> PlannedPart:
    title = line_of(item.get("title"), 200)
    brief = text_of(item.get("brief"))
    check = text_of(item.get("check"))
    if not title:
        raise Unreadable(f"part {number} has no title")
    if len(brief) > BRIEF_LIMIT:
        raise Unreadable(f"the brief of part {number} has {len(brief)} characters, the limit is {BRIEF_LIMIT}")
    if code_lines(brief) > CODE_LINES:
        raise Unreadable(f"part {number} holds code: say in words what is to be done, its agent writes the code")
    if "\n" in check or len(check) > CHECK_LIMIT:
        raise Unreadable(f"the check of part {number} must be one command on one line, at most {CHECK_LIMIT} long")
    return PlannedPart(title=title, brief=brief, check=check or None, after=_after(number, item.get("depends_on")))


def _after(number: int, given: Any) -> tuple[int, ...]:
    """The places of the earlier parts that part `number` waits for: only earlier ones, so there are no circles."""
    if given is None:
        return ()
    if not isinstance(given, list):
        raise Unreadable(f"depends_on of part {number} must be a list of numbers")
    numbers = [whole_number(item) for item in given]
    for needed in numbers:
        if needed is None or not 1 <= needed < number:
            raise Unreadable(f"part {number} can only depend on parts before it, and the first part is 1")
    return tuple(dict.fromkeys(needed - 1 for needed in numbers if needed is not None))


def code_lines(text: str) -> int:
    """Lines of the longest fenced block; one that is never closed goes on to the end."""
    longest, rest = 0, text
    while (opening := _FENCE.search(rest)) is not None:
        inside = rest[opening.end() :].partition("\n")[2]
        closing = re.search(rf"^[ \t]*{re.escape(opening[1])}", inside, re.MULTILINE)
        body = inside[: closing.start()] if closing else inside
        longest = max(longest, len(body.strip("\n").split("\n")))
        rest = inside[closing.end() :] if closing else ""
    return longest


def named_within(task: Task, root: Path, files: tuple[str, ...], tokens: int) -> tuple[list[str], int]:
    """The files the task names, each as far as it fits, and the tokens that are left for the rest."""
    shown: list[str] = []
    named = named_files(task.text)
    for name in dict.fromkeys([*named.named, *named.hinted]):
        path = root / name
        if name not in files or path.is_symlink() or not path.is_file() or tokens < 2 * _FILE_TOKENS:
            continue
        with path.open("rb") as file:
            data = file.read(_FILE_TOKENS * 8)
        if b"\0" not in data:
            text = fenced(f"file {one_line(name, 100)}", fitting(data.decode("utf-8", "replace"), _FILE_TOKENS))
            shown.append(text)
            tokens -= estimate_tokens(text)
    return shown, tokens


def _told(decomposition: Decomposition) -> str:
    count = len(decomposition.parts)
    return f"{count} parts: {decomposition.summary}" if count else f"to be left whole: {decomposition.summary}"
