"""The wire to an MCP client: standard input and output, one JSON-RPC message a line, and nobody else's word on it.

The official transport reads in a thread that nothing can interrupt while the client is silent, takes a line of any
length into memory, and answers nothing to a line that is no message. This one waits with the event loop, bounds a line
and answers with the error that JSON-RPC has for it. What is a message, and what becomes of it, is the official
package's business.
"""

import asyncio
import errno
import os
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from typing import Any

import anyio
import mcp_types as types
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream
from mcp.shared.message import SessionMessage
from pydantic_core import from_json

LONGEST = 4_000_000
"""Bytes of one message. The longest that makes sense is a task's brief."""
_PIECE = 65_536
_SURE = 4096
"""PIPE_BUF: what a pipe that can be written to takes without making the writer wait."""

Incoming = SessionMessage | Exception


def take_standard_streams() -> tuple[int, int]:
    """Descriptors of standard input and output, kept from everybody else: who reads gets nothing, who prints stderr."""
    streams = os.dup(0), os.dup(1)
    nowhere = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nowhere, 0)
    os.close(nowhere)
    os.dup2(2, 1)
    return streams


class Wire:
    """Reads and writes a client's messages, each on a line."""

    def __init__(self, streams: tuple[int, int], on_cancel: Callable[[str, str], None]) -> None:
        """`streams`: the descriptors to read from and to write to.

        `on_cancel(request, reason)` is called at once when the client cancels a request, before it takes effect.
        """
        self._in, self._out = streams
        self._on_cancel = on_cancel
        self._turn = asyncio.Lock()
        self._unanswered: set[str] = set()
        self._changed = asyncio.Event()

    async def read(self, into: MemoryObjectSendStream[Incoming]) -> None:
        """Hand on every message until the client is gone."""
        async for line in self._lines():
            message, error = _parsed(line)
            if message is not None:
                self._notice(message)
                await into.send(SessionMessage(message))
            elif error is not None:
                await self._write(error)

    async def write(self, out_of: MemoryObjectReceiveStream[SessionMessage]) -> None:
        """Send every message until `out_of` ends. A client that does not listen any more is gone."""
        async with out_of:
            async for item in out_of:
                await self._write(item.message)
                if isinstance(item.message, types.JSONRPCResponse | types.JSONRPCError):
                    self._unanswered.discard(str(item.message.id))
                    self._changed.set()

    async def answered(self, *, but: Callable[[str], bool]) -> None:
        """Until every request is answered but those for which `but(request)` is true when others are."""
        while not all(map(but, self._unanswered)):
            self._changed.clear()
            await self._changed.wait()

    def _notice(self, message: types.JSONRPCMessage) -> None:
        if isinstance(message, types.JSONRPCRequest):
            self._unanswered.add(str(message.id))
        elif isinstance(message, types.JSONRPCNotification) and message.method == "notifications/cancelled":
            said = message.params or {}
            self._unanswered.discard(str(said.get("requestId")))  # it never will be
            self._on_cancel(str(said.get("requestId")), str(said.get("reason") or ""))

    async def _write(self, message: types.JSONRPCMessage) -> None:
        data = message.model_dump_json(by_alias=True, exclude_unset=True).encode() + b"\n"
        async with self._turn:
            with suppress(BrokenPipeError, ConnectionError):  # the end of standard input tells it, too
                for start in range(0, len(data), _SURE):
                    await self._give(data[start : start + _SURE])

    async def _give(self, data: bytes) -> None:
        while data:
            await _until_ready(self._out, asyncio.get_running_loop().add_writer, _no_writer)
            data = data[os.write(self._out, data) :]

    async def _lines(self) -> AsyncIterator[bytes | None]:
        """Line after line; None for one that is too long to be looked at."""
        rest, too_long = bytearray(), False
        while piece := await self._take():
            *ends, tail = piece.split(b"\n")
            for end in ends:
                line, rest = rest + end, bytearray()
                if too_long or len(line) > LONGEST:
                    too_long = False
                    yield None
                elif line.strip():
                    yield bytes(line)
            rest += tail
            if len(rest) > LONGEST:
                rest, too_long = bytearray(), True
        if rest.strip() and not too_long:
            yield bytes(rest)

    async def _take(self) -> bytes:
        await _until_ready(self._in, asyncio.get_running_loop().add_reader, _no_reader)
        try:
            return os.read(self._in, _PIECE)
        except OSError:
            return b""


def _no_reader(descriptor: int) -> None:
    asyncio.get_running_loop().remove_reader(descriptor)


def _no_writer(descriptor: int) -> None:
    asyncio.get_running_loop().remove_writer(descriptor)


async def _until_ready(descriptor: int, add: Callable[..., Any], remove: Callable[[int], None]) -> None:
    """Until `descriptor` can be read or written without waiting. A file always can, and cannot be asked."""
    ready = asyncio.Event()
    try:
        add(descriptor, ready.set)
    except OSError as error:
        if error.errno != errno.EPERM:
            raise
        await asyncio.sleep(0)
        return
    try:
        await ready.wait()
    finally:
        remove(descriptor)


def _parsed(line: bytes | None) -> tuple[types.JSONRPCMessage | None, types.JSONRPCError | None]:
    """The message of a line, or the answer to one that holds none."""
    if line is None:
        return None, _error(None, types.INVALID_REQUEST, f"the message is longer than {LONGEST:,} bytes")
    message: types.JSONRPCMessage | None = None
    with suppress(ValueError):
        message = types.jsonrpc_message_adapter.validate_json(line, by_name=False)
    # A request whose id cannot be one would pass for a notification, and never be answered.
    if message is not None and not (isinstance(message, types.JSONRPCNotification) and b'"id"' in line):
        return message, None
    try:
        said = from_json(line)
    except ValueError:
        return None, _error(None, types.PARSE_ERROR, "the line is no JSON: one JSON-RPC message a line is expected")
    if message is not None and "id" not in said:
        return message, None
    number = said.get("id") if isinstance(said, dict) else None
    known = number if isinstance(number, str) or (isinstance(number, int) and not isinstance(number, bool)) else None
    return None, _error(known, types.INVALID_REQUEST, "this is no JSON-RPC 2.0 message")


def _error(request: str | int | None, code: int, message: str) -> types.JSONRPCError:
    return types.JSONRPCError(jsonrpc="2.0", id=request, error=types.ErrorData(code=code, message=message))


def streams() -> tuple[
    tuple[MemoryObjectSendStream[Incoming], MemoryObjectReceiveStream[Incoming]],
    tuple[MemoryObjectSendStream[SessionMessage], MemoryObjectReceiveStream[SessionMessage]],
]:
    """Between the wire and the official server: what comes in, what goes out. Nothing is kept waiting in them."""
    return anyio.create_memory_object_stream[Incoming](0), anyio.create_memory_object_stream[SessionMessage](0)
