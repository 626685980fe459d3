"""The base of every list and text pane: lines drawn on demand, so ten thousand rows cost what fits on the screen."""

from __future__ import annotations

from typing import ClassVar

from rich.segment import Segment
from textual.binding import BindingType
from textual.content import Content
from textual.events import Click, Resize
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from app.screen.actions import bindings
from app.screen.speech import spoken


class Lines(ScrollView, can_focus=True):
    """A pane of lines. Subclasses give `line_count` and `line`; `changed` is called when they would answer anew.

    With `has_cursor` one line is stood on and kept in view; without it the keys scroll.
    """

    BINDINGS: ClassVar[list[BindingType]] = [*bindings(where="pane")]
    COMPONENT_CLASSES: ClassVar[set[str]] = {"lines--cursor"}
    has_cursor: ClassVar[bool] = False
    wide: ClassVar[bool] = False
    """Lines may be wider than the pane; it scrolls sideways then."""

    class Opened(Message):
        """A line was chosen with the mouse a second time."""

    cursor: int = 0
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
            self.virtual_size = size
        self.cursor = max(0, min(self.cursor, size.height - 1))
        self.keep_in_view()
        self.refresh()

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
        if self.has_cursor and index == self.cursor and self.line_count():
            base = base + self.get_visual_style("lines--cursor", partial=True)
        if index >= self.line_count():
            return Strip.blank(width, base.rich_style)
        content = self.line(index, width)
        segments = [Segment(text, style.rich_style) for text, style in content.render(base, end="")]
        return Strip(segments).crop_extend(scroll_x, scroll_x + width, base.rich_style)

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
