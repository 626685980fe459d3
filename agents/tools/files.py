"""The file tools: read with line numbers, write whole, edit one exact place."""

import asyncio
from pathlib import Path
from typing import Any

from agents.models.chat import ToolSpec
from agents.redaction import Redaction
from agents.redactor import SECRETS
from agents.restoring import MarkLeft, restored
from agents.sanitize import one_line, sanitize
from agents.secret_values import MARK
from agents.tools.closest import closest, numbered, without_line_numbers
from agents.tools.paths import resolve_path, shown
from agents.tools.text_files import FileGone, read_text, write_text
from agents.tools.tool import ToolContext, ToolError, ToolOutcome

_SHOWN_AFTER_EDIT = 20


def parameters(required: str, **properties: dict[str, Any]) -> dict[str, Any]:
    """A JSON schema of type object; `required`: names, space separated."""
    return {"type": "object", "properties": properties, "required": required.split()}


TEXT: dict[str, Any] = {"type": "string"}
PATH: dict[str, Any] = {"type": "string", "description": "relative, like src/app.py"}
NUMBER: dict[str, Any] = {"type": "integer"}


class FileRead:
    """file_read."""

    spec = ToolSpec(
        name="file_read",
        description="Read a text file with line numbers.",
        parameters=parameters("path", path=PATH, start=NUMBER, end=NUMBER),
    )

    def __init__(self, cap: int) -> None:
        """`cap`: characters shown at once."""
        self._cap = cap

    def describe(self, arguments: dict[str, Any]) -> str:
        """The path."""
        return one_line(str(arguments.get("path", "")))

    async def run(self, arguments: dict[str, Any], context: ToolContext) -> ToolOutcome:
        """The lines asked for, as many as fit."""
        return await asyncio.to_thread(self._read, arguments, context)

    def _read(self, arguments: dict[str, Any], context: ToolContext) -> ToolOutcome:
        root = context.root
        path = resolve_path(root, arguments["path"])
        name = shown(root, path)
        lines = context.shown(sanitize(read_text(root, path))).split("\n")
        if lines[-1] == "":
            lines.pop()
        if not lines:
            return ToolOutcome(ok=True, content=f"{name} is empty.", summary=f"{name} (empty)")
        total = len(lines)
        start = max(1, arguments.get("start") or 1)
        end = min(total, arguments.get("end") or total)
        if start > total:
            raise ToolError(f"{name} has only {total} lines.")
        if end < start:
            raise ToolError(f"end ({end}) is before start ({start}).")
        last = self._fitting(lines, start, end)
        body = numbered(lines[start - 1 : last], start)
        if last < end:
            body += f"\n[lines {last + 1}-{end} of {total} not shown; read on with start={last + 1}]"
        elif (start, end) != (1, total):
            body += f"\n[lines {start}-{end} of {total}]"
        return ToolOutcome(ok=True, content=f"{name}\n{body}", summary=f"{name} {start}-{last} of {total}")

    def _fitting(self, lines: list[str], start: int, end: int) -> int:
        room = self._cap - 400
        for number in range(start, end + 1):
            room -= min(len(lines[number - 1]), 2001) + len(str(number)) + 3
            if room < 0:
                return max(start, number - 1)
        return end


class FileWrite:
    """file_write."""

    spec = ToolSpec(
        name="file_write",
        description="Create or replace a whole file.",
        parameters=parameters("path content", path=PATH, content=TEXT),
    )

    def describe(self, arguments: dict[str, Any]) -> str:
        """The path."""
        return one_line(str(arguments.get("path", "")))

    async def run(self, arguments: dict[str, Any], context: ToolContext) -> ToolOutcome:
        """Write it and say how large it is."""
        path = resolve_path(context.root, arguments["path"])
        if path == context.root:
            raise ToolError("the path names the project folder itself; give the path of a file, like src/app.py.")
        return await asyncio.to_thread(_written, context.root, path, arguments["content"])


