"""Recordings in a file, one event as JSON a line, as `warroom export FILE --what events` writes them. Nothing in it is
trusted: what cannot be shown is refused before anything is."""

from __future__ import annotations

from collections.abc import Iterable
from math import isfinite
from typing import Any, BinaryIO

from pydantic import ValidationError

from agents.events import Event, decode
from agents.sanitize import one_line
from app.screen.reduce import apply
from app.screen.replay_tape import record
from app.screen.state import War

MOST_EVENTS = 200_000
LONGEST_LINE = 2_000_000
"""Bytes."""
_LARGEST = 10**15
_YEARS = range(2000, 2200)


class UnreadableRecording(Exception):
    """The file, the line and the reason are in its message."""


def read_recording(file: BinaryIO, name: str) -> list[Event]:
    """The events of `file`, which is called `name`. Raises UnreadableRecording."""
    found: list[Event] = []
    number = 0
    while line := file.readline(LONGEST_LINE + 1):
        number += 1
        if len(line) > LONGEST_LINE:
            raise _refused(name, number, f"is longer than {LONGEST_LINE:,} bytes")
        if not line.strip():
            continue
        if len(found) == MOST_EVENTS:
            raise _refused(name, number, f"is one too many: at most {MOST_EVENTS:,} events are played")
        found.append(_event(line, name, number))
    if not found:
        raise UnreadableRecording(f"{name} holds no event: `warroom export FILE.jsonl` writes some")
    _try(found, name)
    return found


def _event(line: bytes, name: str, number: int) -> Event:
    try:
        event = decode(line)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = one_line(".".join(str(part) for part in first["loc"]), 80)
        reason = one_line(f"{where + ': ' if where else ''}{first['msg']}", 200)
        hint = "; `warroom export FILE.jsonl` writes such a file" if number == 1 else ""
        raise _refused(name, number, f"is no event of a War Room ({reason}){hint}") from error
    if event.at.tzinfo is None or event.at.year not in _YEARS:
        raise _refused(name, number, "has an `at` without a time zone or of another century")
    if (wrong := _excess(event.model_dump().values())) is not None:
        raise _refused(name, number, f"holds a number that is no figure of a War Room: {one_line(wrong, 40)}")
    return event


def _excess(values: Iterable[Any]) -> str | None:
    """A number among `values`, at any depth, that is too large or no number."""
    for value in values:
        if isinstance(value, int | float) and not (isfinite(value) and abs(value) <= _LARGEST):
            return str(value)[:40]
        inner = value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple) else ()
        if (found := _excess(inner)) is not None:
            return found
    return None


def _try(events: list[Event], name: str) -> None:
    """Play it once where nobody looks."""
    war = War()
    tape = record(name, events)
    added = len(tape.events) - len(events)
    for place, event in enumerate(tape.events):
        try:
            apply(war, event)
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
            raise UnreadableRecording(
                f"{name}: event {place - added + 1} cannot be shown ({one_line(str(error), 200)})"
            ) from error


def _refused(name: str, number: int, reason: str) -> UnreadableRecording:
    return UnreadableRecording(f"{name}:{number} {reason}")
