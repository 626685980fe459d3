import asyncio
import importlib
import socket
from pathlib import Path

import pytest

from agents.clock import SystemClock
from agents.models.chat import ChatRequest, Finished, Message, Part, TextDelta, ToolSpec
from agents.models.claude import ClaudeModel
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
    SpendLimit,
    StreamCut,
    TimedOut,
    Unreachable,
)
from agents.settings import TierSettings
from agents.tasks import Usage
from tests.fakes.anthropic_replies import (
    CleanEnd,
    Emit,
    HardCut,
    Script,
    Wait,
    broken_off,
    end,
    error_event,
    failure,
    message,
    page,
    start,
    text,
    thinking,
    tool,
)
from tests.fakes.anthropic_server import AnthropicServer

HAIKU = "claude-haiku-5-5"
ASKING = ChatRequest(system="Be brief.", messages=(Message(role="user", content="Hi"),))
PROMPT = Usage(input=25, cache_read=400, cache_write_5m=7)


@pytest.fixture(scope="module", autouse=True)
def imported_before_any_time_limit_runs() -> None:
    importlib.import_module("anthropic.resources.messages")


@pytest.fixture(autouse=True)
def no_credentials(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "ANTHROPIC_BASE_URL", "ANTHROPIC_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("ANTHROPIC_CONFIG_DIR", str(tmp_path))


async def failing(
    url: str | None,
    *,
    api_key: str | None = "sk-ant-secret-123",
    model: str = HAIKU,
    request: ChatRequest = ASKING,
    **limits: float,
) -> tuple[ModelError, str]:
    """The error of one call, and the text that came before it."""
    settings = TierSettings(provider="anthropic", model=model, **limits)
    claude = ClaudeModel(model, url=url, settings=settings, clock=SystemClock(), api_key=api_key)
    parts: list[Part] = []
    try:
        async for part in claude.stream(request):
            parts.append(part)
    except ModelError as error:
        return error, "".join(part.text for part in parts if isinstance(part, TextDelta))
    finally:
        await claude.aclose()
    raise AssertionError(f"nothing went wrong: {parts}")


async def failing_with(script: Script, **options: float) -> tuple[ModelError, str]:
    async with AnthropicServer(script) as server:
        error, said = await failing(server.url, **options)
        assert len(server.requests) == 1, "the client's own retries are off"
        async with asyncio.timeout(1):
            await server.idle.wait()
        return error, said


LIMIT = "enforced_spend_limit_reached"
STATUSES: list[tuple[Script, type[ModelError], bool, float | None]] = [
    (failure(400, "invalid_request_error", "messages: bad"), BadRequest, False, None),
    (failure(400, "invalid_request_error", "Your credit balance is too low to go on"), SpendLimit, False, None),
    (failure(401, "authentication_error", "invalid key"), NotAllowed, False, None),
    (failure(402, "billing_error", "pay"), SpendLimit, False, None),
    (failure(403, "permission_error", "no"), NotAllowed, False, None),
    (failure(404, "not_found_error", f"model: {HAIKU}"), NotPulled, False, None),
    (page("<html>not here</html>", status=404), BadRequest, False, None),
    (failure(408, "timeout_error"), Overloaded, True, None),
    (failure(409, "conflict_error"), Overloaded, True, None),
    (failure(413, "request_too_large", "more than 32 MB"), ContextOverflow, False, None),
    (failure(422, "invalid_request_error"), BadRequest, False, None),
    (failure(429, "rate_limit_error", headers={"retry-after": "7"}), RateLimited, True, 7.0),
    (failure(429, "rate_limit_error", headers={"retry-after-ms": "250", "retry-after": "7"}), RateLimited, True, 0.25),
    (failure(429, "rate_limit_error", headers={"retry-after": "soon"}), RateLimited, True, None),
    (failure(429, "rate_limit_error", headers={"retry-after": "Sat, 01 Jan 2000 00:00:00 GMT"}), RateLimited, True, 0),
    (failure(429, "rate_limit_error", "monthly limit", code=LIMIT), SpendLimit, False, None),
    (failure(500, "api_error"), Overloaded, True, None),
    (page("<html>Bad gateway</html>", status=502), Overloaded, True, None),
    (failure(503, "api_error", headers={"retry-after": "3"}), Overloaded, True, 3.0),
    (failure(504, "timeout_error"), Overloaded, True, None),
    (failure(529, "overloaded_error", "Overloaded"), Overloaded, True, None),
    (page('{"error": "just words"}', status=400, kind="application/json"), BadRequest, False, None),
    (page("[1, 2]", status=400, kind="application/json"), BadRequest, False, None),
]


@pytest.mark.parametrize(("script", "kind", "retryable", "wait"), STATUSES)
async def test_every_status_is_a_typed_error(
    script: Script, kind: type[ModelError], retryable: bool, wait: float | None
) -> None:
    error, said = await failing_with(script)
    assert type(error) is kind
    assert error.retryable is retryable
    assert error.retry_after == wait
    assert said == ""
    assert "<html" not in str(error)
    assert "\n" not in str(error)


@pytest.mark.parametrize(
    ("words", "prompt", "limit"),
    [
        ("prompt is too long: 210034 tokens > 200000 maximum", 210034, 200000),
        ("input length and `max_tokens` exceed context limit: 190000 + 16000 > 200000", None, None),
        ("This model's maximum context length is 8192 tokens. You asked for 9000.", None, None),
    ],
)
async def test_a_prompt_that_does_not_fit_is_an_overflow(words: str, prompt: int | None, limit: int | None) -> None:
    error, _ = await failing_with(failure(400, "invalid_request_error", words))
    assert isinstance(error, ContextOverflow)
    assert (error.prompt_tokens, error.limit) == (prompt, limit)


async def test_llama_servers_overflow_is_understood() -> None:
    inner = '{"code":400,"message":"too big","type":"exceed_context_size_error","n_prompt_tokens":5000,"n_ctx":4096}'
    error, _ = await failing_with(page(f'{{"error":{inner}}}', status=400, kind="application/json"))
    assert isinstance(error, ContextOverflow)
    assert (error.prompt_tokens, error.limit) == (5000, 4096)


async def test_a_full_window_in_mid_reply_is_an_overflow_that_was_paid_for() -> None:
    script = message(text("So fa"), stop="model_context_window_exceeded", usage=PROMPT, output=900)
    error, said = await failing_with(script)
    assert isinstance(error, ContextOverflow)
    assert error.usage == PROMPT + Usage(output=900)
    assert said == "So fa"


async def test_a_model_without_tools_is_told_apart() -> None:
    tool_spec = ToolSpec(name="f", description="f", parameters={"type": "object"})
    async with AnthropicServer(failure(400, "invalid_request_error", "m does not support tools")) as server:
        error, _ = await failing(server.url, request=ASKING.model_copy(update={"tools": (tool_spec,)}))
    assert isinstance(error, NoToolSupport)


BREAKS = [
    (error_event(), Overloaded),
    (error_event("rate_limit_error", "slow down"), RateLimited),
    (error_event("api_error", "oh"), Overloaded),
    (error_event("invalid_request_error", "what"), BadRequest),
    (Emit("error", "not even JSON"), BadResponse),
    (CleanEnd(), StreamCut),
    (HardCut(), StreamCut),
    (Emit("content_block_delta", '{"type": "content_block_delta", '), BadResponse),
    (Emit("content_block_delta", "[]"), BadResponse),
    (b"event: x\ndata: \xff\xfe\n\n", BadResponse),
    (Emit("content_block_delta", {"type": "content_block_delta", "index": 9, "delta": {}}), BadResponse),
    (Emit("content_block_delta", {"type": "content_block_delta", "delta": {}}), BadResponse),
]


@pytest.mark.parametrize(("last", "kind"), BREAKS)
async def test_a_break_in_mid_stream_is_typed_and_says_what_it_cost(last: object, kind: type[ModelError]) -> None:
    async with AnthropicServer(broken_off(text("Hello"), last=last, usage=PROMPT)) as server:
        error, said = await failing(server.url)
        assert type(error) is kind
        assert said == "Hello"
        assert error.usage == server.served == PROMPT + Usage(output=1)


async def test_an_end_before_the_stop_reason_is_a_cut_even_after_whole_blocks() -> None:
    whole = message(text("Hello"), usage=PROMPT).steps
    error, said = await failing_with(Script(steps=(*whole[:-2], CleanEnd()), usage=PROMPT))
    assert isinstance(error, StreamCut)
    assert said == "Hello"


async def test_a_break_after_the_stop_reason_breaks_nothing() -> None:
    whole = message(text("Hello"), usage=PROMPT).steps
    settings = TierSettings(provider="anthropic", model=HAIKU)
    for last in (HardCut(), CleanEnd()):
        async with AnthropicServer(Script(steps=(*whole[:-1], last), usage=PROMPT)) as server:
            claude = ClaudeModel(HAIKU, url=server.url, settings=settings, clock=SystemClock(), api_key="k")
            parts = [part async for part in claude.stream(ASKING)]
            await claude.aclose()
        assert isinstance(parts[-1], Finished)
        assert parts[-1].message.content == "Hello"


@pytest.mark.parametrize(
    "written", ['{"path": oops}', '{"path": "a.py", "content": "x =', '["a"]', '{"n": NaN}', "[" * 100_000]
)
async def test_broken_arguments_of_a_finished_call_are_an_error_and_never_a_call(written: str) -> None:
    error, _ = await failing_with(message(tool("file_write", written), stop="tool_use", usage=PROMPT, output=12))
    assert isinstance(error, BadResponse)
    assert "file_write" in str(error)
    assert error.usage == PROMPT + Usage(output=12)


@pytest.mark.parametrize(
    "script",
    [
        page("<html><title>Hotel Wi-Fi: please log in</title></html>"),
        page('{"id": "msg", "content": "broken', kind="application/json"),
        page('{"ok": true}', kind="application/json"),
        Script(),
        Script(steps=(Emit("ping", {"type": "ping"}),)),
        Script(steps=(b"garbage without any colon\n\n" * 50,)),
    ],
)
async def test_what_is_no_stream_of_the_protocol_is_a_bad_response(script: Script) -> None:
    error, said = await failing_with(script)
    assert isinstance(error, BadResponse)
    assert error.retryable
    assert said == ""


async def test_a_start_and_nothing_else_is_a_cut() -> None:
    error, _ = await failing_with(Script(steps=(start(), end(None, 5)), usage=PROMPT))
    assert isinstance(error, StreamCut)
    assert error.usage == PROMPT + Usage(output=5)


async def test_a_connection_dropped_before_the_answer_is_a_cut() -> None:
    error, _ = await failing_with(Script(before=(HardCut(),)))
    assert isinstance(error, StreamCut)
    assert error.retryable


async def test_no_answer_within_the_first_limit() -> None:
    error, _ = await failing_with(Script(before=(Wait(),)), first_byte_s=1.0)
    assert isinstance(error, TimedOut)
    assert "first_byte_s" in str(error)
    assert error.usage == Usage()


async def test_headers_alone_are_no_answer_yet() -> None:
    error, _ = await failing_with(Script(steps=(Wait(),)), first_byte_s=1.0)
    assert isinstance(error, TimedOut)


async def test_silence_between_chunks_has_its_own_limit() -> None:
    script = broken_off(thinking("hm", "s"), text("Hel"), last=Wait(), usage=PROMPT)
    error, said = await failing_with(script, between_chunks_s=0.3)
    assert isinstance(error, TimedOut)
    assert "between_chunks_s" in str(error)
    assert error.usage == PROMPT + Usage(output=1)
    assert said == "Hel"


async def test_nobody_at_the_address() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed.getsockname()[1]}"
        error, _ = await failing(url)
    assert isinstance(error, Unreachable)
    assert url in str(error)