class FileEdit:
    """file_edit."""

    spec = ToolSpec(
        name="file_edit",
        description="Replace text in a file. old must match exactly one place, spaces included.",
        parameters=parameters("path old new", path=TEXT, old=TEXT, new=TEXT),
    )

    def describe(self, arguments: dict[str, Any]) -> str:
        """The path."""
        return one_line(str(arguments.get("path", "")))

    async def run(self, arguments: dict[str, Any], context: ToolContext) -> ToolOutcome:
        """Replace it and show the place; or show what it probably was."""
        return await asyncio.to_thread(self._edit, arguments, context)

    def _edit(self, arguments: dict[str, Any], context: ToolContext) -> ToolOutcome:
        root = context.root
        path = resolve_path(root, arguments["path"])
        name = shown(root, path)
        old, new = str(arguments["old"]), str(arguments["new"])
        if not old:
            raise ToolError("old is empty. Give the exact text to replace, or use file_write for a whole file.")
        if old == new:
            raise ToolError("old and new are the same: that changes nothing.")
        there = read_text(root, path)
        # Who was shown marks writes marks: then the place is looked for in what was shown.
        marked = SECRETS.redaction(there) if MARK in old + new else Redaction(there)
        text = marked.shown
        old, new = _as_in_file(text, old, new)
        count = text.count(old)
        if count != 1:
            text, old = context.shown(text), context.shown(old)
            raise ToolError(_not_unique(name, text, old) if count else _not_found(name, text, old))
        position = text.index(old)
        edited = _restored(text[:position] + new + text[position + len(old) :], marked)
        write_text(root, path, edited)
        first = text.count("\n", 0, position) + 1
        last = first + new.count("\n") - new.endswith("\n")
        around = context.shown(sanitize(edited)).split("\n")
        start, end = max(1, first - 2), min(len(around), last + 2, first + _SHOWN_AFTER_EDIT)
        summary = f"edited {name} line {first}" if last <= first else f"edited {name} lines {first}-{last}"
        return ToolOutcome(ok=True, content=f"{summary}\n{numbered(around[start - 1 : end], start)}", summary=summary)


def _written(root: Path, path: Path, text: str) -> ToolOutcome:
    note = ""
    if MARK in text:
        try:
            text = _restored(text, SECRETS.redaction(read_text(root, path)))
        except FileGone:
            note = f". It holds {MARK} as plain text: a secret of another file is not put in its place"
    new = write_text(root, path, text)
    count = text.count("\n") + (not text.endswith("\n") and bool(text))
    done = f"{'created' if new else 'replaced'} {shown(root, path)} ({count} lines)"
    return ToolOutcome(ok=True, content=f"{done}{note}", summary=done)


def _restored(text: str, old: Redaction) -> str:
    try:
        return restored(text, old)
    except MarkLeft as error:
        raise ToolError(f"{error} Nothing was changed.") from None


def _as_in_file(text: str, old: str, new: str) -> tuple[str, str]:
    """`old` and `new` with the file's line endings, and without line numbers copied from file_read."""
    if old not in text:
        plain_old, plain_new = without_line_numbers(old), without_line_numbers(new)
        if plain_old:
            old, new = plain_old, new if plain_new is None else plain_new
    if "\r\n" in text and "\r" not in old:
        return old.replace("\n", "\r\n"), new.replace("\r\n", "\n").replace("\n", "\r\n")
    return old, new


def _not_unique(name: str, text: str, old: str) -> str:
    numbers: list[str] = []
    position = text.find(old)
    while position >= 0 and len(numbers) < 20:
        numbers.append(str(text.count("\n", 0, position) + 1))
        position = text.find(old, position + len(old))
    return (
        f"old is in {name} {text.count(old)} times, at lines {', '.join(numbers)}. Nothing was changed. "
        "Add the lines before or after it to old, so that it matches one place."
    )


def _not_found(name: str, text: str, old: str) -> str:
    lines = sanitize(text).split("\n")
    place = closest(lines, sanitize(old).strip("\n").split("\n"))
    if place is None:
        return f"old is not in {name}, nor anything like it. Nothing was changed. Read the file first with file_read."
    body = numbered(lines[place.start - 1 : min(place.end, place.start + 40)], place.start)
    return (
        f"old is not in {name}. Nothing was changed. The closest is lines {place.start}-{place.end} "
        f"({place.likeness:.0%} alike); copy it exactly, without the numbers:\n{body}"
    )
