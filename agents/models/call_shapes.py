"""What an object a model wrote means: a call of a known tool, a call of something else, or no call at all."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from agents.models.chat import ToolSpec
from agents.models.loose import LooseReader, NotAValue
from agents.sanitize import one_line

_NAMES = ("name", "tool", "tool_name", "function_name", "function", "action")
_ARGUMENTS = ("arguments", "parameters", "args", "params", "kwargs", "input", "tool_input", "action_input")
_BESIDE = {"id", "type", "index"}
"""Keys that may stand beside top-level arguments without being one."""
_CONTRARY = frozenset(
    (
        "append",
        "prepend",
        "insert",
        "delete",
        "remove",
        "move",
        "rename",
        "copy",
        "read",
        "view",
        "open",
        "list",
        "search",
        "find",
        "grep",
        "patch",
        "edit",
        "replace",
        "diff",
        "check",
        "test",
        "verify",
    )
)
"""A wrong name with one of these asks for something else than the tool its arguments happen to fit."""
_EXAMPLES = {"path": "add.py", "content": "def add(a, b):\n    return a + b\n", "command": "python3 add.py"}
_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "array": (list,),
    "object": (dict,),
    "null": (type(None),),
}


@dataclass(frozen=True)
class Asked:
    """A call of a known tool."""

    name: str
    arguments: dict[str, Any]


@dataclass(frozen=True)
class Refused:
    """It is meant as a call but cannot be carried out; `reason` is a sentence for the model."""

    reason: str


class KnownTools:
    """The tools of one request, and the judgement of what fits them."""

    def __init__(self, tools: Sequence[ToolSpec]) -> None:
        self.by_name = {tool.name: tool for tool in tools}
        self._by_words: dict[tuple[str, ...], list[str]] = {}
        for tool in tools:
            self._by_words.setdefault(_words(tool.name), []).append(tool.name)

    def resolve(self, name: str) -> str | None:
        """The known tool `name` stands for: itself, or the same words otherwise joined (writeFile)."""
        if name in self.by_name:
            return name
        same = self._by_words.get(_words(name.strip().rsplit(".", 1)[-1]), [])
        return same[0] if len(same) == 1 else None

    def judge(self, value: Mapping[str, Any], *, alone: bool) -> Asked | Refused | None:
        """What `value` asks for; None when it is no call. `alone`: it is all the model said, so it needs no name."""
        inner = value.get("function")
        if isinstance(inner, dict):
            return self.judge(inner, alone=alone)
        key = next((key for key in _NAMES if isinstance(value.get(key), str)), None)
        holder = next((key for key in _ARGUMENTS if key in value), None)
        if key is None:
            return self._nameless(value, holder, alone=alone)
        if holder is not None and _is_schema(value[holder]):
            return None
        name = self.resolve(value[key])
        if holder is not None:
            return self._named(value[key], name, value[holder])
        rest = {member: what for member, what in value.items() if member != key and member not in _BESIDE}
        if name is None:
            return self._by_fit(value[key], rest) if rest else None
        if set(rest) <= self.properties(name).keys():
            return Asked(name, rest)
        return Refused(f"The call of {name} has no arguments that {name} takes.")

    def positional(self, name: str, values: Sequence[Any], named: Mapping[str, Any]) -> Asked | Refused:
        """A call in Python's form, its positional arguments in the order of the schema."""
        properties = list(self.properties(name))
        taken = dict(zip(properties, values, strict=False))
        if len(values) > len(properties) or taken.keys() & named.keys() or not named.keys() <= set(properties):
            return Refused(f"The arguments of {name} are: {', '.join(properties) or 'none'}.")
        asked = {**taken, **named}
        if asked and not self._fits(name, asked):
            return Refused(f"The arguments of {name} are: {', '.join(properties) or 'none'}.")
        return Asked(name, asked)

    def properties(self, name: str) -> dict[str, Any]:
        """The schema's properties, in order."""
        properties = self.by_name[name].parameters.get("properties")
        return properties if isinstance(properties, dict) else {}

    def example(self) -> str:
        """One worked call as JSON, of file_write if it is known."""
        name = "file_write" if "file_write" in self.by_name else next(iter(self.by_name))
        required = self.by_name[name].parameters.get("required") or list(self.properties(name))[:1]
        arguments = {key: _EXAMPLES.get(key, _sample(self.properties(name).get(key))) for key in required}
        return json.dumps({"name": name, "arguments": arguments})

    def _named(self, written: str, name: str | None, arguments: Any) -> Asked | Refused:
        if isinstance(arguments, str):
            arguments = self._from_string(name, arguments)
        if arguments is None:
            arguments = {}
        if not isinstance(arguments, dict):
            state = "are cut off or no valid JSON" if isinstance(arguments, str) else "must be a JSON object"
            return Refused(f"The arguments of {one_line(written, 40)} {state}.")
        if name is not None:
            return Asked(name, arguments)
        return self._by_fit(written, arguments) or Refused(f'There is no tool "{one_line(written, 40)}".')

    def _by_fit(self, written: str, arguments: dict[str, Any]) -> Asked | None:
        """Small models put the function they were asked for where the tool's name belongs."""
        fitting = [name for name in self.by_name if self._fits(name, arguments)]
        if len(fitting) != 1 or not self._telling(fitting[0], arguments):
            return None
        own_file = PurePosixPath(str(arguments.get("path", ""))).stem == written
        if not own_file and set(_words(written)) & _CONTRARY:
            return None
        return Asked(fitting[0], arguments)

    def _nameless(self, value: Mapping[str, Any], holder: str | None, *, alone: bool) -> Asked | Refused | None:
        if len(value) == 1:
            name, arguments = next(iter(value.items()))
            if name in self.by_name and isinstance(arguments, dict) and not _is_schema(arguments):
                return Asked(name, arguments)
        arguments = value[holder] if holder is not None and len(value) == 1 else dict(value)
        if not alone or not isinstance(arguments, dict):
            return None
        fitting = [name for name in self.by_name if self._fits(name, arguments)]
        return Asked(fitting[0], arguments) if len(fitting) == 1 and self._telling(fitting[0], arguments) else None

    def _from_string(self, name: str | None, written: str) -> Any:
        try:
            reader = LooseReader(written)
            value, end = reader.value(0)
            if reader.skip(end) == len(written) and isinstance(value, dict):
                return value
        except NotAValue:
            if written.lstrip().startswith("{"):
                return written
        required = self.by_name[name].parameters.get("required") or [] if name is not None else []
        return {required[0]: written} if len(required) == 1 else written

    def _fits(self, name: str, arguments: Mapping[str, Any]) -> bool:
        properties = self.properties(name)
        required = self.by_name[name].parameters.get("required") or []
        if not arguments or not set(required) <= arguments.keys() <= properties.keys():
            return False
        return all(_is_of(properties[key], value) for key, value in arguments.items())

    def _telling(self, name: str, arguments: Mapping[str, Any]) -> bool:
        """Two arguments, or one that no other tool has, tell which tool is meant."""
        others = [other for other in self.by_name if other != name]
        return len(arguments) > 1 or not any(key in self.properties(other) for key in arguments for other in others)


def _words(name: str) -> tuple[str, ...]:
    return tuple(sorted(re.findall(r"[a-z0-9]+", re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name[:80]).lower())))


def _is_schema(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("properties"), dict)


def _is_of(schema: Any, value: Any) -> bool:
    wanted = schema.get("type") if isinstance(schema, dict) else None
    kinds = [wanted] if isinstance(wanted, str) else list(wanted or [])
    if not kinds:
        return True
    if isinstance(value, bool):
        return "boolean" in kinds
    return any(isinstance(value, _TYPES.get(kind, (object,))) for kind in kinds)


def _sample(schema: Any) -> Any:
    kind = schema.get("type") if isinstance(schema, dict) else None
    return {"integer": 1, "number": 1, "boolean": True, "array": [], "object": {}}.get(str(kind), "...")
