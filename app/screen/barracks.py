"""Barracks: the roster, every agent with its tier and health."""

from __future__ import annotations

from textual.content import Content

from app.screen.columns import cell, joined
from app.screen.lines import Lines
from app.screen.looks import health_look, tier_colour
from app.screen.state import UnitRow, War


class Barracks(Lines):
    """Who there is."""

    def __init__(self, war: War, *, ascii_only: bool = False) -> None:
        self._war = war
        self.ascii_only = ascii_only
        self._rows: list[UnitRow] = []
        super().__init__(id="barracks", classes="pane")
        self.title("6 BARRACKS")

    def changed(self) -> None:
        """Take the roster anew."""
        self._rows = list(self._war.units.values())
        super().changed()

    def line_count(self) -> int:
        """Agents."""
        return len(self._rows)

    def line(self, index: int, width: int) -> Content:
        """One agent."""
        row = self._rows[index]
        look = health_look(row.health)
        return joined(
            (f"{look.mark(self.ascii_only)} ", look.colour),
            cell(row.callsign, 11),
            cell((row.tier, tier_colour(row.tier)), 8),
            (look.word, look.colour),
            f" T{row.task}" if row.task is not None else "",
            (f"  {row.power}" if row.power else "", "$warn" if row.low_power else "$quiet"),
            (f"  {row.note}" if row.health == "offline" else "", "$quiet"),
        ).truncate(width, ellipsis=True)
