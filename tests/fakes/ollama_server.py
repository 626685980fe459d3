"""A fake Ollama at wire level: real sockets on loopback, HTTP/1.1, chunked lines of JSON; scripted per test.

    async with FakeOllama() as server:
        server.reply(text("hello"), stall_before_headers())      # one script per chat, in order
        model = OllamaModel("m:1b", url=server.url, ...)

Without a script a chat is answered by `server.answer(body)`, which says "ok". Every request is recorded; a recorded
request's `disconnected` is set when the client hangs up before the answer is complete.
"""

import asyncio
import json
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

CREATED_AT = "2026-11-01T10:00:00.123456789Z"
NOT_FOUND = "404 page not found"
STREAM = "application/x-ndjson"
JSON = "application/json; charset=utf-8"


@dataclass(frozen=True)
class Line:
    """One JSON line in a chunk of its own."""

    value: Any


@dataclass(frozen=True)
class Raw:
    """Bytes in a chunk of their own: garbage, half a line, several lines."""

    data: bytes


@dataclass(frozen=True)
class Pause:
    """Nothing for a while."""

    seconds: float


@dataclass(frozen=True)
class Stall:
    """Nothing until the client hangs up, the server closes, or `until` is set."""

    until: asyncio.Event | None = None


@dataclass(frozen=True)
class CutHard:
    """The connection is reset in the middle."""


@dataclass(frozen=True)
class CutClean:
    """The stream ends as it should, whatever was said."""


@dataclass(frozen=True)
class Whole:
    """A whole answer instead of a stream: an error status, a web page."""

    status: int
    body: str
    content_type: str = JSON


Step = Line | Raw | Pause | Stall | CutHard | CutClean | Whole
Script = tuple[Step, ...]


def chunk(content: str = "", *, tool_calls: Sequence[dict[str, Any]] = (), **more: Any) -> Line:
    """A line that is not the last."""
    message: dict[str, Any] = {"role": "assistant", "content": content}
    if tool_calls:
        message["tool_calls"] = list(tool_calls)
    return Line({"model": "m", "created_at": CREATED_AT, "message": {**message, **more}, "done": False})


def done(
    *,
    prompt: int | None = 20,
    output: int | None = 5,
    reason: str | None = "stop",
    tool_calls: Sequence[dict[str, Any]] = (),
    tokens_per_second: float = 50.0,
    load_s: float = 0.0,
) -> Line:
    """The last line. Zero and None are left out, as Go leaves them out."""
    message: dict[str, Any] = {"role": "assistant", "content": ""}
    if tool_calls:
        message["tool_calls"] = list(tool_calls)
    counts = {
        "total_duration": 1_000_000,
        "load_duration": int(load_s * 1e9),
        "prompt_eval_count": prompt,
        "eval_count": output,
        "eval_duration": int((output or 0) / tokens_per_second * 1e9),
    }
    last: dict[str, Any] = {"model": "m", "created_at": CREATED_AT, "message": message, "done": True}
    if reason is not None:
        last["done_reason"] = reason
    return Line({**last, **{name: count for name, count in counts.items() if count}})


def call(name: str, arguments: Any, *, identity: str | None = "call_ab12cd34", index: int = 0) -> dict[str, Any]:
    """A tool call as Ollama writes it: `arguments` is an object."""
    wire: dict[str, Any] = {"function": {"index": index, "name": name, "arguments": arguments}}
    return {"id": identity, **wire} if identity is not None else wire


def text(*pieces: str, **last: Any) -> Script:
    """A reply in pieces."""
    return (*(chunk(piece) for piece in pieces), done(**last))


def calls_apart(*tool_calls: dict[str, Any], before: str = "", **last: Any) -> Script:
    """Tool calls in a chunk of their own, before the last line."""
    return (*((chunk(before),) if before else ()), chunk(tool_calls=tool_calls), done(**last))


def calls_at_the_end(*tool_calls: dict[str, Any], **last: Any) -> Script:
    """Tool calls on the last line."""
    return (done(tool_calls=tool_calls, **last),)


def error(status: int, message: Any) -> Script:
    """An error before the first line: its own status."""
    return (Whole(status, json.dumps({"error": message})),)


def error_in_stream(message: Any, *pieces: str) -> Script:
    """An error after the first line: status 200 stays."""
    return (*(chunk(piece) for piece in pieces), Line({"error": message}))


@dataclass
class Installed:
    """A model the server has."""

    size: int = 4_683_075_271
    vram: int | None = None
    """In memory: bytes on the GPU; None: all of them."""
    capabilities: list[str] | None = field(default_factory=lambda: ["completion", "tools"])
    context_length: int | None = 32768
    remote: str = ""
    """Whom the server hands it on to."""


