"""The base of every list and text pane: lines drawn on demand, so ten thousand rows cost what fits on the screen."""

from __future__ import annotations

import re
from typing import ClassVar

from rich.segment import Segment
from textual.binding import BindingType
from textual.content import Content
from textual.events import Click, Resize
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.selection import Selection
from textual.strip import Strip
from textual.widget import Widget

from app.screen.actions import bindings
from app.screen.query import Query, query
from app.screen.query_line import QueryLine
from app.screen.speech import spoken

_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f]")


def harmless(text: str) -> str:
    """The last wall before the terminal. Everything was sanitized where it came in; should something be forgotten one
    day, it is drawn as a mark instead of obeyed."""
    return _CONTROL.sub("?", text) if _CONTROL.search(text) else text


class Lines(ScrollView, can_focus=True):
    """A pane of lines. Subclasses give `line_count` and `line`; `changed` is called when they would answer anew.

    With `has_cursor` one line is stood on and kept in view; without it the keys scroll.
    """

    BINDINGS: ClassVar[list[BindingType]] = [*bindings(where="search"), *bindings(where="pane")]
    COMPONENT_CLASSES: ClassVar[set[str]] = {"lines--cursor"}
    has_cursor: ClassVar[bool] = False
    wide: ClassVar[bool] = False
    """Lines may be wider than the pane; it scrolls sideways then."""

    class Opened(Message):
        """A line was chosen with the mouse a second time."""

    class Said(Message):
        """The pane has something to say in the status line. `text` is sanitized."""

        def __init__(self, text: str, colour: str = "") -> None:
            self.text, self.colour = text, colour
            super().__init__()

    class Copied(Message):
        """A person wants `text` on the clipboard."""

        def __init__(self, text: str) -> None:
            self.text = text
            super().__init__()

    class Paged(Message):
        """A person wants to read `text` in their pager, or all of it where it is in the file `log_path`."""

        def __init__(self, text: str, log_path: str = "") -> None:
            self.text, self.log_path = text, log_path
            super().__init__()

    cursor: int = 0
    quiet_cursor: ClassVar[bool] = False
    """The line stood on is shown only while the pane has the keys."""
    searched: Query = Query()
    range_from: int | None = None
    """Where a range of lines begins that ends at the cursor."""
    _marked: re.Pattern[str] | None = None
    _title = _hint = ""

    @property
    def plain(self) -> bool:
        """A person wants sober words in place of the game's."""
        return self.is_attached and bool(getattr(self.app, "plain_speech", False))

    def title(self, text: str) -> None:
        """Write `text`, our own words only, on the pane's frame."""
        self._title = text
        self._frame()

    def hint(self, text: str) -> None:
        """Write beside the title how to get to the panes that are not shown; nothing to write nothing."""
        self._hint = text
        self._frame()

    @property
    def hinted(self) -> str:
        """What stands beside the title."""
        return self._hint

    def _frame(self) -> None:
        """Setting a title anew would draw the frame anew."""
        text = spoken(f"{self._title}  {self._hint}" if self._hint else self._title, plain=self.plain)
        if self.border_title != text:
            self.border_title = text

    def line_count(self) -> int:
        """How many lines there are."""
        raise NotImplementedError

    def line(self, index: int, width: int) -> Content:
        """Line `index`, at most `width` cells where the pane is not wide. Text in it is sanitized."""
        raise NotImplementedError

    def widest(self) -> int:
        """Cells of the widest line, for a wide pane."""
        return 0

    def on_mount(self) -> None:
        """Draw what is known already."""
        if self._title:
            self._frame()
        self.changed()

    def on_resize(self, event: Resize) -> None:
        """Keep the line a person stands on in view."""
        self.changed()

    def watch_show_vertical_scrollbar(self, shown: bool) -> None:
        """A scrollbar that appears when the pane has scrolled already stands where the pane does."""
        if shown:
            self.vertical_scrollbar.position = self.scroll_y

    def changed(self) -> None:
        """The lines may be others now: measure them and draw."""
        size = Size(self.widest() if self.wide else 0, self.line_count())
        if size != self.virtual_size:
            self._measured(size)
        self.cursor = max(0, min(self.cursor, size.height - 1))
        self.keep_in_view()
        self.refresh()

    def _measured(self, size: Size) -> None:
        """More lines in a pane of the same size are no reason to lay out the whole screen anew, 15 times a second."""
        if self.styles.auto_dimensions or size.width != self.virtual_size.width or not self.is_attached:
            self.virtual_size = size
        else:
            self.set_reactive(Widget.virtual_size, size)
            self._scroll_update(size)

    def keep_in_view(self) -> None:
        """Scroll just enough to see the cursor."""
        height = self.scrollable_content_region.height
        if not self.has_cursor or height <= 0:
            return
        top = self.scroll_offset.y
        if self.cursor < top:
            self.scroll_to(y=self.cursor, animate=False, force=True)
        elif self.cursor >= top + height:
            self.scroll_to(y=self.cursor - height + 1, animate=False, force=True)

    def render_line(self, y: int) -> Strip:
        """One line of the pane, cropped and padded to its width."""
        scroll_x, scroll_y = self.scroll_offset
        width = self.scrollable_content_region.width
        index = scroll_y + y
        base = self.visual_style
        if self._stood_on(index):
            base = base + self.get_visual_style("lines--cursor", partial=True)
        if index >= self.line_count():
            return Strip.blank(width, base.rich_style)
        content = self._marked_up(self.line(index, width), index)
        segments = [Segment(harmless(text), style.rich_style) for text, style in content.render(base, end="")]
        strip = Strip(segments).crop_extend(scroll_x, scroll_x + width, base.rich_style)
        return strip.apply_offsets(scroll_x, index)

    def _stood_on(self, index: int) -> bool:
        if not self.has_cursor or (self.quiet_cursor and not self.has_focus):
            return False
        anchor = self.cursor if self.range_from is None else self.range_from
        return min(anchor, self.cursor) <= index <= max(anchor, self.cursor) and index < self.line_count()

    def _marked_up(self, content: Content, index: int) -> Content:
        """With what was searched for and what the mouse has selected."""
        if self._marked is not None:
            content = content.highlight_regex(self._marked, style="reverse")
        selection = self.text_selection
        if selection is not None and (span := selection.get_span(index)) is not None:
            start, end = span
            style = self.screen.get_visual_style("screen--selection")
            content = content.stylize(style, start, len(content) if end == -1 else end)
        return content

    def move_to(self, index: int) -> None:
        """Stand on line `index`, or the nearest there is."""
        self.cursor = max(0, min(index, self.line_count() - 1))
        self.keep_in_view()
        self.refresh()
        self.moved()

    def moved(self) -> None:
        """The cursor was moved by a person."""

    def action_step(self, lines: int) -> None:
        """Up or down."""
        if self.has_cursor:
            self.move_to(self.cursor + lines)
        else:
            self.scroll_to(y=self.scroll_offset.y + lines, animate=False, force=True)

    def action_page(self, pages: int) -> None:
        """A page up or down."""
        self.action_step(pages * max(1, self.scrollable_content_region.height - 1))

    def action_edge(self, last: bool) -> None:
        """The first or the last line."""
        if self.has_cursor:
            self.move_to(self.line_count() - 1 if last else 0)
        else:
            self.scroll_to(y=self.max_scroll_y if last else 0, animate=False, force=True)

    def action_sideways(self, cells: int) -> None:
        """Left or right, in a wide pane."""
        if self.wide:
            self.scroll_to(x=self.scroll_offset.x + cells, animate=False, force=True)

    def on_click(self, event: Click) -> None:
        """Stand on the clicked line; a second click opens it."""
        offset = event.get_content_offset(self)
        if not self.has_cursor or offset is None:
            return
        index = self.scroll_offset.y + offset.y
        if index < self.line_count():
            self.move_to(index)
            if event.chain >= 2:
                self.post_message(self.Opened())

    # Finding

    def fields(self, index: int) -> dict[str, str]:
        """What line `index` says, by the names that a filter or a search may ask for."""
        return {"text": self.line(index, 10_000).plain}

    def action_ask(self, purpose: str) -> None:
        """Ask for a filter or a search."""
        self.screen.query_one(QueryLine).open(self, purpose, self.asked_for(purpose))

    def asked_for(self, purpose: str) -> str:
        """What was typed for it the last time."""
        return self.searched.text

    def asked(self, purpose: str, text: str) -> None:
        """Search for what is typed, from here on."""
        self.searched = query(text)
        words = self.searched.words
        self._marked = re.compile("|".join(map(re.escape, words)), re.IGNORECASE) if words else None
        self.refresh()
        if self.searched:
            self._seek(self.here, 1)

    @property
    def here(self) -> int:
        """The line a search begins at."""
        return self.cursor if self.has_cursor else self.scroll_offset.y

    def action_found(self, step: int) -> None:
        """To the next line that has what was searched for, or the one before; round the end."""
        self._seek(self.here + step, step)

    def _seek(self, start: int, step: int) -> None:
        count = self.line_count()
        for away in range(count):
            index = (start + away * step) % count
            if self.searched.fits(self.fields(index)):
                self.stand_on(index)
                return
        self.post_message(self.Said("No line has it. Esc takes the search back.", "$warn"))

    def stand_on(self, index: int) -> None:
        """Show line `index`."""
        if self.has_cursor:
            self.move_to(index)
        else:
            self.scroll_to(y=index, animate=False, force=True)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """n and N mean the search only while there is one."""
        return bool(self.searched) if action == "found" else super().check_action(action, parameters)

    # Copying

    def copied(self) -> str:
        """What a person means who copies without having selected anything."""
        if not self.has_cursor:
            return self.whole()
        anchor = self.cursor if self.range_from is None else self.range_from
        first, last = min(anchor, self.cursor), max(anchor, self.cursor)
        return "\n".join(self.line(index, 10_000).plain.rstrip() for index in range(first, last + 1))

    def action_range(self) -> None:
        """Begin a range of lines here, or have none."""
        self.range_from = self.cursor if self.range_from is None else None
        self.refresh()

    def calm(self) -> bool:
        """Take back a range or a search; False when there is nothing to take back."""
        if self.range_from is not None:
            self.range_from = None
            self.refresh()
        elif self.searched:
            self.asked("search", "")
        else:
            return False
        return True

    def whole(self) -> str:
        """Everything the pane holds, as text."""
        return "\n".join(self.line(index, 10_000).plain.rstrip() for index in range(self.line_count()))

    def action_copy(self) -> None:
        """Onto the clipboard, and into a file."""
        self.post_message(self.Copied(self.screen.get_selected_text() or self.copied()))

    def action_pager(self) -> None:
        """Everything in the person's pager."""
        self.post_message(self.Paged(self.whole()))

    def get_selection(self, selection: Selection) -> tuple[str, str] | None:
        """What the mouse selected. Only its own lines are looked at."""
        first = selection.start.y if selection.start is not None else 0
        last = selection.end.y if selection.end is not None else self.line_count() - 1
        width = self.scrollable_content_region.width
        lines: list[str] = []
        for index in range(first, min(last + 1, self.line_count())):
            span = selection.get_span(index)
            if span is not None:
                plain = self.line(index, width).plain
                lines.append(plain[span[0] : None if span[1] == -1 else span[1]].rstrip())
        return "\n".join(lines), "\n"

    def selection_updated(self, selection: Selection | None) -> None:
        """Draw what is selected."""
        self.refresh()
