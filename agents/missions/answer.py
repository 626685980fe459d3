"""A JSON answer as models give it: bare, fenced, wrapped in talk or in another object, with Python's words in it."""

from collections.abc import Collection
from typing import Any

from agents.models.loose import LooseReader, NotAValue
from agents.sanitize import one_line, sanitize

MAX_STARTS = 200
"""Opening braces that are tried before a text counts as no answer."""
_YES = frozenset({"true", "yes", "approve", "approved", "approves"})
_NO = frozenset({"false", "no", "reject", "rejected", "rejects"})


class Unreadable(Exception):
    """An answer that is of no use; the message says why, in words for the model."""


def read_object(text: str, needed: Collection[str]) -> dict[str, Any]:
    """The first object in `text` that has the keys `needed`, itself or inside another. Raises Unreadable."""
    reader = LooseReader(text)
    at, problem = text.find("{"), "it holds no JSON object"
    for _ in range(MAX_STARTS):
        if at < 0:
            break
        try:
            value, end = reader.value(at)
        except NotAValue as error:
            problem = f"its JSON cannot be read: {error}"
            at = text.find("{", at + 1)
            continue
        found = _holding(value, needed)
        if found is not None:
            return found
        problem = f"its JSON object lacks one of: {', '.join(sorted(needed))}"
        at = text.find("{", end)
    raise Unreadable(problem)


def _holding(value: Any, needed: Collection[str]) -> dict[str, Any] | None:
    if not isinstance(value, dict):
        return None
    if all(key in value for key in needed):
        return value
    inside = (_holding(item, needed) for item in value.values() if isinstance(item, dict))
    return next((found for found in inside if found is not None), None)


def objects(value: Any, name: str) -> list[dict[str, Any]]:
    """`value` as a list of objects; None and nothing are an empty one. Raises Unreadable."""
    if value is None or value == "":
        return []
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise Unreadable(f"{name} must be a list of objects")
    return value


def yes_or_no(value: Any, name: str) -> bool:
    """`value` as a truth value. Raises Unreadable."""
    if isinstance(value, bool):
        return value
    word = value.strip().lower() if isinstance(value, str) else ""
    if word in _YES or word in _NO:
        return word in _YES
    raise Unreadable(f"{name} must be true or false")


def line_of(value: Any, limit: int) -> str:
    """`value` as one sanitized line; empty where it is no text."""
    return one_line(value, limit) if isinstance(value, str) else ""


def text_of(value: Any) -> str:
    """`value` as sanitized text; empty where it is none."""
    return sanitize(value).strip() if isinstance(value, str) else ""


def whole_number(value: Any) -> int | None:
    """`value` as a whole number; None where it is none."""
    if isinstance(value, str) and value.strip().isascii() and value.strip().isdigit() and len(value.strip()) < 10:
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None
