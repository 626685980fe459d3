"""A mission's transcript as a chat that a model can be trained on."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from agents.models.chat import Message
from agents.redactor import SECRETS
from agents.tasks import Mission, Task, Way


def example(task: Task, mission: Mission, transcript: Sequence[Message]) -> dict[str, Any] | None:
    """The mission as one line of training data, secrets taken out; None when nothing was said.

    What the model was told beside it (persona, tools) is not part of a transcript.
    """
    said = list(transcript)
    if mission.way is Way.DIRECT:
        # Each try began in a fresh context: only the last one is a chat that took place, and led to the result.
        begins = [at for at, message in enumerate(said) if message.role == "user"]
        said = said[begins[-1] :] if begins else []
    messages = [turn for message in said for turn in _turns(message)]
    if not any(turn["role"] == "assistant" for turn in messages):
        return None
    return {
        "messages": messages,
        "task": task.id,
        "mission": mission.label,
        "title": SECRETS.redact_all(task.title),
        "tier": mission.tier,
        "model": mission.model,
        "way": mission.way.value,
        "outcome": mission.outcome.value if mission.outcome else None,
        "commit": mission.commit,
    }


def _turns(message: Message) -> Iterator[dict[str, Any]]:
    """A message as chat turns: one for each tool's result."""
    if message.tool_results:
        for result in message.tool_results:
            content = SECRETS.redact_all(result.content)
            yield {"role": "tool", "tool_call_id": result.call_id, "name": result.name, "content": content}
        return
    turn: dict[str, Any] = {"role": message.role, "content": SECRETS.redact_all(message.content)}
    if message.tool_calls:
        turn["tool_calls"] = [
            {
                "id": call.id,
                "type": "function",
                "function": {"name": call.name, "arguments": json.dumps(SECRETS.redact_all(call.arguments))},
            }
            for call in message.tool_calls
        ]
    yield turn
