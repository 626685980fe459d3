"""Leaving: with missions under way a person chooses what becomes of them. Nothing is stopped by surprise."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, Literal

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.content import Content

from app.screen.actions import BY_ID, Situation, bindings
from app.screen.columns import cell, joined
from app.screen.dialog import Dialog, Plain
from app.screen.speech import spoken
from app.screen.words import counted

if TYPE_CHECKING:
    from app.screen.application import WarRoom
    from app.screen.command import Command

Way = Literal["keep", "save", "abort"]


class Leave(Dialog[Way]):
    """Answers what becomes of the missions; None when the person stays."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings("leave_keep", "leave_save", "leave_abort", "dialog_yes", "dialog_no")
    ]

    def __init__(
        self, under_way: str, others: str, situation: Situation, *, alone: bool, simulated: bool, plain: bool
    ) -> None:
        """`under_way` and `others` in words; `alone`: the missions can go on without a screen."""
        self._under_way = under_way
        self._others = others
        self._situation = situation
        self._alone = alone
        self._plain = plain
        self._simulated = simulated
        super().__init__()

    def compose(self) -> ComposeResult:
        """What is under way, and the ways out."""
        ended = "the simulation is over, and nothing of it is kept" if self._simulated else (
            "agents stop now; their tasks go on when War Room is opened again"
        )  # fmt: skip
        alone = "the squad works on in this terminal, without a screen; ctrl+c stops it then"
        with VerticalScroll(classes="dialog", can_focus=False):
            yield Plain(Content.styled(spoken("Leave the War Room?", plain=self._plain), "bold"), classes="question")
            yield Plain(spoken(f"{self._under_way} {self._others}".rstrip(), plain=self._plain))
            if self._alone:
                yield self._way("leave_keep", "keep running", alone)
            yield self._way("leave_save", "stop and save", ended)
            yield self._way("leave_abort", "abort", "the tasks under way here are cancelled; results in review stay")
            yield self._way("dialog_no", "stay", "nothing changes; esc does the same")

    def _way(self, action: str, name: str, consequence: str) -> Plain:
        key = BY_ID[action].key(self._situation)
        return Plain(joined(cell((key, "bold $info"), 4), cell(name, 15), (consequence, "$quiet")))

    def action_leave(self, way: Way) -> None:
        """Out, this way."""
        if way != "keep" or self._alone:
            self.dismiss(way)

    def action_yes(self) -> None:
        """Yes is the way that loses nothing."""
        self.dismiss("save")


def leave(app: WarRoom) -> None:
    """End the screen; ask first while tasks of this process are under way."""
    command = app.orders.command
    ours = command.under_way() if command is not None else frozenset[int]()
    running = [row.id in ours for row in app.war.with_status("running")]
    queued = sum(row.id in ours for row in app.war.with_status("queued"))
    others = f"{counted(running.count(False), 'mission')} of other War Rooms: going on." if False in running else ""
    if command is None or (True not in running and not queued):
        app.exit(0, message=others or None)
        return
    missions = "1 mission is" if running.count(True) == 1 else f"{running.count(True)} missions are"
    under_way = f"{missions} in the field{f', {queued} queued' if queued else ''}."
    dialog = Leave(
        under_way,
        others,
        app.situation(),
        alone=app.can_work_alone,
        simulated=app.war.simulated,
        plain=app.plain_speech,
    )
    app.push_screen(dialog, lambda way: _leave(app, command, way, sorted(ours)) if way is not None else None)


def _leave(app: WarRoom, command: Command, way: Way, ours: Sequence[int]) -> None:
    if way == "abort":
        app.run_worker(_abort(app, command, ours), group="orders", exit_on_error=False)
        return
    app.works_alone = way == "keep"
    app.exit(0)


async def _abort(app: WarRoom, command: Command, ours: Sequence[int]) -> None:
    for task_id in ours:
        await command.cancel(task_id)
    app.exit(0)
