"""The Ollama adapter through the real client, against a fake server that misbehaves in every way we know of."""

import asyncio
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import aclosing
from datetime import UTC, datetime
from typing import Any

import pytest

from agents.clock import SystemClock
from agents.models.chat import (
    ChatRequest,
    Finished,
    Loading,
    Message,
    Part,
    StopReason,
    TextDelta,
    ToolCall,
    ToolResult,
    ToolSpec,
)
from agents.models.errors import (
    BadRequest,
    BadResponse,
    ContextOverflow,
    ModelError,
    NotAllowed,
    NoToolSupport,
    NotPulled,
    Overloaded,
    RateLimited,
    StreamCut,
    TimedOut,
    Unreachable,
)
from agents.models.ollama import OllamaModel
from agents.models.ollama_endpoint import endpoint_url, is_loopback
from agents.models.ollama_server import OllamaServer
from agents.settings import TierSettings
from agents.tasks import Usage
from tests.fakes.ollama_server import (
    CutClean,
    CutHard,
    FakeOllama,
    Installed,
    Line,
    Raw,
    Script,
    Stall,
    Whole,
    call,
    calls_apart,
    calls_at_the_end,
    chunk,
    done,
    error,
    error_in_stream,
    text,
)

WRITE = ToolSpec(
    name="file_write",
    description="Write a file.",
    parameters={
        "type": "object",
        "properties": {
            "path": {"type": "string", "minLength": 1},
            "edits": {"type": "array", "items": {"type": "object"}},
        },
        "required": ["path"],
        "additionalProperties": False,
    },
)


