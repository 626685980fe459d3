"""The tasks of a batch file, checked to the last key before anything is posted."""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from difflib import get_close_matches
from graphlib import CycleError, TopologicalSorter
from typing import Any

from agents.sanitize import one_line, sanitize
from agents.tasks import NANO, NewTask
from app.commands.batch_file import BatchFileError, Entry, shown_name
from app.commands.values import MOST_SECONDS, MOST_USD

SHOWN_PROBLEMS = 5
TITLE_LIMIT = 500
ID_LIMIT = 100
MOST_STEPS = 100_000


@dataclass(frozen=True)
class BatchTask:
    """One task of a batch file, ready to be posted."""

    name: str
    """Its id, or "" where the file gives none."""
    new: NewTask
    """Its external id is the id, else `fields:` and a hash of the fields that the file gives."""
    needs: tuple[str, ...]
    """The external ids of the tasks it depends on."""


def batch_tasks(found: Sequence[Entry], file: str, tiers: Mapping[str, bool]) -> tuple[BatchTask, ...]:
    """The tasks that `found` in `file` describes, in its order. `tiers`: those there are, and whether one is on.

    Raises BatchFileError with up to SHOWN_PROBLEMS problems: unknown keys, wrong values, ids that are there twice,
    dependencies on nothing or in a circle.
    """
    shown = shown_name(file)
    problems = [f"{entry.place(key)}: {said}" for entry in found for key, said in _problems(entry, tiers)]
    tasks: tuple[BatchTask, ...] = ()
    if not problems:
        tasks = tuple(_task(entry) for entry in found)
        problems += _related(found, tasks)
    if problems:
        more = len(problems) - SHOWN_PROBLEMS
        said = [f"{shown}, {problem}" for problem in problems[:SHOWN_PROBLEMS]]
        raise BatchFileError("\n".join([*said, *([f"... and {more} more."] if more > 0 else [])]))
    return tasks


def _problems(entry: Entry, tiers: Mapping[str, bool]) -> Iterator[tuple[str, str]]:
    """A key and a sentence about it, for each that cannot be meant."""
    for key, value in entry.values.items():
        if key not in _READERS:
            yield key, f"there is no key {one_line(key, 60) or repr(key)}. {_suggestion(key)}"
            continue
        try:
            read = _READERS[key](value)
        except ValueError as error:
            yield key, f"{key} is {one_line(repr(value), 60)}: {error}."
            continue
        if key == "tier" and not tiers.get(read):
            yield key, _tier_problem(read, tiers)
    if "title" not in entry.values:
        yield "", "title is missing."


def _suggestion(key: str) -> str:
    close = get_close_matches(key.lower(), _READERS, n=1, cutoff=0.5)
    return f"Did you mean {close[0]}?" if close else f"It may be one of {', '.join(_READERS)}."


def _tier_problem(tier: str, tiers: Mapping[str, bool]) -> str:
    usable = [name for name, enabled in tiers.items() if enabled]
    why = f"which is switched off: set tiers.{tier}.enabled = true" if tier in tiers else "which is no tier"
    close = get_close_matches(tier, usable, n=1, cutoff=0.5)
    hint = f"Did you mean {close[0]}?" if close else f"It may be one of {', '.join(usable)}."
    return f"tier is {one_line(tier, 40)!r}, {why}. {hint}"


