"""What leaves the screen at a person's wish: text for the clipboard, text for their pager."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING

from app.screen import clipboard
from app.screen.wording import message_of

if TYPE_CHECKING:
    from app.screen.application import WarRoom


class Handover:
    """Does it and says what became of it."""

    def __init__(self, app: WarRoom) -> None:
        self._app = app

    def copy(self, text: str) -> None:
        """Onto the clipboard and into a file."""
        if text.strip():
            self._app.run_worker(self._copy(text), group="handover", exit_on_error=False)
        else:
            self._app.say("There is nothing to copy here.", "$warn")

    async def _copy(self, text: str) -> None:
        from agents.configuration import warroom_home

        tmux = await clipboard.into_tmux(text, os.environ)
        sent = not tmux and len(text.encode()) <= clipboard.MOST
        if sent:
            self._app.write_to_terminal(clipboard.osc52(text, os.environ))
        try:
            path = await asyncio.to_thread(clipboard.save, text, warroom_home(os.environ))
        except OSError as error:
            said = "In tmux's buffer" if tmux else "Sent to the terminal's clipboard" if sent else "Not copied"
            self._app.say(f"{said}; it could not be written to a file: {message_of(error)}", "$warn")
            return
        self._app.say(clipboard.told(text, path, sent=sent, tmux=tmux), "$good")

    def page(self, text: str, log_path: str) -> None:
        """Into the pager."""
        self._app.run_worker(self._page(text, log_path), group="handover", exit_on_error=False, exclusive=True)

    async def _page(self, text: str, log_path: str) -> None:
        from textual.app import SuspendNotSupported

        from app.screen.pager import NoPager, show

        try:
            await show(self._app, text, log_path, os.environ)
        except SuspendNotSupported:
            self._app.say("This terminal cannot be given to a pager.", "$warn")
        except NoPager as error:
            self._app.say(f"{error} Set PAGER to a program that shows a file.", "$warn")
        except OSError as error:
            self._app.say(f"The pager could not be started: {message_of(error)}", "$bad")
