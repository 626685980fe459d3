"""Nothing of a repository that is not trusted runs outside a wall: where there is none, this takes its place."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from agents.settings import Network
from agents.tools.sandbox import Sandbox
from agents.tools.shell_result import SandboxError, ShellResult, ignore_output
from agents.workspace.private_git import PrivateGit


class NotTrusted(SandboxError):
    """Something of a repository would run outside a wall, and the person has not said that they trust it."""

    exit_code = 2


class ClosedSandbox:
    """Runs nothing, and says why and what to do."""

    name = "none"
    wall = False
    gaps: tuple[str, ...] = ()

    def __init__(self, why: str, passed_over: tuple[str, ...] = ()) -> None:
        """`why` there is no wall; `passed_over`: why each is not up."""
        self.passed_over = passed_over
        self.refusal = (
            f"{why}. This folder is not trusted, so nothing of it is run here: look at it, then `warroom trust`, or "
            "--trust for one run"
        )
        self.warning: str | None = self.refusal

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
        """Raises NotTrusted."""
        raise NotTrusted(self.refusal)


def unless_trusted(sandbox: Sandbox, *, trusted: bool) -> tuple[Sandbox, str]:
    """The sandbox for a repository, and why nothing of it may run; empty where there is a wall, or trust."""
    if trusted or sandbox.wall:
        return sandbox, ""
    closed = ClosedSandbox((sandbox.warning or "no sandbox").partition(";")[0], sandbox.passed_over)
    return closed, closed.refusal
