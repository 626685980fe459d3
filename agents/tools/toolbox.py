"""The tools of one mission: offered to the model, called by name, every failure an answer it can use."""

import difflib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from agents.models.chat import ToolSpec
from agents.sanitize import one_line, sanitize
from agents.settings import Settings
from agents.tools.arguments import fitted
from agents.tools.files import FileEdit, FileRead, FileWrite
from agents.tools.finish import Finish
from agents.tools.listing import FileList
from agents.tools.sandbox import Sandbox
from agents.tools.search import CodeSearch
from agents.tools.shell import ShellRun
from agents.tools.tool import Permit, Place, Tool, ToolContext, ToolError, ToolOutcome, refuse

_LONGEST = 200_000


class Toolbox:
    """Tools and where they work."""

    def __init__(self, tools: Sequence[Tool], context: ToolContext) -> None:
        """Tools are offered in this order."""
        self._tools = {tool.spec.name: tool for tool in tools}
        self._context = context

    @property
    def specs(self) -> tuple[ToolSpec, ...]:
        """As the model sees them; the same every time."""
        return tuple(tool.spec for tool in self._tools.values())

    def describe(self, name: str, arguments: Mapping[str, Any]) -> str:
        """One sanitized line for the tool log, whatever the arguments are."""
        tool = self._tools.get(name)
        if tool is None:
            return one_line(", ".join(map(str, arguments.values())))
        try:
            return tool.describe(fitted(tool.spec, arguments)[0])
        except ToolError:
            return one_line(", ".join(map(str, arguments.values())))

    async def call(self, name: str, arguments: Mapping[str, Any]) -> ToolOutcome:
        """Run the tool. Never raises for what a model or a file did: that is an outcome that is not ok.

        Cancelling ends everything the tool started.
        """
        tool = self._tools.get(name)
        if tool is None:
            return _failed(name, self._unknown(name))
        try:
            fitting, ignored = fitted(tool.spec, arguments)
            outcome = await tool.run(fitting, self._context)
        except ToolError as error:
            return _failed(name, str(error))
        except (OSError, ValueError) as error:
            return _failed(name, f"{name} failed: {error}")
        note = f"\n[ignored unknown arguments: {', '.join(ignored)}]" if ignored else ""
        content = self._context.shown(sanitize(outcome.content))[:_LONGEST]
        return outcome.model_copy(update={"content": content + note})

    def _unknown(self, name: str) -> str:
        near = difflib.get_close_matches(name.casefold(), self._tools, n=1, cutoff=0.5)
        swapped = "_".join(reversed(name.casefold().split("_")))
        meant = swapped if swapped in self._tools else near[0] if near else None
        hint = f" Did you mean {meant}?" if meant else ""
        return f'there is no tool "{one_line(name, 60)}".{hint} The tools are: {", ".join(self._tools)}.'


def build_toolbox(
    *,
    root: Path,
    logs: Path,
    sandbox: Sandbox,
    settings: Settings,
    on_output: Callable[[str], None],
    permit: Permit = refuse,
    answerable: bool = False,
    place: Place | None = None,
    veiled: bool = False,
) -> Toolbox:
    """Every tool, working in the worktree `root`, whole outputs going to the folder `logs`.

    `permit` says whether an agent may run what it may not run by itself; `answerable`: it may ask for that.
    `place`: what the harness knows of the worktree; None: it is any folder. `veiled`: secrets are taken
    out of what the tools answer.
    """
    cap = settings.mission.output_cap
    shell = ShellRun(
        sandbox,
        timeout_s=settings.mission.tool_timeout_s,
        cap=cap,
        network=settings.network,
        ask=settings.sandbox.ask,
        answerable=answerable,
    )
    tools: list[Tool] = [FileRead(cap), FileWrite(), FileEdit(), FileList(cap), CodeSearch(cap), shell, Finish()]
    context = ToolContext(root.resolve(), logs, on_output, permit=permit, place=place, veiled=veiled)
    return Toolbox(tools, context)


def _failed(name: str, message: str) -> ToolOutcome:
    content = sanitize(message)
    return ToolOutcome(ok=False, content=f"error: {content}", summary=one_line(f"{name}: {content}"))
