"""What a command in a sandbox came to, and what can go wrong with the sandbox itself."""

from enum import StrEnum

from agents.tasks import Frozen


class SandboxError(Exception):
    """The sandbox itself failed, not the command in it; the message says how and what to do."""


class SandboxUnavailable(SandboxError):
    """This kind of sandbox does not work on this machine; the message names the reason and the fix."""


class Stopped(StrEnum):
    """Why a command did not come to its own end."""

    TIME = "time"
    OUTPUT = "output"
    MEMORY = "memory"
    PROCESSES = "processes"
    DISK = "disk"
    FILE = "file"
    """A single file grew too large."""
    CPU = "cpu"


class ShellResult(Frozen):
    """One command, ended."""

    exit_code: int | None
    """128 + n: ended by signal n. None: stopped by the time limit."""
    output: str
    """Standard output and error together, sanitized; head and tail when it was longer than the cap."""
    log_path: str
    """The whole output, sanitized."""
    seconds: float
    truncated: bool
    """`output` is not the whole."""
    stopped: Stopped | None = None
    """A limit ended it; its last line of output says which and how much."""


def ignore_output(_: str) -> None:
    """For callers who do not follow the output while it comes."""
