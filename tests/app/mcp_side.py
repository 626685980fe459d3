"""The other side of `warroom mcp`: the official client, in this process or over the pipes of a real server."""

import asyncio
import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import mcp_types as types
import pytest
from command_line import WARROOM, CommandLine
from mcp import Client, StdioServerParameters

from app.serving.rooms import Rooms
from app.serving.server import Desk
from tests.agents.conftest import GOOD_SLUG
from tests.fakes.ollama_server import FakeOllama, Script, text


def solved(_body: dict[str, Any]) -> Script:
    """A model that writes a good slug.py."""
    return text(f"```python\n{GOOD_SLUG}```")


def take_environment(shell: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have this process see what a command of `shell` would."""
    for name in os.environ.keys() - shell.environ.keys():
        monkeypatch.delenv(name)
    for name, value in shell.environ.items():
        monkeypatch.setenv(name, value)


@asynccontextmanager
async def in_process(shell: CommandLine) -> AsyncIterator[Client]:
    """A client of a server in this process, which saves its start; everything behind it is real."""
    rooms = Rooms(shell.folder, trusted=False)
    try:
        async with Client(Desk(rooms).server(), mode="legacy") as client:
            yield client
    finally:
        rooms.stop()
        await rooms.closed()


def over_pipes(shell: CommandLine, *, mode: str = "legacy") -> Client:
    """A client that starts the real server, as an agent's program does."""
    server = StdioServerParameters(
        command=WARROOM[0], args=[WARROOM[1], "mcp"], env=shell.environ, cwd=str(shell.folder)
    )
    return Client(server, mode=mode)


def words(result: types.CallToolResult) -> str:
    """What a model reads of a result."""
    return "\n".join(block.text for block in result.content if isinstance(block, types.TextContent))


def answer(result: types.CallToolResult) -> dict[str, Any]:
    """The structured answer of a call that went well; the text says the same."""
    assert not result.is_error, words(result)
    assert json.loads(words(result)) == result.structured_content
    found: dict[str, Any] = result.structured_content
    return found


class Bare:
    """A server that is talked to line by line, by whoever does not keep to the protocol."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self._number = 0

    @classmethod
    async def begin(cls, shell: CommandLine, *arguments: str) -> "Bare":
        """Start it."""
        return cls(await shell.start("mcp", *arguments, stdin=asyncio.subprocess.PIPE))

    async def say(self, line: bytes | dict[str, Any]) -> None:
        """Send a line, or a message as a line."""
        assert self.process.stdin is not None
        self.process.stdin.write((line if isinstance(line, bytes) else json.dumps(line).encode()) + b"\n")
        await self.process.stdin.drain()

    async def hear(self) -> dict[str, Any]:
        """The next message: every line of stdout is one."""
        assert self.process.stdout is not None
        async with asyncio.timeout(30):
            line = await self.process.stdout.readline()
        found: dict[str, Any] = json.loads(line)
        assert found["jsonrpc"] == "2.0"
        return found

    async def ask(self, method: str, **params: Any) -> int:
        """Send a request; its number."""
        self._number += 1
        await self.say({"jsonrpc": "2.0", "id": self._number, "method": method, "params": params})
        return self._number

    async def answer(self, method: str, **params: Any) -> dict[str, Any]:
        """Send a request and hear the answer; notifications meanwhile are not looked at."""
        number = await self.ask(method, **params)
        while (heard := await self.hear()).get("id") != number:
            pass
        return heard

    async def shake_hands(self) -> None:
        """As every client begins."""
        who = {"name": "bare", "version": "0"}
        await self.answer("initialize", protocolVersion="2025-06-18", capabilities={}, clientInfo=who)
        await self.say({"jsonrpc": "2.0", "method": "notifications/initialized"})


@asynccontextmanager
async def field(shell: CommandLine, server: FakeOllama) -> AsyncIterator[Bare]:
    """A server that shook hands; ended when the test is over."""
    bare = await Bare.begin(shell)
    try:
        await bare.shake_hands()
        yield bare
    finally:
        if bare.process.returncode is None:
            bare.process.kill()
        await bare.process.communicate()
