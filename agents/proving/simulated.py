"""The simulation's models: scripted from graded tasks, seeded, and honest about it. They make real tool calls that
really solve the tasks, and sometimes fail, loop, stall and recover, as their odds say. No network, no cost."""

from collections.abc import AsyncIterator, Sequence
from enum import StrEnum
from random import Random

from agents.clock import Clock
from agents.models.chat import (
    ChatRequest,
    Finished,
    Loading,
    Message,
    Part,
    StopReason,
    TextDelta,
    ToolCall,
)
from agents.models.errors import BadRequest
from agents.models.tokens import estimate_request, estimate_tokens
from agents.proving.graded import GradedTask
from agents.tasks import Usage

SKILL = {"local": 0.62, "haiku": 0.86, "sonnet": 0.95, "opus": 0.97}
"""Odds of a right solution at C5; each point of complexity shifts them by SLOPE."""
SLOPE = 0.05
TURN_S = 0.9
"""How long a simulated turn takes at speed 1."""
CACHE_SHARE = 0.7
"""Share of a later turn's prompt that a provider would have read from its cache."""


class Fate(StrEnum):
    """What becomes of an attempt, drawn once from the odds."""

    SOLVES = "solves"
    STALLS = "stalls"
    LOOPS = "loops"
    LOOPS_FOR_EVER = "loops for ever"
    IS_WRONG = "is wrong"


class SimulatedModel:
    """Plays one attempt at one of `tasks`, recognised by its title in the first message."""

    provider = "simulation"
    window = 32_768

    def __init__(
        self, model: str, tier: str, tasks: Sequence[GradedTask], *, seed: int, clock: Clock, speed: float = 1.0
    ) -> None:
        self.model = model
        self._tier = tier
        self._tasks = tasks
        self._seed = seed
        self._clock = clock
        self._turn_s = TURN_S / max(speed, 0.001)

    async def stream(self, request: ChatRequest) -> AsyncIterator[Part]:
        """The next turn of the script, word by word. Raises BadRequest for a task it has no script for."""
        first = request.messages[0].content
        task = next((task for task in self._tasks if task.title in first), None)
        if task is None:
            raise BadRequest(
                "the simulation plays its own tasks only: for yours, start Ollama or set ANTHROPIC_API_KEY"
            )
        again = "An earlier attempt failed" in first
        random = Random(f"{self._seed}:{task.id}:{self._tier}:{again}")
        fate = draw_fate(random, odds(self._tier, task.complexity, again=again))
        script = turns(task, fate, random)
        turn = sum(message.role == "assistant" for message in request.messages)
        prose, call = script[min(turn, len(script) - 1)]
        started = self._clock.monotonic()
        if fate is Fate.STALLS and turn == 1:
            for tick in range(1, 4):
                await self._clock.sleep(self._turn_s * 2)
                yield Loading(waited_s=tick * self._turn_s * 2)
        words = prose.split(" ")
        for word in words:
            await self._clock.sleep(self._turn_s / len(words))
            yield TextDelta(text=word + " ")
        calls = (call.model_copy(update={"id": f"sim_{turn}"}),)
        message = Message(role="assistant", content=prose, tool_calls=calls)
        yield Finished(
            message=message,
            usage=_usage(request, message, turn),
            stop=StopReason.TOOLS,
            seconds=self._clock.monotonic() - started,
        )

    async def aclose(self) -> None:
        """Nothing is open."""


def odds(tier: str, complexity: int, *, again: bool) -> float:
    """P(right solution) the simulation plays by. A retry that sees the failure is better off."""
    base = SKILL.get(tier, 0.8) - SLOPE * (complexity - 5) + (0.15 if again else 0.0)
    return max(0.05, min(0.98, base))


def draw_fate(random: Random, chance: float) -> Fate:
    """Right by `chance`; a fifth of the right ones stall or loop first, a third of the wrong ones never stop."""
    if random.random() < chance:
        return random.choices([Fate.SOLVES, Fate.STALLS, Fate.LOOPS], [8, 1, 1])[0]
    return random.choices([Fate.IS_WRONG, Fate.LOOPS_FOR_EVER], [2, 1])[0]


def turns(task: GradedTask, fate: Fate, random: Random) -> list[tuple[str, ToolCall]]:
    """The turns of an attempt: what is said, and the tool call."""
    look = ToolCall(id="", name="file_list", arguments={})
    script: list[tuple[str, ToolCall]] = [("Reporting. Looking over the ground first.", look)]
    for path in (path for path, content in task.base.items() if content):
        script.append((f"Reading {path}.", ToolCall(id="", name="file_read", arguments={"path": path})))
    if fate in {Fate.LOOPS, Fate.LOOPS_FOR_EVER}:
        script += [("Once more, to be sure.", script[-1][1])] * (3 if fate is Fate.LOOPS else 8)
    answer = task.solution if fate not in {Fate.IS_WRONG, Fate.LOOPS_FOR_EVER} else random.choice(task.wrong)
    for path, content in answer.items():
        write = ToolCall(id="", name="file_write", arguments={"path": path, "content": content})
        script.append((f"One write: {path}.", write))
    verify = ToolCall(id="", name="shell_run", arguments={"command": _verify(task, answer)})
    script.append(("One verify.", verify))
    done = ToolCall(id="", name="finish", arguments={"summary": f"{', '.join(answer)} done"})
    script.append(("Mission complete.", done))
    return script


def _verify(task: GradedTask, answer: object) -> str:
    if task.language == "python":
        return "python3 -m compileall -q . && echo compiled"
    return "git status --short"


def _usage(request: ChatRequest, message: Message, turn: int) -> Usage:
    """Simulated counts: estimates of the real text, with the share a provider would have cached."""
    prompt = estimate_request(request)
    said = estimate_tokens(message.content + "".join(str(call.arguments) for call in message.tool_calls))
    cached = int(prompt * CACHE_SHARE) if turn else 0
    return Usage(input=prompt - cached, cache_read=cached, output=said)
