"""The task screen: its page, kept up to date while its missions run."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content
from textual.screen import Screen

from app.screen.actions import Situation, bindings
from app.screen.pages import Prose
from app.screen.strips import KeyLine, StatusLine

Fetch = Callable[[int], Coroutine[Any, Any, list[Content]]]
"""The page of a task, made from what the engine has stored and what is being said."""

_RENEW_S = 0.5


class TaskScreen(Screen[None]):
    """One task."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings(where="task")]

    def __init__(self, task_id: int, fetch: Fetch, situation: Situation) -> None:
        self.task_id = task_id
        self._fetch = fetch
        self._situation = situation
        self._busy = self._stale = False
        super().__init__()

    def compose(self) -> ComposeResult:
        """The page, status, keys."""
        yield Prose(id="task-page")
        yield StatusLine()
        yield KeyLine("task")

    def on_mount(self) -> None:
        """The page takes the keys."""
        self.query_one(Prose).focus()
        self.renew(self._situation)

    def renew(self, situation: Situation) -> None:
        """Something about the task changed: fetch the page again, at most twice a second."""
        self._situation = situation
        self.query_one(KeyLine).show(situation)
        if self._busy:
            self._stale = True
            return
        self._busy = True
        self.run_worker(self._renew(), group="page", exit_on_error=False)

    async def _renew(self) -> None:
        try:
            self.query_one(Prose).show(await self._fetch(self.task_id))
        finally:
            self.set_timer(_RENEW_S, self._rested)

    def _rested(self) -> None:
        self._busy = False
        if self._stale:
            self._stale = False
            self.renew(self._situation)

    def action_back(self) -> None:
        """Back to the same row."""
        self.dismiss(None)