def _task(entry: Entry) -> BatchTask:
    values = {key: _READERS[key](value) for key, value in entry.values.items()}
    name, needs = values.pop("id", ""), values.pop("depends_on", ())
    fields = {key: value for key, value in values.items() if (key, value) not in _DEFAULTS}
    given = {**fields, **({"depends_on": needs} if needs else {})}
    digest = hashlib.sha256(json.dumps(given, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
    if "budget_usd" in fields:
        fields["budget_nano"] = fields.pop("budget_usd")
    return BatchTask(name, NewTask(**fields, external_id=name or f"fields:{digest[:32]}"), needs)


_DEFAULTS = (("priority", NewTask.model_fields["priority"].default), ("brief", ""), ("orchestrate", False))
"""Said or not, the task is the same."""


def _related(found: Sequence[Entry], tasks: Sequence[BatchTask]) -> Iterator[str]:
    """What is wrong between tasks."""
    first: dict[str | None, Entry] = {}
    for entry, task in zip(found, tasks, strict=True):
        before = first.setdefault(task.new.external_id, entry)
        if before is entry:
            continue
        if task.name:
            yield f"{entry.place('id')}: the id {task.name!r} is task {before.number}'s already."
        else:
            yield f"{entry.place()}: it is the same as task {before.number}: give one an id, or remove it."
    names = {task.name for task in tasks if task.name}
    for entry, task in zip(found, tasks, strict=True):
        for need in task.needs:
            if need not in names:
                close = get_close_matches(need, names, n=1, cutoff=0.5)
                hint = f" Did you mean {close[0]!r}?" if close else " It must be the id of a task in this file."
                yield f"{entry.place('depends_on')}: depends_on names {need!r}, which is no task's id.{hint}"
    yield from _circle(found, tasks)


def _circle(found: Sequence[Entry], tasks: Sequence[BatchTask]) -> Iterator[str]:
    try:
        TopologicalSorter({task.name: task.needs for task in tasks if task.name}).prepare()
    except CycleError as error:
        circle: list[str] = error.args[1]
        entry = next(entry for entry, task in zip(found, tasks, strict=True) if task.name == circle[-1])
        way = " → ".join(repr(name) for name in reversed(circle))
        yield f"{entry.place('depends_on')}: depends_on goes in a circle: {one_line(way, 200)}."


def _id(value: Any) -> str:
    """JSON files often number their tasks."""
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    if not isinstance(text, str) or not text.strip() or text != one_line(text, ID_LIMIT):
        raise ValueError(f"it must be a text on one line, at most {ID_LIMIT} characters")
    return text


def _title(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("it must be a text")
    if not one_line(value):
        raise ValueError("a task needs a title")
    if len(value) > TITLE_LIMIT:
        raise ValueError(f"it has {len(value)} characters, more than {TITLE_LIMIT}: put the rest into brief")
    return value


def _brief(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("it must be a text")
    return value


def _check(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("it must be a text: a command")
    if not value.strip():
        raise ValueError("give a command, or leave the key out")
    if "\0" in value or sanitize(value).encode(errors="replace") != value.encode(errors="replace"):
        raise ValueError("no shell takes such a command: it holds control characters")
    return value


def _word(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("it must be a text")
    return value


def _whole(value: Any, most: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= most:
        raise ValueError(f"it must be a whole number from 1 to {most}")
    return value


def _needs(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise ValueError('it must be a list of ids, such as ["first"]')
    return tuple(dict.fromkeys(_id(item) for item in value))


def _number(value: Any, *, most: float, unit: str, zero: bool) -> Decimal:
    amount = Decimal(str(value)) if isinstance(value, int | float) and not isinstance(value, bool) else Decimal("NaN")
    if not amount.is_finite() or not 0 <= amount <= Decimal(most) or (amount == 0 and not zero):
        raise ValueError(f"it must be a number of {unit} from 0 to {most:g}" + ("" if zero else ", and not 0"))
    return amount


def _yes_or_no(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError("it must be true or false")
    return value


_READERS: dict[str, Callable[[Any], Any]] = {
    "id": _id,
    "title": _title,
    "brief": _brief,
    "check": _check,
    "priority": lambda value: _whole(value, 10),
    "tier": _word,
    "orchestrate": _yes_or_no,
    "depends_on": _needs,
    "budget_usd": lambda value: int(_number(value, most=MOST_USD, unit="dollars", zero=True) * NANO),
    "max_steps": lambda value: _whole(value, MOST_STEPS),
    "timeout_s": lambda value: float(_number(value, most=MOST_SECONDS, unit="seconds", zero=False)),
}
"""Every key there is, and what makes its value exact. Each raises ValueError, whose words say what it must be."""
