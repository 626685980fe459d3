"""A model's arguments made to fit a tool's schema where the meaning is plain, else refused with what is wrong."""

import json
import shlex
from collections.abc import Mapping
from typing import Any

from agents.models.chat import ToolSpec
from agents.sanitize import one_line
from agents.tools.tool import ToolError

_ALIASES = {
    "path": "file filename file_path filepath file_name pathname dir directory folder target_file",
    "command": "cmd script bash shell code input",
    "content": "contents text code data body file_content file_text new_content",
    "old": "old_string old_str old_text search find original before target",
    "new": "new_string new_str new_text replace replacement with after",
    "pattern": "query search text regex_pattern keyword string term q",
    "start": "start_line line_start from first line offset",
    "end": "end_line line_end to last",
    "regex": "is_regex use_regex regexp",
    "summary": "message result text description answer response note",
}


def fitted(spec: ToolSpec, given: Mapping[str, Any]) -> tuple[dict[str, Any], tuple[str, ...]]:
    """`given` as `spec.parameters` wants it, and the names that were ignored.

    Known other names are taken for the right ones, "10" for 10, and an object for the text of a JSON file.
    Raises ToolError, written for the model, when something is missing or of no use.
    """
    properties: dict[str, Any] = spec.parameters.get("properties", {})
    named, ignored = _named(properties, given)
    fitting: dict[str, Any] = {}
    for name, value in named.items():
        if value is None:
            continue
        try:
            fitting[name] = _converted(name, properties[name].get("type", "string"), value)
        except ValueError as error:
            raise ToolError(f"{spec.name}: {name} must be {error}. {usage(spec)}") from None
    missing = [name for name in spec.parameters.get("required", []) if name not in fitting]
    if missing:
        raise ToolError(f"{spec.name}: {' and '.join(missing)} missing. {usage(spec)}")
    return fitting, tuple(ignored)


def usage(spec: ToolSpec) -> str:
    """How to call it: `Call it with path, start? (integer)`."""
    required = spec.parameters.get("required", [])
    names = []
    for name, schema in spec.parameters.get("properties", {}).items():
        kind = schema.get("type", "string")
        names.append(f"{name}{'' if name in required else '?'}{'' if kind == 'string' else f' ({kind})'}")
    return f"Call it with {', '.join(names)}." if names else "Call it with no arguments."


def _named(properties: Mapping[str, Any], given: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    named = {name: value for name, value in given.items() if name in properties}
    ignored = []
    for name, value in given.items():
        if name in properties:
            continue
        key = name.strip().casefold().replace("-", "_")
        meant = next((real for real in properties if real not in named and _means(key, real)), None)
        if meant is None:
            ignored.append(one_line(name, 40))
        else:
            named[meant] = value
    return named, ignored


def _means(key: str, real: str) -> bool:
    plain = key.replace("_", "")
    return key == real or plain in {alias.replace("_", "") for alias in _ALIASES.get(real, "").split()}


def _converted(name: str, kind: str, value: object) -> Any:
    if kind == "integer":
        return _integer(value)
    if kind == "boolean":
        return _boolean(value)
    if isinstance(value, str):
        return value
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return shlex.join(value) if name == "command" else "\n".join(value)
    if isinstance(value, dict | list):
        return json.dumps(value, indent=2, ensure_ascii=False)
    return json.dumps(value)


def _integer(value: object) -> int:
    if isinstance(value, bool):
        raise ValueError("a whole number")
    if isinstance(value, str):
        value = value.strip()
    try:
        number = float(value) if isinstance(value, str | int | float) else float("nan")
        if number != int(number):
            raise ValueError
        return int(number)
    except (ValueError, OverflowError):
        raise ValueError("a whole number") from None


def _boolean(value: object) -> bool:
    if isinstance(value, str):
        value = value.strip().casefold()
    if value in (True, "true", "yes", "1"):
        return True
    if value in (False, "false", "no", "0", ""):
        return False
    raise ValueError("true or false")
