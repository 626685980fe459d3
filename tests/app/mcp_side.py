"""The other side of `warroom mcp`: the official client, in this process or over the pipes of a real server."""

import asyncio
import json
import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import mcp_types as types
import pytest
from command_line import WARROOM, CommandLine
from mcp import Client, StdioServerParameters

from app.serving.rooms import Rooms
from app.serving.server import Desk
from app.serving.serving import talk
from app.serving.wire import LONGEST, Wire
from tests.agents.conftest import GOOD_SLUG
from tests.fakes.ollama_server import Script, text


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

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self._number = 0

    async def say(self, line: bytes | dict[str, Any]) -> None:
        """Send a line, or a message as a line."""
        self._writer.write((line if isinstance(line, bytes) else json.dumps(line).encode()) + b"\n")
        await self._writer.drain()

    async def hear(self) -> dict[str, Any]:
        """The next message: every line is one."""
        async with asyncio.timeout(30):
            line = await self._reader.readline()
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

    def leave(self) -> None:
        """Say nothing more, as one who was killed."""
        if self._writer.can_write_eof():
            self._writer.write_eof()


@asynccontextmanager
async def connected(shell: CommandLine) -> AsyncIterator[Bare]:
    """A server in this process, on a socket as Node gives to its children; it ends when it is left.

    What it leaves under way is done with as the person has set it for a lost client.
    """
    rooms = Rooms(shell.folder, trusted=False)
    desk = Desk(rooms)
    ours, theirs = socket.socketpair()
    with theirs:
        reader, writer = await asyncio.open_connection(sock=ours, limit=LONGEST)
        talking = asyncio.create_task(talk(desk, Wire((theirs.fileno(), theirs.fileno()), desk.cancelled)))
        bare = Bare(reader, writer)
        try:
            yield bare
            bare.leave()
            await asyncio.wait_for(talking, 20)
            rooms.leave()
            await asyncio.wait_for(rooms.closed(), 20)
        finally:
            talking.cancel()
            rooms.stop()
            await asyncio.gather(talking, rooms.closed(), return_exceptions=True)
            writer.close()
            await writer.wait_closed()


@asynccontextmanager
async def started(shell: CommandLine) -> AsyncIterator[tuple[Bare, asyncio.subprocess.Process]]:
    """A server in a process of its own that shook hands; ended when the test is over."""
    process = await shell.start("mcp", stdin=asyncio.subprocess.PIPE)
    try:
        assert process.stdout is not None
        assert process.stdin is not None
        bare = Bare(process.stdout, process.stdin)
        await bare.shake_hands()
        yield bare, process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()
