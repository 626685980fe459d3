"""Against a served model that speaks the Messages API; ANTHROPIC_BASE_URL says where, ANTHROPIC_MODEL which."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import aclosing

import pytest

from agents.clock import SystemClock
from agents.models.chat import ChatRequest, Finished, Message, StopReason, TextDelta, ToolResult, ToolSpec
from agents.models.claude import ClaudeModel
from agents.models.errors import ContextOverflow
from agents.settings import TierSettings

pytestmark = [
    pytest.mark.real_model,
    pytest.mark.timeout(600),
    pytest.mark.skipif("ANTHROPIC_BASE_URL" not in os.environ, reason="ANTHROPIC_BASE_URL names no server"),
]
WRITE = ToolSpec(
    name="file_write",
    description="Write a file.",
    parameters={
        "type": "object",
        "properties": {"path": {"type": "string"}, "content": {"type": "string"}},
        "required": ["path", "content"],
    },
)


@pytest.fixture
async def model() -> AsyncIterator[ClaudeModel]:
    name = os.environ.get("ANTHROPIC_MODEL", "qwen2.5-coder:0.5b")
    settings = TierSettings(provider="anthropic", model=name)
    served = ClaudeModel(name, url=None, settings=settings, clock=SystemClock())
    yield served
    await served.aclose()


def user(text: str) -> Message:
    return Message(role="user", content=text)


async def test_a_served_model_answers_and_counts(model: ClaudeModel) -> None:
    request = ChatRequest(system="Be terse.", messages=(user("Say hello in one word."),), max_tokens=40)
    parts = [part async for part in model.stream(request)]
    last = parts[-1]
    assert isinstance(last, Finished)
    assert last.message.content == "".join(part.text for part in parts if isinstance(part, TextDelta))
    assert last.stop is StopReason.END
    assert last.usage.output > 0
    assert last.usage.prompt > 0


async def test_a_served_model_calls_a_tool_and_reads_its_result(model: ClaudeModel) -> None:
    task = user("Write the file hello.py with the content print('hello'). Use the tool file_write.")
    system = "You work with tools only."
    first = [part async for part in model.stream(ChatRequest(system=system, messages=(task,), tools=(WRITE,)))][-1]
    assert isinstance(first, Finished)
    assert first.stop is StopReason.TOOLS, first.message.content
    call = first.message.tool_calls[0]
    assert call.name == "file_write"
    assert "hello" in call.arguments["path"]
    results = tuple(ToolResult(call_id=call.id, name=call.name, content="written") for call in first.message.tool_calls)
    history = (task, first.message, Message(role="tool", tool_results=results))
    request = ChatRequest(system=system, messages=history, tools=(WRITE,), max_tokens=200)
    second = [part async for part in model.stream(request)][-1]
    assert isinstance(second, Finished)
    assert second.usage.cache_read > 0, "the history is read from the cache"


async def test_max_tokens_ends_a_reply_of_a_served_model(model: ClaudeModel) -> None:
    request = ChatRequest(system="s", messages=(user("Count from 1 to 500 in words."),), max_tokens=12)
    last = [part async for part in model.stream(request)][-1]
    assert isinstance(last, Finished)
    assert last.stop is StopReason.MAX_TOKENS
    assert last.usage.output == 12


async def test_a_prompt_beyond_the_served_window_is_an_overflow(model: ClaudeModel) -> None:
    request = ChatRequest(system="s", messages=(user("many words " * 30_000),), max_tokens=12)
    with pytest.raises(ContextOverflow) as caught:
        _ = [part async for part in model.stream(request)]
    assert caught.value.prompt_tokens is None or caught.value.prompt_tokens > 30_000


async def test_a_schema_is_followed_and_a_closed_stream_frees_the_server(model: ClaudeModel) -> None:
    endless = ChatRequest(system="s", messages=(user("Write a very long story."),), max_tokens=4000)
    async with aclosing(model.stream(endless)) as stream:
        while not isinstance(await anext(stream), TextDelta):
            pass
    schema = {"type": "object", "properties": {"colour": {"type": "string"}}, "required": ["colour"]}
    request = ChatRequest(system="s", messages=(user("What colour is the sky?"),), max_tokens=60, schema=schema)
    async with asyncio.timeout(60):
        last = [part async for part in model.stream(request)][-1]
    assert isinstance(last, Finished)
    assert '"colour"' in last.message.content
