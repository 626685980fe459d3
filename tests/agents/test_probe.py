import json
import os
from collections.abc import AsyncIterator
from typing import Any

import pytest

from agents.clock import SystemClock
from agents.models.errors import NotPulled, Overloaded
from agents.models.ollama import OllamaModel
from agents.models.ollama_server import OllamaServer
from agents.models.probe import probe_model
from agents.settings import TierSettings
from agents.store.records import Probe
from agents.tasks import Grade
from tests.fakes.ollama_server import (
    FakeOllama,
    Installed,
    Script,
    call,
    calls_apart,
    calls_at_the_end,
    error,
    text,
)

RIGHT = (
    ("file_read", {"path": "./notes.md"}),
    ("shell_run", {"command": "git status"}),
    ("file_write", {"path": "number.txt", "content": "4711\n"}),
)
FITS = text('{"language": "Python", "lines": 3}', output=12, tokens_per_second=40)


@pytest.fixture
async def server() -> AsyncIterator[FakeOllama]:
    async with FakeOllama("m:1b") as running:
        yield running


async def probe(server: FakeOllama, name: str = "m:1b") -> Probe:
    settings = TierSettings(provider="ollama", model=name, num_ctx=4096)
    model = OllamaModel(name, url=server.url, settings=settings, clock=SystemClock())
    try:
        return await probe_model(model, clock=SystemClock(), server=model.server)
    finally:
        await model.aclose()


def native(name: str, arguments: dict[str, Any]) -> Script:
    return calls_at_the_end(call(name, arguments))


def written(name: str, arguments: dict[str, Any]) -> Script:
    return text("```json\n" + json.dumps({"name": name, "arguments": arguments}) + "\n```")


async def test_native_calls_grade_tools(server: FakeOllama) -> None:
    server.reply(*(native(*one) for one in RIGHT), FITS)
    probed = await probe(server)
    assert probed.grade is Grade.TOOLS
    assert (probed.provider, probed.model) == ("ollama", "m:1b")
    assert probed.tokens_per_second == pytest.approx(40)
    assert probed.size_bytes == probed.vram_bytes == server.models["m:1b"].size
    assert "3 of 3 tool calls right, native" in probed.details
    assert "CPU" not in probed.details
    schema = server.chats[3].body["format"]
    assert schema["required"] == ["language", "lines"]
    assert all(len(recorded.body["tools"]) == 3 for recorded in server.chats[:3])


async def test_calls_written_as_text_grade_tools_too(server: FakeOllama) -> None:
    server.reply(native(*RIGHT[0]), *(written(*one) for one in RIGHT[1:]), FITS)
    probed = await probe(server)
    assert probed.grade is Grade.TOOLS
    assert "1 native, the others as text" in probed.details


@pytest.mark.parametrize(
    "third",
    [
        native("file_read", {"path": "notes.md"}),
        native("file_write", {"path": "/etc/number.txt", "content": "4711"}),
        native("file_write", {"path": "number.txt", "content": "number"}),
        native("file_write", {"path": ["number.txt"], "content": "4711"}),
        native("shell_run", {"command": "echo 4711 > number.txt"}),
        text("The number is 4711."),
        calls_apart(call("file_write", "garbage")),
    ],
)
async def test_a_model_that_fails_after_a_result_is_not_fit_for_the_loop(server: FakeOllama, third: Script) -> None:
    server.reply(*(native(*one) for one in RIGHT[:2]), third, FITS)
    probed = await probe(server)
    assert probed.grade is Grade.SCHEMA
    assert "2 of 3" in probed.details
    roles = [message["role"] for message in server.chats[2].body["messages"]]
    assert roles == ["system", "user", "assistant", "tool"]


async def test_a_model_that_takes_no_tools_can_still_answer_to_a_schema(server: FakeOllama) -> None:
    server.reply(*[error(400, "registry.ollama.ai/library/m:1b does not support tools")] * 3, FITS)
    assert (await probe(server)).grade is Grade.SCHEMA


@pytest.mark.parametrize(
    "answer", ["It is Python, 3 lines.", '{"language": "Python"}', '{"language": "Python", "lines": true}', "[" * 9000]
)
async def test_a_model_that_does_neither_is_text_only(server: FakeOllama, answer: str) -> None:
    server.reply(*[text("no")] * 3, text(answer))
    assert (await probe(server)).grade is Grade.TEXT


async def test_a_model_that_spills_to_the_cpu_is_told(server: FakeOllama) -> None:
    server.models["m:1b"] = Installed(size=8_000_000_000, vram=6_000_000_000)
    server.reply(*(native(*one) for one in RIGHT), FITS)
    probed = await probe(server)
    assert (probed.size_bytes, probed.vram_bytes) == (8_000_000_000, 6_000_000_000)
    assert "25% of it on the CPU" in probed.details


async def test_failing_surroundings_are_no_grade(server: FakeOllama) -> None:
    with pytest.raises(NotPulled):
        await probe(server, "nope:1b")
    server.reply(native(*RIGHT[0]), error(503, "server busy"))
    with pytest.raises(Overloaded):
        await probe(server)


@pytest.mark.real_model
async def test_a_real_model_gets_a_grade() -> None:
    url = os.environ["OLLAMA_HOST"]
    async with OllamaServer(url) as asked:
        name = (await asked.models())[0].name
        model = OllamaModel(
            name, url=url, settings=TierSettings(provider="ollama", model=name, num_ctx=8192), clock=SystemClock()
        )
        probed = await probe_model(model, clock=SystemClock(), server=asked)
        await model.aclose()
    assert probed.grade in {Grade.TOOLS, Grade.SCHEMA}, probed.details
    assert probed.tokens_per_second
    assert probed.size_bytes
