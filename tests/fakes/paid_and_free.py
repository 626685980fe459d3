"""A local and a paid model server that do the tasks they are asked for, and keep books of what they served.

Every request gets token counts of its own, so that a row of a ledger can be matched to the one request it is about.
"""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Literal

from agents.tasks import Usage
from tests.fakes import anthropic_replies, anthropic_server, ollama_server

Kind = Literal["easy", "second", "paid", "climbs", "hopeless"]
"""Solved at once by the local model; seeing what failed; by the paid model, to which it is pinned; by the paid model
after the local one failed; by nobody, pinned to the local model."""

GOOD = "value = {number}\n"
BAD = 'raise RuntimeError("not yet")\n'
_NAME = re.compile(r"Create (mod_(\d+))\.py")


def title_of(number: int) -> str:
    """The title by which the servers know task `number`."""
    return f"Create mod_{number}.py with value = {number}"


def check_of(number: int) -> str:
    """The check that decides task `number`."""
    return f"python3 -c 'import mod_{number}; assert mod_{number}.value == {number}'"


@dataclass(frozen=True)
class Served:
    """One request for a reply."""

    number: int
    task: int
    """The number in its title."""
    provider: Literal["ollama", "anthropic"]
    usage: Usage
    """What the reply reports when it is complete."""
    answered: Any
    """Its event: the reply was sent to its end."""

    @property
    def whole(self) -> bool:
        """The reply was sent to its end, as far as the server knows."""
        return bool(self.answered.is_set())


@dataclass
class PaidAndFree:
    """Both servers: `async with PaidAndFree({1: "easy", ...}) as servers`. Replies come in pieces, `pause_s` apart."""

    kinds: Mapping[int, Kind]
    pause_s: float = 0.05
    served: list[Served] = field(default_factory=list)
    """Every request for a reply, in the order they came."""

    def __post_init__(self) -> None:
        self.ollama = ollama_server.FakeOllama("m:1b")
        self.claude = anthropic_server.AnthropicServer(otherwise=self._paid)
        self.ollama.answer = self._free

    async def __aenter__(self) -> "PaidAndFree":
        await self.ollama.__aenter__()
        await self.claude.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.claude.__aexit__(kind, error, trace)
        await self.ollama.__aexit__(kind, error, trace)

    def environ(self) -> dict[str, str]:
        """The variables by which War Room finds both."""
        return {"OLLAMA_HOST": self.ollama.url, "ANTHROPIC_BASE_URL": self.claude.url, "ANTHROPIC_AUTH_TOKEN": "k-test"}

    def requests(self) -> Counter[str]:
        """How many requests for a reply each server saw on the wire, whatever `served` says."""
        paid = sum(request.path.partition("?")[0] == "/v1/messages" for request in self.claude.requests)
        return Counter(ollama=len(self.ollama.chats), anthropic=paid)

    def _serve(self, task: int, provider: Literal["ollama", "anthropic"], answered: Any) -> Usage:
        number = len(self.served) + 1
        usage = Usage(input=500 + number, output=20 + number % 7)
        self.served.append(Served(number, task, provider, usage, answered))
        return usage

    def _free(self, body: dict[str, Any]) -> ollama_server.Script:
        said = "\n".join(str(message["content"]) for message in body["messages"])
        name, number = _named(said)
        kind = self.kinds[number]
        good = kind == "easy" or (kind == "second" and "not yet" in said)
        usage = self._serve(number, "ollama", self.ollama.requests[-1].answered)
        reply = f"{name}.py\n```python\n{GOOD.format(number=number) if good else BAD}```\n"
        size = max(1, len(reply) // 4)
        steps: list[ollama_server.Step] = []
        for at in range(0, len(reply), size):
            steps += [ollama_server.Pause(self.pause_s), ollama_server.chunk(reply[at : at + size])]
        return (*steps, ollama_server.done(prompt=usage.input, output=usage.output))

    def _paid(self, request: anthropic_server.Recorded) -> anthropic_replies.Script:
        name, number = _named(str(request.body["messages"][0]))
        turn = sum(message["role"] == "assistant" for message in request.body["messages"])
        usage = self._serve(number, "anthropic", request.answered)
        if turn == 0:
            arguments = {"path": f"{name}.py", "content": GOOD.format(number=number)}
            block = anthropic_replies.tool("file_write", arguments, f"toolu_{usage.input}")
        else:
            block = anthropic_replies.tool("finish", {"summary": "done"}, f"toolu_{usage.input}")
        pauses = [anthropic_replies.Pause(self.pause_s)] * 3
        return anthropic_replies.message(
            block, stop="tool_use", usage=Usage(input=usage.input), output=usage.output, extra=pauses
        )


def _named(said: str) -> tuple[str, int]:
    found = _NAME.search(said)
    assert found is not None, said
    return found[1], int(found[2])
