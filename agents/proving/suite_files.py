"""A suite's folder read with care: a person hands it to us. What cannot be used is refused with file and key."""

from collections.abc import Iterator
from difflib import get_close_matches
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from agents.configuration.errors import ConfigurationError
from agents.configuration.toml_file import parse_toml
from agents.sanitize import one_line

ENDING = ".toml"
FILE_LIMIT = 256 * 1024
"""Bytes of one task's file."""
TASKS_LIMIT = 1000
SHOWN_PROBLEMS = 5

T = TypeVar("T", bound=BaseModel)


class SuiteError(Exception):
    """A suite cannot be used. `str(error)` is sanitized and ready to show, one problem per line."""

    exit_code = 2


def read_folder(folder: Traversable, shown: str, kind: type[T]) -> Iterator[T]:
    """A `kind` for every `*.toml` in `folder`, its id the file's name. Raises SuiteError; `shown` names the folder."""
    try:
        entries = sorted((one for one in folder.iterdir() if one.name.endswith(ENDING)), key=lambda one: one.name)
    except OSError as error:
        raise SuiteError(f"{shown} cannot be read: {error.strerror}. Check its permissions.") from error
    if not entries:
        raise SuiteError(f"{shown} holds no task: a suite is a folder of *.toml files, one task each.")
    if len(entries) > TASKS_LIMIT:
        raise SuiteError(f"{shown} holds {len(entries)} files: a suite has at most {TASKS_LIMIT} tasks.")
    return (_read(entry, f"{shown}/{one_line(entry.name, 100)}", kind) for entry in entries)


def _read(entry: Traversable, shown: str, kind: type[T]) -> T:
    values = _values(entry, shown)
    if "id" in values:
        raise SuiteError(f"{shown}: id: unknown key; a task's id is the name of its file.")
    try:
        return kind.model_validate({**values, "id": entry.name.removesuffix(ENDING)})
    except ValidationError as error:
        found = error.errors(include_url=False)
        said = [f"{shown}: {_sentence(details, kind)}" for details in found[:SHOWN_PROBLEMS]]
        more = len(found) - SHOWN_PROBLEMS
        raise SuiteError("\n".join([*said, *([f"... and {more} more."] if more > 0 else [])])) from error


def _values(entry: Traversable, shown: str) -> dict[str, object]:
    if isinstance(entry, Path) and entry.is_symlink():
        raise SuiteError(f"{shown} is a symlink. Put the file itself there.")
    if not entry.is_file():
        raise SuiteError(f"{shown} is not a regular file.")
    try:
        with entry.open("rb") as file:
            data = file.read(FILE_LIMIT + 1)
    except OSError as error:
        raise SuiteError(f"{shown} cannot be read: {error.strerror}. Check its permissions.") from error
    if len(data) > FILE_LIMIT:
        raise SuiteError(f"{shown} is longer than {FILE_LIMIT // 1024} KiB: that is no task.")
    try:
        return parse_toml(data.decode("utf-8").replace("\r\n", "\n"), shown)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise SuiteError(f"{shown}, line {line}: not UTF-8 text. Save the file as UTF-8.") from error
    except ConfigurationError as error:
        raise SuiteError(str(error)) from error


def _sentence(details: ErrorDetails, kind: type[BaseModel]) -> str:
    """A finding of pydantic as the key and what is wrong with it."""
    key = ".".join(one_line(str(part), 60) for part in details["loc"])
    if details["type"] == "missing":
        return f"{key}: missing."
    if details["type"] == "extra_forbidden":
        names = [name for name in kind.model_fields if name != "id"]
        close = get_close_matches(key, names, n=1, cutoff=0.6)
        hint = f"Did you mean {close[0]}?" if close else f"It may be {', '.join(names)}."
        return f"{key}: unknown key. {hint}"
    if details["loc"] == ("id",):
        return "the file's name is no id: letters, digits, `_`, `-` and `.`, at most 64."
    said = one_line(details["msg"], 300).removeprefix("Value error, ")
    return f"{key}: {said}." if key else f"{said}."
