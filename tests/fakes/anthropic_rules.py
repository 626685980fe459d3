"""What the real Messages API refuses, and how it counts a prompt and caches it: the fake does the same."""

import hashlib
import json
from typing import Any

from agents.tasks import Usage

Block = dict[str, Any]
_SAMPLING = ("temperature", "top_p", "top_k")
_LOOKBACK = 20


def problem_with(body: Any, signed: set[tuple[str, str]]) -> str | None:
    """Why the API would answer 400 to `body`; None when it would not. `signed`: the thinking blocks it has issued."""
    if not isinstance(body, dict):
        return "body: an object is required"
    for name in ("model", "max_tokens", "messages"):
        if name not in body:
            return f"{name}: Field required"
    if body["model"].startswith("claude") and (named := [name for name in _SAMPLING if name in body]):
        return f"{named[0]}: not supported by this model"
    if marks(body) > 4:
        return f"A maximum of 4 blocks with cache_control may be provided. Found {marks(body)}."
    return _messages_problem(body["messages"], signed)


def _messages_problem(messages: list[Block], signed: set[tuple[str, str]]) -> str | None:
    if not messages or messages[0]["role"] != "user":
        return "messages: first message must use the user role"
    used: set[str] = set()
    waiting: list[str] = []
    for number, message in enumerate(messages):
        content = message["content"]
        blocks = [{"type": "text", "text": content}] if isinstance(content, str) else content
        if not blocks:
            return f"messages.{number}: content must not be empty"
        answered = [block["tool_use_id"] for block in blocks if block["type"] == "tool_result"]
        first = [block["type"] for block in blocks[: len(answered)]]
        if sorted(answered) != sorted(waiting) or any(kind != "tool_result" for kind in first):
            return f"messages.{number}: `tool_use` ids need one `tool_result` each at the start of the next message"
        waiting = [block["id"] for block in blocks if block["type"] == "tool_use"]
        if used & set(waiting) or len(set(waiting)) != len(waiting):
            return f"messages.{number}: `tool_use` ids must be unique"
        used |= set(waiting)
        if problem := next(filter(None, (_block_problem(block, signed) for block in blocks)), None):
            return f"messages.{number}: {problem}"
    if waiting or (messages[-1]["role"] == "assistant"):
        return "messages: the conversation must end with a user message"
    return None


def _block_problem(block: Block, signed: set[tuple[str, str]]) -> str | None:
    if block["type"] == "text" and not block["text"].strip():
        return "text content blocks must contain non-whitespace text"
    if block["type"] == "thinking" and (block["thinking"], block["signature"]) not in signed:
        return "Invalid `signature` in `thinking` block"
    if block["type"] == "tool_use" and not isinstance(block["input"], dict):
        return "tool_use.input: an object is required"
    return None


def marks(body: Block) -> int:
    """How many blocks carry cache_control."""
    return sum("cache_control" in block for block in _blocks(body))


def _blocks(body: Block) -> list[Block]:
    """Everything cacheable, in the order in which it is cached: tools, system, messages."""
    system = body.get("system") or []
    blocks = [*body.get("tools", [])]
    blocks += [{"type": "text", "text": system}] if isinstance(system, str) else system
    for message in body["messages"]:
        content = message["content"]
        blocks += [{"type": "text", "text": content}] if isinstance(content, str) else content
    return blocks


class PromptCache:
    """Counts a prompt, a token for each four characters, and remembers its marked prefixes."""

    def __init__(self) -> None:
        self._known: set[str] = set()

    def count(self, body: Block, *, remember: bool = True) -> Usage:
        """The usage of the prompt in `body`; every block boundary at a mark is cached from now on, if it is to be."""
        running = hashlib.sha256(str(body.get("model")).encode())
        prefixes: list[tuple[str, int, bool]] = []
        tokens = 0
        for block in _blocks(body):
            plain = json.dumps({key: value for key, value in block.items() if key != "cache_control"})
            running.update(plain.encode())
            tokens += max(1, len(plain) // 4)
            prefixes.append((running.hexdigest(), tokens, "cache_control" in block))
        marked = [at for at, (_, _, mark) in enumerate(prefixes) if mark]
        reach = {at for mark in marked for at in range(max(0, mark - _LOOKBACK), mark + 1)}
        read = max((prefixes[at][1] for at in reach if prefixes[at][0] in self._known), default=0)
        cached = prefixes[marked[-1]][1] if marked else 0
        if remember:
            self._known |= {prefixes[at][0] for at in marked}
        return Usage(input=tokens - max(read, cached), cache_read=read, cache_write_5m=max(0, cached - read))
