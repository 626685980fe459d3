"""What each event writes in the tool log: one table, event type to the line it becomes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from agents.sanitize import one_line, sanitize
from app.screen.log_book import Kind, LogBook, Record, Tone
from app.screen.state import Part
from app.screen.words import counted, dollars, exit_word, span

if TYPE_CHECKING:
    from agents import events as e

_OUTCOMES: dict[str, tuple[str, Tone]] = {
    "proven": ("✔", "good"),
    "verified": ("✔", "good"),
    "unverified": ("?", "warn"),
    "failed": ("✖", "bad"),
    "cancelled": ("–", "quiet"),
}

_RESULTS: dict[bool, tuple[str, Tone]] = {True: ("✓", "plain"), False: ("✗", "bad")}


def _key(event: e.Event, call: int) -> tuple[int, int]:
    return (event.mission or -(event.task or 0), call)


def _line(
    event: e.Event, mark: str, what: str, text: str, *, right: str = "", tone: Tone = "plain", kind: Kind = "mission"
) -> Record:
    who = one_line(event.agent or (f"T{event.task}" if event.task is not None else ""), 24)
    return Record(event.at, who, mark, one_line(what, 24), one_line(text, 500), right, tone, kind, event.task)


def _tool_started(log: LogBook, event: e.ToolStarted) -> None:
    log.start_call(_key(event, event.call), _line(event, "…", event.tool, event.summary, tone="info", kind="call"))


def _tool_output(log: LogBook, event: e.ToolOutput) -> None:
    who = one_line(event.agent or "", 24)
    log.stream(_key(event, event.call), event.at, who, sanitize(event.text))


def _tool_finished(log: LogBook, event: e.ToolFinished) -> None:
    mark, tone = _RESULTS[event.ok]
    line = _line(event, mark, event.tool, event.summary, right=span(event.seconds), tone=tone, kind="call")
    log.finish_call(_key(event, event.call), line, log_path=event.log_path)


def _model_started(log: LogBook, event: e.ModelStarted) -> None:
    if event.state != "waiting":
        log.write(_line(event, "◦", "model", f"{event.state} {event.model} {event.note}", tone="quiet", kind="model"))


def _model_usage(log: LogBook, event: e.ModelUsage) -> None:
    pace = f"  {event.tokens_per_second:.0f} tok/s" if event.tokens_per_second else ""
    text = f"{event.usage.prompt} in, {event.usage.output} out{pace}"
    price = "free" if event.cost_nano == 0 else dollars(event.cost_nano)
    log.write(_line(event, "◦", "model", text, right=f"{price}  {span(event.seconds)}", tone="quiet", kind="model"))


def _model_failed(log: LogBook, event: e.ModelFailed) -> None:
    again = f"  again in {span(event.retry_in_s)}" if event.retry_in_s is not None else ""
    log.write(_line(event, "✗", "model", f"{event.message}{again}", tone="bad", kind="alarm"))


def _check_key(event: e.CheckStarted | e.CheckFinished) -> tuple[int, int]:
    """A check of a mission is no numbered call; it is one of three."""
    return _key(event, {"base": -1, "result": -2}.get(event.on, -3))


def _check_started(log: LogBook, event: e.CheckStarted) -> None:
    line = _line(event, "◇", f"check {event.on}", event.command, tone="info", kind="check")
    log.start_call(_check_key(event), line)


def _check_finished(log: LogBook, event: e.CheckFinished) -> None:
    expected_red = event.on == "base"
    tone: Tone = "good" if event.exit_code == 0 else "warn" if expected_red else "bad"
    mark = "✔" if event.exit_code == 0 else "✗"
    last = next((line for line in reversed(sanitize(event.output[-2_000:]).split("\n")) if line.strip()), "")
    text = f"{exit_word(event.exit_code)}  {last.strip()}"
    line = _line(event, mark, f"check {event.on}", text, right=span(event.seconds), tone=tone, kind="check")
    log.finish_call(_check_key(event), line, output=sanitize(event.output))


def _mission_started(log: LogBook, event: e.MissionStarted) -> None:
    if str(event.role) != "code":
        log.write(_line(event, "▶", str(event.role), f"{event.why} of T{event.task}, {event.model}", tone="info"))
        return
    sandbox = f", {event.sandbox}" if event.sandbox else ""
    text = f"T{event.task}.{event.number} on {event.model} ({event.way}, {event.variant}{sandbox}) {event.why}"
    log.write(_line(event, "▶", "moves out", text, tone="info"))


def _mission_finished(log: LogBook, event: e.MissionFinished) -> None:
    mark, tone = _OUTCOMES.get(str(event.outcome), ("?", "plain"))
    if str(event.role) != "code":
        answered = str(event.outcome) == "unverified"  # an opinion: nothing could verify it
        mark, tone = ("◇", "info") if answered else (mark, tone)
        log.write(_line(event, mark, str(event.role), event.reason, right=span(event.seconds), tone=tone))
        return
    text = f"{str(event.outcome).upper()} after {counted(event.steps, 'step')}: {event.reason}"
    log.write(_line(event, mark, "returns", text, right=span(event.seconds), tone=tone))


def _escalated(log: LogBook, event: e.MissionEscalated) -> None:
    log.write(_line(event, "↑", "escalates", f"to {event.to_tier} ({event.variant}): {event.reason}", tone="warn"))


def _task_finished(log: LogBook, event: e.TaskFinished) -> None:
    mark, tone = _OUTCOMES.get(str(event.outcome), ("?", "plain"))
    warned = f"  ({counted(len(event.warnings), 'warning')})" if event.warnings else ""
    log.write(_line(event, mark, str(event.outcome).upper(), f"{event.reason}{warned}", tone=tone))


def _reviewed(log: LogBook, event: e.TaskReviewed) -> None:
    word = "approves" if event.approves else "does not approve"
    tone: Tone = "good" if event.approves else "warn"
    found = counted(event.findings, "finding") if event.findings else "nothing found"
    log.write(_line(event, "◇", "reviewed", f"T{event.task}: {event.model} {word}, {found}", tone=tone))


def _split(log: LogBook, event: e.TaskSplit) -> None:
    named = ", ".join(f"T{part}" for part in event.parts)
    log.write(_line(event, "◆", "split", f"T{event.task} into {named}: {event.summary}", tone="warn"))


def _ordered(log: LogBook, event: e.OrderWritten) -> None:
    text = f"T{event.task} in {counted(event.parts, 'part')}: {event.summary}"
    log.write(_line(event, "◆", "orders", text, tone="info"))


def _order_check(log: LogBook, event: e.OrderCheck) -> None:
    why = f": {event.reason}" if event.reason else ""
    text = f"{event.refused}/{event.tried} stubs refused{why}"
    mark = "✔" if event.accepted else "✗"
    log.write(_line(event, mark, "acceptance", text, tone="good" if event.accepted else "warn"))


def _order_part(log: LogBook, event: e.OrderPart) -> None:
    done = "written" if event.written else f"given up: {event.reason}"
    text = f"T{event.task} {event.part}/{event.parts} {event.title}: {done}"
    log.write(_line(event, "✔" if event.written else "✗", "part", text, tone="good" if event.written else "bad"))


def _order_mended(log: LogBook, event: e.OrderMended) -> None:
    what = f"handed to {event.to_tier}" if event.to_tier else "mended"
    log.write(_line(event, "↑", "order", f"T{event.task} part {event.part} {what}: {event.reason}", tone="warn"))


def _order_reviewed(log: LogBook, event: e.OrderReviewed) -> None:
    word = "approves" if event.approves else f"corrects {counted(event.corrections, 'place')}"
    text = f"T{event.task}: {event.model} {word}: {event.summary}"
    log.write(_line(event, "◇", "reviewed", text, tone="good" if event.approves else "warn"))


def _loop(log: LogBook, event: e.LoopDetected) -> None:
    text = f"{event.tool} {event.times} times with the same result: {event.action}"
    log.write(_line(event, "■", "loop", text, tone="bad", kind="alarm"))


def _health(log: LogBook, event: e.AgentHealth) -> None:
    """Only what no other event says: a stall, how a model lies in memory, a reset that failed."""
    if str(event.health) == "stuck" and event.note.startswith("no progress"):
        log.write(_line(event, "■", "STUCK", event.note, tone="bad", kind="alarm"))
    elif event.low_power:
        log.write(_line(event, "!", "model", event.note, tone="warn", kind="alarm"))
    elif event.low_power is not None:
        log.write(_line(event, "◦", "model", event.note or "all of it is on the card", tone="quiet", kind="model"))
    elif str(event.health) == "ready" and event.note:
        log.write(_line(event, "!", "cooling", event.note, tone="warn", kind="alarm"))


def _cooling(log: LogBook, event: e.AgentCooling) -> None:
    what = "full reset" if event.reset else "rests"
    log.write(_line(event, "◔", "cooling", f"{what} {span(event.seconds)}", tone="quiet"))


def _warning(log: LogBook, event: e.BudgetWarning) -> None:
    whose = "today" if event.scope == "day" else f"by T{event.task}"
    text = f"{dollars(event.spent_nano)} of {dollars(event.cap_nano)} spent {whose}"
    log.write(_line(event, "!", "budget", text, tone="warn", kind="alarm"))


def _exhausted(log: LogBook, event: e.BudgetExhausted) -> None:
    text = event.message or f"needs {dollars(event.needed_nano)}, the cap is {dollars(event.cap_nano)}"
    log.write(_line(event, "■", "HALTED", text, tone="bad", kind="alarm"))


def _paused(log: LogBook, event: e.TaskPaused) -> None:
    text = "held before its next step" if event.paused else "goes on"
    log.write(_line(event, "‖", "held" if event.paused else "resumed", text, tone="warn"))


def _raised(log: LogBook, event: e.BudgetRaised) -> None:
    whose = "today" if event.scope == "day" else f"T{event.task}"
    text = f"the cap of {whose} was raised from {dollars(event.from_nano)} to {dollars(event.cap_nano)}"
    log.write(_line(event, "!", "budget", text, tone="info", kind="alarm"))


def _asked(log: LogBook, event: e.ApprovalRequested) -> None:
    log.write(_line(event, "◆", "asks", event.question, tone="warn", kind="alarm"))


def _answered(log: LogBook, event: e.ApprovalAnswered) -> None:
    if event.answer == "closed":
        return
    allowed = event.answer.startswith("allow")
    said = " ".join(filter(None, (event.answer, event.question, event.pattern, event.message)))
    mark = "✓" if allowed else "✗"
    log.write(_line(event, mark, "answered", one_line(said, 500), tone="good" if allowed else "bad", kind="alarm"))


LINES: Mapping[str, Callable[[LogBook, Any], None]] = {
    "tool.started": _tool_started,
    "tool.output": _tool_output,
    "tool.finished": _tool_finished,
    "model.started": _model_started,
    "model.usage": _model_usage,
    "model.failed": _model_failed,
    "check.started": _check_started,
    "check.finished": _check_finished,
    "mission.started": _mission_started,
    "mission.finished": _mission_finished,
    "mission.escalated": _escalated,
    "task.finished": _task_finished,
    "task.reviewed": _reviewed,
    "task.split": _split,
    "order.written": _ordered,
    "order.check": _order_check,
    "order.part": _order_part,
    "order.mended": _order_mended,
    "order.reviewed": _order_reviewed,
    "loop.detected": _loop,
    "agent.health": _health,
    "agent.cooling": _cooling,
    "budget.warning": _warning,
    "budget.exhausted": _exhausted,
    "task.paused": _paused,
    "budget.raised": _raised,
    "approval.requested": _asked,
    "approval.answered": _answered,
}


def notice(log: LogBook, at: datetime, text: str) -> None:
    """Write what a person should know, which no event says."""
    log.write(Record(at, "", "!", "notice", one_line(text, 500), tone="warn", kind="alarm"))


def chronicle(log: LogBook, event: e.Event) -> Part:
    """Write what `event` says in `log`; tells whether anything was written."""
    rule = LINES.get(event.type)
    if rule is None:
        return Part.NONE
    rule(log, event)
    return Part.LOG
