"""Ollama's protocol, both ways: our request as its JSON, its lines as ours. Tolerant in what it reads."""

import json
import re
from collections.abc import Iterator, Sequence
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from agents.models.chat import ChatRequest, Message, ToolCall, ToolSpec
from agents.sanitize import one_line

_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
_NANOSECONDS = 1_000_000_000


def _without_surrogates(value: Any) -> Any:
    """`value` with every string fit for UTF-8: JSON can carry half a character, files and databases cannot."""
    if isinstance(value, str):
        return _LONE_SURROGATE.sub("\ufffd", value)
    if isinstance(value, dict):
        return {_without_surrogates(key): _without_surrogates(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_without_surrogates(item) for item in value]
    return value


def _text(value: Any) -> Any:
    return "" if value is None else _without_surrogates(value)


def _arguments(value: Any) -> Any:
    if isinstance(value, str):
        value = json.loads(value) if value.strip() else {}
    return {} if value is None else _without_surrogates(value)


def _list(value: Any) -> Any:
    return () if value is None else value


def _count(value: Any) -> int:
    """Absent is zero; a server's nonsense must not reach the database."""
    return min(max(value, 0), 2**53) if isinstance(value, int) else 0


Text = Annotated[str, BeforeValidator(_text)]
Count = Annotated[int, BeforeValidator(_count)]


class Wire(BaseModel):
    """Something a server sent: fields we do not know are ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore", protected_namespaces=())


class WireFunction(Wire):
    name: Text = Field(min_length=1)
    arguments: Annotated[dict[str, Any], BeforeValidator(_arguments)] = {}


class WireCall(Wire):
    id: Text = ""
    function: WireFunction


class WireMessage(Wire):
    content: Text = ""
    thinking: Text = ""
    tool_calls: Annotated[tuple[WireCall, ...], BeforeValidator(_list)] = ()


class ChatLine(Wire):
    """One line of a reply. Counts a server left out are 0."""

    message: WireMessage
    done: bool = False
    done_reason: Text = ""
    load_duration: Count = 0
    prompt_eval_count: Count = 0
    eval_count: Count = 0
    eval_duration: Count = 0

    @property
    def load_seconds(self) -> float:
        """How long the model was being loaded."""
        return self.load_duration / _NANOSECONDS

    @property
    def tokens_per_second(self) -> float | None:
        """Speed of writing; None where the server does not say."""
        if not self.eval_count or not self.eval_duration:
            return None
        return self.eval_count * _NANOSECONDS / self.eval_duration


def chat_body(
    model: str, request: ChatRequest, *, num_ctx: int, num_predict: int, keep_alive: str, think: bool | None
) -> dict[str, Any]:
    """The body of POST /api/chat. A change of `num_ctx` or `shift` between requests reloads the model."""
    options: dict[str, Any] = {"num_ctx": num_ctx, "num_predict": num_predict, "temperature": request.temperature}
    if request.seed is not None:
        options["seed"] = request.seed
    body: dict[str, Any] = {
        "model": model,
        "messages": [_without_surrogates(message) for message in _messages(request)],
        "stream": True,
        "options": options,
        "keep_alive": keep_alive_value(keep_alive),
        # Errors instead of silently dropped messages; servers before 0.12.6 ignore both.
        "truncate": False,
        "shift": False,
    }
    if request.tools:
        body["tools"] = [_without_surrogates(_tool(tool)) for tool in request.tools]
    if request.schema_ is not None:
        body["format"] = request.schema_
    if think is not None:
        body["think"] = think
    return body


def keep_alive_value(setting: str) -> str | float:
    """Ollama takes a number as seconds, but refuses a string without a unit."""
    try:
        return float(setting)
    except ValueError:
        return setting


def stays_loaded(setting: str) -> bool:
    """Whether keep_alive `setting` leaves a model in memory after it has answered: 0, "0s" and "0h0m" do not."""
    return any(digit in "123456789" for digit in setting)


def tool_calls(wire: Sequence[WireCall], *, turn: int) -> tuple[ToolCall, ...]:
    """Calls as ours, with ids that are unique within their turn: some servers give none, or the same twice."""
    seen: set[str] = set()
    calls = []
    for number, call in enumerate(wire):
        given = one_line(call.id, 64)
        identity = given if given and given not in seen else f"call_{turn}_{number}"
        seen.add(identity)
        calls.append(ToolCall(id=identity, name=one_line(call.function.name, 128), arguments=call.function.arguments))
    return tuple(calls)


def _messages(request: ChatRequest) -> Iterator[dict[str, Any]]:
    if request.system:
        yield {"role": "system", "content": request.system}
    for message in request.messages:
        yield from _message(message)


def _message(message: Message) -> Iterator[dict[str, Any]]:
    if message.role == "tool":
        for result in message.tool_results:
            yield {
                "role": "tool",
                "tool_name": result.name,
                "tool_call_id": result.call_id,
                "content": result.content,
            }
        return
    wire: dict[str, Any] = {"role": message.role, "content": message.content}
    if message.tool_calls:
        wire["tool_calls"] = [
            {"id": call.id, "function": {"index": index, "name": call.name, "arguments": call.arguments}}
            for index, call in enumerate(message.tool_calls)
        ]
    yield wire


def _tool(tool: ToolSpec) -> dict[str, Any]:
    function = {"name": tool.name, "description": tool.description, "parameters": tool.parameters}
    return {"type": "function", "function": function}
