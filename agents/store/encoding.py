"""Models as JSON text and back. What is written holds no secret, and can be read again, whatever a model or a file name
put in it."""

import re
from enum import Enum
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import PydanticSerializationError, to_json

from agents.events import Event, decode
from agents.redactor import SECRETS
from agents.sanitize import one_line
from agents.store.errors import UnreadableRow
from agents.store.records import Order
from agents.tasks import CheckResult, Task

M = TypeVar("M", bound=BaseModel)

_SURROGATES = re.compile("[\ud800-\udfff]")


_OWN = frozenset(
    {"type", "task", "mission", "agent", "tier", "model", "provider", "owner", "repo", "branch", "worktree", "commit"}
    | {"base_commit", "start_commit", "merged_commit", "target_branch", "log_path", "external_id"}
)
"""Fields that name things of ours: other things are found by what they hold."""
_THEIRS: dict[type[BaseModel], frozenset[str]] = {
    Task: frozenset({"title", "brief", "check", "comment"}),
    CheckResult: frozenset({"command"}),
    Order: frozenset({"argument"}),
}
"""What a person wrote that is carried out as it stands; whatever tells of it holds no secret."""


def encode(record: BaseModel) -> str:
    """`record` as JSON, the secrets taken out of it; lone surrogates, which no UTF-8 text can hold, become U+FFFD."""
    record = without_secrets(record)
    try:
        return record.model_dump_json()
    except (PydanticSerializationError, UnicodeEncodeError):
        return to_json(_scrub(record.model_dump())).decode()


def without_secrets(record: M) -> M:
    """`record` with the secrets taken out of what it tells; itself when there are none."""
    kept = _OWN | _THEIRS.get(type(record), frozenset())
    changed = {name: clean for name, value in record if name not in kept and (clean := _clean(value)) is not value}
    return record.model_copy(update=changed) if changed else record


def _clean(value: Any) -> Any:
    """`value` without secrets; the very same object when there are none."""
    if isinstance(value, BaseModel):
        return without_secrets(value)
    if isinstance(value, tuple) and any(isinstance(item, BaseModel) for item in value):
        items = tuple(map(_clean, value))
        return value if all(new is old for new, old in zip(items, value, strict=True)) else items
    if isinstance(value, Enum) or not isinstance(value, str | dict | list | tuple):
        return value
    clean = SECRETS.redact_all(value)
    clean = tuple(clean) if isinstance(value, tuple) else clean
    return value if clean == value else clean


def plain(text: str) -> str:
    """`text` as SQLite takes it: lone surrogates become U+FFFD."""
    return _SURROGATES.sub("\ufffd", text)


def load(kind: type[M], data: str, where: str) -> M:
    """The `kind` that `data` holds. Raises UnreadableRow naming `where` it lies."""
    try:
        return kind.model_validate_json(data)
    except ValidationError as error:
        raise _unreadable(where, error) from error


def load_event(seq: int, data: str) -> Event:
    """The event that `data` holds, with its `seq`. Raises UnreadableRow."""
    try:
        return decode(data).model_copy(update={"seq": seq})
    except ValidationError as error:
        raise _unreadable(f"event {seq}", error) from error


def normal_event(event: Event) -> tuple[Event, str]:
    """`event` as it will be read again, and its JSON. Raises ValueError when it could not be read again."""
    data = encode(event)
    return decode(data), data


def _scrub(value: Any) -> Any:
    if isinstance(value, str):
        return plain(value)
    if isinstance(value, dict):
        return {_scrub(key): _scrub(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_scrub(item) for item in value]
    return value


def _unreadable(where: str, error: ValidationError) -> UnreadableRow:
    first = error.errors(include_url=False, include_input=False)[0]
    field = ".".join(str(part) for part in first["loc"])
    return UnreadableRow(
        f"{where} of this home cannot be read ({one_line(field)}: {one_line(first['msg'])}): "
        "it was changed by hand or written by another War Room; upgrade, or set WARROOM_HOME to another folder"
    )
