"""Barracks: the roster, every agent with its tier, health and streak, and how its local model lies in memory."""

from __future__ import annotations

from textual.content import Content

from app.screen.columns import cell, joined, spread
from app.screen.lines import Lines
from app.screen.looks import health_look, outcome_look, tier_colour
from app.screen.state import UnitRow, War


class Barracks(Lines):
    """Who there is."""

    def __init__(self, war: War, *, ascii_only: bool = False) -> None:
        self._war = war
        self.ascii_only = ascii_only
        self._drawn: list[Content] = []
        super().__init__(id="barracks", classes="pane")

    def changed(self) -> None:
        """Take the roster anew."""
        units = self._war.units.values()
        ready = sum(unit.health == "ready" for unit in units)
        self.title(f"6 BARRACKS  {ready} of {len(units)} ready" if units else "6 BARRACKS")
        width = self.scrollable_content_region.width
        self._drawn = roster_lines(self._war, width, ascii_only=self.ascii_only) if width else []
        super().changed()

    def line_count(self) -> int:
        """Agents, and what has no room beside them."""
        return len(self._drawn)

    def line(self, index: int, width: int) -> Content:
        """One agent, or more about it."""
        return self._drawn[index].truncate(width, ellipsis=True)


def roster_lines(war: War, width: int, *, ascii_only: bool = False) -> list[Content]:
    """Every agent in `width` cells; what is to be said of one goes below it where it does not fit. Why a whole tier is
    offline is said once."""
    lines: list[Content] = []
    said: set[tuple[str, str]] = set()
    for unit in war.units.values():
        word, colour = _remark(unit)
        if unit.health == "offline" and (unit.tier, word) in said:
            word = ""
        said.add((unit.tier, word))
        front = _front(unit, ascii_only)
        back = _streak(war.streaks.get(unit.callsign, 0), ascii_only)
        if word and front.cell_length + len(word) + back.cell_length + 4 <= width:
            front, word = joined(front, f"  {word}").stylize(colour, front.cell_length), ""
        lines.append(spread(front, back, width))
        if word:
            lines.append(joined("  ", (word, colour)).truncate(width, ellipsis=True))
    return lines


def _front(unit: UnitRow, ascii_only: bool) -> Content:
    look = health_look(unit.health)
    return joined(
        (f"{look.mark(ascii_only)} ", look.colour),
        cell(unit.callsign, 9),
        " ",
        cell((unit.tier, tier_colour(unit.tier)), 7),
        (look.word, look.colour),
        f" T{unit.task}" if unit.task is not None else "",
    )


def _remark(unit: UnitRow) -> tuple[str, str]:
    """Why it is offline, else how its model lies in memory; and the token for it."""
    if unit.health == "offline":
        return unit.note, "$quiet"
    return unit.power, "$warn" if unit.low_power else "$quiet"


def _streak(streak: int, ascii_only: bool) -> Content:
    """`✔3`: so many missions in a row whose result its check passed."""
    look = outcome_look("proven")
    return Content.styled(f" {look.mark(ascii_only)}{streak}", look.colour) if streak else Content("")
