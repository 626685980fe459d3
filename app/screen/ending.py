"""How a screen comes to its end: the person leaves, a signal asks for it, or the terminal goes away."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

    from app.screen.application import WarRoom

INTERRUPTED = 130
_ASKING = (signal.SIGINT, signal.SIGTERM)
_TERMINAL_SIGNALS = (signal.SIGTSTP, signal.SIGCONT, signal.SIGWINCH)
"""What Textual answers for its terminal, and goes on answering when there is none any more."""


class Ending:
    """Hears the signals while it is entered; whichever comes first closes the screen.

    SIGINT and SIGTERM stop everything in order, a second of them ends the process the usual way. SIGHUP means that the
    terminal is lost: that is no reason to stop what runs. It comes several times, and never ends the process.
    """

    def __init__(self, app: WarRoom) -> None:
        self._app = app
        self._told = asyncio.Event()
        self.lost = False
        """The terminal is gone."""
        self.orphaned = False
        """The terminal went away before anybody wanted the screen to end."""
        self.interrupted = False
        """It was not the person who left."""
        self.screen_closed = asyncio.Event()

    def __enter__(self) -> Self:
        loop = asyncio.get_running_loop()
        for number in _ASKING:
            loop.add_signal_handler(number, self._stop)
        loop.add_signal_handler(signal.SIGHUP, self._hang_up)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number in (*_ASKING, signal.SIGHUP):
            asyncio.get_running_loop().remove_signal_handler(number)

    async def unless_stopped(self, work: Coroutine[Any, Any, None]) -> None:
        """Await `work`; a signal that asks to stop cancels it, or has done so already. Raises what `work` raises."""
        working = asyncio.create_task(work)
        told = asyncio.create_task(self._told.wait())
        try:
            await asyncio.wait({working, told}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            working.cancel()
            told.cancel()
            ended = (await asyncio.gather(working, told, return_exceptions=True))[0]
        if isinstance(ended, Exception):
            raise ended

    def _stop(self) -> None:
        for number in _ASKING:
            asyncio.get_running_loop().remove_signal_handler(number)
        self._told.set()
        self._close_screen()

    def _hang_up(self) -> None:
        self.lost = True
        if self._app.return_code is None:
            self.orphaned = True
        self._close_screen()

    def _close_screen(self) -> None:
        self.interrupted = True
        if self._app.return_code is None:
            self._app.exit(return_code=INTERRUPTED)


def give_up_terminal() -> None:
    """Point nothing of this process at the terminal any more: what is still written goes nowhere, and nothing fails.

    Call it in the main thread, when the screen is closed.
    """
    for number in _TERMINAL_SIGNALS:
        signal.signal(number, signal.SIG_DFL)
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in range(3):
        os.dup2(nowhere, descriptor)
    os.close(nowhere)
