"""The wall on Linux: commands run in namespaces of their own, where only the worktree can be written."""

import asyncio
import json
import os
import platform
import shutil
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

from agents.children import for_children
from agents.sanitize import one_line
from agents.settings import Limits, Network
from agents.tools.environment import GIT_IDENTITY, child_environment
from agents.tools.mounts import Mount, View, mount_arguments
from agents.tools.processes import Command, run_command
from agents.tools.shell_result import SandboxError, SandboxUnavailable, ShellResult, ignore_output
from agents.tools.visible import SCRATCH, system_links
from agents.tools.walls import seccomp
from agents.tools.walls.control_group import COUNTED, unlimited
from agents.tools.walls.limits import kernel, limited
from agents.tools.walls.territory import Territory, usable
from agents.workspace.private_git import PrivateGit

_HOME = "/tmp/agent-home"
_CLOSED = ("/dev", "/proc", "/")
"""Read-only in the end: where the person is root, the kernel's own settings in /proc would be open."""
_FAMILIES = (seccomp.UNIX, seccomp.INET, seccomp.INET6, seccomp.NETLINK)
"""Of sockets. What is in the file system and in the network namespace is what they reach; others go around both."""
_SCRATCH_BYTES = 2 * 1024**3
_WALLS = (
    *("--unshare-pid", "--unshare-ipc", "--unshare-uts", "--new-session", "--die-with-parent"),
    *("--cap-drop", "ALL", "--proc", "/proc", "--dev", "/dev"),
)
_INSTALL = "install it: apt install bubblewrap (dnf, pacman and apk know it by the same name)"
_ALLOW = (
    "allow user namespaces: sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0 on Ubuntu, "
    "sudo sysctl -w kernel.unprivileged_userns_clone=1 or user.max_user_namespaces=15000 elsewhere; "
    "a container must be started with permission to create them"
)


