"""From whatever was raised to one sentence on stderr and an exit code of CONTRACT."""

import os
import sys
import traceback
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from app.commands.console import discard, say

DONE, FAILED, USAGE, ENVIRONMENT, BUDGET, INTERRUPTED = 0, 1, 2, 3, 4, 130


def told(error: Exception) -> int:
    """Tell the person about `error`; the exit code. A fault of ours is one line; its traceback goes to a log."""
    if isinstance(error, BrokenPipeError):
        discard(sys.stdout)
        return FAILED
    code = code_of(error)
    if code is not None:
        say(f"warroom: {error}", "red")
        return code
    from agents.redactor import SECRETS

    SECRETS.learn_environment(os.environ)
    say(SECRETS.redact(f"warroom: an error in War Room itself: {type(error).__name__}: {error}"), "red")
    details = SECRETS.redact("".join(traceback.format_exception(error)))
    place = _log(details)
    say(f"The details are in {place}; please report it." if place else details)
    return FAILED


def code_of(error: Exception) -> int | None:
    """The exit code of an error that is meant for people; None for any other."""
    for kind in type(error).__mro__:
        code = _CODES.get(f"{kind.__module__}.{kind.__qualname__}")
        if code is not None:
            return code(error)
    return None


# By name: whoever raised one has imported it, and nobody else should have to.
_CODES: dict[str, Callable[[Any], int]] = {
    "agents.proving.ground.ProvingStopped": lambda error: int(error.exit_code),
    "agents.configuration.errors.ConfigurationError": lambda _: USAGE,
    "agents.refusals.HeadquartersError": lambda error: int(error.exit_code),
    "agents.models.errors.ModelError": lambda error: ENVIRONMENT if error.environment else FAILED,
    "agents.store.errors.StoreError": lambda _: ENVIRONMENT,
    "agents.tools.closed.NotTrusted": lambda _: USAGE,
    "agents.tools.shell_result.SandboxError": lambda _: ENVIRONMENT,
    "agents.workspace.foreign_programs.ForeignPrograms": lambda _: USAGE,
    "agents.workspace.errors.WorkspaceError": lambda _: ENVIRONMENT,
}


def _log(details: str) -> Path | None:
    """Write the traceback under home/logs; None when that fails too."""
    from agents.configuration import warroom_home
    from agents.private_files import private_folder, write_private

    stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
    path = warroom_home(os.environ) / "logs" / f"crash-{stamp}-{os.getpid()}.log"
    try:
        private_folder(path.parent)
        write_private(path, details)
    except OSError:
        return None
    return path
