"""Tool calls read out of a model's text.

Small models write their calls as JSON, fenced or bare, in tags, as Python, or just print the code. What is a call of a
known tool beyond doubt is taken; of anything else the model is told, in two sentences and with one example, how to do
it right. Nothing that was cut off is ever taken."""

import hashlib
import re
from collections.abc import Sequence

from agents.models.call_scan import Block, CallScan, mentions_call
from agents.models.call_shapes import Asked, KnownTools, Refused
from agents.models.chat import ToolCall, ToolSpec
from agents.sanitize import sanitize
from agents.tasks import Frozen

MAX_CALLS = 8
"""Calls taken from one reply."""
_SHELL = frozenset({"bash", "sh", "shell", "console", "zsh", "terminal", "cmd", "powershell", "text", "output", "diff"})
_DATA = frozenset({"json", "jsonc", "xml", "tool_call", "tool_code"})


class Reading(Frozen):
    """What a text asks for. With calls, `problem` is a note to hand on beside their results; without, the answer."""

    calls: tuple[ToolCall, ...] = ()
    prose: str = ""
    """The words around the calls, sanitized."""
    problem: str | None = None
    """Short, written for the model: what was wrong and one example of the right form."""


def read_tool_calls(text: str, tools: Sequence[ToolSpec], *, lone_file: str | None = None) -> Reading:
    """The calls of known `tools` in `text`, in order, up to the first one that cannot be read.

    `lone_file`: the one file the task names; a lone fenced code block is then a file_write of it. Never raises; the
    time it takes is bounded for any text.
    """
    if not tools:
        return Reading(prose=_prose(text))
    known = KnownTools(tools)
    scan = CallScan(text, known)
    scan.run()
    asked: list[Asked] = []
    problem = scan.broken
    for found in scan.found:
        if isinstance(found, Refused):
            problem = found.reason
            break
        if not asked or asked[-1] != found:
            asked.append(found)
    if len(asked) > MAX_CALLS:
        problem = f"Only the first {MAX_CALLS} of your {len(asked)} calls were taken: send fewer calls in one reply."
        asked = asked[:MAX_CALLS]
    elif problem and asked:
        problem = f"Only the first {len(asked)} of your calls could be read. {problem}"
    if not asked and problem is None:
        block = _lone_block(scan.blocks, known, lone_file)
        if block is not None and lone_file is not None:
            content = block.content if block.content.endswith("\n") else block.content + "\n"
            asked = [Asked("file_write", {"path": lone_file, "content": content})]
        else:
            problem = _nothing(text, scan.blocks)
    mark = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:10]
    calls = tuple(
        ToolCall(id=f"text_{mark}_{number}", name=each.name, arguments=each.arguments)
        for number, each in enumerate(asked, start=1)
    )
    if problem and not calls:
        problem = (
            f"{problem} Your tools: {', '.join(known.by_name)}. Answer with one call, like this:\n{known.example()}"
        )
    return Reading(calls=calls, prose=_prose(scan.prose()), problem=problem)


def _lone_block(blocks: Sequence[Block], known: KnownTools, lone_file: str | None) -> Block | None:
    """The one code block that can only be the file the task names."""
    if (
        lone_file is None
        or "file_write" not in known.by_name
        or not {"path", "content"} <= set(known.properties("file_write"))
    ):
        return None
    code = [block for block in blocks if block.language not in _SHELL]
    if len(code) != 1 or not code[0].closed or not code[0].content.strip():
        return None
    if code[0].language in _DATA and not lone_file.endswith("." + code[0].language):
        return None
    return None if mentions_call(code[0].content, known) else code[0]


def _nothing(text: str, blocks: Sequence[Block]) -> str:
    if not text.strip():
        return "Your reply was empty."
    if blocks and not blocks[-1].closed:
        return "Your code block was cut off, so nothing was written. Write less at once."
    if blocks:
        return "Your reply shows code but calls no tool."
    return "Your reply holds no tool call."


def _prose(text: str) -> str:
    return re.sub(r"\n{3,}", "\n\n", sanitize(text)).strip()
