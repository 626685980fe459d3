"""Copied text: into a file whose path is told, and to the terminal's own clipboard, which may or may not take it."""

from __future__ import annotations

import asyncio
import base64
import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from agents.children import for_children
from agents.private_files import private_folder

MOST = 74_000
"""Bytes of text a terminal's clipboard takes at once; several give up at 100,000 of base64."""

_TMUX_S = 2.0


def osc52(text: str, environ: Mapping[str, str]) -> str:
    """The escape sequence that puts `text` on the terminal's clipboard, through tmux or screen where one is between."""
    sequence = f"\x1b]52;c;{base64.b64encode(text.encode()).decode()}\x07"
    if environ.get("TMUX"):
        inner = sequence.replace("\x1b", "\x1b\x1b")
        return f"\x1bPtmux;{inner}\x1b\\"
    if environ.get("STY"):
        pieces = [sequence[start : start + 700] for start in range(0, len(sequence), 700)]
        return "".join(f"\x1bP{piece}\x1b\\" for piece in pieces)
    return sequence


async def into_tmux(text: str, environ: Mapping[str, str]) -> bool:
    """Whether tmux took `text` as its newest buffer and hands it on to the terminal it runs in.

    As tmux is set up by default it takes no clipboard sequence from a program, only this.
    """
    program = shutil.which("tmux", path=environ.get("PATH"))
    if program is None or not environ.get("TMUX"):
        return False
    try:
        process = await asyncio.create_subprocess_exec(
            *(program, "load-buffer", "-w", "-"),
            env=for_children(environ),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
    except OSError:
        return False
    try:
        async with asyncio.timeout(_TMUX_S):
            await process.communicate(text.encode(errors="replace"))
    except TimeoutError:
        process.kill()
        await process.wait()
    return process.returncode == 0


def save(text: str, folder: Path) -> Path:
    """Write `text` to the file of the last copy in `folder`, which only this person may read. Raises OSError."""
    private_folder(folder)
    path = folder / "clipboard.txt"
    beside = folder / f".clipboard.{os.getpid()}"
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8", errors="replace") as file:
        file.write(text)
    beside.replace(path)
    return path


def told(text: str, path: Path, *, sent: bool, tmux: bool = False) -> str:
    """What was copied and where to find it. Whether the terminal took it nobody knows; whether `tmux` did is known."""
    lines = text.count("\n") + 1
    what = f"{len(text)} characters" if lines == 1 else f"{lines} lines"
    if tmux:
        terminal = "and in tmux's buffer"
    else:
        terminal = "and sent to the terminal's clipboard" if sent else "too long for the terminal's clipboard"
    return f"{what} copied: {path}, {terminal}."
