"""The command center: the five panes that live on the bus, the strips around them, and which of them are shown."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import tzinfo
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.events import Resize
from textual.screen import Screen

from agents.clock import Clock
from app.screen.actions import Situation, bindings
from app.screen.approvals import ApprovalsPanel
from app.screen.barracks import Barracks
from app.screen.board import Board
from app.screen.credits import CreditsPane, SideLine
from app.screen.dialog import Plain
from app.screen.footer import KeyLine
from app.screen.header import Header
from app.screen.lines import Lines
from app.screen.missions import Missions
from app.screen.query_line import QueryLine
from app.screen.radar import Radar
from app.screen.state import UNDER_WAY, Part, TaskRow, War
from app.screen.strips import StatusLine
from app.screen.tool_log import ToolLog

SMALLEST = (60, 20)
"""Columns and rows below which nothing useful fits."""
WIDE = 120
"""Columns from which the sidebar stands beside the panes."""
ONE_PANE = 80
"""Columns below which one pane is shown at a time."""
_PANES = ("board", "missions", "log", "radar", "credits", "barracks")
_SIDE = frozenset({"radar", "credits", "barracks"})


class CommandCenter(Screen[None]):
    """Board, missions and log; radar, credits and barracks beside them."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings(where="center")]
    AUTO_FOCUS = "#board"

    def __init__(self, war: War, clock: Clock, zone: tzinfo | None, *, ascii_only: bool = False) -> None:
        self._war = war
        self.zoomed = False
        self.remapped: Mapping[str, str] = {}
        self._shown = self._before = "board"
        self.header = Header(war, ascii_only=ascii_only)
        self.board = Board(war, ascii_only=ascii_only)
        self.missions = Missions(war, clock, ascii_only=ascii_only)
        self.log_pane = ToolLog(war, zone, ascii_only=ascii_only)
        self.radar = Radar(war, clock, ascii_only=ascii_only)
        self.credits = CreditsPane(war, clock, zone, ascii_only=ascii_only)
        self.barracks = Barracks(war, ascii_only=ascii_only)
        self.sideline = SideLine(war, clock, ascii_only=ascii_only)
        self.approvals = ApprovalsPanel(war, clock, ascii_only=ascii_only)
        self.status = StatusLine()
        self.keys = KeyLine("center")
        super().__init__()

    def compose(self) -> ComposeResult:
        """Everything; the stylesheet hides what does not fit."""
        yield self.header
        with Horizontal(id="deck"):
            with Vertical(id="front"):
                yield self.board
                yield self.missions
                yield self.log_pane
            with Vertical(id="side"):
                yield self.radar
                yield self.credits
                yield self.barracks
        yield self.sideline
        yield self.approvals
        yield QueryLine()
        yield self.status
        yield self.keys
        yield Plain("", id="too-small")

    def on_resize(self, event: Resize) -> None:
        """Say how much room is missing; choose again which panes are shown."""
        columns, rows = SMALLEST
        width, height = event.size
        self.query_one("#too-small", Plain).update(f"War Room needs {columns}x{rows}. This is {width}x{height}.")
        self._arrange(width)

    # What changed

    def _panes(self) -> Mapping[Lines, Part]:
        return {
            self.board: Part.BOARD,
            self.missions: Part.MISSIONS,
            self.log_pane: Part.LOG,
            self.radar: Part.RADAR,
            self.credits: Part.CREDITS,
            self.barracks: Part.ROSTER,
            self.header: Part.HEADER | Part.CREDITS,
            self.sideline: Part.RADAR | Part.CREDITS,
            self.approvals: Part.ASKS,
        }

    def draw(self, parts: Part) -> None:
        """Draw what changed, and only that."""
        for pane, own in self._panes().items():
            if parts & own:
                pane.changed()
        self.offer_keys()

    def use_ascii(self, ascii_only: bool) -> None:
        """Draw with ASCII only, or not."""
        for pane in (self.header, self.board, self.missions, self.log_pane, self.radar, self.credits):
            pane.ascii_only = ascii_only
        self.barracks.ascii_only = self.sideline.ascii_only = self.approvals.ascii_only = ascii_only
        self.draw(Part.ALL)

    def rename(self) -> None:
        """The panes' names may be others."""
        for pane in self._panes():
            pane.hint(pane.hinted)
        self.draw(Part.ALL)

    # Where a person stands

    def target(self) -> TaskRow | None:
        """The task a key would act on: the mission's in the missions pane, else the board's."""
        if self.focused is self.missions and (task_id := self.missions.selected_task) is not None:
            return self._war.tasks.get(task_id)
        return self.board.selected

    def chosen(self) -> list[TaskRow]:
        """The selected tasks, while a person is on the board."""
        return self.board.chosen if self.focused is self.board else []

    def situation(self) -> Situation:
        """What decides which actions are possible."""
        return self.situation_of(self.target())

    def situation_of(self, task: TaskRow | None) -> Situation:
        """The same with a person who stands on `task`."""
        return Situation(
            opened=self._war.opened,
            replayed=self._war.replayed,
            task=task,
            approvable=task is not None and self._war.approvable(task.id),
            open_tasks=self._war.count("open"),
            under_way=self._war.count(*UNDER_WAY),
            need_person=len(self._war.index.waiting),
            asks=len(self._war.asks),
            keys=self.remapped,
        )

    def offer_keys(self) -> None:
        """The footer shows what is possible now."""
        self.keys.show(self.situation())

    def on_board_selected(self) -> None:
        """Another task, other keys."""
        self.offer_keys()

    def on_descendant_focus(self) -> None:
        """Another pane, perhaps another task."""
        if isinstance(self.focused, Lines) and self.focused.has_class("pane"):
            self._show(self.focused.id or "board")
        self.offer_keys()

    def on_lines_opened(self) -> None:
        """A second click does what enter does."""
        self.app.call_later(self.app.run_action, "app.perform('open')")

    # Panes

    @property
    def pane(self) -> str:
        """The id of the pane a person is in."""
        return self._shown

    def last_view(self) -> None:
        """To the pane a person was in before this one."""
        self.action_pane(self._before)

    def on_screen_resume(self) -> None:
        """What was asked while another screen lay over this one is seen only now."""
        self.approvals.came_back()

    def action_pane(self, name: str) -> None:
        """Go to a pane. Where there is no sidebar its panes fill the screen until another is chosen."""
        if name == "approvals":
            if self.approvals.display:
                self.approvals.focus()
            return
        hidden = name in _SIDE and self.size.width < WIDE
        if self.zoomed or hidden:
            self.zoomed = hidden or (self.zoomed and name not in _SIDE and self._shown not in _SIDE)
        self._show(name)
        self.query_one(f"#{name}", Lines).focus()

    def action_next_pane(self) -> None:
        """The pane after this one, shown or not."""
        here = _PANES.index(self._shown) if self._shown in _PANES else -1
        self.action_pane(_PANES[(here + 1) % len(_PANES)])

    def whole(self) -> None:
        """One step back: what was marked, searched and filtered in the pane; then all panes again."""
        pane = self.focused
        if isinstance(pane, Lines) and pane.calm():
            self.offer_keys()
        elif self.zoomed:
            self.zoom()

    def zoom(self) -> None:
        """The focused pane alone, and back."""
        self.zoomed = not self.zoomed
        if not self.zoomed and self._shown in _SIDE and self.size.width < WIDE:
            self._shown = "board"
            self.board.focus()
        self._show(self._shown)

    def _show(self, name: str) -> None:
        if name != self._shown:
            self._before = self._shown
        self._shown = name
        self._arrange(self.size.width)

    def _arrange(self, width: int) -> None:
        if self._shown in _SIDE and ONE_PANE <= width < WIDE:
            self.zoomed = True
        self.set_class(self.zoomed or width < ONE_PANE, "-alone")
        hint = "1-6 other panes" if width < ONE_PANE else "esc all panes" if self.zoomed else ""
        for pane in self.query(".pane").results(Lines):
            pane.set_class(pane.id == self._shown, "-shown")
            pane.hint(hint)
        self.query_one("#front").set_class(self._shown not in _SIDE, "-holds")
        self.query_one("#side").set_class(self._shown in _SIDE, "-holds")
