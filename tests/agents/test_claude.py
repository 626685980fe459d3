import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path
from typing import Any

import anthropic
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
from agents.models.claude import ClaudeModel
from agents.models.prices import price_of
from agents.settings import TierSettings
from agents.tasks import Usage
from tests.fakes.anthropic_replies import Emit, Pause, Script, Wait, broken_off, message, text, thinking, tool
from tests.fakes.anthropic_server import AnthropicServer, Recorded

HAIKU = "claude-haiku-5-5"
READ = ToolSpec(
    name="file_read",
    description="Read a file.",
    parameters={"type": "object", "properties": {"path": {"type": "string"}}, "required": ["path"]},
)
SCHEMA = {"type": "object", "properties": {"score": {"type": "integer", "minimum": 1}}, "required": ["score"]}


@pytest.fixture(autouse=True)
def no_credentials(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "ANTHROPIC_BASE_URL", "ANTHROPIC_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("ANTHROPIC_CONFIG_DIR", str(tmp_path))


def claude(url: str | None, model: str = HAIKU, *, api_key: str | None = "k", **limits: float) -> ClaudeModel:
    settings = TierSettings(provider="anthropic", model=model, **limits)
    return ClaudeModel(model, url=url, settings=settings, clock=SystemClock(), api_key=api_key)


def asking(*messages: Message, **fields: Any) -> ChatRequest:
    return ChatRequest(system="You are terse.", messages=messages or (Message(role="user", content="Hi"),), **fields)


async def parts_of(stream: AsyncIterator[Part]) -> list[Part]:
    return [part async for part in stream]


async def answer(model: ClaudeModel, request: ChatRequest) -> Finished:
    parts = await parts_of(model.stream(request))
    last = parts[-1]
    assert isinstance(last, Finished)
    assert not any(isinstance(part, Finished) for part in parts[:-1])
    return last


async def test_text_streams_as_it_comes_and_ends_with_the_whole_message_and_its_cost() -> None:
    gate = asyncio.Event()
    script = message(text("Hello there"), usage=Usage(input=377, cache_read=20, cache_write_5m=3), output=65)
    held = Script(steps=(*script.steps[:4], Wait(gate), *script.steps[4:]), usage=script.usage)
    async with AnthropicServer(held) as server:
        model = claude(server.url)
        async with aclosing(model.stream(asking())) as stream:
            first = await anext(stream)
            assert first == TextDelta(text="Hello ")
            gate.set()
            rest = await parts_of(stream)
        await model.aclose()
        assert rest[0] == TextDelta(text="there")
        assert isinstance(rest[1], Finished)
        assert rest[1].message == Message(role="assistant", content="Hello there")
        assert rest[1].stop is StopReason.END
        assert rest[1].usage == Usage(input=377, output=65, cache_read=20, cache_write_5m=3) == server.served
        assert rest[1].request_id == "req_001"
        assert rest[1].seconds > 0


async def test_a_tool_call_is_put_together_from_its_pieces_and_its_result_goes_back_first() -> None:
    calls = (tool("file_read", {"path": "ä b.py", "lines": [1, 2]}, "toolu_a"), tool("file_read", "", "toolu_b"))
    async with AnthropicServer(message(text("Looking."), *calls, stop="tool_use"), message(text("Done."))) as server:
        model = claude(server.url)
        first = await answer(model, asking(tools=(READ,)))
        assert first.stop is StopReason.TOOLS
        assert first.message.tool_calls == (
            ToolCall(id="toolu_a", name="file_read", arguments={"path": "ä b.py", "lines": [1, 2]}),
            ToolCall(id="toolu_b", name="file_read", arguments={}),
        )
        results = Message(
            role="tool",
            content="Mind the time.",
            tool_results=(
                ToolResult(call_id="toolu_b", name="file_read", content="no path", is_error=True),
                ToolResult(call_id="toolu_a", name="file_read", content=""),
            ),
        )
        asked = asking().messages
        second = await answer(model, asking(*asked, first.message, results, tools=(READ,)))
        await model.aclose()
        assert second.message.content == "Done."
        assert server.refused == []
        sent = server.requests[1].body
    assert sent["tools"] == [{"name": "file_read", "description": "Read a file.", "input_schema": READ.parameters}]
    assert sent["messages"][1]["content"][0] == {"type": "text", "text": "Looking."}
    assert sent["messages"][2]["content"] == [
        {"type": "tool_result", "tool_use_id": "toolu_a", "content": "(no output)"},
        {"type": "tool_result", "tool_use_id": "toolu_b", "content": "no path", "is_error": True},
        {"type": "text", "text": "Mind the time.", "cache_control": {"type": "ephemeral"}},
    ]


async def test_thinking_goes_back_unchanged_to_its_own_model_and_to_no_other() -> None:
    turn = message(thinking("Let me see", "sig=="), tool("file_read", {"path": "a"}), stop="tool_use")
    async with AnthropicServer(turn) as server:
        model, other = claude(server.url), claude(server.url, "claude-sonnet-5-5")
        first = await answer(model, asking(tools=(READ,)))
        assert "Let me see" not in first.message.content
        result = ToolResult(call_id="toolu_01", name="file_read", content="x = 1")
        history = (*asking().messages, first.message, Message(role="tool", tool_results=(result,)))
        stored = tuple(Message.model_validate_json(turn.model_dump_json()) for turn in history)
        await answer(model, asking(*stored, tools=(READ,)))
        await answer(other, asking(*stored, tools=(READ,)))
        await model.aclose()
        await other.aclose()
        assert server.refused == []
        own, foreign = (request.body["messages"][1]["content"] for request in server.requests[1:])
    assert own[0] == {"type": "thinking", "thinking": "Let me see", "signature": "sig=="}
    assert [block["type"] for block in own] == ["thinking", "tool_use"]
    assert [block["type"] for block in foreign] == ["tool_use"]


async def test_a_loop_reads_its_history_from_the_cache_and_the_ledger_agrees_with_what_was_served() -> None:
    def next_call(request: Recorded) -> Script:
        turn = len(request.body["messages"]) // 2
        if turn == 8:
            return message(text("Finished."))
        calls = [tool("file_read", {"path": f"{turn}-{n}.py"}, f"toolu_{turn}_{n}") for n in range(12)]
        return message(*calls, stop="tool_use")

    total, cost = Usage(), 0
    price = price_of("anthropic", HAIKU)
    assert price is not None
    async with AnthropicServer(otherwise=next_call) as server:
        model = claude(server.url)
        messages = [Message(role="user", content="Read it all. " * 50)]
        usages = []
        while True:
            reply = await answer(model, asking(*messages, tools=(READ,)))
            total += reply.usage
            cost += price.cost_nano(reply.usage)
            usages.append(reply.usage)
            if reply.stop is StopReason.END:
                break
            results = tuple(
                ToolResult(call_id=call.id, name=call.name, content="line\n" * 40) for call in reply.message.tool_calls
            )
            messages += [reply.message, Message(role="tool", tool_results=results)]
        await model.aclose()
        assert server.refused == []
        assert total == server.served
        assert cost == price.cost_nano(server.served)
    assert len(usages) == 9
    for before, after in zip(usages, usages[1:], strict=False):
        assert after.cache_read == before.prompt, "everything of the call before is read again from the cache"
        assert after.input == 0


async def test_one_connection_serves_a_whole_loop() -> None:
    async with AnthropicServer() as server:
        model = claude(server.url)
        for _ in range(4):
            await answer(model, asking())
        await model.aclose()
        assert server.accepted == 1


async def test_what_is_asked_for_is_sent_and_no_sampling_parameter_ever() -> None:
    async with AnthropicServer() as server:
        model = claude(server.url)
        await answer(model, asking(temperature=0.7, seed=3, max_tokens=77))
        await answer(model, asking(effort="low", schema=SCHEMA))
        await model.aclose()
        plain, full = (request.body for request in server.requests)
        assert server.requests[0].headers["authorization"] == "Bearer k"
        assert server.requests[0].headers["x-stainless-retry-count"] == "0"
    assert set(plain) == {"model", "max_tokens", "messages", "system", "stream"}
    assert plain["max_tokens"] == 77
    assert plain["system"] == [{"type": "text", "text": "You are terse.", "cache_control": {"type": "ephemeral"}}]
    assert full["output_config"]["effort"] == "low"
    assert full["output_config"]["format"]["type"] == "json_schema"
    schema = full["output_config"]["format"]["schema"]
    assert schema["additionalProperties"] is False
    assert "minimum" not in schema["properties"]["score"]


async def test_a_local_server_gets_the_temperature_and_the_schema_in_words() -> None:
    async with AnthropicServer() as server:
        model = claude(f"{server.url}/v1/", "qwen2.5-coder:7b")
        await answer(model, asking(temperature=0.7, schema=SCHEMA))
        await model.aclose()
        body = server.requests[0].body
    assert body["temperature"] == 0.7
    assert "output_config" not in body
    assert '"score"' in body["system"][0]["text"]


async def test_the_base_url_and_the_key_of_the_environment_are_honoured(monkeypatch: pytest.MonkeyPatch) -> None:
    async with AnthropicServer() as server:
        monkeypatch.setenv("ANTHROPIC_BASE_URL", server.url)
        monkeypatch.setenv("ANTHROPIC_API_KEY", "from-the-environment")
        model = claude(None, api_key=None)
        await answer(model, asking())
        await model.aclose()
        assert server.requests[0].headers["authorization"] == "Bearer from-the-environment"


@pytest.mark.parametrize(
    ("stop", "expected"),
    [
        ("end_turn", StopReason.END),
        ("stop_sequence", StopReason.END),
        ("max_tokens", StopReason.MAX_TOKENS),
        ("refusal", StopReason.REFUSAL),
        ("pause_turn", StopReason.PAUSED),
        ("something_new", StopReason.END),
    ],
)
async def test_every_stop_reason_has_its_meaning(stop: str, expected: StopReason) -> None:
    async with AnthropicServer(message(text("So far"), stop=stop)) as server:
        model = claude(server.url)
        reply = await answer(model, asking())
        await model.aclose()
    assert reply.stop is expected
    assert reply.message.content == "So far"


async def test_a_tool_call_cut_at_max_tokens_is_never_handed_on() -> None:
    cut = tool("file_write", '{"path": "a.py", "content": "x =', stop=False)
    async with AnthropicServer(message(thinking("hm", "s"), text("Writing."), cut, stop="max_tokens")) as server:
        model = claude(server.url)
        reply = await answer(model, asking())
        assert reply.stop is StopReason.MAX_TOKENS
        assert reply.message.tool_calls == ()
        assert reply.message.content == "Writing."
        again = Message(role="user", content="Go on.")
        await answer(model, asking(*asking().messages, reply.message, again))
        await model.aclose()
        assert server.refused == []


async def test_unknown_events_and_blocks_pings_and_odd_cuts_of_the_bytes_change_nothing() -> None:
    noise = [
        Emit("new_fancy_event", {"type": "new_fancy_event", "x": [1]}),
        b": a comment\n\n",
        Emit("ping", {"type": "ping"}),
    ]
    script = message({"type": "mystery", "x": 1}, text("Grüße 🎖 done", 5), extra=noise, piece=3)
    async with AnthropicServer(script) as server:
        model = claude(server.url)
        reply = await answer(model, asking())
        await model.aclose()
    assert reply.message.content == "Grüße 🎖 done"
    assert reply.stop is StopReason.END


async def test_escape_sequences_do_not_get_through_and_huge_lines_do() -> None:
    hostile = "\x1b]0;owned\x07safe\x1b[2J \u202eevil\x9b31m" + "x" * 2_000_000
    async with AnthropicServer(message(text(hostile, 1))) as server:
        model = claude(server.url)
        parts = await parts_of(model.stream(asking()))
        await model.aclose()
    finished = parts[-1]
    assert isinstance(finished, Finished)
    assert finished.message.content == "safe evil" + "x" * 2_000_000
    assert "".join(part.text for part in parts if isinstance(part, TextDelta)) == finished.message.content


async def test_lone_surrogates_in_arguments_can_be_stored_and_sent_back() -> None:
    turn = message(tool("file_read", '{"path": "\\ud83d"}'), stop="tool_use")
    async with AnthropicServer(turn) as server:
        model = claude(server.url)
        reply = await answer(model, asking(tools=(READ,)))
        reply.message.model_dump_json().encode()
        result = Message(role="tool", tool_results=(ToolResult(call_id="toolu_01", name="x", content="\udcff"),))
        await answer(model, asking(*asking().messages, reply.message, result, tools=(READ,)))
        await model.aclose()
        assert server.refused == []


async def test_the_one_hour_cache_is_counted_apart() -> None:
    start = {
        "type": "message_start",
        "message": {
            "usage": {
                "input_tokens": 5,
                "output_tokens": 1,
                "cache_read_input_tokens": None,
                "cache_creation_input_tokens": 100,
                "cache_creation": {"ephemeral_5m_input_tokens": 10, "ephemeral_1h_input_tokens": 70},
            }
        },
    }
    whole = message(text("Hi"), output=9)
    async with AnthropicServer(Script(steps=(Emit("message_start", start), *whole.steps[1:]))) as server:
        model = claude(server.url)
        reply = await answer(model, asking())
        await model.aclose()
    assert reply.usage == Usage(input=5, output=9, cache_write_5m=30, cache_write_1h=70)


async def test_a_server_that_is_loading_shows_signs_of_life() -> None:
    async with AnthropicServer(Script(steps=message(text("Awake.")).steps, before=(Pause(2.3),))) as server:
        model = claude(server.url)
        parts = await parts_of(model.stream(asking()))
        await model.aclose()
    assert isinstance(parts[0], Loading)
    assert 1.9 < parts[0].waited_s < 4
    assert isinstance(parts[-1], Finished)


async def test_closing_the_iterator_closes_the_socket_within_a_second() -> None:
    async with AnthropicServer(broken_off(text("Hel"), last=Wait())) as server:
        model = claude(server.url)
        async with aclosing(model.stream(asking())) as stream:
            assert isinstance(await anext(stream), TextDelta)
        async with asyncio.timeout(1):
            await server.idle.wait()
        await model.aclose()


@pytest.mark.parametrize("when", ["before the headers", "in mid-stream"])
async def test_cancelling_ends_the_call_and_the_socket_within_a_second(when: str) -> None:
    script = Script(before=(Wait(),)) if when == "before the headers" else broken_off(text("Hel"), last=Wait())
    async with AnthropicServer(script) as server:
        model = claude(server.url)
        task = asyncio.create_task(parts_of(model.stream(asking())))
        await server.requested.wait()
        async with asyncio.timeout(1):
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            await server.idle.wait()
        await model.aclose()


async def test_many_calls_at_once_share_one_client() -> None:
    async with AnthropicServer(otherwise=lambda request: message(text(request.body["system"][0]["text"]))) as server:
        model = claude(server.url)
        requests = [
            ChatRequest(system=f"number {n}", messages=(Message(role="user", content="who?"),)) for n in range(8)
        ]
        replies = await asyncio.gather(*(answer(model, request) for request in requests))
        await model.aclose()
        assert [reply.message.content for reply in replies] == [request.system for request in requests]
        async with asyncio.timeout(1):
            await server.idle.wait()


def test_the_client_is_imported_at_the_first_call_and_not_in_the_event_loop() -> None:
    program = """
import asyncio, sys, threading
from importlib.abc import MetaPathFinder
from agents.clock import SystemClock
from agents.models.chat import ChatRequest, Message
from agents.models.claude import ClaudeModel
from agents.models.errors import ModelError
from agents.settings import TierSettings

threads = {}
class Spy(MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name in ("anthropic", "anthropic.resources.messages"):
            threads[name] = threading.current_thread()
        return None

async def main():
    settings = TierSettings(provider="anthropic", model="m", connect_s=1)
    model = ClaudeModel("m", url="http://127.0.0.1:9", settings=settings, clock=SystemClock())
    assert not {"anthropic", "httpx2"} & set(sys.modules)
    sys.meta_path.insert(0, Spy())
    try:
        async for _ in model.stream(ChatRequest(system="s", messages=(Message(role="user", content="x"),))):
            pass
    except ModelError as error:
        print(error.kind)
    await model.aclose()
    assert len(threads) == 2 and threading.main_thread() not in threads.values(), threads

asyncio.run(main())
"""
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=root, check=False)
    assert (done.returncode, done.stdout.strip()) == (0, "unreachable"), done.stderr


def test_the_pinned_client_is_the_one_these_facts_were_checked_against() -> None:
    assert anthropic.__version__ == "2.12.0"
