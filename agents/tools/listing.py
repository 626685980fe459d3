"""file_list: what is in the project, ignored files left out, large folders summed up."""

import asyncio
import os
from collections import Counter
from pathlib import Path, PurePosixPath
from typing import Any

from agents.models.chat import ToolSpec
from agents.sanitize import one_line
from agents.tools.files import TEXT, parameters
from agents.tools.git_output import git_output
from agents.tools.paths import resolve_path, shown
from agents.tools.tool import ToolContext, ToolError, ToolOutcome
from agents.workspace.walking import walk

_LINES = 200
_OUTPUT_CAP = 20_000_000
_WALK_CAP = 100_000


class FileList:
    """file_list."""

    spec = ToolSpec(
        name="file_list",
        description="List the project's files, or those of a folder.",
        parameters=parameters("", path=TEXT),
    )

    def __init__(self, cap: int) -> None:
        """`cap`: characters shown at once."""
        self._cap = cap

    def describe(self, arguments: dict[str, Any]) -> str:
        """The folder."""
        return one_line(str(arguments.get("path") or "."))

    async def run(self, arguments: dict[str, Any], context: ToolContext) -> ToolOutcome:
        """The files as paths from the project's root, so that they can be used as they are."""
        root = context.root
        folder = resolve_path(root, arguments.get("path") or ".")
        name = shown(root, folder)
        if not folder.exists():
            raise ToolError(f"{name} does not exist. Use file_list without a path to see the whole project.")
        if not folder.is_dir():
            raise ToolError(f"{name} is a file. Use file_read to read it.")
        files, cut = await _files(context, folder)
        if not files:
            return ToolOutcome(ok=True, content=f"{name} holds no files.", summary=f"{name}: empty")
        lines = summed_up(files, min(_LINES, self._cap // 40))
        more = "+" if cut else ""
        body, left = _within(lines, self._cap - 200)
        if left:
            body += f"\n[{left} more entries; list a folder to see them]"
        count = f"{len(files):,}{more} file{'s' if len(files) > 1 else ''}"
        return ToolOutcome(ok=True, content=f"{count}:\n{body}", summary=f"{name}: {count}")


def summed_up(files: list[str], limit: int) -> list[str]:
    """`files` as at most about `limit` lines: the deepest level that fits, what is below as `folder/ (n files)`."""
    paths = sorted(PurePosixPath(file) for file in set(files))
    deepest = max(len(path.parts) for path in paths)
    entries: list[str] = []
    for depth in range(deepest, 0, -1):
        folders = Counter("/".join(path.parts[:depth]) for path in paths if len(path.parts) > depth)
        entries = [str(path) for path in paths if len(path.parts) <= depth]
        entries += [f"{folder}/ ({count:,} file{'s' if count > 1 else ''})" for folder, count in folders.items()]
        if len(entries) <= limit:
            break
    return sorted(entries)


async def _files(context: ToolContext, folder: Path) -> tuple[list[str], bool]:
    """Paths relative to `root`, and whether there are more."""
    root = context.root
    inside = str(folder.relative_to(root))
    arguments = ["ls-files", "-z", "-c", "-o", "--exclude-standard", "--deduplicate", "--", inside]
    try:
        output = await git_output(root, arguments, cap=_OUTPUT_CAP, env=context.git_env())
    except OSError:
        return await asyncio.to_thread(_walk, root, folder)
    if output.exit_code and not output.text:
        return await asyncio.to_thread(_walk, root, folder)
    names = output.text.split("\0")[:-1]
    return await asyncio.to_thread(_existing, root, names), output.cut


def _existing(root: Path, names: list[str]) -> list[str]:
    """Tracked files may have been deleted; the check is left out where it would take long."""
    return [name for name in names if os.path.lexists(root / name)] if len(names) <= _WALK_CAP else names


def _walk(root: Path, folder: Path) -> tuple[list[str], bool]:
    found: list[str] = []
    for where, folders, files in walk(folder):
        folders[:] = sorted(each for each in folders if each.casefold() != ".git")
        found += [str(Path(where, file).relative_to(root)) for file in files if file.casefold() != ".git"]
        if len(found) > _WALK_CAP:
            return found[:_WALK_CAP], True
    return found, False


def _within(lines: list[str], room: int) -> tuple[str, int]:
    """As many lines as fit, and how many do not."""
    kept: list[str] = []
    for line in lines:
        safe = one_line(line, 300)
        room -= len(safe) + 1
        if room < 0:
            break
        kept.append(safe)
    return "\n".join(kept), len(lines) - len(kept)
