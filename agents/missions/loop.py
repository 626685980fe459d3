"""The loop: tools over several turns until `finish`, a limit, or the loop watch."""

import json
from typing import Any

from agents.events import AgentHealth, Event, LoopDetected, ToolFinished, ToolStarted
from agents.missions.attempt import Attempt, LimitReached, Stuck
from agents.missions.brief import loop_brief, reply_room
from agents.missions.conversation import Conversation
from agents.missions.fences import quoted
from agents.missions.persona import loop_persona
from agents.missions.repeating import RepeatsItself
from agents.missions.watch import LoopWatch, Verdict, advice
from agents.models.chat import ChatRequest, Finished, Message, StopReason, ToolCall, ToolResult, ToolSpec
from agents.models.errors import ContextOverflow, NoToolSupport
from agents.models.tool_calls import read_tool_calls
from agents.sanitize import one_line
from agents.tasks import Grade, Health
from agents.tools.tool import ToolOutcome

MAX_CORRECTIONS = 3
"""Corrective messages in a row before the attempt is given up."""
WARMER = 0.7
NUDGE = "You called no tool. Go on with the next tool call; when the work is done and verified, call finish."
GO_ON = "Go on."
CUT = "Your reply was cut at the token limit, so nothing of it was run. Answer with one smaller tool call."


async def run_loop(attempt: Attempt) -> str:
    """Work until the model calls `finish`; its summary. Raises LimitReached, Stuck, ModelError, OverBudget."""
    return await _Loop(attempt).run()


