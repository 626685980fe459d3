"""Events as short lines for a person who watches a run without the screen."""

from collections.abc import Callable
from datetime import tzinfo
from typing import Any

from agents import events as e
from agents.events import Event
from agents.sanitize import one_line
from agents.tasks import Health, Outcome, Role
from app.screen.words import clock_time, counted, dollars, exit_word, span

Line = tuple[str, str]
"""What is said, and its style for console.paint."""


def narrate(event: Event, zone: tzinfo | None = None, *, verbose: bool = False) -> Line | None:
    """One line for `event`, with its time in `zone` (None: this machine's); None for what a watcher need not see."""
    told = in_words(event, verbose=verbose)
    if told is None:
        return None
    text, style = told
    who = one_line(event.agent, 20) if event.agent else f"T{event.task}" if event.task else "war room"
    return f"{clock_time(event.at, zone)} {who} {text}", style


def in_words(event: Event, *, verbose: bool = False) -> Line | None:
    """What happened, without when and to whom; None for what a watcher need not see."""
    teller = _TELLERS.get(event.type) or (_VERBOSE.get(event.type) if verbose else None)
    return teller(event) if teller else None


def _posted(event: e.TaskPosted) -> Line:
    return f"posted: {one_line(event.title, 100)}", ""


def _assessed(event: e.TaskAssessed) -> Line:
    judge = f", by the judge C{event.judge}" if event.judge is not None else ""
    return f"assessed C{event.complexity}, {event.kind}{judge}", "dim"


def _planned(event: e.TaskPlanned) -> Line:
    why = event.plan[0].why if event.plan else ""
    return f"plan: {counted(len(event.plan), 'arm')}, {one_line(why, 160)}", "dim"


def _started(event: e.MissionStarted) -> Line:
    if event.role is not Role.CODE:
        return f"{one_line(event.why, 60)} of T{event.task}: {event.tier} {one_line(event.model, 60)}", "cyan"
    return f"takes T{event.task} on {event.branch}: {event.tier} {one_line(event.model, 60)}, {event.way}", "cyan"


def _mission_finished(event: e.MissionFinished) -> Line:
    style = "green" if event.outcome.accepted else "yellow"
    if event.role is not Role.CODE and event.outcome is Outcome.UNVERIFIED:
        return one_line(event.reason, 300), "cyan"
    return f"{event.outcome} after {counted(event.steps, 'step')}: {one_line(event.reason, 160)}", style


def _escalated(event: e.MissionEscalated) -> Line:
    return f"next: {event.to_tier} {event.variant} ({one_line(event.reason, 120)})", "magenta"


def _health(event: e.AgentHealth) -> Line | None:
    if event.health in {Health.STUCK, Health.NEEDS_YOU, Health.OFFLINE}:
        return f"■ {event.health} {one_line(event.note, 120)}".rstrip(), "red"
    if event.low_power is not None:
        return one_line(event.note, 120) or "the model is all on the card", "yellow" if event.low_power else "dim"
    if event.health is Health.READY and event.note:
        return f"! {one_line(event.note, 200)}", "yellow"
    return None


def _cooling(event: e.AgentCooling) -> Line:
    return f"◔ cooling {event.seconds:g} s" + (", full reset" if event.reset else ""), "blue"


def _model_started(event: e.ModelStarted) -> Line | None:
    if event.state == "waiting":
        return None
    return f"… {one_line(event.model, 60)} {event.state} {one_line(event.note, 100)}".rstrip(), "dim"


def _usage(event: e.ModelUsage) -> Line:
    speed = f", {event.tokens_per_second:.0f} tokens/s" if event.tokens_per_second else ""
    return (
        f"· call {event.call}: {event.usage.prompt} in, {event.usage.output} out, "
        f"{dollars(event.cost_nano)}, {span(event.seconds)}{speed}"
    ), "dim"


def _model_failed(event: e.ModelFailed) -> Line:
    again = f"; again in {event.retry_in_s:.1f} s" if event.retry_in_s is not None else ""
    return f"✗ {one_line(event.message, 200)}{again}", "yellow"


def _tool(event: e.ToolFinished) -> Line:
    glyph, style = ("✓", "green") if event.ok else ("✗", "red")
    code = "" if event.exit_code in {None, 0} else f"  {exit_word(event.exit_code)}"
    return f"{glyph} {one_line(event.tool, 30)} {one_line(event.summary, 120)}{code}  {span(event.seconds)}", style


def _check_started(event: e.CheckStarted) -> Line:
    return f"… check on the {event.on}: {one_line(event.command, 120)}", "dim"


