"""The one protocol between a mission and any model: a request in, a stream of parts out."""

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from enum import StrEnum
from typing import Any, Literal, Protocol, runtime_checkable

from pydantic import Field

from agents.tasks import Frozen, Usage


class ToolSpec(Frozen):
    """A tool as a model sees it. `parameters` is a JSON schema of type object."""

    name: str
    description: str
    parameters: dict[str, Any]


class ToolCall(Frozen):
    """A call a model asked for. `arguments` are as it wrote them: not validated yet."""

    id: str
    name: str
    arguments: dict[str, Any]


class ToolResult(Frozen):
    """What a tool answered, in the message that follows the call."""

    call_id: str
    name: str
    content: str
    is_error: bool = False


class Message(Frozen):
    """One turn. A `tool` message holds the results of every call of the assistant message before it."""

    role: Literal["user", "assistant", "tool"]
    content: str = ""
    tool_calls: tuple[ToolCall, ...] = ()
    tool_results: tuple[ToolResult, ...] = ()
    raw: tuple[dict[str, Any], ...] = ()
    """The provider's own content blocks (thinking and its signature), given back to the same provider unchanged."""


class ChatRequest(Frozen):
    """One call. The system prompt and the tools are the stable prefix; messages only grow."""

    system: str
    messages: tuple[Message, ...]
    tools: tuple[ToolSpec, ...] = ()
    max_tokens: int = 4096
    temperature: float = 0.0
    """Obeyed by local models only; paid models of 2026 refuse sampling parameters."""
    seed: int | None = None
    schema_: dict[str, Any] | None = Field(default=None, alias="schema")
    """Constrain the reply to this JSON schema."""
    effort: Literal["low", "medium", "high"] | None = None


class StopReason(StrEnum):
    """Why the model stopped."""

    END = "end"
    TOOLS = "tools"
    MAX_TOKENS = "max_tokens"
    REFUSAL = "refusal"
    PAUSED = "paused"


class TextDelta(Frozen):
    """More of the visible reply."""

    text: str


class Loading(Frozen):
    """Nothing came for a while before the first byte: the server is probably loading the model."""

    waited_s: float


class Held(Frozen):
    """Nothing was sent yet: the provider's rate limit is waited out, or others go first."""

    reason: str
    """In a person's words: rate limit, overloaded."""
    seconds: float | None
    """How long it will take, as far as that is known."""
    waited_s: float


class Restarted(Frozen):
    """The stream broke after some text had come; the reply starts over and the text so far is void."""

    attempt: int
    """Number of the try that begins now; 2 for the first repetition."""


class Finished(Frozen):
    """The last part of every stream that did not raise: the whole assistant message and what it cost."""

    message: Message
    usage: Usage
    stop: StopReason
    seconds: float
    load_seconds: float = 0.0
    tokens_per_second: float | None = None
    request_id: str | None = None


Part = TextDelta | Loading | Held | Restarted | Finished


class ChatModel(Protocol):
    """A model at an endpoint. Implementations import their client when the first call is made, never before."""

    @property
    def model(self) -> str:
        """The model's name, as the provider knows it."""

    @property
    def provider(self) -> str:
        """ollama, anthropic or simulation."""

    @property
    def window(self) -> int:
        """Tokens of prompt and reply together."""

    def stream(self, request: ChatRequest) -> AsyncIterator[Part]:
        """Send `request`; yield parts as they come, `Finished` last.

        Closing the iterator (or cancelling the task) closes the connection. No retries here: see models.retry.
        Raises the errors of models.errors, whose `usage` says what a broken stream cost.
        """

    async def aclose(self) -> None:
        """Close the client."""


BeforeSending = Callable[[], Awaitable[None]]
"""Awaited once all waiting is over, right before the request goes out; when it raises, nothing is sent."""


@runtime_checkable
class Limited(Protocol):
    """A ChatModel that shares a rate limit with others and may have to wait before it sends."""

    def stream_in_turn(self, request: ChatRequest, before_sending: BeforeSending) -> AsyncGenerator[Part, None]:
        """ChatModel.stream with `Held` parts while it waits, then `before_sending`, then the rest."""
