"""A command's output as it comes: sanitized, kept as head and tail; and, its secrets taken out, logged whole and passed
on in coalesced pieces."""

import asyncio
import codecs
import os
import re
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

from agents.private_files import private_folder
from agents.redaction import Redaction
from agents.redactor import SECRETS, RedactedStream
from agents.sanitize import sanitize
from agents.tools.ends import Ends

LOG_CAP = 50_000_000
"""Bytes of output after which a command is stopped: nobody reads that, and it fills the disk."""
_INTERVAL_S = 0.06
_PIECE_CAP = 16_000
_HELD_CAP = 4_096
_OPEN = re.compile(
    r"(?:\x1b\[[0-?]*[ -/]*|\x9b[0-?]*[ -/]*"  # CSI
    r"|(?:\x1b[\]PX^_]|[\x9d\x90\x98\x9e\x9f])[^\x07\x1b\n\x80-\x9f]*\x1b?"  # OSC and its like, and half of its end
    r"|\x1b[ -/]*)\Z"
)


class StreamSanitizer:
    """Bytes in, safe text out, whatever the chunks cut apart: a UTF-8 character, an escape sequence, a CR LF."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._held = ""

    def feed(self, data: bytes) -> str:
        """The safe text that is complete so far."""
        text = self._held + self._decoder.decode(data)
        cut = _unfinished(text)
        self._held = text[cut:]
        return sanitize(text[:cut])

    def flush(self) -> str:
        """What was held back, at the end."""
        text = self._held + self._decoder.decode(b"", final=True)
        self._held = ""
        return sanitize(text)


def _unfinished(text: str) -> int:
    """Where a sequence starts that the next chunk may complete; the length of `text` when there is none."""
    if (found := _OPEN.search(text, max(0, len(text) - _HELD_CAP))) is not None:
        return found.start()
    return len(text) - 1 if text.endswith("\r") else len(text)


class Drip:
    """Calls `on_output` about 16 times a second at most; what a flood brings in between is cut to its end."""

    def __init__(self, on_output: Callable[[str], None]) -> None:
        self._on_output = on_output
        self._loop = asyncio.get_running_loop()
        self._pending = ""
        self._cut = False
        self._next_at = 0.0
        self._timer: asyncio.TimerHandle | None = None

    def add(self, text: str) -> None:
        """Pass `text` on, now or with the next piece."""
        self._pending += text
        if len(self._pending) > _PIECE_CAP:
            self._pending, self._cut = self._pending[-_PIECE_CAP:], True
        if self._timer is None and self._pending:
            wait = self._next_at - self._loop.time()
            if wait <= 0:
                self._emit()
            else:
                self._timer = self._loop.call_later(wait, self._emit)

    def close(self) -> None:
        """Pass on what is left."""
        if self._timer is not None:
            self._timer.cancel()
        if self._pending:
            self._emit()

    def _emit(self) -> None:
        piece = "…\n" + self._pending if self._cut else self._pending
        self._timer, self._pending, self._cut = None, "", False
        self._next_at = self._loop.time() + _INTERVAL_S
        self._on_output(piece)


class OutputKeeper:
    """Keeps one command's output: head and tail in memory; without its secrets, the whole in a log file and pieces to
    `on_output`."""

    def __init__(self, log_path: Path, cap: int, on_output: Callable[[str], None], log_cap: int = LOG_CAP) -> None:
        """Creates the log file, readable by its owner only. Raises OSError when that is not possible."""
        private_folder(log_path.parent)
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW
        self._log = os.fdopen(os.open(log_path, flags, 0o600), "wb")
        self._log_cap = log_cap
        self._sanitizer, self._stream = StreamSanitizer(), RedactedStream(SECRETS)
        self._drip = Drip(on_output)
        self._ends = Ends(max(cap, 200))
        self._bytes = 0

    @property
    def flooded(self) -> bool:
        """More came than a log may hold."""
        return self._bytes > self._log_cap

    def feed(self, data: bytes) -> None:
        """More output."""
        self._bytes += len(data)
        self._keep(self._stream.feed(self._sanitizer.feed(data)))

    def say(self, text: str) -> None:
        """A line of our own after the output so far: why the command was stopped."""
        self._flush()
        self._keep(Redaction(f"\n{text}" if self._ends.within_line else text))

    def text(self) -> tuple[str, bool]:
        """What came, as it came, within the cap, and whether something was left out. No secret is cut apart."""
        return self._ends.text()

    def __enter__(self) -> "OutputKeeper":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._flush()
            self._drip.close()
        finally:
            self._log.close()

    def _flush(self) -> None:
        self._keep(self._stream.feed(self._sanitizer.flush()))
        self._keep(self._stream.flush())

    def _keep(self, came: Redaction) -> None:
        self._log.write(came.shown.encode())
        self._drip.add(came.shown)
        self._ends.add(came)
