"""A terminal that is not to be trusted: it may go away, and what is typed and pasted into it may be anything."""

from __future__ import annotations

import os
import selectors
from codecs import getincrementaldecoder
from collections.abc import Iterable
from contextlib import suppress
from typing import IO, Any

from textual._parser import ParseError
from textual._xterm_parser import XTermParser
from textual.app import App
from textual.drivers.linux_driver import LinuxDriver

from agents.sanitize import sanitize

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


class Forgiving:
    """A text file whose reader may vanish: what cannot be written is dropped."""

    def __init__(self, file: IO[str]) -> None:
        self._file = file
        self.gone = False

    def __getattr__(self, name: str) -> Any:
        """Everything but writing is the file's own."""
        return getattr(self._file, name)

    def write(self, text: str) -> int:
        """Write, unless the terminal is gone."""
        if not self.gone:
            try:
                return self._file.write(text)
            except OSError:
                self.gone = True
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        """Write them all."""
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        """Flush, unless the terminal is gone."""
        if not self.gone:
            try:
                self._file.flush()
            except OSError:
                self.gone = True


class PatientDriver(LinuxDriver):
    """Textual's driver on such a terminal.

    Its writer thread would die of a terminal that is gone and the application wait for it for ever; its reader would
    die of a byte that is no UTF-8 and take the application with it.
    """

    def __init__(
        self, app: App[Any], *, debug: bool = False, mouse: bool = True, size: tuple[int, int] | None = None
    ) -> None:
        super().__init__(app, debug=debug, mouse=mouse, size=size)
        self._file: Any = Forgiving(self._file)

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
                        break  # the terminal is gone: SIGHUP ends the rest
                    for message in parser.feed(text) if (text := guard.clean(decode(data))) else ():
                        self.process_message(message)
                for message in parser.tick():
                    self.process_message(message)
        with suppress(EOFError, ParseError):  # what was half typed when the screen closed is nobody's
            for _ in parser.feed(""):
                pass
