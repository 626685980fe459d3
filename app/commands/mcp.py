"""`warroom mcp`: a server for other agents that call War Room in."""

import asyncio
import sys
from pathlib import Path

import click

from app.commands.console import say
from app.commands.failures import DONE
from app.commands.opening import FOLDER


@click.command()
@click.option("--print", "client", metavar="CLIENT", help="How to register it with claude, cursor or opencode.")
@click.option("--repo", type=FOLDER, default=".", metavar="DIR", help="Work in this folder instead of the current one.")
@click.option("--trust", is_flag=True, help="Obey all of this repository's warroom.toml: you vouch for it.")
def command(client: str | None, repo: Path, *, trust: bool) -> int:
    """An MCP server on stdio: other agents dispatch tasks, wait for them, read diffs and costs.

    It serves until its client is gone. Results are merged by you, unless [mcp] accept = true in your own config.toml.
    """
    if client is not None:
        from app.commands.mcp_registration import print_registration

        print_registration(client)
        return DONE
    if sys.stdin is None or sys.stdout is None:
        raise click.UsageError("standard input and output are closed: a client talks to this server through them")
    if sys.stdin.isatty():
        say("This serves other agents: it waits for JSON-RPC on stdin, and ctrl+c ends it.")
        say("`warroom mcp --print claude` (or cursor, opencode) says how to register it.", "dim")
    # The official package takes half a second to import: only whoever serves pays for it.
    from app.serving.serving import serve

    return asyncio.run(serve(repo, trusted=trust))
