"""Running one command: its output kept, its time limited, and nothing of it left when it ends, however it ends."""

import asyncio
import os
import signal
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from agents.settings import Limits
from agents.tools.output import LOG_CAP, OutputKeeper
from agents.tools.shell_result import SandboxError, ShellResult, Stopped, ignore_output
from agents.tools.strays import kill_strays, marked, new_mark
from agents.tools.walls.control_group import control_group
from agents.tools.walls.watch import TICK_S, Watch

GRACE_S = 0.3
"""How long a command may take to end itself after SIGTERM; cancelling means now, so this is short."""
_LAST_WORDS_S = 0.5
_ENDING_S = 2.0
"""How long a process may take to end what is below it: thousands of processes take the kernel a while."""
_CHUNK = 16_384
_NICER = 5
"""Of what an agent runs, so that a thousand processes of it do not keep War Room from ending them."""
_LIMITED: dict[int | None, Stopped] = {128 + signal.SIGXFSZ: Stopped.FILE, 128 + signal.SIGXCPU: Stopped.CPU}

Answer = TypeVar("Answer")


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
    limits: Limits = field(default_factory=Limits)
    """Of all its processes together."""
    folders: Sequence[Path] = ()
    """What it may fill, within the limits."""
    own_scratch: bool = False
    """Its scratch folders are its own and in memory."""
    at_once: signal.Signals = signal.SIGKILL
    """What makes the process end itself and everything below it without delay."""
    nicer: int = _NICER
    told: Callable[[], Stopped | None] = lambda: None
    """Asked at its end for the limit that whoever holds it has ended it for."""


def lower_priority(nicer: int = _NICER) -> int:
    """Ours, so much nicer to others, as setpriority(2) takes it."""
    return min(19, os.getpriority(os.PRIO_PROCESS, 0) + nicer)


async def run_command(command: Command) -> ShellResult:
    """Run it to its end, its time limit, or the cap of its log. Cancelling ends the whole tree in well under a second.

    Standard input is empty. Raises SandboxError when the program cannot be started, OSError when the log cannot be
    written.
    """
    loop = asyncio.get_running_loop()
    started = loop.time()
    mark = new_mark()
    async with AsyncExitStack() as stack:
        keeper = stack.enter_context(
            OutputKeeper(command.log_path, command.output_cap, command.on_output, command.log_cap)
        )
        entry = await stack.enter_async_context(control_group(command.limits.threads))
        process, source = await _start(command, entry, mark)
        pump = asyncio.create_task(_pump(source, keeper))
        exited = asyncio.create_task(process.wait())
        watch = asyncio.create_task(_watched(command, process.pid, mark))
        stopped: Stopped | None = None
        try:
            stopped = await _until_end(exited, pump, watch, keeper, started + command.timeout_s)
        finally:
            watch.cancel()
            # A namespace that is broken off while it is being made may not know its parent yet: it is looked for too.
            looked_for = command.strays or not exited.done()
            hasty = stopped in {Stopped.MEMORY, Stopped.PROCESSES, Stopped.DISK}
            grace_s = 0 if hasty else GRACE_S
            await _uninterrupted(_end(process, exited, mark if looked_for else None, command.at_once, grace_s))
            await _uninterrupted(_last_words(pump))
        stopped = stopped or command.told()
        code = _exit_code(process.returncode, stopped)
        stopped = stopped or _LIMITED.get(code)
        if stopped is not None:
            keeper.say(f"[stopped: {_why(stopped, command)}]\n")
    output, truncated = keeper.text()
    return ShellResult(
        exit_code=code,
        output=output,
        log_path=str(command.log_path),
        seconds=loop.time() - started,
        truncated=truncated,
        stopped=stopped,
    )


def _exit_code(code: int | None, stopped: Stopped | None) -> int | None:
    """As `ShellResult.exit_code`; whatever a command that was killed for its greed returned in its last moment."""
    if stopped is Stopped.TIME or code is None:
        return None
    if stopped in {Stopped.MEMORY, Stopped.PROCESSES, Stopped.DISK}:
        return 128 + signal.SIGKILL
    return code if code >= 0 else 128 - code


