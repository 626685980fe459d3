"""A fake Anthropic Messages server: real HTTP/1.1 and server-sent events on a loopback socket, scripted per test."""

import asyncio
import json
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

from agents.tasks import Usage
from tests.fakes.anthropic_limits import RateLimits
from tests.fakes.anthropic_replies import (
    CleanEnd,
    Emit,
    HardCut,
    Pause,
    Script,
    Step,
    Wait,
    failure,
    message,
    signed_by,
    text,
)
from tests.fakes.anthropic_rules import PromptCache, problem_with


@dataclass(frozen=True)
class Recorded:
    """A request as it came."""

    path: str
    headers: dict[str, str]
    body: Any
    answered: asyncio.Event = field(default_factory=asyncio.Event, compare=False)
    """The answer was sent to its end."""


class _Broken(Exception):
    """The script says that the connection ends here."""


class AnthropicServer:
    """`async with AnthropicServer(script, ...) as server`: answers requests with the scripts, in order.

    When the scripts are used up, `otherwise(request)` answers, else a short text. Requests that the real API would
    refuse get its 400 and use up no script (`strict` False: anything goes), and so do those beyond its `limits`.
    `served` is the usage it has reported.
    """

    def __init__(
        self,
        *scripts: Script,
        otherwise: Callable[[Recorded], Script] | None = None,
        strict: bool = True,
        limits: RateLimits | None = None,
    ) -> None:
        self._scripts = list(scripts)
        self._otherwise = otherwise
        self._strict = strict
        self.limits = limits
        self._cache = PromptCache()
        self._signed: set[tuple[str, str]] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self.requests: list[Recorded] = []
        self.served = Usage()
        self.refused: list[str] = []
        self.connections = 0
        """Connections open now."""
        self.accepted = 0
        """Connections ever made."""
        self.answering = 0
        """Requests that are not answered to their end yet."""
        self.most_at_once = 0
        self.requested = asyncio.Event()
        self.idle = asyncio.Event()
        self.idle.set()

    @property
    def url(self) -> str:
        """The base URL."""
        assert self._server is not None
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    def script(self, scripts: Iterable[Script]) -> None:
        """Add answers."""
        self._scripts.extend(scripts)

    async def __aenter__(self) -> "AnthropicServer":
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.wait_closed()

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(self._converse(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.accepted += 1
        self.idle.clear()
        try:
            with suppress(_Broken, ConnectionError, asyncio.IncompleteReadError):
                while request := await _read_request(reader):
                    await self._answer(request, reader, writer)
        finally:
            self.connections -= 1
            if not self.connections:
                self.idle.set()
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()

    async def _answer(self, request: Recorded, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.requests.append(request)
        self.requested.set()
        self.answering += 1
        self.most_at_once = max(self.most_at_once, self.answering)
        try:
            script, limits = self._choose(request)
            await self._tell(script, limits, request, reader, writer)
        finally:
            self.answering -= 1

    async def _tell(
        self,
        script: Script,
        limits: dict[str, str],
        request: Recorded,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        self._signed |= signed_by(script)
        prompt = script.usage or (self._cache.count(request.body) if script.status == 200 else Usage())
        headers = {"content-type": "text/event-stream", "request-id": f"req_{len(self.requests):03}"}
        headers |= limits | script.headers
        for step in script.before:
            await self._play(step, reader, writer, prompt)
        lines = [f"HTTP/1.1 {script.status} Scripted", *(f"{name}: {value}" for name, value in headers.items())]
        writer.write("\r\n".join([*lines, "transfer-encoding: chunked", "", ""]).encode())
        for step in script.steps:
            if isinstance(step, CleanEnd):
                break
            await self._play(step, reader, writer, prompt, script.piece)
        writer.write(b"0\r\n\r\n")
        await writer.drain()
        request.answered.set()

    def _choose(self, request: Recorded) -> tuple[Script, dict[str, str]]:
        """The answer, and the headers that tell of limits."""
        if (refusal := self._objection(request)) is not None:
            return refusal, {}
        told: dict[str, str] = {}
        if self.limits is not None:
            counted = self._cache.count(request.body, remember=False)
            refusal, told = self.limits.answer(request.body["model"], counted.prompt - counted.cache_read)
            if refusal is not None:
                return refusal, told
        if self._scripts:
            return self._scripts.pop(0), told
        return (self._otherwise(request) if self._otherwise else message(text("Understood."))), told

    def _objection(self, request: Recorded) -> Script | None:
        if request.path.partition("?")[0] != "/v1/messages":
            return failure(404, "not_found_error", f"no such path: {request.path}")
        if self._strict:
            problem = problem_with(request.body, self._signed)
            if not request.headers.get("authorization"):
                self.refused.append("no key")
                return failure(401, "authentication_error", "a key is required")
            if problem:
                self.refused.append(problem)
                return failure(400, "invalid_request_error", problem)
        return None

    async def _play(
        self,
        step: Step,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        prompt: Usage,
        piece: int | None = None,
    ) -> None:
        if isinstance(step, Pause):
            await asyncio.sleep(step.seconds)
        elif isinstance(step, Wait):
            if step.event is None:
                await reader.read(1)
                raise _Broken
            await step.event.wait()
        elif isinstance(step, HardCut):
            await writer.drain()
            writer.transport.abort()
            raise _Broken
        elif not isinstance(step, CleanEnd):
            data = step if isinstance(step, bytes) else self._counted(step, prompt).wire()
            size = piece or len(data) or 1
            for at in range(0, len(data), size):
                part = data[at : at + size]
                writer.write(f"{len(part):x}\r\n".encode() + part + b"\r\n")
            await writer.drain()

    def _counted(self, event: Emit, prompt: Usage) -> Emit:
        """`event` with its usage filled in, and what it reports added to `served`."""
        data = event.data
        if not isinstance(data, dict):
            return event
        if event.name == "message_start":
            self.served += prompt + Usage(output=1)
            counts = {
                "input_tokens": prompt.input,
                "output_tokens": 1,
                "cache_read_input_tokens": prompt.cache_read,
                "cache_creation_input_tokens": prompt.cache_write_5m + prompt.cache_write_1h,
                "cache_creation": {
                    "ephemeral_5m_input_tokens": prompt.cache_write_5m,
                    "ephemeral_1h_input_tokens": prompt.cache_write_1h,
                },
            }
            return Emit(event.name, {**data, "message": {"usage": counts, "model": "fake", **data["message"]}})
        if event.name == "message_delta" and "usage" in data:
            self.served += Usage(output=data["usage"]["output_tokens"] - 1)
        return event


async def _read_request(reader: asyncio.StreamReader) -> Recorded | None:
    """The next request; None when the client has closed the connection."""
    first = await reader.readline()
    if not first:
        return None
    headers: dict[str, str] = {}
    while (line := (await reader.readline()).decode("latin-1").strip()) != "":
        name, _, value = line.partition(":")
        headers[name.lower()] = value.strip()
    raw = await reader.readexactly(int(headers.get("content-length", "0")))
    return Recorded(path=first.decode("latin-1").split()[1], headers=headers, body=json.loads(raw) if raw else None)
