"""A growing list of messages that is stored as it grows, and compacted, visibly, when it no longer fits."""

from typing import Self

from agents.missions.failure import trim_output
from agents.models.chat import ChatRequest, Message, ToolResult
from agents.models.errors import ContextOverflow
from agents.models.tokens import estimate_message, estimate_request
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
        self._tokens = 0
        """Of all messages: in a long talk they are not weighed again in every turn."""
        self.compacted = 0
        """How often something had to be left out."""

    async def add(self, message: Message) -> None:
        """Append and store."""
        self.hold(message)
        await self._store.add_message(self._mission_id, message)

    def hold(self, message: Message) -> None:
        """Append what is stored elsewhere, together with what belongs to it."""
        self.messages += (message,)
        self._tokens += estimate_message(message)

    async def restart(self, content: str) -> Self:
        """Begin again with one message from the user; what was said before is stored, but not sent any more."""
        self._replace(())
        await self.add(Message(role="user", content=content))
        return self

    def fitted(self, request: ChatRequest, window: int) -> ChatRequest:
        """`request` with this conversation's messages, compacted until prompt and reply fit `window` tokens.

        Raises ContextOverflow when the first message alone, the mission itself, does not fit.
        """
        tokens = self._compact(request, window - request.max_tokens)
        if tokens + request.max_tokens > window:
            raise ContextOverflow(
                f"the task needs about {tokens} tokens of prompt and the model's window is {window}: "
                "split the task, name fewer files, or set a larger num_ctx",
                prompt_tokens=tokens,
                limit=window,
            )
        return request.model_copy(update={"messages": self.messages})

    def compact(self, request: ChatRequest) -> bool:
        """A quarter less, for a server that counts more tokens than we do; False when no more can be left out."""
        before = _frame(request) + self._tokens
        return self._compact(request, before * 3 // 4) < before

    def _compact(self, request: ChatRequest, room: int) -> int:
        """Shorten old results, then drop the oldest turns, then cut the longest texts, until `room` tokens do; the
        tokens it has come to."""
        frame = _frame(request)
        if frame + self._tokens <= room:
            return frame + self._tokens
        self.compacted += 1
        self._replace(shorten_results(self.messages, keep=KEPT_RESULTS))
        while frame + self._tokens > room and len(self.messages) > 3:
            self._drop_oldest()
        while frame + self._tokens > room:
            cut = cut_longest(self.messages)
            if cut == self.messages:
                break
            self._replace(cut)
        return frame + self._tokens

    def _drop_oldest(self) -> None:
        shorter = drop_oldest_turn(self.messages)
        dropped = self.messages[1 : 1 + len(self.messages) - len(shorter)]
        self._tokens -= sum(map(estimate_message, dropped))
        self.messages = shorter

    def _replace(self, messages: tuple[Message, ...]) -> None:
        self.messages = messages
        self._tokens = sum(map(estimate_message, messages))


def _frame(request: ChatRequest) -> int:
    """The tokens of all but the messages."""
    return estimate_request(request.model_copy(update={"messages": ()}))


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


def cut_longest(messages: tuple[Message, ...]) -> tuple[Message, ...]:
    """With the longest text after the first message cut to its head and tail; the same when all of them are short.

    Turns with a provider's own blocks stay as they are: they may only be given back unchanged.
    """
    lengths = {at: _longest(message) for at, message in enumerate(messages) if at and not message.raw}
    longest = max(lengths, key=lambda at: lengths[at], default=0)
    if lengths.get(longest, 0) <= LONG:
        return messages
    message, limit = messages[longest], lengths[longest] // 2
    results = tuple(
        result.model_copy(update={"content": trim_output(result.content, limit)}) for result in message.tool_results
    )
    content = trim_output(message.content, limit)
    cut = message.model_copy(update={"content": content, "tool_results": results})
    return (*messages[:longest], cut, *messages[longest + 1 :])


def _longest(message: Message) -> int:
    return max(len(text) for text in (message.content, *(result.content for result in message.tool_results)))


def _shortened(message: Message) -> Message:
    if _longest(message) <= LONG:
        return message
    results = tuple(
        ToolResult(
            call_id=r.call_id, name=r.name, content=LEFT_OUT.format(characters=len(r.content)), is_error=r.is_error
        )
        if len(r.content) > LONG
        else r
        for r in message.tool_results
    )
    return message.model_copy(update={"tool_results": results})
