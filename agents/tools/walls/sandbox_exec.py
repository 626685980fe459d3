"""The wall on macOS: sandbox-exec with a profile that names what may be read and written and denies the rest."""

import os
import platform
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path

from agents.sanitize import one_line
from agents.settings import Limits, Network
from agents.tools.environment import GIT_IDENTITY, child_environment
from agents.tools.mounts import Mount, View
from agents.tools.processes import Command, run_command
from agents.tools.shell_result import SandboxUnavailable, ShellResult, ignore_output
from agents.tools.walls.limits import limited
from agents.tools.walls.territory import Territory, usable
from agents.workspace.private_git import PrivateGit

PROGRAM = "/usr/bin/sandbox-exec"
_SYSTEM = (
    *("/usr", "/bin", "/sbin", "/System", "/Library", "/opt", "/private/etc", "/private/var/db/timezone"),
    *("/private/var/select", "/Applications/Xcode.app", "/nix"),
)
_DEVICES = ("null", "zero", "random", "urandom", "fd")
_ALWAYS = """(version 1)
(deny default)
(allow process-fork)
(allow process-exec)
(allow signal (target same-sandbox))
(allow process-info* (target same-sandbox))
(allow sysctl-read)
(allow file-read-metadata)
(allow ipc-posix-sem)
(allow mach-lookup (global-name "com.apple.system.opendirectoryd.libinfo"))
(allow file-read* (literal "/"))"""
_NETWORK = {
    Network.NONE: "",
    Network.LOOPBACK: """(allow network-bind (local ip "localhost:*"))
(allow network-inbound (local ip "localhost:*"))
(allow network-outbound (remote ip "localhost:*"))""",
    Network.ALL: """(allow network-bind (local ip "*:*"))
(allow network-inbound (local ip "*:*"))
(allow network-outbound (remote ip "*:*"))
(allow network-outbound (literal "/private/var/run/mDNSResponder"))""",
}


def profile(mounts: Iterable[Mount], network: Network) -> str:
    """The profile's text. Later rules win over earlier ones, so a place inside another comes after it."""
    views: dict[Path, View] = {}
    for path, view in mounts:
        views[path] = max(view, views.get(path, view))
    return "\n".join(line for line in _lines(views, network) if line) + "\n"


def _lines(views: Mapping[Path, View], network: Network) -> Iterator[str]:
    yield _ALWAYS
    yield from (f"(allow file-read* (subpath {_quoted(place)}))" for place in _SYSTEM)
    for name in _DEVICES:
        yield f"(allow file-read* file-write-data (subpath {_quoted(f'/dev/{name}')}))"
    for path in sorted(views, key=lambda path: len(path.parts)):
        place = f"(subpath {_quoted(str(path))})"
        if views[path] is View.WRITABLE:
            yield f"(allow file-read* file-write* {place})"
        elif views[path] is View.READABLE:
            yield f"(allow file-read* {place})"
            yield f"(deny file-write* {place})"
        else:
            yield f"(deny file-read* file-write* {place})"
    yield _NETWORK[network]


def _quoted(text: str) -> str:
    """A string of the profile language. A path that holds a quote must not end it."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


class SandboxExec:
    """Runs commands under sandbox-exec, on macOS only."""

    name = "sandbox-exec"
    wall = True
    warning: str | None = None
    passed_over: tuple[str, ...] = ()
    gaps = (
        "a command can see that a file outside exists, its size and dates, but not open it",
        "memory and the number of processes are not limited; a process that leaves its group may outlive the command",
        'network = "loopback" reaches your own servers on localhost too',
        "Apple calls sandbox-exec deprecated",
    )

    def __init__(
        self, *, environ: Mapping[str, str], hidden: Sequence[Path] = (), limits: Limits | None = None
    ) -> None:
        """Use `open`, which finds out whether it works here."""
        self._environ = dict(environ)
        self._territory = Territory.of(environ, hidden)
        self._limits = limits or Limits()
        self._shell = shutil.which("bash", path=environ.get("PATH")) or "/bin/sh"

    @classmethod
    async def open(
        cls,
        *,
        environ: Mapping[str, str] | None = None,
        hidden: Sequence[Path] = (),
        limits: Limits | None = None,
    ) -> "SandboxExec":
        """The sandbox, once a real command ran in it. Raises SandboxUnavailable with the reason."""
        if platform.system() != "Darwin" or not os.access(PROGRAM, os.X_OK):
            raise SandboxUnavailable("sandbox-exec is a part of macOS; on Linux there are bubblewrap and landlock")
        sandbox = cls(environ=os.environ if environ is None else environ, hidden=hidden, limits=limits)
        with tempfile.TemporaryDirectory(prefix="warroom-try-") as folder:
            (inside := Path(folder, "inside")).mkdir()
            result = await sandbox.run(
                "echo works > proof; echo written > ../outside",
                cwd=inside,
                timeout_s=20,
                output_cap=1000,
                log_path=Path(folder, "log"),
            )
            if not (inside / "proof").is_file() or Path(folder, "outside").exists():
                raise SandboxUnavailable(f"sandbox-exec does not work here ({one_line(result.output)})")
        return sandbox

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
        cwd = usable(cwd)
        granted = self._territory.granted(writable, readable)
        with (
            tempfile.TemporaryDirectory(prefix="warroom-", ignore_cleanup_errors=True) as own,
            git.standing_in(cwd) if git is not None else nullcontext(),
        ):
            home, scratch = Path(own, "home"), Path(own, "tmp")
            home.mkdir()
            scratch.mkdir()
            (home / ".gitconfig").write_text(GIT_IDENTITY)
            mounts = [*self._territory.mounts(cwd, granted, network, git)]
            mounts.append(Mount(Path(os.path.realpath(own)), View.WRITABLE))
            extra = {"TMPDIR": str(scratch), **(env or {})}
            return await run_command(
                Command(
                    argv=[
                        *(PROGRAM, "-p", profile(mounts, network)),
                        *limited(self._shell, command, self._limits, tasks=None),
                    ],
                    cwd=cwd,
                    env=child_environment(self._environ, home=str(home), extra=extra),
                    timeout_s=timeout_s,
                    output_cap=output_cap,
                    log_path=log_path,
                    on_output=on_output,
                    limits=self._limits,
                    folders=(cwd, *writable, Path(own), *([] if git is None else [git.folder])),
                )
            )
