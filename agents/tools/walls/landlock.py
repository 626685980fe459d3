"""The wall on Linux that needs no privilege and no program: Landlock (kernel 5.13 and later) and a filter of calls."""

import asyncio
import ctypes
import marshal
import os
import platform
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

from agents.sanitize import one_line
from agents.settings import Limits, Network
from agents.tools.environment import GIT_IDENTITY, child_environment
from agents.tools.mounts import Mount, View, places
from agents.tools.processes import Command, lower_priority, run_command
from agents.tools.shell_result import SandboxError, SandboxUnavailable, ShellResult, Stopped, ignore_output
from agents.tools.walls import rights, seccomp
from agents.tools.walls.control_group import COUNTED, unlimited
from agents.tools.walls.limits import tasks_with
from agents.tools.walls.territory import Territory, usable
from agents.tools.walls.watch import SHARED_MEMORY
from agents.workspace.private_git import PrivateGit

_LAUNCHER = Path(__file__).with_name("launcher.py")
_CREATE_RULESET, _VERSION = 444, 1
_INTERNET = (seccomp.INET, seccomp.INET6, seccomp.NETLINK)
_LARGE = 1024**2
"""Bytes in /dev/shm: a semaphore has 32."""
_TOO_MANY = "stopped: processes"
_NEWER = "a kernel from 5.13 on with landlock in its lsm= list"


def landlock_abi() -> int:
    """The version of Landlock's interface this kernel has; 0: none."""
    if not sys.platform.startswith("linux"):
        return 0
    number = ctypes.CDLL(None).syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), ctypes.c_uint32(_VERSION))
    return max(0, int(number))


class LandlockSandbox:
    """Runs commands in a Landlock domain: worktree, private home and tmp writable, system and tools readable, and
    nothing else to be opened; no sockets, no signals out, no limits to get around."""

    name = "landlock"
    wall = True
    warning: str | None = None
    passed_over: tuple[str, ...] = ()

    def __init__(
        self,
        abi: int,
        *,
        environ: Mapping[str, str],
        hidden: Sequence[Path] = (),
        limits: Limits | None = None,
        loopback: bool = True,
        read_only: bool = True,
    ) -> None:
        """Use `open`, which finds out what works here. `loopback`, `read_only`: namespaces of the network and of
        mounts can be had."""
        self._abi = abi
        self._read_only = read_only
        self._environ = dict(environ)
        self._territory = Territory.of(environ, hidden)
        self._limits = limits or Limits()
        self._loopback = loopback
        self._shell = shutil.which("bash", path=environ.get("PATH")) or "/bin/sh"

    @classmethod
    async def open(
        cls,
        *,
        environ: Mapping[str, str] | None = None,
        hidden: Sequence[Path] = (),
        limits: Limits | None = None,
    ) -> "LandlockSandbox":
        """The sandbox, once a real command was held by it. `hidden`: folders to hide besides the usual secret places.

        Raises SandboxUnavailable, whose message holds the reason and the fix.
        """
        environ = os.environ if environ is None else environ
        abi = landlock_abi()
        if not abi:
            raise SandboxUnavailable(f"this kernel has no Landlock; it takes {_NEWER}")
        problem: str | None = None
        for read_only in (True, False):
            first = cls(abi, environ=environ, hidden=hidden, limits=limits, read_only=read_only)
            problem, closed = await asyncio.gather(first._try(Network.NONE), first._try(Network.LOOPBACK))
            if problem is None:
                first._loopback = closed is None
                return first
        raise SandboxUnavailable(f"Landlock does not work here ({problem}); it takes {_NEWER}")

    @property
    def gaps(self) -> tuple[str, ...]:
        """What Landlock of this kernel cannot hold."""
        filtered = seccomp.program(platform.machine(), families=(), own_namespaces=False) is not None
        found = [
            (True, "a command can see that a file or process outside exists, its size and dates, but not open it"),
            (
                not self._read_only,
                "it can change mode, owner, dates and attributes of your files outside when it knows their path",
            ),
            (not self._read_only, "it can open what your other programs keep in /dev/shm when it knows the name"),
            (not self._read_only, "it can rewrite the .git file of its own worktree"),
            (unlimited(), COUNTED),
            (self._abi < 3, "it can empty files of yours that it may read (kernel before 6.2)"),
            (self._abi < 6, "it can send signals to your other processes (kernel before 6.12)"),
            (
                not filtered,
                f"calls are not filtered on {platform.machine()}: UDP, unix sockets, ptrace are open",
            ),
            (not filtered and self._abi < 4, "TCP is open (kernel before 6.7)"),
            (not self._loopback, 'network = "loopback" is refused: no network namespace can be had here'),
        ]
        return tuple(text for present, text in found if present)

    async def run(
        self,
        command: str,
        *,
        cwd: Path,
        timeout_s: float,
        output_cap: int,
        log_path: Path,
        on_output: Callable[[str], None] = ignore_output,
        network: Network = Network.NONE,
        env: Mapping[str, str] | None = None,
        writable: Sequence[Path] = (),
        readable: Sequence[Path] = (),
        git: PrivateGit | None = None,
    ) -> ShellResult:
        """See `Sandbox.run`. TMPDIR is a private folder; /tmp itself is closed."""
        if network is Network.LOOPBACK and not self._loopback:
            raise SandboxError('[sandbox] network = "loopback" needs bubblewrap: here it is "none" or "all"')
        cwd = usable(cwd)
        granted = self._territory.granted(writable, readable)
        began = time.time() - 1
        with ExitStack() as stack:
            own = _own_folder(stack)
            home, scratch = own / "home", own / "tmp"
            mounts = [*self._territory.mounts(cwd, granted, network, git)]
            mounts += [Mount(Path(os.path.realpath(own)), View.WRITABLE)]
            if git is not None:
                stack.enter_context(git.standing_in(cwd))
            report, report_sink = os.pipe()
            stack.callback(os.close, report)
            said = _Report(report)
            try:
                orders = self._orders(command, cwd, mounts, network, report_sink)
                handed = _handed(stack, orders)
                result = await run_command(
                    Command(
                        argv=[sys.executable, "-I", "-S", str(_LAUNCHER), str(handed)],
                        cwd=cwd,
                        env=child_environment(
                            self._environ, home=str(home), extra={"TMPDIR": str(scratch), **(env or {})}
                        ),
                        timeout_s=timeout_s,
                        output_cap=output_cap,
                        log_path=log_path,
                        on_output=on_output,
                        limits=self._limits,
                        folders=(cwd, *writable, own, SHARED_MEMORY, *([] if git is None else [git.folder])),
                        at_once=signal.SIGUSR1,
                        nicer=0,
                        told=said.stopped,
                        own_scratch=self._read_only,
                        pass_fds=(handed, report_sink),
                    )
                )
            finally:
                os.close(report_sink)
            if result.stopped is Stopped.DISK:
                _clear_shared_memory(began)
            if problem := said.problem():
                raise SandboxError(f"the sandbox could not be set up: {problem}")
            return result

    def _orders(
        self, command: str, cwd: Path, mounts: Sequence[Mount], network: Network, report: int
    ) -> dict[str, Any]:
        """What launcher.py obeys."""
        families = () if network is Network.NONE else _INTERNET
        code = seccomp.program(platform.machine(), families=families, own_namespaces=False)
        tcp = rights.BIND_TCP | rights.CONNECT_TCP if network is Network.NONE and self._abi >= 4 else 0
        limits = self._limits
        return {
            "parent": os.getpid(),
            "report": report,
            "own_network": network is Network.LOOPBACK,
            "places": places([*mounts, Mount(cwd / ".git", View.READABLE)]) if self._read_only else [],
            "shared_memory": limits.memory_mb * 1024 * 1024,
            "files": rights.handled_files(self._abi),
            "network": tcp,
            "scoped": rights.SCOPE_SIGNAL | rights.SCOPE_ABSTRACT_UNIX if self._abi >= 6 else 0,
            "size": rights.attribute_size(self._abi),
            "rules": rights.rules(mounts, self._abi),
            "filter": code or b"",
            "limits": {
                "RLIMIT_CORE": 0,
                "RLIMIT_FSIZE": limits.file_mb * 1024 * 1024,
                "RLIMIT_CPU": limits.cpu_s,
                "RLIMIT_NPROC": tasks_with(limits.threads),
            },
            "most": (limits.processes, limits.threads),
            "priority": lower_priority(),
            "cwd": str(cwd),
            "argv": [self._shell, "-c", command],
        }

    async def _try(self, network: Network) -> str | None:
        """Why it does not work or does not hold; None: it does both."""
        with tempfile.TemporaryDirectory(prefix="warroom-try-") as folder:
            (inside := Path(folder, "inside")).mkdir()
            Path(folder, "outside").write_text("seen\n")
            command = "echo works > proof; cat ../outside; echo written > ../outside"
            try:
                result = await self.run(
                    command, cwd=inside, timeout_s=20, output_cap=1000, log_path=Path(folder, "log"), network=network
                )
            except SandboxError as error:
                return str(error)
            if not (inside / "proof").is_file():
                return one_line(result.output) or "it wrote nothing"
            held = "seen" not in result.output and Path(folder, "outside").read_text() == "seen\n"
            return None if held else "it did not hold a command"


