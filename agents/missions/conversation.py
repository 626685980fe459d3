"""A growing list of messages that is stored as it grows, and compacted, visibly, when it no longer fits."""

from typing import Self

from agents.models.chat import ChatRequest, Message, ToolResult
from agents.models.errors import ContextOverflow
from agents.models.tokens import estimate_request
from agents.store import Store

KEPT_RESULTS = 2
"""Tool messages at the end that compacting leaves whole."""
LEFT_OUT = "[left out to fit the window: {characters} characters; call the tool again if you need it]"
LONG = 400


class Conversation:
    """The messages of one attempt. Append-only, but for results that compacting shortened."""

    def __init__(self, store: Store, mission_id: int) -> None:
        self._store = store
        self._mission_id = mission_id
        self.messages: tuple[Message, ...] = ()

    async def add(self, message: Message) -> None:
        """Append and store."""
        self.messages += (message,)
        await self._store.add_message(self._mission_id, message)

    async def restart(self, content: str) -> Self:
        """Begin again with one message from the user; what was said before is stored, but not sent any more."""
        self.messages = ()
        await self.add(Message(role="user", content=content))
        return self

    def fitted(self, request: ChatRequest, window: int) -> ChatRequest:
        """`request` with this conversation's messages, compacted until prompt and reply fit `window` tokens.

        Raises ContextOverflow when even the first message and the latest turn do not fit.
        """
        request = request.model_copy(update={"messages": self.messages})
        if _fits(request, window):
            return request
        self.messages = shorten_results(self.messages, keep=KEPT_RESULTS)
        request = request.model_copy(update={"messages": self.messages})
        while not _fits(request, window) and len(self.messages) > 3:
            self.messages = drop_oldest_turn(self.messages)
            request = request.model_copy(update={"messages": self.messages})
        if not _fits(request, window):
            tokens = estimate_request(request)
            raise ContextOverflow(
                f"the task needs about {tokens} tokens of prompt and the model's window is {window}: "
                "split the task, name fewer files, or set a larger num_ctx",
                prompt_tokens=tokens,
                limit=window,
            )
        return request


def shorten_results(messages: tuple[Message, ...], *, keep: int) -> tuple[Message, ...]:
    """Old, long tool results replaced by a line that says how much was left out; the last `keep` stay whole."""
    with_results = [index for index, message in enumerate(messages) if message.tool_results]
    old = set(with_results[:-keep] if keep else with_results)
    return tuple(_shortened(message) if index in old else message for index, message in enumerate(messages))


def drop_oldest_turn(messages: tuple[Message, ...]) -> tuple[Message, ...]:
    """Without the oldest assistant turn and what answered it. The first message, the mission itself, stays."""
    end = 2
    while end < len(messages) and messages[end].role != "assistant":
        end += 1
    if end >= len(messages):
        return messages[:1] + messages[-1:]
    return messages[:1] + messages[end:]


def _shortened(message: Message) -> Message:
    results = tuple(
        ToolResult(
            call_id=r.call_id, name=r.name, content=LEFT_OUT.format(characters=len(r.content)), is_error=r.is_error
        )
        if len(r.content) > LONG
        else r
        for r in message.tool_results
    )
    return message.model_copy(update={"tool_results": results})


def _fits(request: ChatRequest, window: int) -> bool:
    return estimate_request(request) + request.max_tokens <= window
