"""The tool log: every call as it happens. It follows its end until a person moves away, and says what came since."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import replace
from datetime import date, tzinfo
from typing import ClassVar

from textual.binding import BindingType
from textual.content import Content
from textual.events import Resize
from textual.message import Message

from app.screen.actions import bindings
from app.screen.heights import Heights
from app.screen.lines import Lines
from app.screen.log_book import CAPACITY, Record
from app.screen.log_line import Manner, folded_line, height, record_line
from app.screen.query import Query, query
from app.screen.state import War

FIELDS = ("agent", "tool", "result")


class ToolLog(Lines):
    """Records of the log book that a person wants, drawn as they are looked at."""

    has_cursor = True
    quiet_cursor = True
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(where="log")]

    class Chosen(Message):
        """A person wants to see what is behind a record."""

        def __init__(self, record: Record) -> None:
            self.record = record
            super().__init__()

    def __init__(self, war: War, zone: tzinfo | None, *, ascii_only: bool = False) -> None:
        self._war = war
        self._manner = Manner(zone, ascii_only=ascii_only)
        self._shown: deque[Record] = deque(maxlen=CAPACITY)
        self._heights: Heights | None = None
        """Of the records, while long ones are folded."""
        self._filter = Query()
        self._day: date | None = None
        self._read = 0
        self._last: Record | None = None
        """The newest record that was read: it may still become another."""
        self.follow = True
        self.paused = False
        self.unseen = 0
        self.with_output = False
        super().__init__(id="log", classes="pane")

    @property
    def ascii_only(self) -> bool:
        """Draw with ASCII only."""
        return self._manner.ascii_only

    @ascii_only.setter
    def ascii_only(self, wanted: bool) -> None:
        self._manner = replace(self._manner, ascii_only=wanted)

    # What is shown

    def changed(self) -> None:
        """Read what is new in the book."""
        if not self.paused:
            self._take()
        super().changed()
        if self.follow:
            self._to_end()
        self._say()

    def _take(self) -> None:
        fresh = self._war.log.newest(self._war.log.total - self._read)
        self._read = self._war.log.total
        if self._last is not None and self._last.kind in {"call", "check"}:
            self._reconsider(self._last)
        self._last = fresh[-1] if fresh else self._last
        wanted = self._dated(record for record in fresh if self._wants(record))
        fallen = max(0, len(self._shown) + len(wanted) - CAPACITY)
        if self._heights is not None:
            lines = self._heights.fall(fallen)
            for record in wanted:
                self._heights.append(height(record, self._width, self._manner))
        else:
            lines = fallen
        self._shown.extend(wanted)
        if not self.follow:
            self.unseen += len(wanted)
            self.cursor = max(0, self.cursor - lines)
            self.range_from = None if self.range_from is None else max(0, self.range_from - lines)
            if lines:
                self.scroll_to(y=max(0, self.scroll_offset.y - lines), animate=False, force=True)

    def _reconsider(self, record: Record) -> None:
        """A call's own line became its result: it may fit the filter now, or no more, or be higher."""
        there = bool(self._shown) and self._shown[-1] is record
        if there:
            self._shown.pop()
            if self._heights is not None:
                self._heights.pop()
        if self._wants(record) and (there or self._filter):
            if not there and any(shown is record for shown in list(self._shown)[-3:]):
                return
            self._shown.append(record)
            if self._heights is not None:
                self._heights.append(height(record, self._width, self._manner))

    def _wants(self, record: Record) -> bool:
        if record.kind == "output" and not self.with_output:
            return False
        return not self._filter or self._filter.fits(record.fields())

    def _dated(self, records: Iterable[Record]) -> list[Record]:
        """The records, with a line of its own wherever another day begins: times alone would run backwards."""
        dated: list[Record] = []
        for record in records:
            day = record.at.astimezone(self._manner.zone).date()
            if self._day is not None and day != self._day:
                dated.append(Record(record.at, "", "—", day.isoformat(), "", tone="quiet", kind="mission"))
            self._day = day
            dated.append(record)
        return dated

    def _again(self) -> None:
        """Choose anew from the whole book. The record stood on stays under the cursor, else the end is followed."""
        here = None if self.follow else self._record_at(self.cursor)
        self._day = None
        self._shown = deque(self._dated(record for record in self._war.log if self._wants(record)), maxlen=CAPACITY)
        self._read = self._war.log.total
        self._last = None
        self._measure()
        place = next((place for place, record in enumerate(self._shown) if record is here), None)
        self.range_from = None
        if place is None:
            self.follow, self.unseen = True, 0
        else:
            self.cursor = self._heights.start(place) if self._heights is not None else place
        self.changed()

    @property
    def _width(self) -> int:
        return self.scrollable_content_region.width or 80

    def _measure(self) -> None:
        if self._heights is not None:
            self._heights = Heights(height(record, self._width, self._manner) for record in self._shown)

    def on_resize(self, event: Resize) -> None:
        """Fold anew; the record stood on keeps the cursor."""
        if self._heights is not None and self._shown:
            entry, _ = self._heights.find(min(self.cursor, self._heights.lines - 1))
            self._measure()
            self.cursor = self._heights.start(min(entry, len(self._heights) - 1))
        super().on_resize(event)

    # Following

    def moved(self) -> None:
        """Moving away stops following; coming back to the end starts it again."""
        self.follow = self.cursor >= self.line_count() - 1
        if self.follow:
            self.unseen = 0
        self._say()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """So does the wheel."""
        super().watch_scroll_y(old_value, new_value)
        rows = self.scrollable_content_region.height
        if rows <= 0 or round(old_value) == round(new_value):
            return
        last = round(new_value) + rows - 1
        if not round(new_value) <= self.cursor <= last:
            self.cursor = max(0, min(self.line_count() - 1, last if self.cursor > last else round(new_value)))
            self.moved()

    def _to_end(self) -> None:
        self.cursor = max(0, self.line_count() - 1)
        self.scroll_to(y=self.max_scroll_y, animate=False, force=True)

    # What a person does with it

    def show_output(self, shown: bool) -> None:
        """Show the output of commands among the calls, or only the calls."""
        self.with_output = shown
        self._again()

    def action_hold(self) -> None:
        """Let nothing new in, or all of it."""
        self.paused = not self.paused
        self.changed()

    def action_times(self) -> None:
        """With the time of each line, or without."""
        self._manner = replace(self._manner, times=not self._manner.times)
        self._measure()
        self.changed()

    def action_fold(self) -> None:
        """Fold long lines, or cut them."""
        self._heights = Heights() if self._heights is None else None
        self._again()

    def asked_for(self, purpose: str) -> str:
        """The filter, or the search."""
        return self._filter.text if purpose == "filter" else super().asked_for(purpose)

    def asked(self, purpose: str, text: str) -> None:
        """Show only what fits, or go where it is."""
        if purpose == "filter":
            self._filter = query(text, FIELDS)
            self._again()
        else:
            super().asked(purpose, text)

    def calm(self) -> bool:
        """Take back the last of range, search, filter and pause."""
        if super().calm():
            return True
        if self._filter:
            self.asked("filter", "")
        elif self.paused:
            self.action_hold()
        else:
            return False
        return True

    def action_choose(self) -> None:
        """What is behind the record: a call's output, else its task."""
        record = self._record_at(self.cursor)
        if record is not None:
            self.post_message(self.Chosen(record))

    def on_lines_opened(self, event: Lines.Opened) -> None:
        """A second click does what enter does."""
        event.stop()
        self.action_choose()

    # Drawing

    def _say(self) -> None:
        down = "v" if self.ascii_only else "▼"
        missed = self._war.log.total - self._read
        state = "follow" if self.follow else f"{down} {self.unseen} new, G follows"
        if self.paused:
            state = f"paused, {missed} more: space lets them in"
        filtered = f"  filter: {self._filter.text}" if self._filter else ""
        self.title(f"3 TOOL LOG  {state}{filtered}{'  with output' if self.with_output else ''}")

    def _record_at(self, line: int) -> Record | None:
        if not self._shown:
            return None
        entry = self._heights.find(line)[0] if self._heights is not None else line
        return self._shown[entry] if entry < len(self._shown) else None

    def line_count(self) -> int:
        """Lines of the records, or one while there are none."""
        if not self._shown:
            return 1 if self._war.opened else 0
        return self._heights.lines if self._heights is not None else len(self._shown)

    def fields(self, index: int) -> dict[str, str]:
        """What a search may find."""
        record = self._record_at(index)
        return record.fields() if record is not None else {"text": ""}

    def line(self, index: int, width: int) -> Content:
        """One record, or one line of it."""
        if not self._shown:
            said = "Nothing fits the filter. Esc clears it." if self._filter else _QUIET
            return Content.styled(said, "$quiet").truncate(width)
        if self._heights is None:
            return record_line(self._shown[index], width, self._manner)
        entry, part = self._heights.find(index)
        return folded_line(self._shown[entry], part, width, self._manner)


_QUIET = "Quiet. Every tool call appears here as it happens."
