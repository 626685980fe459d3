"""A batch file's outer form, TOML or JSON Lines, as entries that know where each of their keys stands."""

import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from agents.configuration.errors import ConfigurationError
from agents.configuration.toml_file import only_path, parse_toml, statements
from agents.sanitize import one_line

SIZE_LIMIT = 4 * 1024 * 1024
"""Bytes: twenty times the longest batch anybody wrote by hand."""
TASKS_LIMIT = 5000


class BatchFileError(ConfigurationError):
    """A batch file cannot be used, and nothing of it was posted. `str(error)` is sanitized, one problem per line."""


@dataclass(frozen=True)
class Entry:
    """One task as the file has it."""

    number: int
    """1 for the first of the file."""
    line: int
    values: Mapping[str, Any]
    lines: Mapping[str, int] = field(default_factory=dict)
    """Where a key stands, if on a line of its own."""

    def place(self, key: str = "") -> str:
        """Where `key` is, or the task: `line 12, task 3`."""
        return f"line {self.lines.get(key, self.line)}, task {self.number}"


def read_bytes(file: IO[bytes], shown: str) -> bytes:
    """What `file` holds. Raises BatchFileError: too large, not readable."""
    try:
        data = file.read(SIZE_LIMIT + 1)
    except OSError as error:
        raise BatchFileError(f"{shown} cannot be read: {error.strerror}. Check its permissions.") from error
    if len(data) > SIZE_LIMIT:
        raise BatchFileError(f"{shown} is larger than {SIZE_LIMIT // 2**20} MiB: split it into several batches.")
    return data


def shown_name(name: str) -> str:
    """A file's name as messages have it."""
    return "stdin" if name == "-" else one_line(name, 300)


def entries(data: bytes, name: str) -> tuple[Entry, ...]:
    """The tasks in `data`, in the order of the file; `name` tells the form by its suffix, else the content does.

    `-`, which is stdin, holds JSON Lines. Raises BatchFileError: no UTF-8, no TOML or JSON Lines, a key at the top that
    is no task, no task at all, too many.
    """
    shown = shown_name(name)
    try:
        text = data.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise BatchFileError(f"{shown}, line {line}: not UTF-8 text. Save the file as UTF-8.") from error
    found = tuple(_jsonl(text, shown) if _is_jsonl(text, name, shown) else _toml(text, shown))
    if not found:
        raise BatchFileError(f"{shown} holds no task: write [[task]] tables, or one JSON object a line.")
    if len(found) > TASKS_LIMIT:
        raise BatchFileError(f"{shown} holds {len(found)} tasks, more than {TASKS_LIMIT}: split it into several.")
    return found


def _is_jsonl(text: str, name: str, shown: str) -> bool:
    suffix = Path(name).suffix.lower()
    if suffix in {".toml", ".jsonl", ".ndjson"} or name == "-":
        return suffix != ".toml"
    if re.match(r"\s*\[\s*[{\]]", text):
        raise BatchFileError(f"{shown}, line 1: this is a JSON list. Write one object a line, without the brackets.")
    return text.lstrip().startswith("{")


def _jsonl(text: str, shown: str) -> Iterator[Entry]:
    number = 0
    for line, content in enumerate(text.split("\n"), 1):
        if content.strip():
            number += 1
            where = f"{shown}, line {line}, task {number}"
            yield Entry(number, line, _object(content, where))


class _Repeated(ValueError):
    """A key that is there twice."""


def _object(content: str, where: str) -> dict[str, Any]:
    try:
        value = json.loads(content, object_pairs_hook=_without_repeats, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        hint = "Each line holds one whole JSON object"
        raise BatchFileError(f"{where}: not valid JSON at column {error.colno}: {error.msg}. {hint}.") from error
    except _Repeated as error:
        raise BatchFileError(f"{where}: {error}.") from error
    except (ValueError, RecursionError) as error:
        raise BatchFileError(f"{where}: not readable as JSON: {one_line(str(error), 100)}.") from error
    if not isinstance(value, dict):
        raise BatchFileError(f'{where}: it must be an object, such as {{"title": "..."}}.')
    return {key: item for key, item in value.items() if item is not None}


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise _Repeated(f"the key {one_line(key, 60)} is there twice: keep one")
        found[key] = value
    return found


def _refuse_constant(word: str) -> float:
    raise ValueError(f"{word} is no number")


def _toml(text: str, shown: str) -> Iterator[Entry]:
    values = parse_toml(text, shown)
    top, *lines = _toml_lines(text)
    for key in values:
        if key != "task":
            hint = "Did you mean [[task]]?" if key.rstrip("s").lower() == "task" else "Tasks are [[task]] tables."
            raise BatchFileError(f"{shown}, line {top.get(key, 1)}: there is no key {one_line(key, 60)}. {hint}")
    tasks = values.get("task", [])
    if not isinstance(tasks, list) or not all(isinstance(task, dict) for task in tasks):
        raise BatchFileError(f"{shown}, line {top.get('task', 1)}: task is no list: write [[task]], not [task].")
    for number, task in enumerate(tasks, 1):
        own = lines[number - 1] if number <= len(lines) else {}
        yield Entry(number, own.get("", top.get("task", 1)), task, own)


def _toml_lines(text: str) -> list[dict[str, int]]:
    """The first line of every key: of the keys at the top, then of each [[task]], whose own line is that of ""."""
    found: list[dict[str, int]] = [{}]
    table: tuple[str, ...] = ()
    for statement, line in statements(text):
        path = only_path(tomllib.loads(statement))
        is_header = statement.lstrip().startswith("[")
        if is_header:
            table = path
        else:
            path = (*table, *path)
        if statement.lstrip().startswith("[[") and path == ("task",):
            found.append({"": line})
        elif path[:1] == ("task",) and len(path) > 1:
            found[-1].setdefault(path[1], line)
        elif path:
            found[0].setdefault(path[0], line)
    return found
