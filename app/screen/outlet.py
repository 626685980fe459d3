"""Where the screen is written. It never makes the screen wait: the engine lives in the same process."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from threading import Condition, Thread
from typing import Any, TextIO

ROOM = 200_000
"""Characters that may wait for the terminal: a few screens full."""
_LAST_S = 1.0
"""How long the terminal may take for the last of it."""


class Outlet:
    """A text file whose reader may be slow, stop reading, or vanish.

    A connection that is lost but not closed yet takes nothing for minutes. What waited is then dropped, always whole
    texts, and `on_gap` is called, in another thread, as soon as something is taken again. What cannot be written at all
    is dropped for good.
    """

    def __init__(self, file: TextIO, on_gap: Callable[[], None], room: int = ROOM) -> None:
        self._file = file
        self._on_gap = on_gap
        self._room = room
        self._waiting: list[str] = []
        self._size = 0
        self._gap = self._closed = False
        self._changed = Condition()
        self._thread = Thread(target=self._run, name="outlet", daemon=True)
        self._thread.start()

    def __getattr__(self, name: str) -> Any:
        """Everything but writing is the file's own."""
        return getattr(self._file, name)

    def write(self, text: str) -> int:
        """Have it written soon."""
        with self._changed:
            if not self._closed:
                if self._waiting and self._size + len(text) > self._room:
                    self._waiting.clear()
                    self._size, self._gap = 0, True
                self._waiting.append(text)
                self._size += len(text)
                self._changed.notify()
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        """Have them all written."""
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        """Whatever waits is on its way."""

    def close(self) -> None:
        """Take nothing more; what waits is written, if the terminal takes it by now."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join(_LAST_S)

    def _run(self) -> None:
        # Not through the file's buffer: who writes there next, or Python at its end, would wait for its lock.
        descriptor, encoding = self._file.fileno(), self._file.encoding or "utf-8"
        while (text := self._next()) is not None:
            data = memoryview(text.encode(encoding, "backslashreplace"))
            try:
                while data:
                    data = data[os.write(descriptor, data) :]
            except OSError:
                with self._changed:
                    self._closed = True
                return
            self._fill_gap()

    def _next(self) -> str | None:
        with self._changed:
            while not self._waiting:
                if self._closed:
                    return None
                self._changed.wait()
            text = "".join(self._waiting)
            self._waiting.clear()
            self._size = 0
            return text

    def _fill_gap(self) -> None:
        with self._changed:
            gap, self._gap = self._gap, False
        if gap:
            self._on_gap()
