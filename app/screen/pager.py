"""A person's own pager over the screen, which waits below it while the squad works on."""

from __future__ import annotations

import asyncio
import os
import shlex
import shutil
import signal
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from agents.children import for_children
from agents.sanitize import one_line, sanitize

if TYPE_CHECKING:
    from textual.app import App

MOST = 50_000_000
"""Bytes of a log file that are shown: the end of it."""


class NoPager(Exception):
    """There is nothing to show it with. `str(error)` says so."""


def pager(environ: Mapping[str, str]) -> Sequence[str]:
    """The command of $PAGER, else less or more. Raises NoPager."""
    wanted = environ.get("PAGER", "").strip()
    try:
        command = shlex.split(wanted)
    except ValueError:
        raise NoPager(f"PAGER is no command: {one_line(wanted, 60)}") from None
    for words in (command, ["less"], ["more"]):
        if words and (program := shutil.which(words[0], path=environ.get("PATH"))) is not None:
            return [program, *words[1:]]
        if words is command and words:
            raise NoPager(f"PAGER is {one_line(words[0], 60)}, and there is no such program.")
    raise NoPager("There is neither $PAGER nor less.")


def whole(text: str, log_path: str) -> str:
    """What to show: the file's content where there is one, else `text`; harmless for a terminal either way."""
    if log_path:
        with suppress(OSError), open(log_path, "rb") as file:
            size = os.fstat(file.fileno()).st_size
            file.seek(max(0, size - MOST))
            return sanitize(file.read(MOST).decode("utf-8", "replace"))
    return sanitize(text)


async def show(app: App[Any], text: str, log_path: str, environ: Mapping[str, str]) -> None:
    """Show it until the person has read it. Raises NoPager, OSError, SuspendNotSupported."""
    command = pager(environ)
    content = await asyncio.to_thread(whole, text, log_path)
    descriptor, name = tempfile.mkstemp(prefix="warroom-", suffix=".txt")
    path = Path(name)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", errors="replace") as file:
            file.write(content)
        with app.suspend():
            code = await _run([*command, name])
    finally:
        path.unlink(missing_ok=True)
    if code:
        raise NoPager(f"{one_line(Path(command[0]).name, 40)} ended with {code}.")


async def _run(command: Sequence[str]) -> int:
    """Run it as the terminal's foreground: its ctrl+c is its own, and stops no mission."""
    terminal = os.open("/dev/tty", os.O_RDWR) if _has_terminal() else None
    process = await asyncio.create_subprocess_exec(*command, process_group=0, env=for_children())
    try:
        if terminal is not None:
            _hand_over(terminal, process.pid)
            # It may have asked for the terminal before it was given it, and been stopped for that.
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGCONT)
        return await process.wait()
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                process.terminate()
        if terminal is not None:
            _hand_over(terminal, os.getpgrp())
            os.close(terminal)


def _has_terminal() -> bool:
    with suppress(OSError):
        os.close(os.open("/dev/tty", os.O_RDWR))
        return True
    return False


def _hand_over(terminal: int, group: int) -> None:
    """Make `group` the foreground. A process in the background that does it would be stopped, were it not ignored."""
    before = signal.signal(signal.SIGTTOU, signal.SIG_IGN)
    with suppress(OSError):
        os.tcsetpgrp(terminal, group)
    signal.signal(signal.SIGTTOU, before)
