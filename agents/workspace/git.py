"""One way to run git: no hook, no prompt, no foreign environment, cancelled at once."""

import asyncio
import contextlib
import os
import re
import signal
from collections.abc import Coroutine, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from agents.children import for_children
from agents.workspace.errors import GitError, WorkspaceError

T = TypeVar("T")

_SETTINGS = (
    "core.hooksPath=/dev/null",
    "core.quotePath=false",
    "core.fsmonitor=",
    "protocol.ext.allow=never",
    "commit.gpgSign=false",
    "gc.auto=0",
    "maintenance.auto=false",
    "submodule.recurse=false",
    "merge.autoStash=false",
    "merge.verifySignatures=false",
    "log.showSignature=false",
    "rerere.enabled=false",
    "worktree.useRelativePaths=false",
    "i18n.commitEncoding=utf-8",
    "i18n.logOutputEncoding=utf-8",
)
_PREFIX = ("--no-optional-locks", *(part for setting in _SETTINGS for part in ("-c", setting)))

_KEPT = (
    "GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL", "GIT_COMMITTER_NAME", "GIT_COMMITTER_EMAIL",
    "GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM", "GIT_CONFIG_NOSYSTEM", "GIT_CONFIG_COUNT",
    "GIT_EXEC_PATH", "GIT_CEILING_DIRECTORIES", "GIT_DISCOVERY_ACROSS_FILESYSTEM",
)  # fmt: skip
_KEPT_PREFIXES = ("GIT_CONFIG_KEY_", "GIT_CONFIG_VALUE_", "GIT_SSL_", "GIT_SSH", "GIT_LFS_")
_HALF_MADE = re.compile(rb"failed to read \S*worktrees/\S+: ")
"""git gives up when it comes upon a worktree that another git is making or removing in that very moment."""
_TRIES = 10
_AT_ONCE = max(2, os.cpu_count() or 0)
"""As many as there are processors: more would not be done sooner, and every start of a process holds up the event loop
until that process gets one. A mission runs git thirty times, so sixteen agents could stop the loop for .1 s."""
_UNBOUNDED = frozenset({"worktree", "merge"})
"""These write files, for which git may run the person's filters, and those may fetch: nothing waits behind them."""
_turns: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = WeakKeyDictionary()
_GRACE_S = 0.3
"""Between asking git to stop, so that it takes its lock files with it, and killing it."""


def safe_path() -> dict[str, str]:
    """PATH without relative folders: git runs where agents write, and a program of theirs must not be taken for one."""
    entries = os.environ.get("PATH", os.defpath).split(os.pathsep)
    return {"PATH": os.pathsep.join(entry for entry in entries if os.path.isabs(entry))}


def environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """This process's environment without what would point git at another repository, or open a door, plus `extra`."""
    kept = {
        name: value
        for name, value in for_children().items()
        if not name.startswith("GIT_") or name in _KEPT or name.startswith(_KEPT_PREFIXES)
    }
    return {**kept, **safe_path(), "LC_ALL": "C", "LANGUAGE": "C", "GIT_TERMINAL_PROMPT": "0", **(extra or {})}


async def git_bytes(
    *args: str, cwd: Path, env: Mapping[str, str] | None = None, input: bytes | None = None, check: bool = True
) -> tuple[int, bytes]:
    """Run `git args` in `cwd`; its exit code and stdout.

    Raises GitError on a non-zero exit code when `check`, WorkspaceError when git or the folder is not there.
    """
    for _ in range(_TRIES):
        async with _turn(args[0]):
            code, stdout, stderr = await _run(*args, cwd=cwd, env=env, input=input)
        if not (code and _HALF_MADE.search(stderr)):
            break
    if check and code != 0:
        raise GitError(args, code, stderr.decode("utf-8", "replace"), str(cwd))
    return code, stdout


def _turn(command: str) -> AbstractAsyncContextManager[object]:
    if command in _UNBOUNDED:
        return contextlib.nullcontext()
    return _turns.setdefault(asyncio.get_running_loop(), asyncio.Semaphore(_AT_ONCE))


async def _run(*args: str, cwd: Path, env: Mapping[str, str] | None, input: bytes | None) -> tuple[int, bytes, bytes]:
    """Run it once; exit code, stdout, stderr. Raises WorkspaceError."""
    try:
        process = await asyncio.create_subprocess_exec(
            "git", *_PREFIX, *args,
            cwd=cwd,
            env=environment(env),
            stdin=asyncio.subprocess.DEVNULL if input is None else asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,
        )  # fmt: skip
    except FileNotFoundError as error:
        if not cwd.is_dir():
            raise WorkspaceError(f"The folder {cwd} is not there (any more).") from error
        raise WorkspaceError("git is not installed or not on the PATH: install git 2.30 or newer.") from error
    except OSError as error:
        raise WorkspaceError(f"git cannot be run in {cwd}: {error.strerror}.") from error
    try:
        stdout, stderr = await process.communicate(input)
    except asyncio.CancelledError:
        await to_the_end(_stop(process))
        raise
    return process.returncode or 0, stdout, stderr


async def git(
    *args: str, cwd: Path, env: Mapping[str, str] | None = None, input: bytes | None = None, check: bool = True
) -> str:
    """Like `git_bytes`: stdout as text (file names survive), without its last newline."""
    _, stdout = await git_bytes(*args, cwd=cwd, env=env, input=input, check=check)
    return os.fsdecode(stdout).removesuffix("\n")


async def _stop(process: asyncio.subprocess.Process) -> None:
    """End git and whatever it started."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, number)
        with contextlib.suppress(TimeoutError):
            # Reading on until the end is what closes the pipes.
            await asyncio.wait_for(process.communicate(), _GRACE_S if number == signal.SIGTERM else None)
            return


async def to_the_end(work: Coroutine[Any, Any, T]) -> T:
    """Await `work` to its end even when cancelled meanwhile; the cancellation is raised afterwards."""
    task = asyncio.ensure_future(work)
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.wait({task})
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is not None:
        task.exception()
        raise cancelled
    return task.result()


@dataclass(frozen=True)
class Git:
    """git bound to a folder and, where given, to an explicit repository (`env`)."""

    cwd: Path
    env: Mapping[str, str] = field(default_factory=dict)

    def having(self, **env: str) -> "Git":
        """The same with more environment."""
        return Git(self.cwd, {**self.env, **env})

    async def __call__(self, *args: str, input: bytes | None = None) -> str:
        """stdout as text. Raises GitError."""
        return await git(*args, cwd=self.cwd, env=self.env, input=input)

    async def raw(self, *args: str, input: bytes | None = None) -> bytes:
        """stdout as it is. Raises GitError."""
        return (await git_bytes(*args, cwd=self.cwd, env=self.env, input=input))[1]

    async def names(self, *args: str, input: bytes | None = None) -> list[str]:
        """The NUL-separated parts of stdout. Raises GitError."""
        return [part for part in os.fsdecode(await self.raw(*args, input=input)).split("\0") if part]

    async def maybe(self, *args: str, input: bytes | None = None) -> str | None:
        """stdout as text, or None when git says no (any exit code but 0)."""
        code, stdout = await git_bytes(*args, cwd=self.cwd, env=self.env, input=input, check=False)
        return os.fsdecode(stdout).removesuffix("\n") if code == 0 else None

    async def is_ancestor(self, older: str, newer: str) -> bool:
        """Whether `older` is `newer` or in its history."""
        return older == newer or await self.maybe("merge-base", "--is-ancestor", older, newer) is not None
