"""What each event changes on the screen: one table, event type to rule. Unknown types change nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from agents.sanitize import one_line, sanitize
from app.screen.asks import told
from app.screen.chronicle import chronicle
from app.screen.state import AFRESH, AT_EASE, ENDED, NEEDS_PERSON, MissionRow, Part, TaskRow, War

if TYPE_CHECKING:
    from agents import events as e

_A_DAY_S = 86_400.0


def _posted(war: War, event: e.TaskPosted) -> Part:
    if event.task is None or (event.repo and war.repositories and event.repo not in war.repositories):
        return Part.NONE
    title = one_line(event.title, 300)
    row = war.tasks.get(event.task, TaskRow(event.task, title))
    war.put_row(replace(row, title=title, priority=event.priority))
    return Part.TASK


def _assessed(war: War, event: e.TaskAssessed) -> Part:
    war.change_task(event.task, complexity=event.complexity)
    return Part.BOARD


def _planned(war: War, event: e.TaskPlanned) -> Part:
    if event.plan:
        first = event.plan[0]
        war.change_task(event.task, tier=one_line(first.tier, 20), odds=first.p, expected_usd=first.cost_usd)
    return Part.BOARD


def _queued(war: War, event: e.TaskQueued) -> Part:
    war.change_task(event.task, status="queued", outcome="", asks=False, reviewed=False)
    return Part.TASK


def _status(war: War, event: e.TaskStatusChanged) -> Part:
    status = str(event.status)
    changes: dict[str, Any] = {"outcome": ""} if status in AFRESH else {}
    changes |= {"reviewed": False} if status == "open" else {}
    war.change_task(event.task, status=status, reason=one_line(event.reason, 300), asks=False, **changes)
    if event.task is not None and (status in ENDED or status in NEEDS_PERSON or status == "open"):
        war.end_missions(event.task)
    return Part.TASK | Part.MISSIONS


def _finished(war: War, event: e.TaskFinished) -> Part:
    cost = None if event.cost_usd is None else round(event.cost_usd * 1_000_000_000)
    changes: dict[str, object] = {"tier": one_line(event.tier, 20)} if event.tier else {}
    war.change_task(
        event.task,
        status=str(event.status),
        outcome="" if str(event.status) in AFRESH else str(event.outcome),
        reason=one_line(event.reason, 300),
        complexity=event.complexity,
        cost_nano=cost,
        asks=False,
        **changes,
    )
    if event.task is not None:
        war.end_missions(event.task)
    return Part.TASK | Part.MISSIONS


def _mission_started(war: War, event: e.MissionStarted) -> Part:
    if event.mission is None or event.task is None:
        return Part.NONE
    tier = one_line(event.tier or "", 20)
    war.missions[event.mission] = MissionRow(
        id=event.mission,
        task=event.task,
        number=event.number,
        agent=one_line(event.agent or "", 24),
        tier=tier,
        model=one_line(event.model, 60),
        started_at=event.at,
    )
    if str(event.role) == "code":  # whoever plans or reviews a task does not carry it out
        war.change_task(event.task, status="running", tier=tier)
    return Part.TASK | Part.MISSIONS


def _mission_finished(war: War, event: e.MissionFinished) -> Part:
    if event.mission is not None:
        war.missions.pop(event.mission, None)
    _dismiss(war, event)
    _count_streak(war, event)
    return Part.FIELD


def _count_streak(war: War, event: Any) -> None:
    """What was cancelled, or could not be checked, says nothing of the agent."""
    outcome, agent = str(event.outcome), one_line(event.agent or "", 24)
    if str(event.role) != "code" or not agent:
        return
    if outcome in {"proven", "verified"}:
        war.streaks[agent] = war.streaks.get(agent, 0) + 1
    elif outcome == "failed":
        war.streaks.pop(agent, None)


def _dismiss(war: War, event: e.Event) -> Part:
    """A mission's agent has nothing more to do with the task. Whoever ran it may be dead and never say so."""
    unit = war.units.get(one_line(event.agent or "", 24))
    if unit is None or unit.task is None or unit.task != event.task:
        return Part.NONE
    war.put_unit(replace(unit, health="ready", task=None, note=""))
    return Part.FIELD