@pytest.mark.parametrize("url", ["localhost:8080", "http://", "ftp://127.0.0.1/", "http://[::1", "http://a b/"])
async def test_an_address_that_is_none_is_said_so(url: str) -> None:
    error, _ = await failing(url)
    assert isinstance(error, BadRequest | Unreachable)
    assert "address" in str(error) or "Nobody answers" in str(error)


async def test_a_missing_key_is_told_with_the_fix_and_nothing_is_sent() -> None:
    error, _ = await failing(None, api_key=None)
    assert isinstance(error, NotAllowed)
    assert "ANTHROPIC_API_KEY" in str(error)


async def test_a_key_with_a_line_break_or_an_accent_is_refused_before_it_is_sent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-ant\nX-Evil: 1")
    error, _ = await failing(None, api_key=None)
    assert isinstance(error, NotAllowed)
    error, _ = await failing("http://127.0.0.1:9", api_key="ключ")
    assert isinstance(error, NotAllowed)


async def test_a_key_that_the_server_repeats_is_not_repeated_by_us() -> None:
    words = "invalid x-api-key: sk-ant-secret-123 \x1b[31mred"
    error, _ = await failing_with(failure(401, "authentication_error", words))
    assert "secret" not in str(error)
    assert "\x1b" not in str(error)
    assert "red" in str(error)