class BubblewrapSandbox:
    """Runs commands under bwrap: worktree writable, system read-only, secrets invisible, no network by default."""

    name = "bubblewrap"
    wall = True
    passed_over: tuple[str, ...] = ()
    warning: str | None = None

    def __init__(
        self,
        executable: str,
        options: Sequence[str],
        *,
        environ: Mapping[str, str],
        hidden: Sequence[Path] = (),
        limits: Limits | None = None,
    ) -> None:
        """Use `open`, which finds out what works here. `options` are bwrap's that not every version or machine has."""
        self._executable = executable
        self._walls = [option for option in options if option != "--size"]
        self._scratch_bytes = _SCRATCH_BYTES if "--size" in options else None
        self._environ = dict(environ)
        self._territory = Territory.of(environ, hidden)
        self._limits = limits or Limits()
        own_tasks = "--unshare-user" in options and kernel() >= (5, 14)
        self._tasks = self._limits.threads if own_tasks else None
        self._filter, self._filter_without_paths = (
            seccomp.program(platform.machine(), families=families, own_namespaces=True)
            for families in (_FAMILIES, _FAMILIES[1:])
        )
        self._shell = shutil.which("bash", path=environ.get("PATH")) or "/bin/sh"

    @classmethod
    async def open(
        cls,
        *,
        environ: Mapping[str, str] | None = None,
        hidden: Sequence[Path] = (),
        limits: Limits | None = None,
    ) -> "BubblewrapSandbox":
        """The strictest sandbox that runs a command here. `hidden`: folders to hide besides the usual secret places.

        Raises SandboxUnavailable, whose message holds the reason and the fix.
        """
        environ = os.environ if environ is None else environ
        executable = shutil.which("bwrap", path=environ.get("PATH"))
        if executable is None:
            raise SandboxUnavailable(f"bwrap is not installed; {_INSTALL}")
        known = await _known_options(executable)
        size = ["--size"] if "--size" in known else []
        # Root needs no user namespace of its own, but is weaker and so better walled in inside one.
        strict = ["--unshare-user", *(["--disable-userns"] if "--disable-userns" in known else [])]
        reason = ""
        for options in ([*strict, *size], ["--unshare-user", *size], size):
            sandbox = cls(executable, options, environ=environ, hidden=hidden, limits=limits)
            problem = await sandbox._try()
            if problem is None:
                return sandbox
            reason = reason or problem
        raise SandboxUnavailable(f"bwrap does not work here ({reason}); {_ALLOW}")

    @property
    def gaps(self) -> tuple[str, ...]:
        """What bubblewrap cannot hold here."""
        found = [
            (True, 'network = "all" reaches every server of this machine too, and unix sockets without a path'),
            (True, "System V memory that no process is attached to is not counted"),
            (unlimited(), COUNTED),
            (self._filter is None, f"system calls are not filtered on {platform.machine()}"),
            (
                "--unshare-user" not in self._walls,
                "commands run as root, though without its powers: no user namespace",
            ),
            (self._scratch_bytes is None, "what is written to /tmp is not limited: this bubblewrap is older than 0.5"),
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
        """See `Sandbox.run`."""
        cwd = usable(cwd)
        granted = self._territory.granted(writable, readable)
        mounts = mount_arguments(self._mounts(cwd, granted, network, git), scratch_bytes=self._scratch_bytes)
        # A socket needs no right to write: in a folder that was opened only its files are meant.
        calls = self._filter_without_paths if granted else self._filter
        if git is not None:
            mounts += ["--ro-bind", str(git.pointer), str(cwd / ".git")]
        links = [word for target, link in system_links() for word in ("--symlink", target, link)]
        with ExitStack() as stack:
            identity = _handed(stack, GIT_IDENTITY.encode())
            rules = [] if calls is None else [_handed(stack, calls)]
            status, status_sink = os.pipe()
            stack.callback(os.close, status)
            argv = [
                *(self._executable, *self._walls, *_WALLS, *([] if network is Network.ALL else ["--unshare-net"])),
                *(*links, *mounts, *(word for place in _CLOSED for word in ("--remount-ro", place)), "--dir", _HOME),
                *("--file", str(identity), f"{_HOME}/.gitconfig", "--json-status-fd", str(status_sink)),
                *(word for rule in rules for word in ("--seccomp", str(rule))),
                *("--chdir", str(cwd), "--", *limited(self._shell, command, self._limits, tasks=self._tasks)),
            ]
            extra = {"TMPDIR": "/tmp", **(env or {})}
            try:
                result = await run_command(
                    Command(
                        argv=argv,
                        cwd=cwd,
                        env=child_environment(self._environ, home=_HOME, extra=extra),
                        timeout_s=timeout_s,
                        output_cap=output_cap,
                        log_path=log_path,
                        on_output=on_output,
                        limits=self._limits,
                        folders=(cwd, *writable, *([] if git is None else [git.folder])),
                        own_scratch=True,
                        pass_fds=(identity, status_sink, *rules),
                        strays=False,
                    )
                )
            finally:
                os.close(status_sink)
            if result.exit_code != 0 and result.stopped is None and not _command_ran(status):
                raise SandboxError(f"the sandbox could not be set up: {one_line(result.output) or 'bwrap was killed'}")
            return result

    def _mounts(self, cwd: Path, granted: Sequence[Mount], network: Network, git: PrivateGit | None) -> Iterable[Mount]:
        yield Mount(Path(os.path.realpath("/run")), View.EMPTY)
        for folder in SCRATCH:
            if os.path.isdir(folder):
                yield Mount(Path(os.path.realpath(folder)), View.SCRATCH)
        yield from self._territory.mounts(cwd, granted, network, git)

    async def _try(self) -> str | None:
        """Why it does not work; None: it does."""
        with tempfile.TemporaryDirectory(prefix="warroom-try-") as folder:
            (inside := Path(folder, "inside")).mkdir()
            log = Path(folder, "log")
            try:
                result = await self.run("echo works > proof", cwd=inside, timeout_s=20, output_cap=1000, log_path=log)
            except SandboxError as error:
                return str(error)
            worked = result.exit_code == 0 and (inside / "proof").is_file()
            return None if worked else one_line(result.output) or "it wrote nothing"


async def _known_options(executable: str) -> str:
    process = await asyncio.create_subprocess_exec(
        executable,
        "--help",
        env=for_children(),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    return output.decode("utf-8", "replace")


def _handed(stack: ExitStack, data: bytes) -> int:
    """A descriptor from which a program reads `data`, a few kilobytes; closed with the stack."""
    source, sink = os.pipe()
    stack.callback(os.close, source)
    os.write(sink, data)
    os.close(sink)
    return source


def _command_ran(status: int) -> bool:
    """bwrap reported the exit code of the command itself, so a failure is not one of the sandbox."""
    os.set_blocking(status, False)
    try:
        lines = os.read(status, 65_536).decode("utf-8", "replace").splitlines()
    except BlockingIOError:
        return False
    return any("exit-code" in json.loads(line) for line in lines if line.strip())
