"""finish: the agent says it is done. The harness decides whether it is."""

from typing import Any

from agents.models.chat import ToolSpec
from agents.sanitize import one_line, sanitize
from agents.tools.files import TEXT, parameters
from agents.tools.tool import ToolContext, ToolOutcome


class Finish:
    """finish."""

    spec = ToolSpec(
        name="finish",
        description="Call when the task is done.",
        parameters=parameters("summary", summary=TEXT),
    )

    def describe(self, arguments: dict[str, Any]) -> str:
        """The summary's beginning."""
        return one_line(str(arguments.get("summary", "")))

    async def run(self, arguments: dict[str, Any], _: ToolContext) -> ToolOutcome:
        """Pass the summary on."""
        summary = sanitize(str(arguments["summary"])).strip()[:2000]
        return ToolOutcome(ok=True, content=summary or "done", summary=one_line(summary) or "done", finished=True)
