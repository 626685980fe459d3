"""Models as JSON text and back. What is written can be read again, whatever a model or a file name put in it."""

import re
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import PydanticSerializationError, to_json

from agents.events import Event, decode
from agents.sanitize import one_line
from agents.store.errors import UnreadableRow

M = TypeVar("M", bound=BaseModel)

_SURROGATES = re.compile("[\ud800-\udfff]")


def encode(record: BaseModel) -> str:
    """`record` as JSON; lone surrogates, which no UTF-8 text can hold, become U+FFFD."""
    try:
        return record.model_dump_json()
    except (PydanticSerializationError, UnicodeEncodeError):
        return to_json(_scrub(record.model_dump())).decode()


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
