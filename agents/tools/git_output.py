"""Asking git about a worktree without running anything its configuration names, with time and output limited."""

import asyncio
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from agents.children import for_children
from agents.workspace.git import safe_path
from agents.workspace.pipes import unblocked

_CHUNK = 65_536
# Commands a configuration may name are data of the repository, which an agent may have written: none is run by us.
_SAFE = (
    *("--no-pager", "-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", "-c", "core.pager=cat"),
    *("-c", "submodule.recurse=false"),
)

_ENVIRONMENT = {
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_LITERAL_PATHSPECS": "1",
    "GIT_ALLOW_PROTOCOL": "none",  # objects that are missing are not fetched: that runs programs, too
    "LC_ALL": "C.UTF-8",
}


class GitOutput(NamedTuple):
    """What git printed. Bytes that are no UTF-8 are lone surrogates."""

    exit_code: int
    text: str
    error: str
    cut: bool
    """There was more than asked for, or it took too long."""


async def git_output(
    root: Path, arguments: Sequence[str], *, cap: int, env: Mapping[str, str], timeout_s: float = 20
) -> GitOutput:
    """Run git in `root`, reading at most `cap` bytes. Raises OSError when git cannot be started.

    `env` names the repository; where it is empty git looks for one, and obeys what it finds.
    """
    kept = {name: value for name, value in for_children().items() if not name.startswith("GIT_")}
    env = {**kept, **safe_path(), **_ENVIRONMENT, **env}
    with tempfile.TemporaryFile() as errors:
        process = await asyncio.create_subprocess_exec(
            *("git", *_SAFE, *arguments),
            cwd=root,
            env=env,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=errors,
            start_new_session=True,
        )
        data, cut = bytearray(), True
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(timeout_s):
                    cut = await unblocked(_read(process, data, cap), root)
        finally:
            with suppress(ProcessLookupError):
                process.kill()
            code = await _drained(process)
        errors.seek(0)
        error = errors.read(4096).decode("utf-8", "replace")
    return GitOutput(code, bytes(data[:cap]).decode("utf-8", "surrogateescape"), error, cut)


async def _read(process: asyncio.subprocess.Process, data: bytearray, cap: int) -> bool:
    """Read up to the end, then wait for the exit; True: there was more than `cap`."""
    assert process.stdout is not None
    while piece := await process.stdout.read(_CHUNK):
        data += piece
        if len(data) > cap:
            return True
    await process.wait()
    return False


async def _drained(process: asyncio.subprocess.Process) -> int:
    """The exit code; asyncio knows it only when what is left in the pipe was read."""
    assert process.stdout is not None
    while await process.stdout.read(_CHUNK):
        continue
    return await process.wait()
