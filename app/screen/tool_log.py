"""The tool log: every call as it happens. It follows its end until a person scrolls away, and says what came since."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from datetime import date, tzinfo

from textual.content import Content

from app.screen.columns import cell, joined, spread
from app.screen.lines import Lines
from app.screen.log_book import CAPACITY, Record
from app.screen.state import War
from app.screen.words import clock_time

_TONES = {"plain": "", "good": "$good", "bad": "$bad", "warn": "$warn", "quiet": "$quiet", "info": "$info"}
_ASCII = str.maketrans("✓✗✔✖…│◇▶↑■◔◦◆–·—", "+x+x:|?>^#~.!-.-")


class ToolLog(Lines):
    """Records of the log book, drawn as they are looked at."""

    def __init__(self, war: War, zone: tzinfo | None, *, ascii_only: bool = False) -> None:
        self._war = war
        self._zone = zone
        self.ascii_only = ascii_only
        self._shown: deque[Record] = deque(maxlen=CAPACITY)
        self._day: date | None = None
        self._read = 0
        self.follow = True
        self.unseen = 0
        self.with_output = True
        super().__init__(id="log", classes="pane")

    def changed(self) -> None:
        """Read what is new in the book."""
        fresh = self._war.log.newest(self._war.log.total - self._read)
        self._read = self._war.log.total
        wanted = self._dated(record for record in fresh if self._wants(record))
        fallen = max(0, len(self._shown) + len(wanted) - CAPACITY)
        self._shown.extend(wanted)
        if not self.follow:
            self.unseen += len(wanted)
        super().changed()
        if self.follow:
            self.scroll_to(y=self.max_scroll_y, animate=False, force=True)
        elif fallen:
            self.scroll_to(y=max(0, self.scroll_offset.y - fallen), animate=False, force=True)
        self._say()

    def _wants(self, record: Record) -> bool:
        return self.with_output or record.kind != "output"

    def _dated(self, records: Iterable[Record]) -> list[Record]:
        """The records, with a line of its own wherever another day begins: times alone would run backwards."""
        dated: list[Record] = []
        for record in records:
            day = record.at.astimezone(self._zone).date()
            if self._day is not None and day != self._day:
                dated.append(Record(record.at, "", "—", day.isoformat(), "", tone="quiet", kind="mission"))
            self._day = day
            dated.append(record)
        return dated

    def show_output(self, shown: bool) -> None:
        """Show the output of commands, or only the calls."""
        self.with_output = shown
        self._day = None
        self._shown = deque(self._dated(record for record in self._war.log if self._wants(record)), maxlen=CAPACITY)
        self._read = self._war.log.total
        self.action_edge(True)
        self.changed()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Scrolling away stops following; coming back to the end starts it again."""
        super().watch_scroll_y(old_value, new_value)
        self.follow = round(new_value) >= self.max_scroll_y
        if self.follow:
            self.unseen = 0
        self._say()

    def action_edge(self, last: bool) -> None:
        """The end follows again."""
        super().action_edge(last)
        if last:
            self.follow, self.unseen = True, 0
            self._say()

    def _say(self) -> None:
        down = "v" if self.ascii_only else "▼"
        state = "follow" if self.follow else f"{down} {self.unseen} new, G follows"
        calls = "" if self.with_output else "  calls only"
        self.title(f"3 TOOL LOG  {state}{calls}")

    def line_count(self) -> int:
        """Records, or one line while there are none."""
        return len(self._shown) or (1 if self._war.opened else 0)

    def line(self, index: int, width: int) -> Content:
        """One record."""
        if not self._shown:
            return Content.styled("Quiet. Every tool call appears here as it happens.", "$quiet").truncate(width)
        return record_line(self._shown[index], width, self._zone, ascii_only=self.ascii_only)


def record_line(record: Record, width: int, zone: tzinfo | None, *, ascii_only: bool = False) -> Content:
    """A record in `width` cells."""
    colour = _TONES[record.tone]
    mark = record.mark.translate(_ASCII) if ascii_only else record.mark
    if record.kind == "output":
        return joined(" " * 22, (f"{mark} {record.text}", "$quiet")).truncate(width, ellipsis=True)
    left = joined(
        (clock_time(record.at, zone), "$quiet"),
        " ",
        cell(record.who, 10),
        " ",
        (f"{mark} ", colour),
        cell((record.what, colour), 12),
        " ",
        (record.text, "" if record.tone in {"plain", "info"} else colour),
    )
    return spread(left, (f" {record.right}" if record.right else "", "$quiet"), width)
