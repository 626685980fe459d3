"""code_search: text or a regular expression over the project, by git grep, ignored files left out."""

import asyncio
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from agents.models.chat import ToolSpec
from agents.sanitize import one_line, sanitize
from agents.tools.files import TEXT, parameters
from agents.tools.git_output import GitOutput, git_output
from agents.tools.paths import resolve_path, shown
from agents.tools.tool import ToolContext, ToolError, ToolOutcome

_MATCHES = 100
_LINE = 200
_READ_CAP = 2_000_000
_LONGEST = 1000
_REGEX_SIGNS = re.compile(r"[\\^$.|?*+(){}\[\]]")


class _Way(NamedTuple):
    """One way to look for a pattern, and what is said when it is the one that found something."""

    options: tuple[str, ...]
    note: str


class CodeSearch:
    """code_search."""

    spec = ToolSpec(
        name="code_search",
        description="Find text in the project's files.",
        parameters=parameters(
            "pattern", pattern=TEXT, path=TEXT, regex={"type": "boolean", "description": "pattern is a regex"}
        ),
    )

    def __init__(self, cap: int) -> None:
        """`cap`: characters shown at once."""
        self._cap = cap

    def describe(self, arguments: dict[str, Any]) -> str:
        """The pattern."""
        return one_line(str(arguments.get("pattern", "")))

    async def run(self, arguments: dict[str, Any], context: ToolContext) -> ToolOutcome:
        """Matching lines with path and line number; where there are none, also ignoring case and as the other kind."""
        pattern = str(arguments["pattern"]).strip("\n")
        if not pattern or len(pattern) > _LONGEST or "\n" in pattern or "\0" in pattern:
            raise ToolError("pattern must be a piece of one line, of at most 1000 characters.")
        where = resolve_path(context.root, arguments.get("path") or ".")
        name = shown(context.root, where)
        if not where.exists():
            raise ToolError(f"{name} does not exist. Leave path out to search the whole project.")
        problem = ""
        for way in _ways(pattern, bool(arguments.get("regex"))):
            found = await _grep(context, where, pattern, way)
            if found.text:
                return await asyncio.to_thread(self._outcome, pattern, found, way.note, context.shown)
            problem = problem or (found.error if found.exit_code > 1 or found.cut else "")
        place = "" if where == context.root else f" in {name}"
        told = f" ({_said(problem)})" if problem else ""
        content = f'no match for "{one_line(pattern)}"{place}{told}.'
        return ToolOutcome(ok=True, content=content, summary=one_line(f"{pattern}: no match"))

    def _outcome(self, pattern: str, found: GitOutput, note: str, shown: Callable[[str], str]) -> ToolOutcome:
        lines = [line for raw in found.text.split("\n") if (line := _line(raw, shown))]
        room, kept = self._cap - 200, []
        for line in lines[:_MATCHES]:
            room -= len(line) + 1
            if room < 0:
                break
            kept.append(line)
        body = "\n".join(kept)
        if len(kept) < len(lines) or found.cut:
            more = "at least " if found.cut else ""
            body += f"\n[{more}{len(lines) - len(kept)} more matches; narrow the pattern or give a path]"
        count = f"{len(lines)}{'+' if found.cut else ''} match{'es' if len(lines) != 1 else ''}"
        return ToolOutcome(ok=True, content=f"{note}{body}", summary=one_line(f"{pattern}: {count}"))


def _ways(pattern: str, regex: bool) -> list[_Way]:
    literal, expression = ("-F",), ("-P",)
    if regex:
        return [
            _Way(expression, ""),
            _Way(("-E",), ""),
            _Way(literal, "[as plain text]\n"),
            _Way((*expression, "-i"), "[ignoring case]\n"),
        ]
    ways = [_Way(literal, ""), _Way((*literal, "-i"), "[ignoring case]\n")]
    if _REGEX_SIGNS.search(pattern):
        ways.append(_Way(expression, "[as a regular expression]\n"))
    return ways


async def _grep(context: ToolContext, where: Path, pattern: str, way: _Way) -> GitOutput:
    arguments = ["-n", "-z", "-I", "--no-color", "--full-name", *way.options, "-e", pattern]
    root, env = context.root, context.git_env()
    inside = str(where.relative_to(root))
    try:
        found = await git_output(root, ["grep", "--untracked", *arguments, "--", inside], cap=_READ_CAP, env=env)
        if found.exit_code > 1 and "not a git repository" in found.error:
            found = await git_output(root, ["grep", "--no-index", *arguments, "--", inside], cap=_READ_CAP, env=env)
    except OSError as error:
        raise ToolError(
            f"cannot search: git does not start ({error.strerror}). Use shell_run with grep -rn."
        ) from error
    except ValueError:
        raise ToolError("the pattern holds characters that cannot be searched for.") from None
    return found


def _line(raw: str, shown: Callable[[str], str]) -> str:
    """`path\\0number\\0text` as `path:number: text`; empty when it was cut apart."""
    parts = raw.split("\0", 2)
    if len(parts) != 3:
        return ""
    text = shown(sanitize(parts[2][: _LINE * 40]).strip())
    text = text if len(text) <= _LINE else text[:_LINE] + "…"
    return f"{one_line(parts[0])}:{parts[1]}: {text}"


def _said(error: str) -> str:
    return one_line(error.removeprefix("fatal:").strip(), 200)
