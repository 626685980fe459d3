"""A ChatRequest as the Messages API wants it: pure, and the same bytes for the same turns, so that caches hold."""

import json
import re
from collections.abc import Sequence
from typing import Any

from agents.models.chat import ChatRequest, Message, ToolResult

Block = dict[str, Any]

_EPHEMERAL = {"type": "ephemeral"}
_NAME = re.compile(r"[^a-zA-Z0-9_-]")
_NOT_RUN = "This call was not run."


def origin(provider: str, model: str) -> Block:
    """The first entry of Message.raw: who wrote the blocks after it, and so who may get them back."""
    return {"origin": {"provider": provider, "model": model}}


def build_request(request: ChatRequest, *, model: str, sampling: bool) -> dict[str, Any]:
    """The keywords of `messages.create` for `request`.

    `sampling`: the endpoint serves a local model, which obeys a temperature and has no structured outputs; Anthropic's
    own models get neither a temperature nor any other sampling parameter, which they refuse.
    """
    system = request.system
    output: dict[str, Any] = {}
    if request.effort is not None:
        output["effort"] = request.effort
    if request.schema_ is not None:
        if sampling:
            system = f"{system}\n\n{_schema_instruction(request.schema_)}".strip()
        else:
            output["format"] = {"type": "json_schema", "schema": request.schema_}
    payload: dict[str, Any] = {
        "model": model,
        "max_tokens": request.max_tokens,
        "messages": _Conversation(model).turns(request.messages),
    }
    tools: list[Block] = [
        {"name": tool.name, "description": tool.description, "input_schema": tool.parameters} for tool in request.tools
    ]
    if tools:
        payload["tools"] = tools
    # One mark on the system prompt caches the tools before it too.
    if system.strip():
        payload["system"] = [{"type": "text", "text": system, "cache_control": _EPHEMERAL}]
    elif tools:
        tools[-1]["cache_control"] = _EPHEMERAL
    if output:
        payload["output_config"] = output
    if sampling:
        payload["extra_body"] = {"temperature": request.temperature}
    encodable: dict[str, Any] = without_surrogates(payload)
    return encodable


def without_surrogates(value: Any) -> Any:
    """`value` (JSON) without lone surrogates: JSON can smuggle them in, UTF-8 cannot carry them on."""
    if isinstance(value, str):
        return value if value.isascii() else value.encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, dict):
        return {without_surrogates(key): without_surrogates(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [without_surrogates(item) for item in value]
    return value


class _Conversation:
    """Turns that alternate, in which every call has exactly one result, under an id nobody else has."""

    def __init__(self, model: str) -> None:
        self._origin = origin("anthropic", model)
        self._ids: set[str] = set()
        self._open: dict[str, str] = {}
        """Calls of the last assistant turn that have no result yet: our id to the id on the wire."""
        self._turns: list[Block] = []

    def turns(self, messages: Sequence[Message]) -> list[Block]:
        """The `messages` of a request."""
        for message in messages:
            if message.role == "assistant":
                self._assistant(message)
            else:
                self._user(message)
        if self._open:
            self._add("user", self._results(()))
        _mark(self._turns)
        return self._turns

    def _assistant(self, message: Message) -> None:
        if message.raw and message.raw[0] == self._origin:
            blocks = [dict(block) for block in message.raw[1:]]
            ids = {block["id"]: block["id"] for block in blocks if block.get("type") == "tool_use"}
        else:
            blocks = [{"type": "text", "text": message.content}] if message.content.strip() else []
            ids = {}
            for call in message.tool_calls:
                ids[call.id] = self._fresh(call.id)
                name = _NAME.sub("_", call.name)[:128] or "unknown"
                blocks.append({"type": "tool_use", "id": ids[call.id], "name": name, "input": call.arguments})
        if not blocks:
            return
        if self._open:
            self._add("user", self._results(()))
        self._ids.update(ids.values())
        self._open = ids
        self._add("assistant", blocks)

    def _user(self, message: Message) -> None:
        strays = [result for result in message.tool_results if result.call_id not in self._open]
        blocks = self._results(message.tool_results)
        texts = [f"[{result.name}] {result.content}" for result in strays] + [message.content]
        blocks += [{"type": "text", "text": text} for text in texts if text.strip()]
        self._add("user", blocks or [{"type": "text", "text": "(no text)"}])

    def _results(self, results: Sequence[ToolResult]) -> list[Block]:
        """One tool_result per open call, in the order of the calls."""
        given = {result.call_id: result for result in results}
        blocks = []
        for ours, wire in self._open.items():
            result = given.get(ours) or ToolResult(call_id=ours, name="", content=_NOT_RUN, is_error=True)
            block = {"type": "tool_result", "tool_use_id": wire, "content": result.content or "(no output)"}
            blocks.append({**block, "is_error": True} if result.is_error else block)
        self._open = {}
        return blocks

    def _add(self, role: str, blocks: list[Block]) -> None:
        if self._turns and self._turns[-1]["role"] == role:
            self._turns[-1]["content"].extend(blocks)
        else:
            self._turns.append({"role": role, "content": blocks})

    def _fresh(self, wish: str) -> str:
        base = _NAME.sub("_", wish)[:64] or "call"
        name, number = base, 1
        while name in self._ids:
            number += 1
            name = f"{base}-{number}"
        self._ids.add(name)
        return name


def _mark(turns: list[Block]) -> None:
    """Mark the end of the last two user turns: the last is written to the cache, the one before it read from there.

    The service looks for an earlier entry only some 20 blocks back from a mark, and one turn of a loop can hold more.
    """
    ends = [turn["content"] for turn in turns if turn["role"] == "user" and turn["content"]]
    for content in ends[-2:]:
        content[-1] = {**content[-1], "cache_control": _EPHEMERAL}


def _schema_instruction(schema: dict[str, Any]) -> str:
    text = json.dumps(schema, ensure_ascii=False, sort_keys=True)
    return f"Reply with one JSON object that fits this JSON schema, and with nothing else:\n{text}"
