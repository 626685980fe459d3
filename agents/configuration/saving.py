"""Changing one value of a settings file and nothing else in it: comments, order and everybody's blank lines stay."""

import json
import os
import tempfile
import tomllib
from pathlib import Path
from typing import Any

from agents.configuration.errors import ConfigurationError
from agents.configuration.toml_file import only_path, parse_toml, statements
from agents.sanitize import one_line


def save_value(path: Path, section: str, key: str, value: bool | float | str) -> None:
    """Set `key` of the table `section` in the file at `path`, which is made if it is not there.

    Raises ConfigurationError: the file is not readable or writable, no TOML, or written in a way that this cannot
    change; it is left as it was.
    """
    shown = one_line(str(path), 300)
    try:
        text = path.read_text(encoding="utf-8") if path.exists() else ""
        before = parse_toml(text, shown)
        after = _changed(text, section, key, f"{key} = {json.dumps(value)}")
        if not _differs_only_in(before, after, section, key, value):
            raise ConfigurationError(f"{shown}: write {key} = {json.dumps(value)} under [{section}] yourself.")
        _replace(path, after)
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"{shown} is not UTF-8 text: {section}.{key} was not saved.") from error
    except OSError as error:
        raise ConfigurationError(
            f"{shown} cannot be written: {error.strerror}. {section}.{key} was not saved."
        ) from error


def _changed(text: str, section: str, key: str, line: str) -> str:
    """`text` with `line` in place of the statement for `key`, else below the header, else in a table at the end."""
    lines = text.splitlines()
    table: tuple[str, ...] = ()
    header = 0
    for statement, number in statements(text.replace("\r\n", "\n")):
        if statement.lstrip().startswith("["):
            table = only_path(tomllib.loads(statement))
            header = number if table == (section,) else header
        elif table == (section,) and only_path(tomllib.loads(statement))[:1] == (key,):
            return "\n".join([*lines[: number - 1], line, *lines[number + statement.count("\n") :]]) + "\n"
    if header:
        return "\n".join([*lines[:header], line, *lines[header:]]) + "\n"
    return "\n".join([*lines, *([""] if lines else []), f"[{section}]", line]) + "\n"


def _differs_only_in(before: dict[str, Any], text: str, section: str, key: str, value: Any) -> bool:
    """Whether `text` says what was said before, with the one value changed."""
    try:
        after = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return False
    table = before.get(section, {})
    return isinstance(table, dict) and after == {**before, section: {**table, key: value}}


def _replace(path: Path, text: str) -> None:
    """Write all of it or nothing; what a link leads to is written, the link stays."""
    target = path.resolve()
    target.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        if target.exists():
            os.chmod(name, target.stat().st_mode)
        os.replace(name, target)
    except OSError:
        os.unlink(name)
        raise
