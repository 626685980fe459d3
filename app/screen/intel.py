"""Intel: how good the odds are, what succeeds, costs, and is slow. Read behind the screen, when there is news."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content

from app.screen.actions import Situation, Where, bindings
from app.screen.footer import KeyLine
from app.screen.intel_data import REAL, Intel, Sources, after, gather
from app.screen.intel_page import intel_page, whose_words
from app.screen.lines import Lines
from app.screen.place import Place
from app.screen.strips import StatusLine
from app.screen.wording import message_of

if TYPE_CHECKING:
    from app.screen.command import Command

_NEWS = frozenset({"mission.finished", "budget.spent", "model.usage", "task.finished"})
"""Events after which a figure here is another one."""
_REST_S = 2.0
"""Between two readings: everything is read each time."""


class IntelPage(Lines):
    """The sections, laid out anew for each width."""

    def __init__(self, *, ascii_only: bool) -> None:
        self._ascii = ascii_only
        self._intel: Intel | None = None
        self._laid: list[Content] = [Content.styled("Reading…", "$quiet")]
        self._starts: list[int] = [0]
        self._laid_for: tuple[int, Intel | None] = (0, None)
        super().__init__(id="intel")

    async def show(self, intel: Intel) -> None:
        """Other figures. Plots take some hundredths of a second to draw: not in the time of the keys."""
        width = self.scrollable_content_region.width
        if width > 0:
            laid = await asyncio.to_thread(intel_page, intel, width, ascii_only=self._ascii)
            self._laid_for, (self._laid, self._starts) = (width, intel), laid
        self._intel = intel
        self.changed()

    def changed(self) -> None:
        """Lay it out when the figures or the width are others."""
        width = self.scrollable_content_region.width
        if self._intel is not None and width > 0 and self._laid_for != (width, self._intel):
            self._laid_for = (width, self._intel)
            self._laid, self._starts = intel_page(self._intel, width, ascii_only=self._ascii)
        super().changed()

    def line_count(self) -> int:
        """Of the page."""
        return len(self._laid)

    def line(self, index: int, width: int) -> Content:
        """One of them."""
        return self._laid[index]

    def next_section(self) -> None:
        """Scroll to the section below; from the end back to the first."""
        here = self.scroll_offset.y
        below = next((start for start in self._starts if start > here), 0)
        self.scroll_to(y=below if here < self.max_scroll_y else 0, animate=False, force=True)


class IntelScreen(Place):
    """The page, and who reads it anew."""

    where: ClassVar[Where] = "intel"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(where="intel")]

    def __init__(self, command: Command, situation: Situation, *, ascii_only: bool) -> None:
        self._command = command
        self._whose: Sources = ("simulated",) if command.simulated else REAL
        self._news = asyncio.Event()
        self._asked = asyncio.Event()
        """The person wants other figures: no rest."""
        self._page = IntelPage(ascii_only=ascii_only)
        super().__init__(0, situation)

    def compose(self) -> ComposeResult:
        """The page, status, keys."""
        yield self._page
        yield StatusLine()
        yield KeyLine("intel")

    def on_mount(self) -> None:
        """The page takes the keys; reading begins."""
        self._page.focus()
        self._news.set()
        self.run_worker(self._follow(), group="intel", exit_on_error=False)
        self.run_worker(self._read(), group="intel", exit_on_error=False)

    async def _follow(self) -> None:
        """Notice what changes a figure. Ends with the screen."""
        stream = self._command.events()
        try:
            async for event in stream:
                if event.type in _NEWS:
                    self._news.set()
        finally:
            stream.close()

    async def _read(self) -> None:
        """Read when there is news, and then rest."""
        while True:
            await self._news.wait()
            self._news.clear()
            whose = self._whose
            try:
                found = await gather(self._command.store, self._command.settings, whose)
            except Exception as error:
                self.query_one(StatusLine).say(message_of(error), "$bad")
            else:
                if whose == self._whose:
                    await self._page.show(found)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._asked.wait(), _REST_S)
            self._asked.clear()

    def action_whose(self) -> None:
        """Whose attempts are shown: the next choice."""
        self._whose = after(self._whose)
        self.query_one(StatusLine).say(f"Checked attempts of {whose_words(self._whose)}.")
        self._news.set()
        self._asked.set()

    def action_section(self) -> None:
        """To the next section."""
        self._page.next_section()
