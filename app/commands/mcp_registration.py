"""How a client is told of `warroom mcp`: printed for the person to run or paste, never written anywhere."""

import json
import os
import shlex
import shutil
import sys
from collections.abc import Callable, Sequence
from difflib import get_close_matches
from pathlib import Path

import click

from app.commands.console import put, say

PATIENCE_MS = 3_600_000
"""A client that takes it: how long a call may last. A local model works for minutes."""


def print_registration(client: str) -> None:
    """The command line or the JSON on stdout, and where it belongs on stderr. Raises click.UsageError."""
    tell = CLIENTS.get(client.lower())
    if tell is None:
        close = get_close_matches(client.lower(), CLIENTS, n=1, cutoff=0.5)
        hint = f" Did you mean {close[0]}?" if close else ""
        raise click.UsageError(f"there is no client {client!r}: it may be {', '.join(CLIENTS)}.{hint}")
    text, where = tell(own_command())
    put(text)
    for line in where:
        say(line, "dim")


def own_command() -> list[str]:
    """This very command with its absolute path: a client starts it with a PATH of its own."""
    called = sys.argv[0]
    found = shutil.which(called)
    # Not resolved: the target of a link that pipx made may move with the next version.
    path = os.path.abspath(found or called)
    if found is None or Path(path).suffix == ".py":
        return [sys.executable, path, "mcp"]
    return [path, "mcp"]


def _claude(command: Sequence[str]) -> tuple[str, tuple[str, ...]]:
    return shlex.join(["claude", "mcp", "add", "warroom", "--", *command]), (
        "Run it in your repository; with --scope user before the name it holds in all of them.",
    )


def _cursor(command: Sequence[str]) -> tuple[str, tuple[str, ...]]:
    program, *arguments = command
    server = {"type": "stdio", "command": program, "args": [*arguments, "--repo", "${workspaceFolder}"]}
    return _json({"mcpServers": {"warroom": server}}), (
        "It belongs into ~/.cursor/mcp.json, or into .cursor/mcp.json of one repository.",
    )


def _opencode(command: Sequence[str]) -> tuple[str, tuple[str, ...]]:
    server = {"type": "local", "command": list(command), "enabled": True, "timeout": PATIENCE_MS}
    return _json({"$schema": "https://opencode.ai/config.json", "mcp": {"warroom": server}}), (
        "It belongs into ~/.config/opencode/opencode.json, or into opencode.json of one repository.",
        "OpenCode 2 has servers one table deeper, under mcp.servers, without enabled, and timeout as a table.",
    )


def _json(value: object) -> str:
    return json.dumps(value, indent=2)


CLIENTS: dict[str, Callable[[Sequence[str]], tuple[str, tuple[str, ...]]]] = {
    "claude": _claude,
    "cursor": _cursor,
    "opencode": _opencode,
}
"""Who can be told, and how."""