class _Report:
    """What the launcher says by the pipe `source`, which no command has."""

    def __init__(self, source: int) -> None:
        os.set_blocking(source, False)
        self._source = source
        self._text = ""

    def _read(self) -> str:
        with suppress(BlockingIOError):
            self._text += os.read(self._source, 4096).decode("utf-8", "replace")
        return self._text

    def stopped(self) -> Stopped | None:
        """The limit it has ended the command for."""
        return Stopped.PROCESSES if self._read().startswith(_TOO_MANY) else None

    def problem(self) -> str:
        """What went wrong before the command ran; empty: nothing."""
        return "" if self.stopped() else one_line(self._text)


def _clear_shared_memory(began: float) -> None:
    """Take away the large files that a command which filled it made in /dev/shm: they would hold memory for ever."""
    for path in SHARED_MEMORY.iterdir():
        with suppress(OSError):
            stat = path.lstat()
            if stat.st_uid == os.getuid() and stat.st_ctime >= began and stat.st_blocks * 512 > _LARGE:
                path.unlink()


def _own_folder(stack: ExitStack) -> Path:
    """A command's own folder, with home and tmp in it; it goes with `stack`."""
    own = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="warroom-", ignore_cleanup_errors=True)))
    (own / "tmp").mkdir()
    (own / "home").mkdir()
    (own / "home/.gitconfig").write_text(GIT_IDENTITY)
    return own


def _handed(stack: ExitStack, orders: dict[str, Any]) -> int:
    """A file in memory that holds the orders, open until `stack` ends."""
    handed = os.memfd_create("orders")
    stack.callback(os.close, handed)
    os.write(handed, marshal.dumps(orders))
    os.lseek(handed, 0, os.SEEK_SET)
    return handed
