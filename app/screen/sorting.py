"""What the board can be sorted by. Each order begins with what a person looks for in that column."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING

from app.screen.roll import Key
from app.screen.task_index import board_order

if TYPE_CHECKING:
    from app.screen.state import TaskRow

_URGENCY = ("needs_human", "review", "running", "queued", "held", "blocked", "open", "failed", "done", "cancelled")
_PLACES = {status: place for place, status in enumerate(_URGENCY)}


@dataclass(frozen=True, slots=True)
class Sorting:
    """A column, and the key rows are ordered by."""

    word: str
    key: Key


def _odds(row: TaskRow) -> tuple[float]:
    return (inf if row.odds is None else row.odds,)


def _cost(row: TaskRow) -> tuple[float]:
    """The dearest first: what it cost, else what it is expected to; unknown last."""
    known = row.cost_nano / 1e9 if row.cost_nano else row.expected_usd
    return (inf if known is None else -known,)


BOARD = Sorting("", board_order)
SORTINGS: Mapping[str, Sorting] = {
    "id": Sorting("number", lambda row: ()),
    "complexity": Sorting("complexity", lambda row: (-row.complexity,)),
    "priority": Sorting("priority", lambda row: (-row.priority,)),
    "title": Sorting("title", lambda row: (row.title.lower(),)),
    "tier": Sorting("tier", lambda row: (row.tier,)),
    "odds": Sorting("odds", _odds),
    "cost": Sorting("cost", _cost),
    "status": Sorting("status", lambda row: (_PLACES.get(row.shown, len(_PLACES)), -row.priority)),
}
