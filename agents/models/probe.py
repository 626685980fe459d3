"""What a model can do here, found out by asking: three tool calls, one answer to a schema, speed, fit in memory.

The questions are fixed and at temperature 0; the grade picks the way a mission works with the model.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass

from agents.clock import Clock
from agents.models.chat import ChatModel, ChatRequest, Finished, Message, ToolCall, ToolResult, ToolSpec
from agents.models.errors import BadResponse, ContextOverflow, NoToolSupport
from agents.models.ollama_inventory import LoadedModel, same_model
from agents.models.ollama_server import OllamaServer
from agents.models.tool_calls import read_tool_calls
from agents.store.records import Probe
from agents.tasks import Grade

_SYSTEM = "You work in a repository. Do what the user asks by calling one tool."
_MAX_TOKENS = 256


def _tool(name: str, description: str, **arguments: str) -> ToolSpec:
    properties = {argument: {"type": "string", "description": meaning} for argument, meaning in arguments.items()}
    parameters = {"type": "object", "properties": properties, "required": list(arguments)}
    return ToolSpec(name=name, description=description, parameters=parameters)


_TOOLS = (
    _tool("file_read", "Read a file.", path="Path of the file."),
    _tool("file_write", "Write a whole file.", path="Path of the file.", content="All of its text."),
    _tool("shell_run", "Run a shell command.", command="The command line."),
)
_SCHEMA = {
    "type": "object",
    "properties": {"language": {"type": "string"}, "lines": {"type": "integer"}},
    "required": ["language", "lines"],
    "additionalProperties": False,
}


@dataclass(frozen=True)
class _Question:
    messages: tuple[Message, ...]
    right: Callable[[ToolCall], bool]


def _says(call: ToolCall, tool: str, argument: str, wanted: str) -> bool:
    value = call.arguments.get(argument)
    return call.name == tool and isinstance(value, str) and value.strip().removeprefix("./") == wanted


def _user(text: str) -> Message:
    return Message(role="user", content=text)


_READ = ToolCall(id="call_read", name="file_read", arguments={"path": "notes.md"})

_QUESTIONS = (
    _Question((_user("Read the file notes.md."),), lambda call: _says(call, "file_read", "path", "notes.md")),
    _Question((_user("Run the command: git status"),), lambda call: _says(call, "shell_run", "command", "git status")),
    # What breaks small models is not a first call but the second: they repeat it, or retell its result.
    _Question(
        (
            _user("Read notes.md. Then write the number that stands in it into the file number.txt."),
            Message(role="assistant", tool_calls=(_READ,)),
            Message(role="tool", tool_results=(ToolResult(call_id=_READ.id, name=_READ.name, content="number: 4711"),)),
        ),
        lambda call: _says(call, "file_write", "path", "number.txt") and "4711" in str(call.arguments.get("content")),
    ),
)


async def probe_model(model: ChatModel, *, clock: Clock, server: OllamaServer | None = None) -> Probe:
    """Ask `model` four short questions and grade it; `server` tells how much of it lies on the GPU.

    *Tools*: all three calls were right, native or written as text; the third follows the result of another call.
    *Schema*: an answer fitted a JSON schema. *Text*: neither. Raises ModelError when the surroundings fail: not
    reachable, not pulled, overloaded, timed out, cut off.
    """
    speeds: list[tuple[int, float]] = []
    rights = 0
    native = 0
    for question in _QUESTIONS:
        finished = await _ask(model, _request(question.messages, tools=_TOOLS), speeds)
        if finished is None:
            continue
        calls = finished.message.tool_calls or read_tool_calls(finished.message.content, _TOOLS).calls
        right = len(calls) > 0 and question.right(calls[0])
        rights += right
        native += right and bool(finished.message.tool_calls)
    answer = await _ask(
        model,
        _request((_user("A Python program has 3 lines. Give its language and its number of lines."),), schema=True),
        speeds,
    )
    fits = answer is not None and _fits_schema(answer.message.content)
    grade = Grade.TOOLS if rights == len(_QUESTIONS) else Grade.SCHEMA if fits else Grade.TEXT
    memory = await _memory(model, server)
    return Probe(
        provider=model.provider,
        model=model.model,
        grade=grade,
        tokens_per_second=max(speeds)[1] if speeds else None,
        size_bytes=memory.size_bytes if memory else None,
        vram_bytes=memory.vram_bytes if memory else None,
        details=_details(rights, native, fits, memory),
        at=clock.now(),
    )


async def _ask(model: ChatModel, request: ChatRequest, speeds: list[tuple[int, float]]) -> Finished | None:
    """The reply; None when the model itself failed. Notes the speed beside the length it was measured on."""
    finished: Finished | None = None
    try:
        async for part in model.stream(request):
            if isinstance(part, Finished):
                finished = part
    except (NoToolSupport, ContextOverflow, BadResponse):
        return None
    if finished is not None and finished.tokens_per_second is not None:
        speeds.append((finished.usage.output, finished.tokens_per_second))
    return finished


def _request(messages: tuple[Message, ...], *, tools: tuple[ToolSpec, ...] = (), schema: bool = False) -> ChatRequest:
    return ChatRequest(
        system="Answer in JSON." if schema else _SYSTEM,
        messages=messages,
        tools=tools,
        max_tokens=_MAX_TOKENS,
        schema=_SCHEMA if schema else None,
    )


def _fits_schema(content: str) -> bool:
    try:
        answer = json.loads(content)
    except (ValueError, RecursionError):
        return False
    return (
        isinstance(answer, dict)
        and set(answer) == {"language", "lines"}
        and isinstance(answer["language"], str)
        and type(answer["lines"]) is int
    )


async def _memory(model: ChatModel, server: OllamaServer | None) -> LoadedModel | None:
    if server is None:
        return None
    return next((loaded for loaded in await server.loaded() if same_model(loaded.name, model.model)), None)


def _details(rights: int, native: int, fits: bool, memory: LoadedModel | None) -> str:
    said = [f"{rights} of {len(_QUESTIONS)} tool calls right"]
    if rights:
        said.append(
            "native" if native == rights else "as text" if not native else f"{native} native, the others as text"
        )
    said.append("answers to a schema" if fits else "no answer to a schema")
    if memory is not None and memory.spilled:
        said.append(f"{memory.spilled_share:.0%} of it on the CPU: slow, and tool calls suffer")
    elif memory is not None and memory.on_cpu:
        said.append("CPU only")
    return ", ".join(said)