def _health(war: War, event: e.AgentHealth) -> Part:
    health, note = str(event.health), one_line(event.note, 120)
    known = {"step": event.step, "max_steps": event.max_steps}
    war.change_mission(event.mission, health=health, note=note, **{name: n for name, n in known.items() if n})
    if event.agent:
        callsign = one_line(event.agent, 24)
        unit = war.unit(callsign, one_line(event.tier or "", 20))
        task = None if health in AT_EASE or health == "cooling" else event.task
        rest: dict[str, Any] = {} if health == unit.health == "cooling" else {"cooling_until": None, "resets": False}
        power: dict[str, Any] = (
            {} if event.low_power is None else {"low_power": event.low_power, "power": one_line(event.note, 60)}
        )
        war.put_unit(replace(unit, health=health, task=task, note=note, **rest, **power))
    return Part.FIELD


def _cooling(war: War, event: e.AgentCooling) -> Part:
    if event.agent:
        callsign = one_line(event.agent, 24)
        unit = war.unit(callsign, one_line(event.tier or "", 20))
        rest = event.seconds if 0 < event.seconds < _A_DAY_S else 0.0
        until = event.at + timedelta(seconds=rest)
        note = "full reset" if event.reset else "rests"
        war.put_unit(replace(unit, health="cooling", task=None, note=note, cooling_until=until, resets=event.reset))
    return Part.FIELD


def _model_started(war: War, event: e.ModelStarted) -> Part:
    note = f"{event.state} {event.model}" if event.state != "waiting" else f"asks {event.model}"
    war.change_mission(event.mission, note=one_line(note, 120))
    return Part.MISSIONS


def _failed(war: War, event: e.ModelFailed) -> Part:
    if event.tier and event.retry_in_s is not None and 0 <= event.retry_in_s < _A_DAY_S:
        war.failing[one_line(event.tier, 20)] = event.at + timedelta(seconds=event.retry_in_s)
    return Part.HEADER


def _delta(war: War, event: e.ModelDelta) -> Part:
    if event.mission is not None:
        war.hear(event.mission, sanitize(event.text))
    return Part.TRANSCRIPT


def _pace(war: War, event: Any) -> None:
    war.burn.measure(event.at, event.usage.total, event.cost_nano)


def _sum(one: int | None, other: int | None) -> int | None:
    """Of two amounts; unknown when either is."""
    return None if one is None or other is None else one + other


def _usage(war: War, event: e.ModelUsage) -> Part:
    _pace(war, event)
    answered = war.failing.pop(one_line(event.tier or "", 20), None)
    if event.mission is not None and (row := war.missions.get(event.mission)) is not None:
        war.change_mission(event.mission, cost_nano=_sum(row.cost_nano, event.cost_nano))
    if event.task is not None and (task := war.tasks.get(event.task)) is not None:
        war.change_task(event.task, cost_nano=_sum(task.cost_nano, event.cost_nano))
    return Part.CREDITS | Part.MISSIONS | Part.BOARD | (Part.HEADER if answered else Part.NONE)


def _tool(war: War, event: e.ToolStarted) -> Part:
    war.change_mission(event.mission, note=one_line(f"{event.tool} {event.summary}", 120))
    return Part.MISSIONS


def _check_started(war: War, event: e.CheckStarted) -> Part:
    war.change_mission(event.mission, checking=event.on != "base", note=f"check on the {event.on}")
    return Part.FIELD


def _check_finished(war: War, event: e.CheckFinished) -> Part:
    war.change_mission(event.mission, checking=False)
    return Part.FIELD


def _reserved(war: War, event: e.BudgetReserved) -> Part:
    war.burn.reserve(event.call, event.amount_nano)
    return Part.CREDITS


def _spent(war: War, event: e.BudgetSpent) -> Part:
    war.burn.spend(event.call, event.today_nano, event.cap_nano)
    return Part.CREDITS | Part.HEADER


