"""Active missions: one line per agent in the field, and those that cool down."""

from __future__ import annotations

from datetime import datetime

from textual.content import Content

from agents.clock import Clock
from app.screen.columns import cell, joined
from app.screen.lines import Lines
from app.screen.looks import health_look, tier_colour
from app.screen.speech import spoken
from app.screen.state import MissionRow, UnitRow, War
from app.screen.words import bar, elapsed, price

EMPTY = ("Nobody is in the field. d dispatches the selected task, D all of them.",)

SILENT_S = 15
"""Seconds without a sign of life after which a mission says for how long."""


class Missions(Lines):
    """What every agent does right now."""

    has_cursor = True

    def __init__(self, war: War, clock: Clock, *, ascii_only: bool = False) -> None:
        self._war = war
        self._clock = clock
        self.ascii_only = ascii_only
        self._rows: list[MissionRow | UnitRow] = []
        super().__init__(id="missions", classes="pane")
        self.title("2 ACTIVE MISSIONS")

    @property
    def selected_task(self) -> int | None:
        """The task of the mission a person stands on."""
        row = self._rows[self.cursor] if self.cursor < len(self._rows) else None
        return row.task if row is not None else None

    def changed(self) -> None:
        """Take the rows anew."""
        self._rows = [*self._war.field(), *self._war.cooling()]
        super().changed()

    def line_count(self) -> int:
        """Missions and cooling agents, or one line that says how to start."""
        return len(self._rows) or (len(EMPTY) if self._war.opened else 0)

    def line(self, index: int, width: int) -> Content:
        """One mission or one agent at rest."""
        if not self._rows:
            return Content.styled(spoken(EMPTY[index], plain=self.plain), "$quiet").truncate(width, ellipsis=True)
        row, now = self._rows[index], self._clock.now()
        if isinstance(row, UnitRow):
            return unit_line(row, width, now, ascii_only=self.ascii_only)
        task = self._war.tasks.get(row.task)
        title, paid = task.title if task else "", row.tier in self._war.paid
        return mission_line(row, title, width, now, paid=paid, ascii_only=self.ascii_only)


def mission_line(
    row: MissionRow, title: str, width: int, now: datetime, *, paid: bool = False, ascii_only: bool = False
) -> Content:
    """A mission in `width` cells."""
    look = health_look(row.health)
    front = joined(
        (f"{look.mark(ascii_only)} ", look.colour),
        cell(row.agent, 11),
        cell((look.word, look.colour), 10),
        cell((row.tier, tier_colour(row.tier)), 8),
    )
    steps = f"step {row.step}" if row.step else ""
    if row.max_steps:
        steps = f"step {row.step}/{row.max_steps} {bar(row.step / row.max_steps, 4, ascii_only=ascii_only)}"
    cost = price(row.cost_nano, paid=paid)
    back = joined(
        " ",
        cell((steps, "$info"), 16) if width >= 68 else "",
        cell((cost, "$quiet"), 8) if width >= 100 else "",
        (elapsed((now - row.started_at).total_seconds()).rjust(7), "$quiet"),
    )
    silent = (now - (row.heard_at or row.started_at)).total_seconds()
    doing = joined(
        f"T{row.task} ",
        (f"silent {elapsed(silent)}  " if silent >= SILENT_S else "", "$warn"),
        title,
        (f"  {row.note}" if row.note else "", "$quiet"),
    )
    room = width - front.cell_length - back.cell_length
    return joined(front, cell(doing, room), back).truncate(width)


def unit_line(row: UnitRow, width: int, now: datetime, *, ascii_only: bool = False) -> Content:
    """An agent at rest in `width` cells, with what is left of it."""
    look = health_look(row.health)
    left = (row.cooling_until - now).total_seconds() if row.cooling_until else 0.0
    # What a reset takes beyond the rest nobody knows: then it is counted up.
    count = f"{max(0.0, left):.0f} s" if left > 0 or not row.resets else elapsed(-left)
    return joined(
        (f"{look.mark(ascii_only)} ", look.colour),
        cell(row.callsign, 11),
        cell((look.word, look.colour), 10),
        cell((row.tier, tier_colour(row.tier)), 8),
        (f"{row.note}  {count}", "$quiet"),
    ).truncate(width, ellipsis=True)
