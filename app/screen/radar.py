"""The radar: tasks on their way over four lanes, agents joined to theirs. A pure drawing and its widget."""

from __future__ import annotations

from collections import Counter

from textual.content import Content

from app.screen.columns import cell, joined
from app.screen.lines import Lines
from app.screen.looks import Look, health_look, status_look
from app.screen.state import War

LANES = ("BOARD", "FIELD", "CHECK", "DONE")
_CHECKING = Look("◇", "?", "CHECKING", "$info")


class Radar(Lines):
    """The minimap."""

    def __init__(self, war: War, *, ascii_only: bool = False) -> None:
        self._war = war
        self.ascii_only = ascii_only
        self._drawn: list[Content] = []
        super().__init__(id="radar", classes="pane")
        self.title("4 RADAR")

    def changed(self) -> None:
        """Draw the lanes anew."""
        width = self.scrollable_content_region.width
        self._drawn = radar(self._war, width, ascii_only=self.ascii_only) if width else []
        super().changed()

    def line_count(self) -> int:
        """As many as the busiest lane needs."""
        return len(self._drawn)

    def line(self, index: int, width: int) -> Content:
        """One line of all lanes."""
        return self._drawn[index].truncate(width)


def lane_counts(war: War) -> dict[str, int]:
    """How many tasks are in each lane."""
    checking = {row.task for row in war.missions.values() if row.checking}
    counted: Counter[str] = Counter(_lane(row.status, row.id in checking) for row in war.tasks.values())
    return {lane: counted[lane] for lane in LANES}


def _lane(status: str, checking: bool) -> str:
    if status in {"open", "queued", "blocked"}:
        return "BOARD"
    if status == "review" or (status == "running" and checking):
        return "CHECK"
    return "FIELD" if status in {"running", "needs_human"} else "DONE"


def radar(war: War, width: int, *, ascii_only: bool = False) -> list[Content]:
    """The lanes as lines of `width` cells: a heading with counts, then the tasks."""
    lane_width = max(4, width // len(LANES))
    counts = lane_counts(war)
    dots = _dots(war, ascii_only)
    columns = {lane: _flow(dots[lane], lane_width - 1) for lane in LANES if lane != "FIELD"}
    columns["FIELD"] = _field(war, ascii_only)
    height = max((len(column) for column in columns.values()), default=0)
    headings = [
        cell((_heading(lane, counts[lane], lane_width - 1), "bold $info" if counts[lane] else "$quiet"), lane_width)
        for lane in LANES
    ]
    lines = [joined(*headings)]
    for index in range(height):
        lines.append(joined(*(cell(_at(columns[lane], index), lane_width) for lane in LANES)))
    return lines


def _heading(lane: str, number: int, width: int) -> str:
    """The lane and its count; where both do not fit it is the name that gives way."""
    return f"{lane[: max(1, width - len(str(number)) - 1)]} {number}"


def _at(column: list[Content], index: int) -> Content:
    return column[index] if index < len(column) else Content("")


def _dots(war: War, ascii_only: bool) -> dict[str, list[tuple[str, str]]]:
    checking = {row.task for row in war.missions.values() if row.checking}
    dots: dict[str, list[tuple[str, str]]] = {lane: [] for lane in LANES}
    for row in war.tasks.values():
        lane = _lane(row.status, row.id in checking)
        look = _CHECKING if lane == "CHECK" and row.status == "running" else status_look(row.status)
        dots[lane].append((look.mark(ascii_only), look.colour))
    return dots


def _flow(dots: list[tuple[str, str]], width: int) -> list[Content]:
    """Dots in rows; of very many the newest are shown."""
    per_row = max(1, width)
    kept = dots[-per_row * 6 :]
    return [joined(*kept[start : start + per_row]) for start in range(0, len(kept), per_row)]


def _field(war: War, ascii_only: bool) -> list[Content]:
    """One agent a line, joined to its task; then tasks that wait for the person with no agent."""
    agent, line = ("A", "--") if ascii_only else ("▲", "┄┄")
    rows: list[Content] = []
    manned = set()
    for mission in war.field():
        if mission.checking:
            continue
        manned.add(mission.task)
        look = health_look(mission.health)
        rows.append(
            joined((agent, look.colour), (line, "$quiet"), (look.mark(ascii_only), look.colour), f" T{mission.task}")
        )
    for row in war.with_status("needs_human"):
        if row.id not in manned:
            look = status_look(row.status)
            rows.append(joined((f"{look.mark(ascii_only)} {row.label}", look.colour)))
    return rows[:12]
