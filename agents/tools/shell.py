"""shell_run: a command line in the worktree, inside the sandbox."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from agents.models.chat import ToolSpec
from agents.permission import Reach, Wish
from agents.private_files import private_folder
from agents.sanitize import one_line
from agents.settings import Network
from agents.tools.asking import network_was_closed, reach_of
from agents.tools.files import TEXT, parameters
from agents.tools.sandbox import Sandbox
from agents.tools.shell_result import SandboxError, ShellResult
from agents.tools.tool import ToolContext, ToolError, ToolOutcome
from agents.workspace.errors import WorkspaceError

_LONGEST = 100_000


class ShellRun:
    """shell_run."""

    def __init__(
        self,
        sandbox: Sandbox,
        *,
        timeout_s: float,
        cap: int,
        network: Network,
        ask: Sequence[str] = (),
        answerable: bool = False,
    ) -> None:
        """`cap`: characters of output shown. `ask`: commands that are asked about although they stay within the wall.
        `answerable`: the agent may ask for more than the wall lets through."""
        self._sandbox = sandbox
        self._ask = ask
        self._offers = answerable and sandbox.wall
        self.spec = _OFFERING if self._offers else _REASONED if answerable else _PLAIN
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
        reach = await self._permitted(command, arguments, context)
        try:
            result = await self._sandbox.run(
                command,
                cwd=context.root,
                timeout_s=self._timeout_s,
                output_cap=self._cap - 200,
                log_path=_next_log(context.logs),
                on_output=context.on_output,
                network=Network.ALL if reach.network else self._network,
                writable=[Path(folder) for folder in reach.writable],
                readable=[Path(folder) for folder in reach.readable],
                git=await place.private_git() if place and self._sandbox.wall else None,
            )
        except (SandboxError, WorkspaceError) as error:
            raise ToolError(one_line(str(error), 500)) from error
        closed = self._network is not Network.ALL and not reach.network
        hint = self._hint() if closed and result.exit_code != 0 and network_was_closed(result.output) else ""
        return _outcome(command, result, hint)

    async def _permitted(self, command: str, arguments: dict[str, Any], context: ToolContext) -> Reach:
        """What the command may have beyond what every command has. Raises ToolError when it must not be run."""
        reach = reach_of(
            command,
            str(arguments.get("needs", "")) if self._offers else "",
            root=context.root,
            walled=self._sandbox.wall,
            network=self._network,
            ask=self._ask,
            search_path=os.environ.get("PATH", ""),
        )
        if reach.crossings:
            reason = one_line(str(arguments.get("why", "")), 300)
            wish = Wish(command=command, folder=str(context.root), reason=reason, reach=reach)
            ruling = await context.permit(wish)
            if not ruling.allowed:
                raise ToolError(ruling.message)
            if context.place and (problem := context.place.misplaced()) and "git checkout" not in command:
                raise ToolError(problem)  # an answer may take hours
            for folder in (*reach.writable, *reach.readable):
                if os.path.realpath(folder) != folder:
                    raise ToolError(f"{one_line(folder)} is another folder now than the one that was allowed.")
        return reach

    def _hint(self) -> str:
        if not self._sandbox.wall:
            return ""
        if self._offers:
            return _CLOSED_ASK
        return "\n[the network is closed to commands, and nobody can open it now. Go on without it.]"


_CLOSED_ASK = (
    "\n[the network is closed to commands. If this one must have it, run it again "
    'with needs="network" and say why: a person is asked.]'
)
_ABOUT = "Run a bash command in the project folder; shows exit code and output."
_PLAIN = ToolSpec(name="shell_run", description=_ABOUT, parameters=parameters("command", command=TEXT))
_REASONED = ToolSpec(
    name="shell_run",
    description=f"{_ABOUT} A person may be asked first: say why.",
    parameters=parameters("command", command=TEXT, why=TEXT),
)
_OFFERING = ToolSpec(
    name="shell_run",
    description=f"{_ABOUT} No network and no other folders, unless you ask with needs and why, and a person allows it.",
    parameters=parameters(
        "command",
        command=TEXT,
        needs={"type": "string", "description": "network, read:/a/folder, write:/a/folder"},
        why=TEXT,
    ),
)


def _outcome(command: str, result: ShellResult, hint: str) -> ToolOutcome:
    ended = "stopped" if result.exit_code is None else f"exit code {result.exit_code}"
    return ToolOutcome(
        ok=result.exit_code == 0,
        content=f"{ended}\n{result.output or '(no output)'}{hint}",
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
