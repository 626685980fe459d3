"""The one seam every command of an agent and every check goes through."""

import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from agents.settings import Limits, Network, SandboxKind
from agents.tools.bubblewrap import BubblewrapSandbox
from agents.tools.environment import GIT_IDENTITY, child_environment
from agents.tools.processes import Command, run_command
from agents.tools.shell_result import SandboxError, SandboxUnavailable, ShellResult, ignore_output
from agents.tools.walls.landlock import LandlockSandbox
from agents.tools.walls.limits import limited, tasks_with
from agents.tools.walls.sandbox_exec import SandboxExec
from agents.workspace.private_git import PrivateGit

__all__ = [
    "LandlockSandbox",
    "BubblewrapSandbox",
    "PlainSandbox",
    "Sandbox",
    "SandboxError",
    "SandboxUnavailable",
    "ShellResult",
    "choose_sandbox",
    "ignore_output",
]


class Sandbox(Protocol):
    """Where commands run."""

    @property
    def name(self) -> str:
        """bubblewrap, landlock, sandbox-exec or none."""

    @property
    def wall(self) -> bool:
        """Commands are held by the system. False: they run as the person."""

    @property
    def gaps(self) -> tuple[str, ...]:
        """What this wall cannot hold on this machine, each as a sentence for the person."""

    @property
    def warning(self) -> str | None:
        """What the person must see: there is no wall, and why. None: there is one."""

    @property
    def passed_over(self) -> tuple[str, ...]:
        """Why each wall that would be better is not up."""

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
        """Run a shell command line to its end with empty standard input, HOME a private folder, secrets left out.

        `cwd` and `writable` (folders that exist) can be written, `readable` read; what is secret in them stays hidden,
        and no unix socket in them can be reached. `output_cap`: characters kept, head and tail; the
        whole goes to `log_path`. `git`: behind a wall this git directory stands for the one of `cwd`, which cannot be
        written there. `on_output` gets sanitized pieces, at most 20 a second. `env` is added unfiltered.
        When it returns or is cancelled (in under a second) nothing the command started is alive.
        Raises SandboxError when the sandbox, not the command, fails.
        """


class PlainSandbox:
    """No wall: commands run as the person. Secrets are still kept out of the environment, and everything is ended."""

    name = "none"
    wall = False
    gaps = ("everything a command does, it does as you",)
    passed_over: tuple[str, ...] = ()

    def __init__(self, reason: str, *, environ: Mapping[str, str] | None = None, limits: Limits | None = None) -> None:
        """`reason`: why there is no wall, for the warning."""
        self._environ = dict(os.environ if environ is None else environ)
        self._limits = limits or Limits()
        self._shell = shutil.which("bash", path=self._environ.get("PATH")) or "/bin/sh"
        self.warning: str | None = f"no sandbox: {reason}; commands run as you"

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
        """See `Sandbox.run`; `network`, `writable`, `readable`, `git` change nothing: without a wall all is open."""
        if not cwd.is_dir():
            raise SandboxError(f"cannot run a command in {cwd}: it is not a folder")
        home = Path(tempfile.mkdtemp(prefix="warroom-home-"))
        try:
            (home / ".gitconfig").write_text(GIT_IDENTITY)
            return await run_command(
                Command(
                    argv=limited(self._shell, command, self._limits, tasks=tasks_with(self._limits.threads)),
                    cwd=cwd,
                    env=child_environment(self._environ, home=str(home), extra=env),
                    timeout_s=timeout_s,
                    output_cap=output_cap,
                    log_path=log_path,
                    on_output=on_output,
                    limits=self._limits,
                    folders=(cwd, *writable, home),
                )
            )
        finally:
            shutil.rmtree(home, ignore_errors=True)


_KINDS: Mapping[str, type[BubblewrapSandbox] | type[LandlockSandbox] | type[SandboxExec]] = {
    "bubblewrap": BubblewrapSandbox,
    "landlock": LandlockSandbox,
    "sandbox-exec": SandboxExec,
}
WALLS: tuple[SandboxKind, ...] = ("sandbox-exec",) if sys.platform == "darwin" else ("bubblewrap", "landlock")
"""What "auto" tries on this system, the better ones first."""


async def choose_sandbox(
    kind: SandboxKind,
    *,
    hidden: Sequence[Path] = (),
    environ: Mapping[str, str] | None = None,
    limits: Limits | None = None,
    walls: Sequence[SandboxKind] = WALLS,
) -> Sandbox:
    """The sandbox of this kind, tried once with a real command; auto: the first of `walls` that works, else none with a
    warning that says why each does not.

    `hidden`: folders to hide from commands besides the usual secret places: War Room's own home (a worktree inside
    stays visible to its own commands). Raises SandboxUnavailable when a wall is asked for and does not work.
    """
    if kind == "none":
        return PlainSandbox('[sandbox] kind is "none"', environ=environ, limits=limits)
    passed_over: list[str] = []
    for name in walls if kind == "auto" else (kind,):
        try:
            found = await _KINDS[name].open(environ=environ, hidden=hidden, limits=limits)
        except (SandboxUnavailable, OSError) as error:
            reason = str(error) if isinstance(error, SandboxUnavailable) else f"it could not be tried: {error}"
            if kind == name:
                raise SandboxUnavailable(f'[sandbox] kind is "{kind}", but {reason}') from error
            passed_over.append(f"{name} is not usable here ({reason})")
        else:
            found.passed_over = tuple(passed_over)
            return found
    return PlainSandbox("; ".join(passed_over), environ=environ, limits=limits)
