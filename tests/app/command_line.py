"""`warroom` as a person's shell runs it: the installed command, in a repository of its own, with a home of its own."""

import asyncio
import io
import json
import os
import sys
from collections.abc import Sequence
from contextlib import chdir, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

from app.cli import run
from tests.agents.conftest import run_git

WARROOM = (sys.executable, str(Path(__file__).parents[2] / "warroom.py"))


@dataclass(frozen=True)
class Done:
    """How a command ended."""

    code: int
    out: str
    err: str

    def rows(self) -> list[dict[str, Any]]:
        """stdout as NDJSON; fails when anything else is in it."""
        return [json.loads(line) for line in self.out.splitlines()]


class CommandLine:
    """A shell in a git repository with one commit on main."""

    def __init__(self, tmp_path: Path, **environ: str) -> None:
        self.folder = tmp_path / "shop"
        self.home = tmp_path / "home"
        self.folder.mkdir()
        run_git(self.folder, "init", "--quiet", "--initial-branch=main")
        (self.folder / "README.md").write_text("# shop\n")
        run_git(self.folder, "add", "--all")
        run_git(self.folder, "commit", "--quiet", "--message", "first")
        foreign = ("WARROOM_", "ANTHROPIC_", "OLLAMA_", "GIT_", "NO_COLOR")
        self.environ = {name: value for name, value in os.environ.items() if not name.startswith(foreign)} | {
            "WARROOM_HOME": str(self.home),
            "XDG_CONFIG_HOME": str(tmp_path / "config"),
            "WARROOM_COOLDOWN__REST_S": "0",
            "WARROOM_TIERS__LOCAL__MODEL": "m:1b",
            "OLLAMA_HOST": "127.0.0.1:9",
            "TERM": "xterm-256color",
            **environ,
        }

    async def start(
        self,
        *arguments: str,
        stdin: int = asyncio.subprocess.DEVNULL,
        stdout: int = asyncio.subprocess.PIPE,
        stderr: int = asyncio.subprocess.PIPE,
    ) -> asyncio.subprocess.Process:
        """The command, running."""
        return await asyncio.create_subprocess_exec(
            *WARROOM,
            *arguments,
            cwd=self.folder,
            env=self.environ,
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
        )

    async def __call__(self, *arguments: str) -> Done:
        """The command in a process of its own, run to its end."""
        return await ended(await self.start(*arguments))

    async def here(self, *arguments: str) -> Done:
        """The command in a thread of this process, which saves its start. For commands that take no signals."""
        return await asyncio.to_thread(self._run_here, arguments)

    def _run_here(self, arguments: Sequence[str]) -> Done:
        out, err = io.StringIO(), io.StringIO()
        with (
            patch.dict(os.environ, self.environ, clear=True),
            chdir(self.folder),
            redirect_stdout(out),
            redirect_stderr(err),
        ):
            return Done(run(arguments), out.getvalue(), err.getvalue())


async def ended(process: asyncio.subprocess.Process) -> Done:
    """Wait for a command; nothing it says may be a traceback of ours (a check's output may well be one)."""
    async with asyncio.timeout(50):
        out, err = await process.communicate()
    done = Done(process.returncode or 0, (out or b"").decode(), err.decode())
    assert "app/cli.py" not in done.out + done.err, done.err
    return done