def _check_finished(event: e.CheckFinished) -> Line:
    style = "green" if event.exit_code == 0 else "yellow"
    return f"◇ check on the {event.on}: {exit_word(event.exit_code)}  {span(event.seconds)}", style


def _loop(event: e.LoopDetected) -> Line:
    return f"■ loop: {one_line(event.tool, 30)} ×{event.times}, {event.action}", "red"


def _warning(event: e.BudgetWarning) -> Line:
    whose = "today" if event.scope == "day" else f"by T{event.task}"
    return f"budget: {dollars(event.spent_nano)} of {dollars(event.cap_nano)} spent {whose}", "yellow"


def _exhausted(event: e.BudgetExhausted) -> Line:
    return f"budget: {one_line(event.message, 300)}", "red"


def _raised(event: e.BudgetRaised) -> Line:
    whose = "today" if event.scope == "day" else f"T{event.task}"
    return f"budget: the cap of {whose} was raised to {dollars(event.cap_nano)}", "yellow"


def _asked(event: e.ApprovalRequested) -> Line:
    return f"◆ asks: {one_line(event.question, 300)}", "magenta"


def _answered(event: e.ApprovalAnswered) -> Line | None:
    what = f": {one_line(event.question, 200)}" if event.question else ""
    why = f" ({one_line(event.message, 300)})" if event.message else ""
    if event.answer == "closed" or (event.answer == "allow" and event.question):
        return None  # nobody asked, nobody answered
    allowed = event.answer.startswith("allow")
    return f"{'✓' if allowed else '✗'} {one_line(event.answer, 20)}{what}{why}", "green" if allowed else "yellow"


def _finished(event: e.TaskFinished) -> Line:
    style = "green" if event.outcome.accepted else "red"
    return f"{event.outcome}, {event.status.replace('_', ' ')}: {one_line(event.reason, 200)}", style


def _split(event: e.TaskSplit) -> Line:
    named = ", ".join(f"T{part}" for part in event.parts)
    return f"split into {named}: {one_line(event.summary, 200)}", "magenta"


def _ordered(event: e.OrderWritten) -> Line:
    return f"orders {counted(event.parts, 'part')}: {one_line(event.summary, 200)}", "cyan"


def _order_check(event: e.OrderCheck) -> Line:
    strength = f"{event.refused}/{event.tried} stubs refused"
    if event.accepted:
        return f"◇ acceptance check: {strength}", "green"
    return f"◇ acceptance check refused: {one_line(event.reason, 200)}", "yellow"


def _order_part(event: e.OrderPart) -> Line:
    done = "is written" if event.written else f"is given up: {one_line(event.reason, 200)}"
    return f"part {event.part} of {event.parts} {done}", "green" if event.written else "yellow"


def _order_mended(event: e.OrderMended) -> Line:
    what = f"goes to {event.to_tier}" if event.to_tier else "is ordered anew"
    return f"part {event.part} {what}: {one_line(event.reason, 200)}", "magenta"


def _order_reviewed(event: e.OrderReviewed) -> Line:
    word = "approves" if event.approves else f"asks for {counted(event.corrections, 'correction')}"
    return f"review {event.round} {word}: {one_line(event.summary, 200)}", "green" if event.approves else "yellow"


def _output(event: e.ToolOutput) -> Line:
    return f"| {one_line(event.text, 400)}", "dim"


def _delta(event: e.ModelDelta) -> Line | None:
    return (f"> {one_line(event.text, 400)}", "dim") if event.text.strip() else None


def _tool_started(event: e.ToolStarted) -> Line:
    return f"… {one_line(event.tool, 30)} {one_line(event.summary, 160)}", "dim"


_TELLERS: dict[str, Callable[[Any], Line | None]] = {
    "task.posted": _posted,
    "task.assessed": _assessed,
    "task.planned": _planned,
    "task.finished": _finished,
    "task.split": _split,
    "order.written": _ordered,
    "order.check": _order_check,
    "order.part": _order_part,
    "order.mended": _order_mended,
    "order.reviewed": _order_reviewed,
    "mission.started": _started,
    "mission.finished": _mission_finished,
    "mission.escalated": _escalated,
    "agent.health": _health,
    "agent.cooling": _cooling,
    "model.started": _model_started,
    "model.usage": _usage,
    "model.failed": _model_failed,
    "tool.finished": _tool,
    "check.started": _check_started,
    "check.finished": _check_finished,
    "loop.detected": _loop,
    "budget.warning": _warning,
    "budget.exhausted": _exhausted,
    "budget.raised": _raised,
    "approval.requested": _asked,
    "approval.answered": _answered,
}
_VERBOSE: dict[str, Callable[[Any], Line | None]] = {
    "tool.started": _tool_started,
    "tool.output": _output,
    "model.delta": _delta,
}
