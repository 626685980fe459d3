"""The events of one streamed reply, put together by ourselves: the client's own assembly forgives what must not be."""

import json
from typing import Any

from agents.models.chat import Finished, Message, StopReason, ToolCall
from agents.models.claude_request import origin, without_surrogates
from agents.models.errors import BadResponse, ContextOverflow, StreamCut
from agents.sanitize import one_line, sanitize
from agents.tasks import Usage

_STOPS = {
    "tool_use": StopReason.TOOLS,
    "max_tokens": StopReason.MAX_TOKENS,
    "refusal": StopReason.REFUSAL,
    "pause_turn": StopReason.PAUSED,
}
_OVERFLOW = "model_context_window_exceeded"
_DELTAS = {"text_delta": "text", "thinking_delta": "thinking", "input_json_delta": "partial_json"}
_REBUILT = frozenset({"text", "tool_use"})
_MOST_BLOCKS = 10_000


class _Open:
    """A content block as far as it came: what its start said, and the pieces of its long text."""

    def __init__(self, start: dict[str, Any]) -> None:
        self.start = start
        self.pieces: list[str] = []

    @property
    def kind(self) -> str:
        return str(self.start.get("type"))

    def whole(self) -> dict[str, Any]:
        """The block as it would stand in a reply that was not streamed."""
        block = dict(self.start)
        joined = "".join(self.pieces)
        if self.kind == "tool_use":
            block["input"] = _arguments(str(block.get("name")), joined, block.get("input"))
        elif self.kind in {"text", "thinking"}:
            block[self.kind] = str(block.get(self.kind) or "") + joined
        return block


