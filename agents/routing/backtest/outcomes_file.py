"""Outcomes from a file of JSON Lines: read line by line, every mistake told with its line, its key and what belongs
there."""

import json
import math
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import IO, Any

from agents.configuration.errors import ConfigurationError
from agents.routing.assessment import assess
from agents.routing.backtest.records import (
    MOST_TIERS,
    Attempt,
    Feature,
    Outcomes,
    Record,
    cheapest_first,
    label_notes,
)
from agents.sanitize import one_line

LINE_LIMIT = 16 * 1024 * 1024
"""Bytes."""
LINES_LIMIT = 100_000
"""About 1.3 GB and a minute of processor time with four tiers."""
MISTAKES_SHOWN = 20
KEYS = ("id", "features", "prompt", "outcomes", "cost_usd", "seconds")
_BOM = b"\xef\xbb\xbf"
_SHAPE = (
    '{"id": .., "features": {..}, "prompt": .., "outcomes": {tier: 0-1}, "cost_usd": {tier: $}, "seconds": {tier: s}}'
)


class OutcomesFileError(ConfigurationError):
    """A file of outcomes cannot be used. `str(error)` is sanitized, one problem per line."""


class _Mistake(ValueError):
    """What is wrong with a line, and what belongs there."""


def read_outcomes(file: IO[bytes], shown: str) -> Outcomes:
    """The lines of `file`, which messages call `shown`. Memory holds figures, never the prompts.

    Raises OutcomesFileError: not readable, empty, a line that is malformed (up to MISTAKES_SHOWN are told), an id that
    is there twice, more than MOST_TIERS tiers, more than LINES_LIMIT lines.
    """
    reader = _Reader()
    mistakes: list[str] = []
    for number, line in _lines(file, shown):
        try:
            reader.take(number, line)
        except _Mistake as mistake:
            mistakes.append(f"{shown}, line {number}: {mistake}")
            if len(mistakes) == MISTAKES_SHOWN:
                mistakes.append(f"{shown}: there may be more; these are the first {MISTAKES_SHOWN}.")
                break
    if mistakes:
        raise OutcomesFileError("\n".join(mistakes))
    records = tuple(reader.records)
    if not records:
        raise OutcomesFileError(f"{shown} holds no outcome: write one JSON object a line, {_SHAPE}.")
    tiers = cheapest_first(records)
    if not tiers:
        raise OutcomesFileError(f"{shown}: no tier has outcomes, cost_usd and seconds on any line.")
    if len(tiers) > MOST_TIERS:
        raise OutcomesFileError(
            f"{shown} has {len(tiers)} tiers ({one_line(', '.join(tiers), 200)}): at most {MOST_TIERS} can be "
            "compared at once; leave some out."
        )
    return Outcomes(records, tiers, reader.notes() + label_notes(records, tiers))


def _lines(file: IO[bytes], shown: str) -> Iterator[tuple[int, bytes]]:
    """The lines that hold something, with their numbers."""
    try:
        number = 0
        while line := file.readline(LINE_LIMIT + 1):
            number += 1
            if len(line) > LINE_LIMIT:
                raise OutcomesFileError(f"{shown}, line {number}: longer than {LINE_LIMIT // 2**20} MiB.")
            if number > LINES_LIMIT:
                raise OutcomesFileError(f"{shown} has more than {LINES_LIMIT:,} lines: take a sample of them.")
            line = line.removeprefix(_BOM) if number == 1 else line
            if line := line.rstrip():
                yield number, line
    except OSError as error:
        raise OutcomesFileError(f"{shown} cannot be read: {error.strerror}.") from error


class _Reader:
    """Takes one line after the other."""

    def __init__(self) -> None:
        self.records: list[Record] = []
        self._ids: dict[str, int] = {}
        self._names: dict[str, str] = {}
        self._unknown: dict[str, int] = {}
        self._incomplete: dict[str, int] = {}

    def take(self, number: int, line: bytes) -> None:
        """Read one line. Raises _Mistake."""
        values = _object(line)
        for key in values:
            if key not in KEYS:
                self._unknown[key] = self._unknown.get(key, 0) + 1
        name = _id(values)
        if name in self._ids:
            raise _Mistake(f"id {one_line(name, 60)} is on line {self._ids[name]} already: one line a task.")
        prompt = values.get("prompt")
        if prompt is not None and not isinstance(prompt, str):
            raise _Mistake(f"prompt is {_kind(prompt)}: expected the prompt's text.")
        features = {self._name(key): item for key, item in _features(values).items()}
        record = Record(
            id=name,
            features=features,
            attempts=self._attempts(values),
            length=None if prompt is None else len(prompt),
            complexity=_complexity(features, prompt),
        )
        self._ids[name] = number
        self.records.append(record)

    def notes(self) -> tuple[str, ...]:
        """What was passed over."""
        notes = [
            f"{lines} lines name {tier} without all of outcomes, cost_usd and seconds: no label for it there"
            for tier, lines in self._incomplete.items()
        ]
        for key, lines in list(self._unknown.items())[:5]:
            close = get_close_matches(key, KEYS, n=1)
            hint = f"; did you mean {close[0]}?" if close else ""
            notes.append(f"the key {one_line(key, 60)} is not known ({lines} lines) and not used{hint}")
        return tuple(notes)

    def _attempts(self, values: Mapping[str, Any]) -> dict[str, Attempt]:
        solves = _figures(values, "outcomes", 1.0, "a pass rate from 0 to 1")
        usd = _figures(values, "cost_usd", math.inf, "dollars, 0 or more")
        seconds = _figures(values, "seconds", math.inf, "seconds, 0 or more")
        if not solves:
            raise _Mistake("outcomes is empty: expected a pass rate from 0 to 1 for each tier that was tried.")
        found = {}
        for tier, rate in solves.items():
            if tier in usd and tier in seconds:
                found[self._name(tier)] = Attempt(rate, usd[tier], seconds[tier])
            else:
                name = one_line(tier, 60)
                self._incomplete[name] = self._incomplete.get(name, 0) + 1
        return found

    def _name(self, raw: str) -> str:
        """One string for all lines that have it, safe to show."""
        if raw not in self._names:
            self._names[raw] = one_line(raw, 60) or "?"
        return self._names[raw]


