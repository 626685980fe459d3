"""A terminal that may go away: after a hang-up nothing can be written, and nobody may wait for it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import IO, Any

from textual.app import App
from textual.drivers.linux_driver import LinuxDriver


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
    """Textual's driver on such a terminal. Its writer thread would die and the application wait for it for ever."""

    def __init__(
        self, app: App[Any], *, debug: bool = False, mouse: bool = True, size: tuple[int, int] | None = None
    ) -> None:
        super().__init__(app, debug=debug, mouse=mouse, size=size)
        self._file: Any = Forgiving(self._file)