def _exhausted(war: War, event: e.BudgetExhausted) -> Part:
    war.burn.halted = war.burn.halted or event.scope == "day"
    return Part.CREDITS | Part.HEADER


def _paused(war: War, event: e.TaskPaused) -> Part:
    war.change_task(event.task, paused=event.paused)
    return Part.TASK


def _raised(war: War, event: e.BudgetRaised) -> Part:
    if event.scope == "day":
        war.burn.raise_cap(event.cap_nano)
    return Part.CREDITS | Part.HEADER


def _asked(war: War, event: e.ApprovalRequested) -> Part:
    row = told(event)
    if row is None:
        war.change_task(event.task, asks=True)
    else:
        war.put_ask(row)
    return Part.TASK | Part.ASKS


def _answered(war: War, event: e.ApprovalAnswered) -> Part:
    if event.ask is None and event.question:
        return Part.NONE  # a rule decided: nobody was asked
    war.end_ask(event.ask, event.task)
    return Part.TASK | Part.ASKS


def _reviewed(war: War, event: e.TaskReviewed) -> Part:
    war.change_task(event.task, reviewed=True)
    return Part.BOARD


def _split(war: War, event: e.TaskSplit) -> Part:
    for part in event.parts:
        war.change_task(part, parent=event.task)
    return Part.BOARD


RULES: Mapping[str, Callable[[War, Any], Part]] = {
    "task.posted": _posted,
    "task.assessed": _assessed,
    "task.planned": _planned,
    "task.queued": _queued,
    "task.status": _status,
    "task.finished": _finished,
    "task.reviewed": _reviewed,
    "task.split": _split,
    "mission.started": _mission_started,
    "mission.finished": _mission_finished,
    "agent.health": _health,
    "agent.cooling": _cooling,
    "model.started": _model_started,
    "model.failed": _failed,
    "model.delta": _delta,
    "model.usage": _usage,
    "tool.started": _tool,
    "check.started": _check_started,
    "check.finished": _check_finished,
    "budget.reserved": _reserved,
    "budget.spent": _spent,
    "budget.exhausted": _exhausted,
    "task.paused": _paused,
    "budget.raised": _raised,
    "approval.requested": _asked,
    "approval.answered": _answered,
}

_EVERYBODYS = ("task.posted", "budget.", "agent.")
"""Types that matter whichever repository's task they name: money and agents are shared."""


def concerns(war: War, event: e.Event) -> bool:
    """Whether `event` is about this board. Another War Room on the same home works on other repositories."""
    return event.task is None or event.task in war.tasks or event.type.startswith(_EVERYBODYS)


_STANDING = frozenset(
    {"agent.health", "tool.started", "check.started", "check.finished", "model.started", "model.usage"}
)
"""Types that say where a mission stands. What it cost so far is in no row before it ends."""


def recall(war: War, history: Sequence[e.Event]) -> int:
    """Take what happened before the screen opened, once the rows are loaded: the log, the pace of spending, and where
    missions under way stand. The rows themselves are newer than any of it. Returns the newest sequence number."""
    for event in history:
        if not concerns(war, event):
            continue
        chronicle(war.log, event)
        if event.type in _STANDING and event.mission in war.missions:
            RULES[event.type](war, event)
            war.change_mission(event.mission, heard_at=event.at)
        elif event.type == "model.usage":
            _pace(war, event)
        elif event.type == "mission.finished":
            _count_streak(war, event)
    return max((event.seq for event in history), default=0)


def apply(war: War, event: e.Event) -> Part:
    """Change `war` as `event` says; returns the parts of the screen that are to be drawn again."""
    if not concerns(war, event):
        return _dismiss(war, event) if event.type == "mission.finished" else Part.NONE
    rule = RULES.get(event.type)
    touched = rule(war, event) if rule is not None else Part.NONE
    war.change_mission(event.mission, heard_at=event.at)
    return touched | chronicle(war.log, event)
