"""A task as a row of the board."""

from __future__ import annotations

from textual.content import Content

from app.screen.columns import cell, joined
from app.screen.looks import complexity_colour, outcome_look, status_look, tier_colour
from app.screen.state import WAITING, TaskRow
from app.screen.words import NANO, dollars, price

LABEL_WIDTH = 5
"""Cells of the number, and one more."""


def task_line(
    row: TaskRow,
    width: int,
    *,
    here: bool,
    marked: bool = False,
    paid: bool = False,
    label_width: int = LABEL_WIDTH,
    ascii_only: bool = False,
) -> Content:
    """A row of the board in `width` cells. Columns give way as it gets narrower: odds, cost, tier, then the outcome."""
    look = status_look(row.shown)
    word = look.word
    if row.status in {"review", "done"} and row.outcome:
        word = f"{word} {outcome_look(row.outcome).word.lower()}"
    pointer = (">" if ascii_only else "▸") if here else " "
    state = cell((f"{look.mark(ascii_only)} {word}", look.colour), 19 if width >= 56 else 12)
    front = joined(
        (pointer, "$loud"),
        (("*" if ascii_only else "●") if marked else " ", "bold $info"),
        cell(row.label, label_width),
        cell((f"C{row.complexity}", complexity_colour(row.complexity)), 4),
        cell((f"P{row.priority}", "$quiet"), 4),
    )
    extras: list[Content] = []
    if width >= 66:
        extras.append(cell((row.tier or "-", tier_colour(row.tier)), 8))
    if width >= 78:
        extras.append(cell((odds_word(row), "$quiet"), 4))
    if width >= 72:
        extras.append(cell((_price(row, paid), "$quiet"), 9))
    room = width - front.cell_length - state.cell_length - sum(extra.cell_length for extra in extras) - 1
    return joined(front, cell(joined(row.title, (_reason(row), "$quiet")), room), " ", *extras, state).truncate(width)


_EXPLAINED = frozenset({"open", "queued", "failed", "blocked", "needs_human"})


def _reason(row: TaskRow) -> str:
    """Why it stands where it stands, where that is what a person asks at once."""
    return f"  {row.reason}" if row.reason and row.status in _EXPLAINED else ""


def odds_word(row: TaskRow) -> str:
    """.91, of the tier it would start on; nothing once it was tried."""
    if row.odds is None or row.status not in WAITING:
        return ""
    return f"{row.odds:.2f}".removeprefix("0") if row.odds < 0.995 else "1.0"


def _price(row: TaskRow, paid: bool) -> str:
    """What it cost so far; before anything was done what one try is expected to cost, with a ~."""
    untouched = row.cost_nano == 0 and (row.status in WAITING or row.status == "running")
    if not untouched:
        return price(row.cost_nano, paid=paid)
    if row.expected_usd is None or row.status not in WAITING:
        return ""
    return f"~{dollars(round(row.expected_usd * NANO))}" if row.expected_usd else "free"


def fields_of(row: TaskRow) -> dict[str, str]:
    """What a row says, by the names that a filter may ask for."""
    return {
        "id": row.label,
        "title": row.title,
        "status": f"{row.shown} {status_look(row.shown).word}",
        "tier": row.tier,
        "outcome": row.outcome,
        "reason": row.reason if row.status in _EXPLAINED else "",
    }