class _Loop:
    def __init__(self, attempt: Attempt) -> None:
        self.attempt = attempt
        self.conversation = Conversation(attempt.calls.store, attempt.mission.id)
        self.watch = LoopWatch()
        self.text_protocol = attempt.grade in {Grade.SCHEMA, Grade.TEXT}
        self.corrections = 0
        self.tool_number = 0
        self.step = 0
        self.said_compacted = 0

    async def run(self) -> str:
        await self._say(Message(role="user", content=loop_brief(self.attempt)))
        while self.step <= self.attempt.max_steps:
            await self.attempt.proceed()
            summary = await self._act(await self._ask())
            if summary is not None:
                return summary
        raise LimitReached(f"the limit of {self.attempt.max_steps} steps was reached")

    async def _say(self, message: Message, *events: Event) -> None:
        """Give the model `message` and go on to the next step: stored and told together, after `events`."""
        attempt = self.attempt
        self.step += 1
        if self.step <= attempt.max_steps:
            health = AgentHealth(**attempt.where(), health=Health.WORKING, step=self.step, max_steps=attempt.max_steps)
            events = (*events, health)
        self.conversation.hold(message)
        await attempt.emit(*events, message=message)

    async def _ask(self) -> Finished:
        while True:
            request = self._request()
            try:
                fitting = self.conversation.fitted(request, self.attempt.calls.model.window)
                await self._say_compacted()
                return await self.attempt.calls.call(fitting, self.conversation)
            except RepeatsItself as circle:
                raise Stuck(str(circle)) from None
            except NoToolSupport:
                if self.text_protocol:
                    raise
                self.text_protocol = True
            except ContextOverflow:
                # The server counts more than we do; its own count decides.
                if not self.conversation.compact(request):
                    raise

    async def _say_compacted(self) -> None:
        if self.conversation.compacted > self.said_compacted:
            self.said_compacted = self.conversation.compacted
            note = "older turns left out, to fit the model's window"
            await self.attempt.emit(AgentHealth(**self.attempt.where(), health=Health.WORKING, note=note))

    def _request(self) -> ChatRequest:
        attempt = self.attempt
        specs = attempt.toolbox.specs
        system = loop_persona(told=attempt.settings.mission.persona)
        if self.text_protocol:
            system += "\n\n" + text_protocol(specs)
        # Where a model has no tool calls of its own, a schema keeps it to the form; one probed as text only ignores it.
        constrained = self.text_protocol and attempt.grade is not Grade.TEXT
        return ChatRequest(
            system=system,
            messages=(),
            tools=() if self.text_protocol else specs,
            max_tokens=reply_room(attempt),
            temperature=attempt.temperature if attempt.is_first_try else WARMER,
            schema=call_schema(specs) if constrained else None,
        )

    async def _act(self, finished: Finished) -> str | None:
        """Run what the model asked for. The summary when it said it is done."""
        if finished.stop is StopReason.REFUSAL:
            raise Stuck("the model refused the task")
        if finished.stop is StopReason.PAUSED:
            await self._say(Message(role="user", content=GO_ON))
            return None
        calls = finished.message.tool_calls
        if calls:
            return await self._run_calls(calls, as_text=False)
        if finished.stop is StopReason.MAX_TOKENS:
            await self._correct(CUT)
            return None
        text = finished.message.content
        if not self.attempt.calls.model.model.startswith("claude"):
            reading = read_tool_calls(text, self.attempt.toolbox.specs)
            if reading.calls:
                return await self._run_calls(reading.calls, note=reading.problem or "", as_text=True)
            await self._correct(reading.problem or NUDGE)
            return None
        if self.tool_number and finished.stop is StopReason.END:
            return one_line(text, 300)
        await self._correct(NUDGE)
        return None

    async def _run_calls(self, calls: tuple[ToolCall, ...], *, as_text: bool, note: str = "") -> str | None:
        self.corrections = 0
        results: list[ToolResult] = []
        summary: str | None = None
        ended: tuple[Event, ...] = ()
        for call in calls:
            if ended:
                await self.attempt.emit(*ended)
            await self.attempt.proceed()
            outcome, finished = await self._run(call)
            verdict, times = self.watch.saw(call, outcome.content)
            content = f"{outcome.content}\n\n{advice(verdict, times)}".strip()
            results.append(ToolResult(call_id=call.id, name=call.name, content=content, is_error=not outcome.ok))
            ended = (finished, *self._loop_events(call, verdict, times))
            if verdict is Verdict.STOP:
                await self.attempt.emit(*ended)
                raise Stuck(f"it looped: the same {finished.tool} call with the same result {times} times")
            if outcome.finished:
                summary = outcome.content
        if as_text:
            told = "\n\n".join(f"Result of {result.name}:\n{quoted(result.content)}" for result in results)
            answer = Message(role="user", content=f"{told}\n\n{note}".strip())
        else:
            answer = Message(role="tool", tool_results=tuple(results))
        if summary is None:
            await self._say(answer, *ended)
        else:
            await self.attempt.emit(*ended, message=answer)
        return summary

    async def _run(self, call: ToolCall) -> tuple[ToolOutcome, ToolFinished]:
        """Run the tool; its end is left to be told with what follows."""
        attempt = self.attempt
        self.tool_number += 1
        number = self.tool_number
        where = attempt.where()
        summary = attempt.toolbox.describe(call.name, call.arguments)
        await attempt.emit(ToolStarted(**where, call=number, tool=one_line(call.name, 40), summary=summary))
        started = attempt.stall.worked_s  # what a person takes to answer is not the tool's time
        outcome = await attempt.toolbox.call(call.name, call.arguments)
        if call.name == "shell_run":
            attempt.stall.heard(outcome.content)
        finished = ToolFinished(
            **attempt.where(),
            call=number,
            tool=one_line(call.name, 40),
            ok=outcome.ok,
            summary=outcome.summary,
            seconds=round(attempt.stall.worked_s - started, 4),
            exit_code=outcome.exit_code,
            log_path=outcome.log_path,
        )
        return outcome, finished

    def _loop_events(self, call: ToolCall, verdict: Verdict, times: int) -> tuple[Event, ...]:
        if verdict is Verdict.FINE:
            return ()
        attempt = self.attempt
        tool = one_line(call.name, 40)
        return (
            LoopDetected(**attempt.where(), tool=tool, times=times, action=verdict.value),
            AgentHealth(**attempt.where(), health=Health.STUCK, note=f"loop ×{times}: {tool}"),
        )

    async def _correct(self, message: str) -> None:
        self.corrections += 1
        if self.corrections > MAX_CORRECTIONS:
            raise Stuck(f"no usable tool call after {MAX_CORRECTIONS} corrections")
        await self._say(Message(role="user", content=message))


def text_protocol(specs: tuple[ToolSpec, ...]) -> str:
    """How a model without native tool calls is asked to write one."""
    lines = [f"- {spec.name}({', '.join(spec.parameters.get('properties', {}))}): {spec.description}" for spec in specs]
    example = json.dumps({"name": "file_read", "arguments": {"path": "app.py"}})
    return "Tools:\n" + "\n".join(lines) + f"\n\nAnswer with exactly one JSON object and nothing else, like:\n{example}"


def call_schema(specs: tuple[ToolSpec, ...]) -> dict[str, Any]:
    """A JSON schema that admits exactly one call of one of the tools."""
    return {
        "type": "object",
        "properties": {
            "name": {"type": "string", "enum": [spec.name for spec in specs]},
            "arguments": {"type": "object"},
        },
        "required": ["name", "arguments"],
    }
