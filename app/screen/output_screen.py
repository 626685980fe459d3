"""What one call printed, while it prints it: one level below its line in the tool log."""

from __future__ import annotations

import asyncio
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content

from app.screen.actions import Situation, Where, bindings
from app.screen.calls import Call
from app.screen.columns import joined
from app.screen.dialog import Plain
from app.screen.footer import KeyLine
from app.screen.lines import Lines
from app.screen.pager import whole
from app.screen.place import Place
from app.screen.query_line import QueryLine
from app.screen.strips import StatusLine
from app.screen.words import counted

_TAIL = 20_000
"""Lines of a log file that are shown; the pager shows all of it."""


class OutputPane(Lines):
    """The lines of a call, following their end until a person scrolls."""

    wide = True

    def __init__(self, call: Call) -> None:
        self._call = call
        self._read: list[str] | None = None
        self._follow = True
        super().__init__(id="call-output", classes="pane")

    def show(self, lines: list[str]) -> None:
        """Show what was read from the call's file instead of what was heard."""
        self._read = lines
        self.changed()

    def changed(self) -> None:
        """More was printed."""
        super().changed()
        if self._follow:
            self.scroll_to(y=self.max_scroll_y, animate=False, force=True)
        count = self.line_count() if self._read is not None else self._call.count
        held = "" if self._follow else "  G follows"
        self.title(f"OUTPUT  {counted(count, 'line')}{'  running' if self._call.running else ''}{held}")

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Scrolling away stops following."""
        super().watch_scroll_y(old_value, new_value)
        self._follow = round(new_value) >= self.max_scroll_y

    def action_pager(self) -> None:
        """The whole file where there is one."""
        self.post_message(self.Paged(self.whole(), self._call.log_path))

    def line_count(self) -> int:
        """Lines that are there, or one that says why there are none."""
        return len(self._lines()) or 1

    def _lines(self) -> list[str]:
        if self._read is not None:
            return self._read
        rest = [self._call.partial] if self._call.partial else []
        return [*self._call.lines, *rest]

    def widest(self) -> int:
        """The widest of them."""
        return max((len(line) for line in self._lines()), default=0)

    def whole(self) -> str:
        """All of them."""
        return "\n".join(self._lines())

    def fields(self, index: int) -> dict[str, str]:
        """What a search may find."""
        lines = self._lines()
        return {"text": lines[index] if index < len(lines) else ""}

    def line(self, index: int, width: int) -> Content:
        """One of them."""
        lines = self._read if self._read is not None else self._call.lines
        if index < len(lines):
            return Content(lines[index])
        if self._call.partial:
            return Content(self._call.partial)
        return Content.styled("Nothing was printed yet." if self._call.running else "It printed nothing.", "$quiet")


class OutputScreen(Place):
    """One call."""

    where: ClassVar[Where] = "output"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(where="output")]

    def __init__(self, call: Call, situation: Situation) -> None:
        self._call = call
        super().__init__(call.task or 0, situation)

    def compose(self) -> ComposeResult:
        """What was called, what it printed, status, keys."""
        yield Plain(self._head(), id="call-head")
        yield OutputPane(self._call)
        yield QueryLine()
        yield StatusLine()
        yield KeyLine("output")

    def _head(self) -> Content:
        call = self._call
        at = f"  T{call.task}" if call.task else ""
        end = call.result or "running"
        return joined((f"{call.who}{at}  {call.tool}  ", "$info"), call.summary, "\n", (end, "$quiet"))

    def on_mount(self) -> None:
        """What was not heard is read from the call's file."""
        pane = self.query_one(OutputPane)
        pane.focus()
        if self._call.log_path and (self._call.forgotten or not self._call.count):
            self.run_worker(self._read(pane), group="output", exit_on_error=False)

    async def _read(self, pane: OutputPane) -> None:
        text = await asyncio.to_thread(whole, "", self._call.log_path)
        if text.strip():
            pane.show([line.expandtabs(4)[:2_000] for line in text.rstrip("\n").split("\n")[-_TAIL:]])

    def renew(self, situation: Situation) -> None:
        """It printed more, or ended."""
        super().renew(situation)
        for head in self.query("#call-head").results(Plain):
            head.update(self._head())
        for pane in self.query(OutputPane):
            pane.changed()
