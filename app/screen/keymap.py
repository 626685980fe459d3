"""The keys a person chose, by the actions' ids: read, checked against the table, refused with a reason."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import combinations
from typing import TYPE_CHECKING

from agents.sanitize import one_line
from app.screen.actions import ACTIONS, BY_ID, HEADINGS, Action, Where
from app.screen.keys import BadKey, keys_of, written

if TYPE_CHECKING:
    from agents.configuration import Configuration

Problem = tuple[str, str]
"""The action as it is written in the file, and a sentence about it."""

LIVE_TOGETHER: Mapping[Where, tuple[Where, ...]] = {
    "center": ("center", "everywhere", "pane"),
    "board": ("board", "center", "everywhere", "pane"),
    "missions": ("missions", "center", "everywhere", "pane"),
    "log": ("log", "center", "everywhere", "pane"),
    "diff": ("diff", "everywhere", "pane"),
    "task": ("task", "everywhere", "pane"),
    "intel": ("intel", "everywhere", "pane"),
    "replay": ("replay",),  # its keys lie over those of the center
    "output": ("output", "everywhere", "pane"),
    "search": ("search",),
    "dialog": ("dialog",),
}
"""Whose keys are live together in a place."""


@dataclass(frozen=True, slots=True)
class Keymap:
    """What was chosen and can be used."""

    bound: Mapping[str, str]
    """Textual's names of the keys, by action id."""
    shown: Mapping[str, str]
    """The keys as the screen writes them, by action id."""
    problems: tuple[Problem, ...] = ()


def keymap(given: Mapping[str, str]) -> Keymap:
    """`given`: keys by action id. What cannot be meant is left out and told."""
    problems: list[Problem] = []
    bound: dict[str, str] = {}
    for name, keys in given.items():
        if name not in BY_ID:
            problems.append((name, f"there is no action {one_line(name, 40)!r}. {_nearest(name)}"))
            continue
        try:
            bound[name] = ",".join(keys_of(keys))
        except BadKey as error:
            problems.append((name, str(error)))
    _carry_over(bound)
    for name, sentence in _clashes(bound):
        problems.append((name, sentence))
        bound.pop(name, None)
    return Keymap(bound, {name: written(keys) for name, keys in bound.items()}, tuple(problems))


def check_keys(found: Configuration) -> None:
    """Raises ConfigurationError where [keys] of a configuration names no action, no key, or one key twice."""
    from agents.configuration import ConfigurationError

    problems = keymap(found.settings.keys).problems
    if problems:
        raise ConfigurationError("\n".join(f"{_place(found, name)}: {sentence}" for name, sentence in problems[:5]))


def _place(found: Configuration, name: str) -> str:
    """Where it is written: file and line in full, or the variable; then the key."""
    key = f"keys.{one_line(name, 40)}"
    origin = found.origins.get(f"keys.{name}", "")
    file, _, line = origin.rpartition(":")
    path = next((path for path in found.files if path.name == file), None)
    return f"{one_line(str(path), 300)}, line {line}: {key}" if path is not None else f"{origin or 'keys'}: {key}"


def _nearest(name: str) -> str:
    close = get_close_matches(name.lower(), list(BY_ID), n=1, cutoff=0.5)
    return f"Did you mean {close[0]}?" if close else "`warroom` lists them under ?."


def _carry_over(bound: dict[str, str]) -> None:
    """A verb that has another key in the center has it on the other screens too, where it had the same before."""
    for action in ACTIONS:
        origin = BY_ID.get("abort_all" if action.id == "dialog_abort" else action.verb)
        if (
            origin is not None
            and origin.where == "center"
            and origin.id in bound
            and action.id not in bound
            and action.keys == origin.keys
        ):
            bound[action.id] = bound[origin.id]


def _clashes(bound: Mapping[str, str]) -> Iterator[Problem]:
    """Actions that were given a key which another action has in the same place."""
    told: set[str] = set()
    for places in LIVE_TOGETHER.values():
        together = [action for action in ACTIONS if action.where in places]
        for one, other in combinations(together, 2):
            # What a pane's own action has lies over what the center has there.
            shared = (_keys(one, bound) & _keys(other, bound)) - (_keys(one, {}) & _keys(other, {}))
            if not shared or (one.id not in bound and other.id not in bound):
                continue
            mine, theirs = (one, other) if one.id in bound else (other, one)
            if mine.id not in told:
                told.add(mine.id)
                key = written(min(shared))
                yield (
                    mine.id,
                    f"{key} is the key of {theirs.id} too ({HEADINGS[theirs.where]}). Give one of them another.",
                )


def _keys(action: Action, bound: Mapping[str, str]) -> set[str]:
    return set(bound.get(action.id, action.keys).split(","))