class FastClock:
    """Real time, a hundred times faster: limits of minutes are over in a test."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic() * 100

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds / 100)


@pytest.fixture
async def server() -> AsyncIterator[FakeOllama]:
    async with FakeOllama("m:1b") as running:
        yield running


def tier(**changes: Any) -> TierSettings:
    return TierSettings.model_validate({"provider": "ollama", "model": "m:1b", "num_ctx": 4096, **changes})


@pytest.fixture
async def model(server: FakeOllama) -> AsyncIterator[OllamaModel]:
    ready = OllamaModel("m:1b", url=server.url, settings=tier(), clock=SystemClock())
    await ready.server.client()  # importing it takes seconds on a busy machine, and that shows as LOADING
    yield ready
    await ready.aclose()


def request(ask: str = "hi", **changes: Any) -> ChatRequest:
    return ChatRequest.model_validate(
        {"system": "Be brief.", "messages": (Message(role="user", content=ask),), "max_tokens": 256, **changes}
    )


async def parts_of(model: OllamaModel, asked: ChatRequest | None = None) -> list[Part]:
    return [part async for part in model.stream(asked or request())]


async def hear(model: OllamaModel, heard: list[Part]) -> None:
    async for part in model.stream(request()):
        heard.append(part)


async def finish(model: OllamaModel, asked: ChatRequest | None = None) -> Finished:
    last = (await parts_of(model, asked))[-1]
    assert isinstance(last, Finished)
    return last


# What is sent


async def test_a_reply_streams_as_text_and_ends_with_what_it_cost(server: FakeOllama, model: OllamaModel) -> None:
    server.reply(text("Hel", "lo", prompt=31, output=7, tokens_per_second=50, load_s=1.5))
    parts = await parts_of(model)
    assert parts[:-1] == [TextDelta(text="Hel"), TextDelta(text="lo")]
    finished = parts[-1]
    assert isinstance(finished, Finished)
    assert finished.message == Message(role="assistant", content="Hello")
    assert finished.usage == Usage(input=31, output=7)
    assert (server.tokens_read, server.tokens_written) == (31, 7)
    assert finished.stop is StopReason.END
    assert finished.tokens_per_second == pytest.approx(50)
    assert finished.load_seconds == pytest.approx(1.5)
    assert finished.seconds > 0


async def test_the_request_says_everything_ollama_must_not_guess(server: FakeOllama, model: OllamaModel) -> None:
    await finish(model, request(tools=(WRITE,), seed=7))
    body = server.chats[0].body
    assert body["options"] == {"num_ctx": 4096, "num_predict": 256, "temperature": 0.0, "seed": 7}
    assert (body["truncate"], body["shift"], body["stream"]) == (False, False, True)
    assert body["keep_alive"] == "10m"
    assert body["messages"] == [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "hi"}]
    function = {"name": "file_write", "description": "Write a file.", "parameters": WRITE.parameters}
    assert body["tools"] == [{"type": "function", "function": function}]
    assert "think" not in body
    assert "format" not in body


async def test_num_ctx_never_changes_and_num_predict_is_what_fits(server: FakeOllama, model: OllamaModel) -> None:
    await finish(model, request(max_tokens=4096))
    await finish(model, request("word " * 1500, max_tokens=4096))
    small, large = (recorded.body["options"] for recorded in server.chats)
    assert small["num_ctx"] == large["num_ctx"] == 4096
    assert 500 < large["num_predict"] < small["num_predict"] < 4096
    assert server.reloads == 0


async def test_a_transcript_with_tools_goes_out_as_ollama_wants_it(server: FakeOllama, model: OllamaModel) -> None:
    calls = (
        ToolCall(id="call_a", name="file_read", arguments={"path": "a.py"}),
        ToolCall(id="call_b", name="file_read", arguments={"path": "ü\ud800.py"}),
    )
    results = (
        ToolResult(call_id="call_a", name="file_read", content="1: x"),
        ToolResult(call_id="call_b", name="file_read", content="no such file", is_error=True),
    )
    messages = (
        Message(role="user", content="read"),
        Message(role="assistant", tool_calls=calls),
        Message(role="tool", tool_results=results),
    )
    await finish(model, request(messages=messages))
    sent = server.chats[0].body["messages"][2:]
    assert sent[0]["role"] == "assistant"
    assert sent[0]["content"] == ""
    assert [one["function"]["arguments"] for one in sent[0]["tool_calls"]] == [{"path": "a.py"}, {"path": "ü\ufffd.py"}]
    assert sent[1:] == [
        {"role": "tool", "tool_name": "file_read", "tool_call_id": "call_a", "content": "1: x"},
        {"role": "tool", "tool_name": "file_read", "tool_call_id": "call_b", "content": "no such file"},
    ]


async def test_a_schema_is_sent_as_format(server: FakeOllama, model: OllamaModel) -> None:
    schema = {"type": "object", "properties": {"a": {"type": "integer"}}}
    await finish(model, request(schema=schema))
    assert server.chats[0].body["format"] == schema


async def test_a_model_that_thinks_is_told_not_to_and_what_it_thinks_is_not_its_reply(server: FakeOllama) -> None:
    server.models["m:1b"] = Installed(capabilities=["completion", "tools", "thinking"])
    server.reply((chunk("", thinking="hmm"), chunk("yes"), done()))
    thinker = OllamaModel("m:1b", url=server.url, settings=tier(), clock=SystemClock())
    assert (await finish(thinker)).message.content == "yes"
    await finish(thinker)
    await thinker.aclose()
    assert [recorded.body["think"] for recorded in server.chats] == [False, False]
    assert [recorded.path for recorded in server.requests].count("/api/show") == 1


@pytest.mark.parametrize(("setting", "sent"), [("-1", -1), ("300", 300), ("1h30m", "1h30m")])
async def test_keep_alive_without_a_unit_is_a_number(server: FakeOllama, setting: str, sent: object) -> None:
    kept = OllamaModel("m:1b", url=server.url, settings=tier(keep_alive=setting), clock=SystemClock())
    await finish(kept)
    await kept.aclose()
    assert server.chats[0].body["keep_alive"] == sent


# Tool calls


async def test_tool_calls_are_taken_from_every_line(server: FakeOllama, model: OllamaModel) -> None:
    first = call("file_write", {"path": "a.py", "content": "x = 1\n"})
    server.reply(
        calls_apart(first, before="Writing."),
        calls_at_the_end(first),
        (chunk(tool_calls=[first]), done(tool_calls=[call("file_write", {"path": "b.py"}, identity="call_2")])),
    )
    for expected in (["a.py"], ["a.py"], ["a.py", "b.py"]):
        finished = await finish(model, request(tools=(WRITE,)))
        assert [one.arguments["path"] for one in finished.message.tool_calls] == expected
        assert finished.stop is StopReason.TOOLS
        assert finished.message.tool_calls[0].id == "call_ab12cd34"


async def test_calls_without_or_with_the_same_id_get_their_own(server: FakeOllama, model: OllamaModel) -> None:
    server.reply(
        calls_at_the_end(call("f", {}, identity=None), call("f", {}, identity=None)),
        calls_at_the_end(call("f", {}), call("f", {})),
    )
    for _ in range(2):
        ids = [one.id for one in (await finish(model, request(tools=(WRITE,)))).message.tool_calls]
        assert len(set(ids)) == 2
        assert all(ids)


async def test_arguments_as_a_string_or_null_are_read_although_the_clients_own_reader_would_lose_the_reply(
    server: FakeOllama, model: OllamaModel
) -> None:
    server.reply(calls_at_the_end(call("f", '{"path": "a.py"}'), call("g", None, identity="2")))
    calls = (await finish(model, request(tools=(WRITE,)))).message.tool_calls
    assert [one.arguments for one in calls] == [{"path": "a.py"}, {}]


async def test_half_a_character_in_arguments_cannot_break_files_or_the_store(
    server: FakeOllama, model: OllamaModel
) -> None:
    server.reply((Raw(json.dumps(calls_at_the_end(call("f", {"a": ["\ud800"]}))[0].value).encode() + b"\n"),))
    finished = await finish(model, request(tools=(WRITE,)))
    assert finished.message.tool_calls[0].arguments == {"a": ["\ufffd"]}
    finished.model_dump_json()


# The window


async def test_a_prompt_that_cannot_fit_is_noticed_before_anything_is_sent(
    server: FakeOllama, model: OllamaModel
) -> None:
    with pytest.raises(ContextOverflow, match="no room for a reply.*num_ctx") as raised:
        await finish(model, request("word " * 6000))
    assert server.requests == []
    assert raised.value.limit == 4096
    assert raised.value.prompt_tokens is not None
    assert raised.value.prompt_tokens > 4096
    assert not raised.value.environment


async def test_a_model_trained_on_less_than_num_ctx_has_the_smaller_window(server: FakeOllama) -> None:
    server.models["m:1b"] = Installed(context_length=2048)
    small = OllamaModel("m:1b", url=server.url, settings=tier(num_ctx=16384), clock=SystemClock())
    assert small.window == 16384
    await finish(small)
    assert small.window == 2048
    with pytest.raises(ContextOverflow, match="window of 2048"):
        await finish(small, request("word " * 2500))
    await small.aclose()
    assert len(server.chats) == 1
    assert server.chats[0].body["options"]["num_ctx"] == 16384


async def test_silent_truncation_is_noticed_by_the_count(server: FakeOllama, model: OllamaModel) -> None:
    server.reply(text("lost the plot", prompt=700), text("fine", prompt=2600), text("no count", prompt=None))
    long = request("word " * 2500)
    with pytest.raises(ContextOverflow, match="read only 700 of about"):
        await finish(model, long)
    assert (await finish(model, long)).message.content == "fine"
    assert (await finish(model, long)).usage.input == 0


LONG = "the prompt is longer than the context length currently available to the model; shorten the prompt"
NATIVE = json.dumps({"error": {"code": 400, "message": "request (12030 tokens)", "type": "exceed_context_size_error"}})


@pytest.mark.parametrize(
    "script", [error(400, LONG), error(400, NATIVE), error(500, NATIVE), error_in_stream(LONG, "a")]
)
async def test_the_servers_own_refusal_of_a_long_prompt_is_an_overflow(
    server: FakeOllama, model: OllamaModel, script: Script
) -> None:
    server.reply(script)
    with pytest.raises(ContextOverflow):
        await finish(model)


async def test_length_is_max_tokens_when_we_asked_for_no_more_and_overflow_when_the_window_ended(
    server: FakeOllama, model: OllamaModel
) -> None:
    server.reply(text("x", prompt=50, output=256, reason="length"), text("x", prompt=4000, output=96, reason="length"))
    assert (await finish(model)).stop is StopReason.MAX_TOKENS
    with pytest.raises(ContextOverflow, match="ran into the end of the window"):
        await finish(model)


@pytest.mark.parametrize(
    "said",
    [
        'llama-server returned invalid tool call arguments for "file_write": unexpected end of JSON input',
        "prediction aborted, token repeat limit reached",
    ],
)
async def test_a_reply_the_server_gave_up_on_ends_at_max_tokens_and_is_not_retried_for_nothing(
    server: FakeOllama, model: OllamaModel, said: str
) -> None:
    server.reply(error_in_stream(said, "I will", " write"), error(500, said))
    cut_short = await finish(model, request(tools=(WRITE,)))
    assert cut_short.stop is StopReason.MAX_TOKENS
    assert cut_short.message.content == "I will write"
    assert (await finish(model, request(tools=(WRITE,)))).stop is StopReason.MAX_TOKENS


# Failures


HTML = "<html><body>502 Bad Gateway</body></html>"
BUSY = "server busy, please try again.  maximum pending requests exceeded"
NO_MEMORY = "model requires more system memory (9.1 GiB) than is available (3.0 GiB)"


@pytest.mark.parametrize(
    ("script", "kind", "says"),
    [
        (error(503, BUSY), Overloaded, "server busy, please try again"),
        (error(500, "llama runner process has terminated: signal: killed"), Overloaded, "terminated"),
        ((Whole(502, HTML, "text/html"),), Overloaded, "web page"),
        (error(500, NO_MEMORY), BadRequest, "smaller model"),
        (error(400, {"code": 400, "message": "bad option"}), BadRequest, "bad option"),
        (error(400, "registry.ollama.ai/library/m:1b does not support tools"), NoToolSupport, "takes no tools"),
        (error(401, "unauthorized"), NotAllowed, "OLLAMA_API_KEY"),
        (error(429, "slow down"), RateLimited, "slow down"),
        ((Whole(400, '["a", "list"]'),), BadResponse, "not Ollama's protocol"),
        ((Whole(200, HTML, "text/html"),), BadResponse, "not Ollama's protocol"),
        (error_in_stream("an error was encountered while running the model: CUDA", "a"), Overloaded, "CUDA"),
        (error_in_stream({"code": 500, "message": "CUDA"}, "a"), BadResponse, "not Ollama's protocol"),
        (error_in_stream(["CUDA"], "a"), BadResponse, "not Ollama's protocol"),
        ((chunk("a"), Raw(b"\n"), done()), BadResponse, "not Ollama's protocol"),
        ((chunk("a"), Raw(b'{"message": {"con\n')), BadResponse, "not Ollama's protocol"),
        ((chunk("a"), Raw(b"\xff\xfe\x00garbage\n")), BadResponse, "not Ollama's protocol"),
        ((Raw(b"[" * 50_000 + b"\n"),), BadResponse, "not Ollama's protocol"),
        ((Line(["a list"]),), BadResponse, "not Ollama's protocol"),
        ((Line({"model": "m", "done": True}),), BadResponse, "not Ollama's protocol"),
        (calls_at_the_end(call("f", "not JSON")), BadResponse, "not Ollama's protocol"),
        ((chunk("a"), CutClean()), StreamCut, "in the middle"),
        ((chunk("a"), CutHard()), StreamCut, "in the middle"),
        ((CutHard(),), StreamCut, "in the middle"),
        ((CutClean(),), StreamCut, "in the middle"),
    ],
)
async def test_every_failure_is_typed_and_says_what_to_do(
    server: FakeOllama, model: OllamaModel, script: Script, kind: type[ModelError], says: str
) -> None:
    server.reply(script)
    with pytest.raises(kind, match=says) as raised:
        await finish(model, request(tools=(WRITE,)))
    assert type(raised.value) is kind
    assert "\n" not in str(raised.value)
    assert (await finish(model)).message.content == "ok", "the next request works"


async def test_a_model_that_is_not_there_says_how_to_get_it(server: FakeOllama) -> None:
    missing = OllamaModel("nope:7b", url=server.url, settings=tier(), clock=SystemClock())
    with pytest.raises(
        NotPulled, match=r"Model nope:7b is not pulled: `ollama pull nope:7b`.*warroom models pull nope:7b"
    ):
        await finish(missing)
    await missing.aclose()


async def test_another_web_server_at_the_address_is_said_so(server: FakeOllama, model: OllamaModel) -> None:
    server.overrides["/api/chat"] = (Whole(404, "404 page not found", "text/plain"),)
    with pytest.raises(BadRequest, match="not an Ollama server"):
        await finish(model)


async def test_a_server_without_show_still_chats(server: FakeOllama, model: OllamaModel) -> None:
    server.overrides["/api/show"] = (Whole(404, "404 page not found", "text/plain"),)
    assert (await finish(model)).message.content == "ok"


async def test_nobody_there_is_unreachable_and_names_the_address_and_the_fix() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}"
        alone = OllamaModel("m:1b", url=url, settings=tier(), clock=SystemClock())
        with pytest.raises(Unreachable, match=rf"{url}.*`ollama serve`"):
            await finish(alone)
        await alone.aclose()


async def test_a_url_that_is_none_is_a_bad_request() -> None:
    wrong = OllamaModel("m:1b", url="http://[::1", settings=tier(), clock=SystemClock())
    with pytest.raises(BadRequest, match="not the address"):
        await finish(wrong)
    await wrong.aclose()


async def test_a_proxy_in_the_environment_does_not_stand_between_us_and_this_machine(
    server: FakeOllama, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    direct = OllamaModel("m:1b", url=server.url, settings=tier(), clock=SystemClock())
    assert (await finish(direct)).message.content == "ok"
    await direct.aclose()


# Hostile text


async def test_escape_sequences_never_come_through(server: FakeOllama, model: OllamaModel) -> None:
    server.reply(text("\x1b]0;owned\x07safe", "\x1b[2J", "\u202eevil\x00"))
    parts = await parts_of(model)
    everything = "".join(part.text for part in parts if isinstance(part, TextDelta)) + str(parts[-1])
    assert "\x1b" not in everything
    assert "\x07" not in everything
    assert "\u202e" not in everything
    assert isinstance(parts[-1], Finished)
    assert parts[-1].message.content == "safeevil"


async def test_a_huge_line_is_read_and_a_reply_without_end_is_stopped(server: FakeOllama, model: OllamaModel) -> None:
    server.reply(text("x" * 1_000_000), tuple(chunk("y" * 500_000) for _ in range(9)))
    assert len((await finish(model)).message.content) == 1_000_000
    with pytest.raises(BadResponse, match="without end"):
        await finish(model)


async def test_nonsense_counts_do_not_reach_the_ledger(server: FakeOllama, model: OllamaModel) -> None:
    last = {
        "message": {"content": "x"},
        "done": True,
        "prompt_eval_count": -5,
        "eval_count": 10**30,
        "eval_duration": "x",
    }
    server.reply((Line(last),))
    finished = await finish(model)
    assert finished.usage.input == 0
    assert finished.usage.output <= 2**53
    assert finished.tokens_per_second is None


# Waiting and leaving


async def connected(server: FakeOllama, **changes: Any) -> OllamaModel:
    """A model under a fast clock whose client is open already: only the waiting is measured."""
    slow = OllamaModel("m:1b", url=server.url, settings=tier(**changes), clock=FastClock())
    await slow.server.client()
    return slow


async def test_while_a_model_loads_the_screen_hears_of_it_and_then_the_limit_ends_it(server: FakeOllama) -> None:
    server.reply((Stall(), *text("never")))
    slow = await connected(server, first_byte_s=150)
    heard: list[Part] = []
    with pytest.raises(TimedOut, match="150 s"):
        await hear(slow, heard)
    assert len(heard) >= 3
    assert all(isinstance(part, Loading) for part in heard)
    async with asyncio.timeout(5):
        await server.chats[0].disconnected.wait()
    await slow.aclose()


async def test_a_cold_start_is_no_failure(server: FakeOllama) -> None:
    ready = asyncio.Event()
    server.reply((Stall(ready), *text("at last", load_s=90)))
    slow = await connected(server, first_byte_s=2000)
    parts: list[Part] = []
    async for part in slow.stream(request()):
        parts.append(part)
        ready.set()
    await slow.aclose()
    assert isinstance(parts[0], Loading)
    assert isinstance(parts[-1], Finished)
    assert parts[-1].load_seconds == 90


async def test_silence_between_chunks_has_its_own_limit(server: FakeOllama) -> None:
    server.reply((chunk("a"), Stall()))
    slow = await connected(server, first_byte_s=2000, between_chunks_s=10)
    with pytest.raises(TimedOut, match="10 s"):
        await finish(slow)
    await slow.aclose()


async def test_a_server_may_be_silent_for_longer_while_it_writes_a_tool_call(server: FakeOllama) -> None:
    ready = asyncio.Event()
    server.reply((chunk("a"), Stall(ready), *calls_at_the_end(call("f", {}))))
    patient = await connected(server, first_byte_s=2000, between_chunks_s=5)
    asyncio.get_running_loop().call_later(0.3, ready.set)
    assert (await finish(patient, request(tools=(WRITE,)))).stop is StopReason.TOOLS
    await patient.aclose()


@pytest.mark.parametrize("script", [(Stall(),), (chunk("a"), chunk("b"), Stall())])
async def test_cancelling_closes_the_connection_within_a_second(
    server: FakeOllama, model: OllamaModel, script: Script
) -> None:
    server.reply(script)
    task = asyncio.create_task(finish(model))
    async with asyncio.timeout(10):
        await server.chatting()
    task.cancel()
    async with asyncio.timeout(1):
        with pytest.raises(asyncio.CancelledError):
            await task
        await server.chats[0].disconnected.wait()
    assert (await finish(model)).message.content == "ok"


async def test_closing_the_stream_closes_the_connection(server: FakeOllama, model: OllamaModel) -> None:
    server.reply((chunk("a"), Stall()))
    stream = model.stream(request())
    async with aclosing(stream) as parts:
        assert await anext(parts) == TextDelta(text="a")
    async with asyncio.timeout(1):
        await server.chats[0].disconnected.wait()


async def test_two_first_calls_at_once_share_one_client(server: FakeOllama, model: OllamaModel) -> None:
    first, second = await asyncio.gather(finish(model), finish(model))
    assert first.message == second.message


def test_the_client_is_not_imported_before_the_first_call() -> None:
    code = (
        "import sys, agents.models.ollama as o, agents.models.probe\n"
        "from agents.clock import SystemClock\nfrom agents.settings import TierSettings\n"
        "o.OllamaModel('m', url=None, settings=TierSettings(provider='ollama', model='m'), clock=SystemClock())\n"
        "sys.exit(bool({'ollama', 'httpx'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


# Where the server is


@pytest.mark.parametrize(
    ("url", "environment", "expected"),
    [
        (None, None, "http://127.0.0.1:11434"),
        ("", "", "http://127.0.0.1:11434"),
        ("http://1.2.3.4", None, "http://1.2.3.4:11434"),
        ("https://gpu.example", None, "https://gpu.example:443"),
        ("gpu.example", None, "http://gpu.example:11434"),
        ("HTTP://gpu.example:80/", None, "http://gpu.example:80"),
        ("http://gpu.example/ollama/", None, "http://gpu.example:11434/ollama"),
        ("http://[::1]", None, "http://[::1]:11434"),
        (None, "http://1.2.3.4", "http://1.2.3.4:80"),
        (None, "1.2.3.4", "http://1.2.3.4:11434"),
        (None, ":5000", "http://127.0.0.1:5000"),
        (None, "0.0.0.0:5000", "http://127.0.0.1:5000"),
        ("http://host:1", "http://other:2", "http://host:1"),
    ],
)
def test_addresses(url: str | None, environment: str | None, expected: str) -> None:
    environ = {} if environment is None else {"OLLAMA_HOST": environment}
    assert endpoint_url(url, environ) == expected


@pytest.mark.parametrize("url", ["http://host:port", "ftp://host", "http://a b", "http://[::1", "http://h\x1b[2J"])
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(BadRequest) as raised:
        endpoint_url(url, {})
    assert "\x1b" not in str(raised.value)


def test_loopback() -> None:
    assert all(map(is_loopback, ["http://127.0.0.1:1", "http://localhost:1", "http://[::1]:1"]))
    assert not is_loopback("http://10.0.0.1:1")


# The server itself


async def test_what_is_installed_loaded_and_known(server: FakeOllama) -> None:
    server.models["old:latest"] = Installed(size=9_000, vram=6_000, capabilities=None, context_length=None)
    async with OllamaServer(server.url) as asked:
        assert await asked.version() == "0.33.0"
        installed = await asked.models()
        assert [model.name for model in installed] == ["m:1b", "old:latest"]
        assert installed[0].capabilities == ("completion", "tools")
        assert (installed[0].parameter_size, installed[0].quantization) == ("7.6B", "Q4_K_M")
        assert await asked.loaded() == []
        await asked.load("old:latest", num_ctx=4096, keep_alive="10m")
        (loaded,) = await asked.loaded()
        assert (loaded.size_bytes, loaded.vram_bytes, loaded.context_length) == (9_000, 6_000, 4096)
        assert loaded.spilled
        assert loaded.spilled_share == pytest.approx(1 / 3)
        assert (await asked.facts("m:1b")).context_length == 32768
        assert (await asked.facts("old:latest")).capabilities == ()
        with pytest.raises(NotPulled):
            await asked.facts("nope")


async def test_unloading_empties_memory_and_loading_does_not_reload_for_the_first_mission(
    server: FakeOllama, model: OllamaModel
) -> None:
    await model.server.load("m:1b", num_ctx=4096, keep_alive="10m")
    await finish(model)
    assert server.reloads == 0
    await model.server.unload("m:1b")
    assert await model.server.loaded() == []


async def test_pulling_shows_progress_that_never_goes_back(server: FakeOllama) -> None:
    def layer(digest: str, **more: int) -> Line:
        return Line({"status": f"pulling {digest}", "digest": f"sha256:{digest}", **more})

    server.pulls["m:1b"] = (
        Line({"status": "pulling manifest"}),
        layer("aa", total=100),
        layer("aa", total=100, completed=60),
        layer("aa", total=100, completed=20),
        layer("bb", total=50, completed=50),
        layer("aa", total=100, completed=100),
        Line({"status": "\x1b[31mwriting manifest"}),
        Line({"status": "success"}),
    )
    async with OllamaServer(server.url) as asked:
        progress = [step async for step in asked.pull("m:1b")]
    completed = [step.completed_bytes for step in progress]
    assert completed == sorted(completed)
    assert (progress[-1].completed_bytes, progress[-1].total_bytes, progress[-1].done) == (150, 150, True)
    assert "\x1b" not in progress[-2].status


@pytest.mark.parametrize(
    ("script", "kind", "says"),
    [
        ((Line({"status": "pulling manifest"}), Line({"error": "file does not exist"})), BadRequest, "Check its name"),
        ((Line({"error": "write /x: no space left on device"}),), BadRequest, "disk space"),
        ((Line({"error": "max retries exceeded: EOF"}),), Overloaded, "goes on where it stopped"),
        ((Line({"status": "pulling manifest"}), CutClean()), StreamCut, "ended the connection"),
        ((Line({"status": "pulling manifest"}), CutHard()), StreamCut, "ended the connection"),
        ((Raw(b"<html>\n"),), BadResponse, "not Ollama's protocol"),
    ],
)
async def test_a_pull_that_fails(server: FakeOllama, script: Script, kind: type[ModelError], says: str) -> None:
    server.pulls["m:1b"] = script
    async with OllamaServer(server.url) as asked:
        with pytest.raises(kind, match=says):
            async for _ in asked.pull("m:1b"):
                pass


async def test_a_server_that_never_answers_is_given_up_on(server: FakeOllama) -> None:
    server.overrides["/api/tags"] = (Stall(),)
    async with OllamaServer(server.url, connect_s=0.1, answer_s=0.2) as asked:
        with pytest.raises(TimedOut, match="did not answer in time"):
            await asked.models()


@pytest.mark.parametrize("body", ['{"models": null}', '{"models": []}'])
async def test_a_server_with_no_models(server: FakeOllama, body: str) -> None:
    server.overrides["/api/tags"] = server.overrides["/api/ps"] = (Whole(200, body),)
    async with OllamaServer(server.url) as asked:
        assert await asked.models() == []
        assert await asked.loaded() == []


# A real model behind Ollama's protocol


@pytest.mark.real_model
async def test_a_real_model_chats_calls_a_tool_and_can_be_left() -> None:
    url = os.environ["OLLAMA_HOST"]
    async with OllamaServer(url) as asked:
        name = (await asked.models())[0].name
    real = OllamaModel(name, url=url, settings=tier(), clock=SystemClock())
    said = await finish(real, request("Say hello."))
    assert said.message.content
    assert said.usage.input > 0
    assert (said.tokens_per_second or 0) > 0
    stream = real.stream(request("Count from 1 to 500, one number a line.", max_tokens=2000))
    async with aclosing(stream) as parts:
        async for part in parts:
            if isinstance(part, TextDelta):
                break
    left = time.monotonic()
    await finish(real, request("Say hello again.", max_tokens=16))
    assert time.monotonic() - left < 10
    await real.aclose()