def _why(stopped: Stopped, command: Command) -> str:
    """For the person and the model."""
    if stopped is Stopped.OUTPUT:
        return f"more than {command.log_cap // 1_000_000} MB of output; send it to a file or filter it"
    if stopped is Stopped.TIME:
        return f"time limit of {command.timeout_s:g} s"
    limits = command.limits
    return {
        Stopped.MEMORY: f"more than {limits.memory_mb} MB of memory; [sandbox] memory_mb is the limit",
        Stopped.PROCESSES: f"more than {limits.processes} processes or {limits.threads} threads; "
        "[sandbox] processes is the limit",
        Stopped.DISK: f"more than {limits.disk_mb} MB written, or the disk is nearly full; "
        "[sandbox] disk_mb is the limit",
        Stopped.FILE: f"a file of more than {limits.file_mb} MB; [sandbox] file_mb is the limit",
        Stopped.CPU: f"more than {limits.cpu_s} s of processor time; [sandbox] cpu_s is the limit",
    }[stopped]


async def _watched(command: Command, pid: int, mark: str) -> Stopped:
    """Returns when its processes have exceeded a limit together."""
    watch = Watch(pid, mark, command.limits, command.folders, own_scratch=command.own_scratch)
    while True:
        await asyncio.sleep(TICK_S)  # most commands are over by then
        if found := await _aside(watch.breach):
            return found


async def _aside(work: Callable[[], Answer]) -> Answer:
    """In a thread, unless the machine is so full of processes that it gives none: then here, however long it takes."""
    try:
        return await asyncio.to_thread(work)
    except RuntimeError:
        return work()


async def _start(command: Command, entry: Sequence[str], mark: str) -> tuple[asyncio.subprocess.Process, int]:
    # A pipe of our own: asyncio's would make wait() hang for as long as any descendant holds it open.
    source, sink = os.pipe()
    try:
        process = await asyncio.create_subprocess_exec(
            *entry,
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
    with suppress(OSError):  # when memory runs out all the same, this goes before anything of the person's
        Path(f"/proc/{process.pid}/oom_score_adj").write_text("500")
    if command.nicer:
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, process.pid, lower_priority(command.nicer))
    return process, source


async def _end_strays(mark: str) -> None:
    await _aside(lambda: kill_strays(mark))


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


async def _until_end(
    exited: asyncio.Task[int],
    pump: asyncio.Task[None],
    watch: asyncio.Task[Stopped],
    keeper: OutputKeeper,
    limit: float,
) -> Stopped | None:
    """Wait for the exit, a flood, what the watch finds, or the limit (loop time); None: it was the exit."""
    loop = asyncio.get_running_loop()
    waiting: set[asyncio.Task[Any]] = {exited, pump, watch}
    while True:
        done, waiting = await asyncio.wait(
            waiting, timeout=max(0.0, limit - loop.time()), return_when=asyncio.FIRST_COMPLETED
        )
        if pump in done:
            pump.result()
        if keeper.flooded:
            return Stopped.OUTPUT
        if exited in done:
            return None
        if watch in done:
            return watch.result()
        if not done:
            return Stopped.TIME


async def _end(
    process: asyncio.subprocess.Process,
    exited: asyncio.Task[int],
    mark: str | None,
    at_once: signal.Signals,
    grace_s: float,
) -> None:
    if not exited.done() and grace_s:
        _signal_group(process.pid, signal.SIGTERM)
        await asyncio.wait({exited}, timeout=grace_s)
    if not exited.done() and at_once is not signal.SIGKILL:
        _signal_group(process.pid, at_once)
        await asyncio.wait({exited}, timeout=_ENDING_S)
    _signal_group(process.pid, signal.SIGKILL)
    if mark is not None:
        await _aside(lambda: kill_strays(mark))  # it reads of every process of this machine
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
