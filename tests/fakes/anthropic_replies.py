"""What the fake Anthropic server can be told to answer, as steps on the wire: bytes, waiting, breaking off."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from agents.tasks import Usage

Block = dict[str, Any]


@dataclass(frozen=True)
class Wait:
    """Nothing is sent until `event` is set; None: until the client is gone."""

    event: asyncio.Event | None = None


@dataclass(frozen=True)
class Pause:
    """Nothing is sent for `seconds`."""

    seconds: float


@dataclass(frozen=True)
class CleanEnd:
    """The body ends here, properly, whatever is missing."""


@dataclass(frozen=True)
class HardCut:
    """The connection is reset."""


@dataclass(frozen=True)
class Emit:
    """One event.."""

    name: str
    data: dict[str, Any] | str

    def wire(self) -> bytes:
        text = self.data if isinstance(self.data, str) else json.dumps(self.data)
        return f"event: {self.name}\ndata: {text}\n\n".encode()


Step = Emit | bytes | Wait | Pause | CleanEnd | HardCut


@dataclass(frozen=True)
class Script:
    """One answer: status and headers, then steps. `before`: what happens before the status line."""

    steps: tuple[Step, ...] = ()
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    before: tuple[Step, ...] = ()
    usage: Usage | None = None
    """Tokens of the prompt to report; None: counted, with caching, from the request."""
    piece: int | None = None
    """Send the body in pieces of so many bytes, wherever that cuts."""


def text(content: str, pieces: int = 2) -> Block:
    """A text block, streamed in `pieces`."""
    return {"type": "text", "text": content, "_pieces": pieces}


def tool(name: str, arguments: dict[str, Any] | str, call_id: str = "toolu_01", *, stop: bool = True) -> Block:
    """A tool_use block; arguments given as a str are sent as they are. `stop` False: the block never ends."""
    written = arguments if isinstance(arguments, str) else json.dumps(arguments)
    return {"type": "tool_use", "id": call_id, "name": name, "_json": written, "_stop": stop}


def thinking(content: str, signature: str) -> Block:
    """A thinking block with the signature the server expects to see again."""
    return {"type": "thinking", "thinking": content, "signature": signature}


def message(
    *blocks: Block,
    stop: str | None = "end_turn",
    usage: Usage | None = None,
    output: int | None = None,
    extra: Sequence[Step] = (),
    **script: Any,
) -> Script:
    """A whole streamed message. `output`: tokens written, else counted; `extra` steps come before the first block."""
    steps: list[Step] = [start(), Emit("ping", {"type": "ping"}), *extra]
    for index, block in enumerate(blocks):
        steps += block_steps(index, block)
    count = output if output is not None else max(1, sum(len(json.dumps(block)) for block in blocks) // 4)
    steps += [end(stop, count), Emit("message_stop", {"type": "message_stop"})]
    return Script(steps=tuple(steps), usage=usage, **script)


def start() -> Emit:
    """message_start; the server fills in its usage when it sends it."""
    body = {"id": "msg_01", "type": "message", "role": "assistant", "content": [], "stop_reason": None}
    return Emit("message_start", {"type": "message_start", "message": {**body, "stop_sequence": None}})


def end(stop: str | None, output: int) -> Emit:
    """message_delta with the stop reason and the cumulative count of tokens written."""
    delta = {"stop_reason": stop, "stop_sequence": None}
    return Emit("message_delta", {"type": "message_delta", "delta": delta, "usage": {"output_tokens": output}})


def block_steps(index: int, block: Block) -> list[Step]:
    """One content block: its start, its deltas, its end."""
    kind = block["type"]
    if kind == "text":
        steps = [_begin(index, {"type": "text", "text": ""})]
        steps += [
            _delta(index, {"type": "text_delta", "text": piece}) for piece in _cut(block["text"], block["_pieces"])
        ]
    elif kind == "tool_use":
        steps = [_begin(index, {"type": "tool_use", "id": block["id"], "name": block["name"], "input": {}})]
        pieces = ["", *_cut(block["_json"], 3)]
        steps += [_delta(index, {"type": "input_json_delta", "partial_json": piece}) for piece in pieces]
    elif kind == "thinking":
        steps = [_begin(index, {"type": "thinking", "thinking": "", "signature": ""})]
        steps += [_delta(index, {"type": "thinking_delta", "thinking": piece}) for piece in _cut(block["thinking"], 2)]
        steps += [_delta(index, {"type": "signature_delta", "signature": block["signature"]})]
    else:
        steps = [_begin(index, block)]
    if block.get("_stop", True):
        steps.append(Emit("content_block_stop", {"type": "content_block_stop", "index": index}))
    return list(steps)


def signed_by(script: Script) -> set[tuple[str, str]]:
    """The thinking blocks of `script`: text and signature, by which the server knows them again."""
    found: set[tuple[str, str]] = set()
    thought = ""
    for step in script.steps:
        delta = step.data.get("delta", {}) if isinstance(step, Emit) and isinstance(step.data, dict) else {}
        thought += delta.get("thinking", "")
        if "signature" in delta:
            found.add((thought, delta["signature"]))
            thought = ""
    return found


def broken_off(*blocks: Block, last: Step, usage: Usage | None = None, **script: Any) -> Script:
    """A message that stops in the middle of its last block with `last`: a cut, an error event, a wait."""
    steps: list[Step] = [start()]
    for index, block in enumerate(blocks):
        steps += block_steps(index, block)
    return Script(steps=(*steps[:-1], last), usage=usage, **script)


def error_event(kind: str = "overloaded_error", words: str = "Overloaded") -> Emit:
    """An error in mid-stream."""
    return Emit("error", {"type": "error", "error": {"type": kind, "message": words}, "request_id": "req_011"})


def failure(
    status: int, kind: str, words: str = "", *, code: str | None = None, headers: dict[str, str] | None = None
) -> Script:
    """An HTTP error as Anthropic words it."""
    error: dict[str, Any] = {"type": kind, "message": words or kind}
    if code:
        error["details"] = {"error_code": code}
    body = {"type": "error", "error": error, "request_id": "req_011"}
    return page(json.dumps(body), status=status, kind="application/json", headers=headers)


def page(body: str, *, status: int = 200, kind: str = "text/html", headers: dict[str, str] | None = None) -> Script:
    """Any HTTP answer with any body."""
    return Script(steps=(body.encode(),), status=status, headers={"content-type": kind, **(headers or {})})


def _begin(index: int, block: Block) -> Emit:
    data = {"type": "content_block_start", "index": index, "content_block": block}
    return Emit("content_block_start", data)


def _delta(index: int, delta: Block) -> Emit:
    return Emit("content_block_delta", {"type": "content_block_delta", "index": index, "delta": delta})


def _cut(whole: str, pieces: int) -> list[str]:
    size = max(1, -(-len(whole) // max(1, pieces)))
    return [whole[at : at + size] for at in range(0, len(whole), size)]
