"""shell_run: a command line in the worktree, inside the sandbox."""

from pathlib import Path
from typing import Any

from agents.models.chat import ToolSpec
from agents.private_files import private_folder
from agents.sanitize import one_line
from agents.settings import Network
from agents.tools.files import TEXT, parameters
from agents.tools.sandbox import Sandbox
from agents.tools.shell_result import SandboxError, ShellResult
from agents.tools.tool import ToolContext, ToolError, ToolOutcome
from agents.workspace.errors import WorkspaceError

_LONGEST = 100_000


class ShellRun:
    """shell_run."""

    spec = ToolSpec(
        name="shell_run",
        description="Run a bash command in the project folder; shows exit code and output.",
        parameters=parameters("command", command=TEXT),
    )

    def __init__(self, sandbox: Sandbox, *, timeout_s: float, cap: int, network: Network) -> None:
        """`cap`: characters of output shown."""
        self._sandbox = sandbox
        self._timeout_s = timeout_s
        self._cap = cap
        self._network = network

    def describe(self, arguments: dict[str, Any]) -> str:
        """The command."""
        return one_line(str(arguments.get("command", "")))

    async def run(self, arguments: dict[str, Any], context: ToolContext) -> ToolOutcome:
        """Run it; a failing command is an answer for the model, not an error of ours."""
        command = str(arguments["command"]).strip()
        if not command:
            raise ToolError("command is empty. Give a command line, like: python -m pytest -q")
        if "\0" in command:
            raise ToolError("command holds a NUL character. Give plain text.")
        if len(command.encode("utf-8", "replace")) > _LONGEST:
            raise ToolError("command is too long. Write a file with file_write and run that.")
        place = context.place
        if place and (problem := place.misplaced()) and "git checkout" not in command:
            raise ToolError(problem)
        try:
            result = await self._sandbox.run(
                command,
                cwd=context.root,
                timeout_s=self._timeout_s,
                output_cap=self._cap - 200,
                log_path=_next_log(context.logs),
                on_output=context.on_output,
                network=self._network,
                git=await place.private_git() if place and self._sandbox.wall else None,
            )
        except (SandboxError, WorkspaceError) as error:
            raise ToolError(one_line(str(error), 500)) from error
        return _outcome(command, result)


def _outcome(command: str, result: ShellResult) -> ToolOutcome:
    ended = "stopped" if result.exit_code is None else f"exit code {result.exit_code}"
    return ToolOutcome(
        ok=result.exit_code == 0,
        content=f"{ended}\n{result.output or '(no output)'}",
        summary=one_line(f"{ended}, {result.seconds:.1f} s: {command}"),
        exit_code=result.exit_code,
        log_path=result.log_path,
    )


def _next_log(logs: Path) -> Path:
    """A log file of its own for each command: the next free number, taken at once."""
    private_folder(logs)
    number = 1 + max((int(path.stem[6:]) for path in logs.glob("shell-*.log") if path.stem[6:].isdigit()), default=0)
    while True:
        path = logs / f"shell-{number}.log"
        try:
            path.touch(mode=0o600, exist_ok=False)
        except FileExistsError:
            number += 1
        else:
            return path