def _object(line: bytes) -> dict[str, Any]:
    try:
        value = json.loads(line.decode("utf-8"), object_pairs_hook=_without_repeats, parse_constant=_no_number)
    except _Mistake:
        raise
    except UnicodeDecodeError as error:
        raise _Mistake("not UTF-8 text: save the file as UTF-8.") from error
    except json.JSONDecodeError as error:
        raise _Mistake(
            f"not valid JSON at column {error.colno}: {error.msg}. Each line holds one whole JSON object."
        ) from error
    except (ValueError, RecursionError) as error:
        raise _Mistake(f"not readable as JSON: {one_line(str(error), 100)}.") from error
    if not isinstance(value, dict):
        raise _Mistake(f"it is {_kind(value)}: expected an object, {_SHAPE}.")
    return value


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise _Mistake(f"the key {one_line(key, 60)} is there twice: keep one.")
        found[key] = value
    return found


def _no_number(word: str) -> float:
    raise _Mistake(f"{word} is no number.")


def _missing(values: Mapping[str, Any], key: str, expected: str) -> _Mistake:
    close = get_close_matches(key, [name for name in values if name not in KEYS], n=1)
    hint = f" Did you mean {key} by {one_line(close[0], 60)}?" if close else ""
    return _Mistake(f"{key} is missing: expected {expected}.{hint}")


def _id(values: Mapping[str, Any]) -> str:
    value = values.get("id")
    if value is None:
        raise _missing(values, "id", "a name no other line has")
    if isinstance(value, bool) or not isinstance(value, str | int) or not str(value).strip():
        raise _Mistake(f"id is {_kind(value)}: expected a name no other line has.")
    return str(value)


def _features(values: Mapping[str, Any]) -> dict[str, Feature]:
    value = values.get("features")
    if value is None:
        raise _missing(values, "features", "an object such as {}")
    if not isinstance(value, dict):
        raise _Mistake(f"features is {_kind(value)}: expected an object such as {{}}.")
    for key, item in value.items():
        if not isinstance(item, str | int | float | bool | None) or _endless(item):
            raise _Mistake(f"features.{one_line(key, 60)} is {_kind(item)}: expected a word, a number, true or false.")
    return {
        key: one_line(item, 60) if isinstance(item, str) else item if isinstance(item, bool) else float(item)
        for key, item in value.items()
        if item is not None
    }


def _endless(value: object) -> bool:
    """A number too large for a float."""
    try:
        return isinstance(value, int | float) and not math.isfinite(value)
    except OverflowError:
        return True


def _figures(values: Mapping[str, Any], key: str, most: float, expected: str) -> dict[str, float]:
    value = values.get(key)
    if value is None:
        raise _missing(values, key, f"an object with {expected} for each tier")
    if not isinstance(value, dict):
        raise _Mistake(f"{key} is {_kind(value)}: expected an object with {expected} for each tier.")
    found = {}
    for tier, figure in value.items():
        if figure is None:
            continue
        name = f"{key}.{one_line(tier, 60)}"
        if isinstance(figure, bool) or not isinstance(figure, int | float):
            raise _Mistake(f"{name} is {_kind(figure)}: expected {expected}.")
        if _endless(figure) or not 0 <= figure <= most:
            raise _Mistake(f"{name} is {one_line(str(figure), 30)}: expected {expected}.")
        found[tier] = float(figure)
    return found


def _complexity(features: Mapping[str, Feature], prompt: str | None) -> int | None:
    """As the file has it, else as the rules score the prompt."""
    value = features.get("complexity")
    if isinstance(value, float) and not isinstance(value, bool) and 1 <= value <= 10:
        return round(value)
    return None if prompt is None else assess(prompt[:20_000]).complexity


def _kind(value: object) -> str:
    """What it is, in the words of JSON."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return "a number"
    if isinstance(value, str):
        return "a text" if value.strip() else "an empty text"
    return "a list" if isinstance(value, list) else "an object"