@dataclass
class Recorded:
    """A request as it came."""

    method: str
    path: str
    headers: dict[str, str]
    body: Any
    disconnected: asyncio.Event = field(default_factory=asyncio.Event)
    answered: asyncio.Event = field(default_factory=asyncio.Event)


def say_ok(_body: dict[str, Any]) -> Script:
    """The answer of a server without a script."""
    return text("ok")


class FakeOllama:
    """The server. `port` 0: any free one."""

    def __init__(self, *models: str, port: int = 0) -> None:
        self.models: dict[str, Installed] = {name: Installed() for name in models or ("m:1b",)}
        self.loaded: dict[str, int] = {}
        """Name to num_ctx."""
        self.loads: list[tuple[str, int]] = []
        """Every load, as name and num_ctx; a reload for another num_ctx is one more."""
        self.unloads: list[str] = []
        self.reloads = 0
        self.version = "0.33.0"
        self.requests: list[Recorded] = []
        self.answer: Callable[[dict[str, Any]], Iterable[Step]] = say_ok
        self.overrides: dict[str, Script] = {}
        """Path to what is answered there instead, every time."""
        self.pulls: dict[str, Script] = {}
        self.tokens_read = 0
        self.tokens_written = 0
        self._scripts: deque[Script] = deque()
        self._chatting = asyncio.Event()
        self._asked = asyncio.Event()
        self._port = port
        self._connections: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._port}"

    @property
    def chats(self) -> list[Recorded]:
        """The chat requests that asked for a reply."""
        return [request for request in self.requests if request.path == "/api/chat" and request.body.get("messages")]

    async def chatting(self) -> None:
        """Wait until a first chat that asks for a reply has come."""
        await self._chatting.wait()

    async def asked(self, path: str) -> None:
        """Wait until something was asked at `path`."""
        while not any(request.path == path for request in self.requests):
            self._asked.clear()
            await self._asked.wait()

    def reply(self, *scripts: Iterable[Step]) -> None:
        """Answer the next chats so, in this order."""
        self._scripts.extend(tuple(script) for script in scripts)

    async def __aenter__(self) -> "FakeOllama":
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", self._port, limit=2**20)
        self._port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, failure: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._server is not None:
            self._server.close()
            for task in list(self._connections):
                task.cancel()
            await asyncio.gather(*self._connections, return_exceptions=True)
            await self._server.wait_closed()

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(self._serve(reader, writer))
        self._connections.add(task)
        task.add_done_callback(self._connections.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One request a connection: then reading again can only mean that the client hung up."""
        try:
            request = await _read_request(reader)
            if request is not None:
                self.requests.append(request)
                self._asked.set()
                await self._answer(request, reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()

    async def _answer(self, request: Recorded, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        answering = asyncio.ensure_future(self._play(self._script(request), writer))
        hung_up = asyncio.ensure_future(reader.read(1))
        try:
            await asyncio.wait({answering, hung_up}, return_when=asyncio.FIRST_COMPLETED)
            if answering.done() and answering.exception() is None:
                request.answered.set()
            else:
                request.disconnected.set()
        finally:
            for task in (answering, hung_up):
                task.cancel()
            await asyncio.gather(answering, hung_up, return_exceptions=True)

    def _script(self, request: Recorded) -> Script:
        body = request.body if isinstance(request.body, dict) else {}
        name = body.get("model", "")
        match request.method, request.path:
            case _, path if path in self.overrides:
                return self.overrides[path]
            case "GET", "/":
                return (Whole(200, "Ollama is running", "text/plain; charset=utf-8"),)
            case "GET", "/api/version":
                return _json({"version": self.version})
            case "GET", "/api/tags":
                return _json({"models": [_tag(name, model) for name, model in self.models.items()]})
            case "GET", "/api/ps":
                return _json({"models": [_process(name, self.models[name], n) for name, n in self.loaded.items()]})
            case "POST", "/api/show":
                return _json(_show(self.models[name])) if name in self.models else _missing(name)
            case "POST", "/api/pull":
                return self._pull(name)
            case "POST", "/api/chat":
                return self._chat(name, body)
        return (Whole(404, NOT_FOUND, "text/plain"),)

    def _chat(self, name: str, body: dict[str, Any]) -> Script:
        if name not in self.models:
            return _missing(name)
        if not body.get("messages"):
            unload = body.get("keep_alive") == 0
            if unload:
                self.unloads.append(name)
                self.loaded.pop(name, None)
            else:
                self._load(name, body)
            reason = "unload" if unload else "load"
            message = {"role": "assistant", "content": ""}
            return _json({"model": name, "message": message, "done": True, "done_reason": reason})
        self._load(name, body)
        self._chatting.set()
        return self._scripts.popleft() if self._scripts else tuple(self.answer(body))

    def _load(self, name: str, body: dict[str, Any]) -> None:
        num_ctx = body.get("options", {}).get("num_ctx", 4096)
        if self.loaded.get(name, num_ctx) != num_ctx:
            self.reloads += 1
        if self.loaded.get(name) != num_ctx:
            self.loads.append((name, num_ctx))
        self.loaded[name] = num_ctx

    def _pull(self, name: str) -> Script:
        if name in self.pulls:
            return self.pulls[name]
        if name not in self.models:
            return (Line({"status": "pulling manifest"}), Line({"error": "pull model manifest: file does not exist"}))
        size = self.models[name].size
        layer = {"status": "pulling 2bada8a74506", "digest": "sha256:2bada8a74506", "total": size}
        steps = [Line({**layer, "completed": size * part // 4}) for part in range(1, 5)]
        ends = ("verifying sha256 digest", "writing manifest", "success")
        return (Line({"status": "pulling manifest"}), Line(layer), *steps, *(Line({"status": end}) for end in ends))

    async def _play(self, script: Script, writer: asyncio.StreamWriter) -> None:
        began = False
        for step in script:
            match step:
                case Whole(status, body, content_type):
                    data = body.encode()
                    writer.write(_head(status, content_type, f"Content-Length: {len(data)}") + data)
                    await writer.drain()
                    return
                case Pause(seconds):
                    await asyncio.sleep(seconds)
                case Stall(until):
                    await (until or asyncio.Event()).wait()
                case CutHard():
                    writer.transport.abort()
                    return
                case CutClean():
                    break
                case Line() | Raw():
                    if not began:
                        writer.write(_head(200, STREAM, "Transfer-Encoding: chunked"))
                        began = True
                    data = step.data if isinstance(step, Raw) else json.dumps(step.value).encode() + b"\n"
                    self._count(step)
                    writer.write(b"%x\r\n" % len(data) + data + b"\r\n")
                    await writer.drain()
        if not began:
            writer.write(_head(200, STREAM, "Transfer-Encoding: chunked"))
        writer.write(b"0\r\n\r\n")
        await writer.drain()

    def _count(self, step: Step) -> None:
        if isinstance(step, Line) and isinstance(step.value, dict) and step.value.get("done"):
            self.tokens_read += step.value.get("prompt_eval_count", 0)
            self.tokens_written += step.value.get("eval_count", 0)


async def _read_request(reader: asyncio.StreamReader) -> Recorded | None:
    head = await reader.readuntil(b"\r\n\r\n")
    first, *rest = head.decode("latin-1").rstrip().split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in rest)}
    method, path, _ = first.split(" ", 2)
    data = await reader.readexactly(int(headers.get("content-length", "0")))
    return Recorded(method, path, headers, json.loads(data) if data else None)


def _head(status: int, content_type: str, more: str) -> bytes:
    return f"HTTP/1.1 {status} X\r\nContent-Type: {content_type}\r\nConnection: close\r\n{more}\r\n\r\n".encode()


def _json(value: Any) -> Script:
    return (Whole(200, json.dumps(value)),)


def _missing(name: str) -> Script:
    return error(404, f"model '{name}' not found")


_DETAILS = {
    "parent_model": "",
    "format": "gguf",
    "family": "qwen2",
    "families": ["qwen2"],
    "parameter_size": "7.6B",
    "quantization_level": "Q4_K_M",
}


def _tag(name: str, model: Installed) -> dict[str, Any]:
    tag: dict[str, Any] = {
        "name": name,
        "model": name,
        "modified_at": "2026-05-10T08:06:48.639712648-07:00",
        "size": model.size,
        "digest": "0" * 64,
        "details": _DETAILS,
    }
    return tag if model.capabilities is None else {**tag, "capabilities": model.capabilities}


def _process(name: str, model: Installed, num_ctx: int) -> dict[str, Any]:
    process: dict[str, Any] = {"name": name, "model": name, "size": model.size, "digest": "0" * 64, "details": _DETAILS}
    vram = model.size if model.vram is None else model.vram
    return {**process, "expires_at": "2318-06-04T14:38:31.83753-07:00", "size_vram": vram, "context_length": num_ctx}


def _show(model: Installed) -> dict[str, Any]:
    info: dict[str, Any] = {"general.architecture": "qwen2", "tokenizer.ggml.tokens": None}
    if model.context_length is not None:
        info["qwen2.context_length"] = model.context_length
    shown: dict[str, Any] = {"modelfile": "FROM x", "template": "", "details": _DETAILS, "model_info": info}
    if model.remote:
        shown |= {"remote_host": model.remote, "remote_model": "far"}
    return shown if model.capabilities is None else {**shown, "capabilities": model.capabilities}
