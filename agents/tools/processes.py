"""Running one command: its output kept, its time limited, and nothing of it left when it ends, however it ends."""

import asyncio
import os
import signal
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agents.tools.output import LOG_CAP, OutputKeeper
from agents.tools.shell_result import SandboxError, ShellResult, ignore_output
from agents.tools.strays import kill_strays, marked, new_mark

GRACE_S = 0.3
"""How long a command may take to end itself after SIGTERM; cancelling means now, so this is short."""
_LAST_WORDS_S = 0.5
_CHUNK = 16_384


@dataclass(frozen=True)
class Command:
    """What to run and within which limits."""

    argv: Sequence[str]
    cwd: Path
    env: Mapping[str, str]
    timeout_s: float
    output_cap: int
    """Characters of output in the result."""
    log_path: Path
    on_output: Callable[[str], None] = ignore_output
    pass_fds: Sequence[int] = ()
    """Inherited; the caller closes its own copies."""
    strays: bool = True
    """Look for processes that left the group; not needed where a process namespace ends them."""
    log_cap: int = LOG_CAP


async def run_command(command: Command) -> ShellResult:
    """Run it to its end, its time limit, or the cap of its log. Cancelling ends the whole tree in well under a second.

    Standard input is empty. Raises SandboxError when the program cannot be started, OSError when the log cannot be
    written.
    """
    loop = asyncio.get_running_loop()
    started = loop.time()
    mark = new_mark()
    with OutputKeeper(command.log_path, command.output_cap, command.on_output, command.log_cap) as keeper:
        process, source = await _start(command, mark)
        pump = asyncio.create_task(_pump(source, keeper))
        exited = asyncio.create_task(process.wait())
        try:
            in_time = await _until_end(exited, pump, keeper, started + command.timeout_s)
        finally:
            # A namespace that is broken off while it is being made may not know its parent yet: it is looked for too.
            looked_for = command.strays or not exited.done()
            await _uninterrupted(_end(process, exited, mark if looked_for else None))
            await _uninterrupted(_last_words(pump))
        if keeper.flooded:
            keeper.say(
                f"[stopped: more than {command.log_cap // 1_000_000} MB of output; send it to a file or filter it]\n"
            )
        elif not in_time:
            keeper.say(f"[stopped: time limit of {command.timeout_s:g} s]\n")
    output, truncated = keeper.text()
    code = process.returncode
    return ShellResult(
        exit_code=None if not in_time or code is None else code if code >= 0 else 128 - code,
        output=output,
        log_path=str(command.log_path),
        seconds=loop.time() - started,
        truncated=truncated,
    )


async def _start(command: Command, mark: str) -> tuple[asyncio.subprocess.Process, int]:
    # A pipe of our own: asyncio's would make wait() hang for as long as any descendant holds it open.
    source, sink = os.pipe()
    try:
        process = await asyncio.create_subprocess_exec(
            *command.argv,
            cwd=command.cwd,
            env=marked(command.env, mark),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=sink,
            stderr=sink,
            start_new_session=True,
            pass_fds=tuple(command.pass_fds),
        )
    except (OSError, ValueError) as error:
        os.close(source)
        raise SandboxError(f"cannot start {command.argv[0]} in {command.cwd}: {error}") from error
    except BaseException:
        os.close(source)
        await _uninterrupted(_end_strays(mark))  # cancelled in the middle: what was begun already has no parent now
        raise
    finally:
        os.close(sink)
    return process, source


async def _end_strays(mark: str) -> None:
    await asyncio.to_thread(kill_strays, mark)


async def _pump(source: int, keeper: OutputKeeper) -> None:
    reader = asyncio.StreamReader()
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(source, "rb", buffering=0)
    )
    try:
        while not keeper.flooded and (data := await reader.read(_CHUNK)):
            keeper.feed(data)
            await asyncio.sleep(0)  # a flood leaves room for others: what has come already is read without waiting
    finally:
        transport.close()


async def _until_end(exited: asyncio.Task[int], pump: asyncio.Task[None], keeper: OutputKeeper, limit: float) -> bool:
    """Wait for the exit, a flood, or the limit (loop time); False: it was the limit."""
    loop = asyncio.get_running_loop()
    waiting: set[asyncio.Task[Any]] = {exited, pump}
    while True:
        done, waiting = await asyncio.wait(
            waiting, timeout=max(0.0, limit - loop.time()), return_when=asyncio.FIRST_COMPLETED
        )
        if pump in done:
            pump.result()
        if exited in done or keeper.flooded:
            return True
        if not done:
            return False


async def _end(process: asyncio.subprocess.Process, exited: asyncio.Task[int], mark: str | None) -> None:
    if not exited.done():
        _signal_group(process.pid, signal.SIGTERM)
        await asyncio.wait({exited}, timeout=GRACE_S)
    _signal_group(process.pid, signal.SIGKILL)
    if mark is not None:
        await asyncio.to_thread(kill_strays, mark)  # it reads of every process of this machine
    await asyncio.wait({exited}, timeout=_LAST_WORDS_S)


async def _last_words(pump: asyncio.Task[None]) -> None:
    """Read what is still in the pipe; a stray nobody could find may hold it open, so not for ever."""
    await asyncio.wait({pump}, timeout=_LAST_WORDS_S)
    if not pump.done():
        pump.cancel()
        with suppress(asyncio.CancelledError):
            await pump


def _signal_group(group: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)


async def _uninterrupted(work: Coroutine[Any, Any, None]) -> None:
    """Finish `work`, which is bounded, even when cancelled once more meanwhile; then let that be known."""
    task = asyncio.ensure_future(work)
    cancelled = False
    while not task.done():
        try:
            await asyncio.wait({task})
        except asyncio.CancelledError:
            cancelled = True
    task.result()
    if cancelled:
        raise asyncio.CancelledError
