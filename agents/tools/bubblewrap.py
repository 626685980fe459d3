"""The wall on Linux: commands run in namespaces of their own, where only the worktree can be written."""

import asyncio
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from agents.sanitize import one_line
from agents.settings import Network
from agents.tools.environment import GIT_IDENTITY, child_environment, real_home
from agents.tools.git_folder import git_folders
from agents.tools.hidden import secret_places
from agents.tools.mounts import Mount, View, mount_arguments
from agents.tools.processes import Command, run_command
from agents.tools.shell_result import SandboxError, SandboxUnavailable, ShellResult, ignore_output
from agents.tools.visible import SCRATCH, tool_folders

_HOME = "/tmp/agent-home"
_SCRATCH_BYTES = 2 * 1024**3
_READABLE_IN_RUN = ("/run/current-system", "/run/booted-system", "/run/opengl-driver")
_WALLS = (
    *("--unshare-pid", "--unshare-ipc", "--unshare-uts", "--new-session", "--die-with-parent"),
    *("--cap-drop", "ALL", "--ro-bind", "/", "/", "--proc", "/proc", "--dev", "/dev"),
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
    gaps: tuple[str, ...] = ()
    warning: str | None = None

    def __init__(
        self, executable: str, options: Sequence[str], *, environ: Mapping[str, str], hidden: Sequence[Path] = ()
    ) -> None:
        """Use `open`, which finds out what works here. `options` are bwrap's that not every version or machine has."""
        self._executable = executable
        self._walls = [option for option in options if option != "--size"]
        self._scratch_bytes = _SCRATCH_BYTES if "--size" in options else None
        self._environ = dict(environ)
        self._homes = _homes(environ)
        self._hidden = tuple(Path(os.path.realpath(path)) for path in hidden)
        self._shell = shutil.which("bash", path=environ.get("PATH")) or "/bin/sh"

    @classmethod
    async def open(
        cls, *, environ: Mapping[str, str] | None = None, hidden: Sequence[Path] = ()
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
            sandbox = cls(executable, options, environ=environ, hidden=hidden)
            problem = await sandbox._try()
            if problem is None:
                return sandbox
            reason = reason or problem
        raise SandboxUnavailable(f"bwrap does not work here ({reason}); {_ALLOW}")

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
    ) -> ShellResult:
        """See `Sandbox.run`."""
        cwd = _usable(cwd)
        mounts = mount_arguments(
            self._mounts(cwd, [_usable(path) for path in writable], network), scratch_bytes=self._scratch_bytes
        )
        identity, identity_sink = os.pipe()
        status, status_sink = os.pipe()
        try:
            os.write(identity_sink, GIT_IDENTITY.encode())
            os.close(identity_sink)
            argv = [
                *(self._executable, *self._walls, *_WALLS, *([] if network is Network.ALL else ["--unshare-net"])),
                *(*mounts, "--remount-ro", "/dev", "--dir", _HOME),
                *("--file", str(identity), f"{_HOME}/.gitconfig", "--json-status-fd", str(status_sink)),
                *("--chdir", str(cwd), "--", self._shell, "-c", command),
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
                        pass_fds=(identity, status_sink),
                        strays=False,
                    )
                )
            finally:
                os.close(status_sink)
            if result.exit_code not in {0, None} and not _command_ran(status):
                raise SandboxError(f"the sandbox could not be set up: {one_line(result.output) or 'bwrap was killed'}")
            return result
        finally:
            os.close(identity)
            os.close(status)

    def _mounts(self, cwd: Path, writable: Sequence[Path], network: Network) -> Iterable[Mount]:
        yield Mount(Path(os.path.realpath("/run")), View.EMPTY)
        yield Mount(Path(os.path.realpath("/var/run")), View.EMPTY)
        for folder in SCRATCH:
            if folder.is_dir():
                yield Mount(Path(os.path.realpath(folder)), View.SCRATCH)
        for folder in tool_folders(self._environ, self._homes):
            yield Mount(folder, View.READABLE)
        for place in (*_READABLE_IN_RUN, *([os.path.realpath("/etc/resolv.conf")] if network is Network.ALL else [])):
            if os.path.exists(place):
                yield Mount(Path(place), View.READABLE)
        for path in (*secret_places(self._homes), *self._hidden):
            if path.exists():
                yield Mount(path, View.HIDDEN)
        for path in git_folders(cwd):
            yield Mount(path, View.READABLE)
        for path in (cwd, *writable):
            yield Mount(path, View.WRITABLE)

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
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    return output.decode("utf-8", "replace")


def _homes(environ: Mapping[str, str]) -> tuple[Path, ...]:
    """The home the environment names and the one the user database knows: secrets lie below either."""
    found = {home for home in (real_home(environ), real_home({})) if home is not None}
    return tuple(sorted(Path(os.path.realpath(home)) for home in found))


def _usable(path: Path) -> Path:
    """`path` resolved, when it may be made writable. Raises SandboxError otherwise."""
    real = Path(os.path.realpath(path))
    if not real.is_dir():
        raise SandboxError(f"cannot make {one_line(str(path))} writable in the sandbox: it is not a folder")
    if len(real.parts) < 2 or real in {
        Path(os.path.realpath(top)) for top in ("/run", "/proc", "/dev", "/sys", "/tmp", "/etc")
    }:
        raise SandboxError(
            f"will not make {real} writable for an agent: it is part of the system; use a project folder"
        )
    return real


def _command_ran(status: int) -> bool:
    """bwrap reported the exit code of the command itself, so a failure is not one of the sandbox."""
    os.set_blocking(status, False)
    try:
        lines = os.read(status, 65_536).decode("utf-8", "replace").splitlines()
    except BlockingIOError:
        return False
    return any("exit-code" in json.loads(line) for line in lines if line.strip())
