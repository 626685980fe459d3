"""What is sent to a model that must not see secrets."""

from agents.models.chat import ChatRequest, Message
from agents.redactor import SECRETS


class Veil:
    """Takes the secrets out of requests. The same message comes out the same every time, so a cached prefix holds.

    What the model itself said goes back to it unchanged: it comes from there, and may be signed.
    """

    def __init__(self) -> None:
        self._known: dict[int, tuple[Message, Message]] = {}
        """By identity: the messages of the last request, and what was sent in their places."""

    def __call__(self, request: ChatRequest) -> ChatRequest:
        """`request` without secrets."""
        known, self._known = self._known, {}
        for message in request.messages:
            self._known[id(message)] = known.get(id(message)) or (message, _veiled(message))
        messages = tuple(self._known[id(message)][1] for message in request.messages)
        return request.model_copy(update={"system": SECRETS.redact(request.system), "messages": messages})


def _veiled(message: Message) -> Message:
    if message.role == "assistant":
        return message
    results = tuple(
        result.model_copy(update={"content": SECRETS.redact(result.content)}) for result in message.tool_results
    )
    return message.model_copy(update={"content": SECRETS.redact(message.content), "tool_results": results})
