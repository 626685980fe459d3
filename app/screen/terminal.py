"""A terminal that is not to be trusted: it may go away, and what is typed and pasted into it may be anything."""

from __future__ import annotations

import os
import selectors
import signal
from codecs import getincrementaldecoder
from contextlib import suppress
from typing import Any

from textual._parser import ParseError
from textual._xterm_parser import XTermParser
from textual.app import App
from textual.drivers.linux_driver import LinuxDriver

from agents.sanitize import sanitize
from app.screen.outlet import Outlet

_START, _END = "\x1b[200~", "\x1b[201~"
_READ = 4096
_LOOK_S = 0.1
"""How often the input thread looks whether it is to end, and ends a lone escape key."""


class PasteGuard:
    """Makes pasted text harmless. Textual reads escape sequences inside a paste as keys: a clipboard could press them.

    Terminals mark the beginning and the end of a paste; marks may come in pieces.
    """

    def __init__(self) -> None:
        self._pasted: str | None = None
        self._tail = ""

    def clean(self, text: str) -> str:
        """What to read instead of `text`. A paste is held back until it has ended."""
        read: list[str] = []
        while text:
            if self._pasted is None:
                text = self._typed(text, read)
                continue
            self._pasted += text
            pasted, ended, text = self._pasted.partition(_END)
            if ended:
                read.append(sanitize(pasted) + _END)
                self._pasted = None
            else:
                self._pasted, text = pasted, ""
        return "".join(read)

    def _typed(self, text: str, read: list[str]) -> str:
        """Read what is typed, up to the mark of a paste; returns what comes after it."""
        seen = self._tail + text
        before, began, after = seen.partition(_START)
        if not began:
            read.append(text)
            self._tail = seen[1 - len(_START) :]
            return ""
        read.append((before + began)[len(self._tail) :])
        self._tail, self._pasted = "", ""
        return after


class PatientDriver(LinuxDriver):
    """Textual's driver on such a terminal.

    Its writer would wait for a terminal that takes nothing, and the application and the engine with it; its reader
    would die of a byte that is no UTF-8, and take the application with it. A terminal that goes away without a signal
    is as good as a hang-up.
    """

    def __init__(
        self, app: App[Any], *, debug: bool = False, mouse: bool = True, size: tuple[int, int] | None = None
    ) -> None:
        super().__init__(app, debug=debug, mouse=mouse, size=size)
        self._terminal: Any = self._file
        self._outlet: Outlet | None = None

    def start_application_mode(self) -> None:
        """Take the terminal, at the beginning and after a stop."""
        if self._outlet is not None:
            self._outlet.close()
        outlet: Any = Outlet(self._terminal, self._draw_again)
        self._file = self._outlet = outlet
        super().start_application_mode()  # type: ignore[no-untyped-call]

    def close(self) -> None:
        """Stop writing, in a moment at most."""
        super().close()
        if self._outlet is not None:
            self._outlet.close()

    def _draw_again(self) -> None:
        """The terminal has missed something."""
        with suppress(RuntimeError):  # the loop has ended meanwhile
            self._loop.call_soon_threadsafe(self._app.refresh)

    def _sigcont_application(self, *_: object) -> None:
        """Go on after a stop. A hang-up sends the same signal, with no terminal to go on with."""
        if os.isatty(self.fileno):
            super()._sigcont_application()

    def run_input_thread(self) -> None:
        """Read keys, mouse and pastes until the driver stops."""
        parser = XTermParser(self._debug)
        decode = getincrementaldecoder("utf-8")(errors="replace").decode
        guard = PasteGuard()
        with selectors.SelectSelector() as selector:
            selector.register(self.fileno, selectors.EVENT_READ)
            while not self.exit_event.is_set():
                if selector.select(_LOOK_S):
                    try:
                        data = os.read(self.fileno, _READ)
                    except OSError:
                        data = b""
                    if not data:
                        if not os.isatty(self.fileno):
                            os.kill(os.getpid(), signal.SIGHUP)
                            break
                        self.exit_event.wait(_LOOK_S)
                    for message in parser.feed(text) if (text := guard.clean(decode(data))) else ():
                        self.process_message(message)
                for message in parser.tick():
                    self.process_message(message)
        with suppress(EOFError, ParseError):  # what was half typed when the screen closed is nobody's
            for _ in parser.feed(""):
                pass
