"""Named pipes an agent left where git reads a file: git would wait for ever for somebody to write into them."""

import asyncio
import contextlib
import os
import stat
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, TypeVar

from agents.workspace.walking import walk

T = TypeVar("T")

_PATIENCE_S = 1.0
"""Looking through a large folder costs something, so only what takes this long is suspected; then twice as long."""


async def unblocked(work: Coroutine[Any, Any, T], folder: Path) -> T:
    """Await `work`, in which git reads `folder`; pipes in the place of its `.gitignore` or `.gitattributes` files are
    removed when it takes long, and whoever waits at them goes on as with an empty file."""
    task, patience_s = asyncio.ensure_future(work), _PATIENCE_S
    try:
        while not (await asyncio.wait({task}, timeout=patience_s))[0]:
            await asyncio.to_thread(remove_pipes, folder)
            patience_s *= 2
    except asyncio.CancelledError:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        raise
    return task.result()


def remove_pipes(folder: Path) -> None:
    """Every named pipe below `folder` whose name begins with `.git`."""
    for parent, _, names in walk(folder):
        for name in names:
            if name.startswith(".git"):
                with contextlib.suppress(OSError):
                    _remove_pipe(os.path.join(parent, name))


def _remove_pipe(path: str) -> None:
    if stat.S_ISFIFO(os.lstat(path).st_mode):
        end = os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_NOFOLLOW)  # lets a reader's open() return
        os.unlink(path)
        os.close(end)
