"""The task screen: its page, kept up to date while its missions run."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content

from app.screen.actions import Situation, Where, bindings
from app.screen.footer import KeyLine
from app.screen.pages import Prose
from app.screen.place import Place
from app.screen.query_line import QueryLine
from app.screen.strips import StatusLine
from app.screen.wording import message_of

Fetch = Callable[[int], Coroutine[Any, Any, list[Content]]]
"""The page of a task, made from what the engine has stored and what is being said."""

_RENEW_S = 0.5


class TaskScreen(Place):
    """One task."""

    where: ClassVar[Where] = "task"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(where="task")]

    def __init__(self, task_id: int, fetch: Fetch, situation: Situation) -> None:
        self._fetch = fetch
        self._busy = self._stale = False
        super().__init__(task_id, situation)

    def compose(self) -> ComposeResult:
        """The page, status, keys."""
        yield Prose(id="task-page")
        yield QueryLine()
        yield StatusLine()
        yield KeyLine("task")

    def on_mount(self) -> None:
        """The page takes the keys."""
        self.query_one(Prose).focus()

    def renew(self, situation: Situation) -> None:
        """Something about the task changed: fetch the page again, at most twice a second."""
        super().renew(situation)
        if self._busy:
            self._stale = True
            return
        self._busy = True
        self.run_worker(self._renew(), group="page", exit_on_error=False)

    async def _renew(self) -> None:
        try:
            self.query_one(Prose).show(await self._fetch(self.task_id))
        except Exception as error:
            self.query_one(StatusLine).say(message_of(error), "$bad")
        finally:
            self.set_timer(_RENEW_S, self._rested)

    def _rested(self) -> None:
        self._busy = False
        if self._stale:
            self._stale = False
            self.renew(self.situation)