class Reply:
    """Feed it every event with `take`, then ask for `finished`."""

    def __init__(self, model: str) -> None:
        self._model = model
        self._blocks: dict[int, _Open] = {}
        self._counts: dict[str, int] = {}
        self._stop: str | None = None
        self._began = False
        self.request_id: str | None = None

    @property
    def complete(self) -> bool:
        """The model said why it stopped: whatever breaks after that breaks nothing."""
        return self._stop is not None

    @property
    def usage(self) -> Usage:
        """What the provider has counted so far."""
        count = self._counts.get
        long = count("ephemeral_1h_input_tokens", 0)
        short = count("ephemeral_5m_input_tokens", 0)
        unsorted = max(0, count("cache_creation_input_tokens", 0) - long - short)
        return Usage(
            input=count("input_tokens", 0),
            output=count("output_tokens", 0),
            cache_read=count("cache_read_input_tokens", 0),
            cache_write_5m=short + unsorted,
            cache_write_1h=long,
        )

    def take(self, event: dict[str, Any]) -> str:
        """Take in one event; answer the visible text it brought, as it came. Unknown events are let pass."""
        kind = event.get("type")
        if kind == "message_start":
            self._began = True
            self._count(_dict(_dict(event.get("message")).get("usage")))
        elif kind == "content_block_start":
            return self._start(_index(event), _dict(event.get("content_block")))
        elif kind == "content_block_delta":
            return self._delta(self._block(_index(event)), _dict(event.get("delta")))
        elif kind == "message_delta":
            self._count(_dict(event.get("usage")))
            stop = _dict(event.get("delta")).get("stop_reason")
            if isinstance(stop, str):
                self._stop = stop
        return ""

    def finished(self, *, seconds: float, first_s: float) -> Finished:
        """The whole message; `first_s` seconds passed before its first event.

        Raises StreamCut when the model did not say why it stopped, BadResponse for a tool call whose arguments are not
        a JSON object, ContextOverflow when the window was full.
        """
        if self._stop is None:
            raise self._cut()
        if self._stop == _OVERFLOW:
            raise ContextOverflow(f"The window of {self._model} was full before the reply was done.")
        blocks = [self._blocks[index] for index in sorted(self._blocks)]
        calling = self._stop == "tool_use"
        # A tool call that was cut has no trustworthy arguments; it is neither run nor given back.
        cut = not calling and any(block.kind == "tool_use" for block in blocks)
        whole = [block.whole() for block in blocks if calling or block.kind != "tool_use"]
        for number, block in enumerate(block for block in whole if block["type"] == "tool_use"):
            block["id"] = str(block.get("id") or f"call_{number}")
        calls = tuple(_call(block) for block in whole if block["type"] == "tool_use")
        stop = _STOPS.get(self._stop, StopReason.END)
        usage = self.usage
        speaking = seconds - first_s
        return Finished(
            message=Message(
                role="assistant",
                content=sanitize("".join(str(block.get("text")) for block in whole if block["type"] == "text")),
                tool_calls=calls,
                raw=() if cut else self._raw(whole),
            ),
            usage=usage,
            stop=StopReason.END if stop is StopReason.TOOLS and not calls else stop,
            seconds=seconds,
            tokens_per_second=usage.output / speaking if usage.output and speaking > 0 else None,
            request_id=self.request_id,
        )

    def _raw(self, blocks: list[dict[str, Any]]) -> tuple[dict[str, Any], ...]:
        """The blocks with their origin, where text and calls alone would not give the turn back as it was."""
        if all(block["type"] in _REBUILT for block in blocks):
            return ()
        sendable = [block for block in blocks if block["type"] != "text" or str(block.get("text")).strip()]
        return (origin("anthropic", self._model), *without_surrogates(sendable))

    def _start(self, index: int, content: dict[str, Any]) -> str:
        if len(self._blocks) >= _MOST_BLOCKS:
            raise BadResponse(f"{self._model} began more than {_MOST_BLOCKS} blocks in one reply. Try again.")
        self._blocks[index] = _Open({**content, "type": str(content.get("type"))})
        text = content.get("text")
        return text if content.get("type") == "text" and isinstance(text, str) else ""

    def _delta(self, block: _Open | None, delta: dict[str, Any]) -> str:
        if block is None:
            raise BadResponse(f"{self._model} went on with a block that it had not begun. Try again.")
        kind = delta.get("type")
        field = _DELTAS.get(str(kind))
        piece = delta.get(field) if field else None
        if isinstance(piece, str):
            block.pieces.append(piece)
            return piece if kind == "text_delta" and block.kind == "text" else ""
        if kind == "signature_delta" and isinstance(delta.get("signature"), str):
            block.start["signature"] = delta["signature"]
        elif kind == "citations_delta":
            block.start["citations"] = [*(block.start.get("citations") or []), delta.get("citation")]
        return ""

    def _block(self, index: int) -> _Open | None:
        return self._blocks.get(index)

    def _count(self, usage: dict[str, Any]) -> None:
        """Counts are cumulative: a later one replaces an earlier one; a null says nothing."""
        for name, value in {**usage, **_dict(usage.get("cache_creation"))}.items():
            if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
                self._counts[name] = value

    def _cut(self) -> StreamCut | BadResponse:
        if not self._began and not self._blocks:
            return BadResponse(f"The reply of {self._model} was empty: not one event of the protocol. Try again.")
        return StreamCut(f"The reply of {self._model} broke off before it was finished. Try again.")


def _arguments(name: str, written: str, given: object) -> dict[str, Any]:
    """The arguments of a call: the pieces as one JSON object, else what the block began with, else none."""
    if not written.strip():
        return dict(given) if isinstance(given, dict) else {}
    try:
        read = json.loads(written, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise _bad_arguments(name, str(error)) from error
    if not isinstance(read, dict):
        raise _bad_arguments(name, f"a JSON object was expected, not {type(read).__name__}")
    return read


def _no_number(constant: str) -> object:
    raise ValueError(f"{constant} is not JSON")


def _bad_arguments(name: str, why: str) -> BadResponse:
    return BadResponse(f"The model called {one_line(name, 60)} with broken arguments ({one_line(why)}). Try again.")


def _call(block: dict[str, Any]) -> ToolCall:
    arguments: dict[str, Any] = without_surrogates(block["input"])
    return ToolCall(
        id=without_surrogates(block["id"]),
        name=one_line(str(block.get("name") or ""), 128),
        arguments=arguments,
    )


def _dict(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _index(event: dict[str, Any]) -> int:
    index = event.get("index")
    if not isinstance(index, int):
        raise BadResponse("The server sent a content block without its number. Try again.")
    return index
