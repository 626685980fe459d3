"""A task as a person reads it when it came to rest, and as a row for programs."""

from pathlib import Path
from typing import Any

from agents.routing.size import too_large
from agents.sanitize import one_line
from agents.tasks import NANO, CheckResult, Mission, Outcome, Role, Task, TaskStatus
from app.commands.console import paint, put, put_painted
from app.screen.words import counted, dollars, exit_word, span

OUTPUT_LINES = 40
"""Lines of a check's output that `show` prints; the log has all."""

_SPLITTABLE = frozenset({TaskStatus.OPEN, TaskStatus.QUEUED, TaskStatus.NEEDS_HUMAN, TaskStatus.FAILED})

_STYLES = {
    Outcome.PROVEN: "green",
    Outcome.VERIFIED: "green",
    Outcome.UNVERIFIED: "yellow",
    Outcome.FAILED: "red",
    Outcome.CANCELLED: "dim",
}


def status_words(task: Task) -> str:
    """The outcome and, where it says more, the status."""
    if task.outcome is None:
        return task.status.replace("_", " ")
    if task.outcome == task.status.value:
        return str(task.outcome)
    return f"{task.outcome}, {task.status.replace('_', ' ')}"


def row(task: Task) -> dict[str, Any]:
    """A line of `board --json`."""
    return {
        "task": task.id,
        "title": task.title,
        "status": task.status.value,
        "outcome": task.outcome.value if task.outcome else None,
        "tier": tier_of(task),
        "complexity": task.complexity,
        "cost_usd": usd(task.cost_nano),
        "priority": task.priority,
        "branch": task.branch,
        "repo": task.repo,
        "reason": task.reason,
        "updated_at": task.updated_at.isoformat(),
        "simulated": task.simulated,
    }


def tier_of(task: Task) -> str | None:
    """The tier that did it, else the one it would start on."""
    return task.tier_used or (task.plan[0].tier if task.plan else task.tier)


def usd(nano: int | None) -> float | None:
    """Dollars for JSON; None where the price is unknown."""
    return None if nano is None else nano / NANO


def print_result(task: Task) -> None:
    """What `run` says at the end, on stdout."""
    style = _STYLES.get(task.outcome, "") if task.outcome else "yellow"
    reason = one_line(task.reason, 500)
    put_painted(f"{task.label} {paint(status_words(task), style)}" + (f": {reason}" if reason else ""))
    for warning in task.warnings:
        put_painted(paint(f"  ! {one_line(warning, 300)}", "yellow"))
    if task.branch:
        put(f"  branch  {task.branch}")
    if task.files:
        more = f" and {len(task.files) - 8} more" if len(task.files) > 8 else ""
        put(f"  files   {', '.join(one_line(name, 80) for name in task.files[:8])}{more}")
    put(f"  {check_words(task)}")
    model = f"  {task.tier_used} {one_line(task.model_used or '', 60)}" if task.tier_used else ""
    put(
        f"  cost    {dollars(task.cost_nano)}  {task.usage.total} tokens  {counted(task.missions, 'mission')}  "
        f"{counted(task.steps, 'step')}  {span(task.seconds)}{model}"
    )
    if task.merged_commit:
        put(f"  merged  {task.merged_commit[:12]} {merged_where(task)}")


def merged_where(task: Task) -> str:
    """Where accepting put it. A folder without git has no branch and no HEAD to speak of."""
    if task.target_branch:
        return f"onto {task.target_branch}"
    return "onto HEAD" if Path(task.repo, ".git").exists() else f"into {one_line(task.repo, 300)}"


def next_steps(task: Task) -> str:
    """What the person may do now; empty when nothing."""
    if task.status is TaskStatus.REVIEW:
        return f"Next: warroom diff {task.label}, then warroom accept {task.label} or warroom reject {task.label}"
    if task.status in {TaskStatus.NEEDS_HUMAN, TaskStatus.FAILED, TaskStatus.OPEN}:
        return f'Next: warroom show {task.label}, then warroom retry {task.label} --comment "..."'
    return ""


def split_advice(task: Task) -> str:
    """That a task looks too large for one mission, and what to do about it; empty when it does not, or was split."""
    why = too_large(task) if task.status in _SPLITTABLE and not task.reason.startswith("split into") else ""
    return f"{task.label} looks too large for one mission ({why}): warroom split {task.label} divides it" if why else ""


def print_task(task: Task, missions: list[Mission]) -> None:
    """What `show` prints: all of it."""
    put_painted(paint(f"{task.label} {one_line(task.title, 300)}", "bold"))
    if task.brief:
        put("\n".join(f"  {line}" for line in task.brief.splitlines()))
    pinned = f", pinned to {task.tier}" if task.tier else ""
    pinned += ", orchestrated" if task.orchestrate else ""
    put(f"  C{task.complexity} {task.kind}, priority {task.priority}{pinned}, in {one_line(task.repo, 300)}")
    _print_assessment(task)
    print_result(task)
    if task.plan:
        put_painted(paint("Plan", "bold"))
        for number, arm in enumerate(task.plan, 1):
            why = f": {one_line(arm.why, 200)}" if arm.why else ""
            put(f"  {number}. {arm.tier} {one_line(arm.model, 60)} {arm.way} {arm.variant}{why}")
    if missions:
        put_painted(paint("Missions", "bold"))
        for mission in missions:
            _print_mission(mission)
    for name, check in (("base", task.base_check), ("result", task.result_check)):
        if check is not None:
            _print_check(name, check)


def _print_assessment(task: Task) -> None:
    """What its complexity was made from."""
    if (rules := task.rules) is not None:
        put(
            f"  rules {rules.score:.1f}: component {rules.component:.1f}, coordinative {rules.coordinative:.1f}, "
            f"dynamic {rules.dynamic:.1f}; {one_line('; '.join(rules.evidence), 300)}"
        )
    if (judge := task.judge) is not None:
        who = f"{one_line(judge.tier, 20)}, {dollars(judge.cost_nano)}"
        put(f"  judge {judge.score} ({who}): {one_line(judge.reason, 300)}")


def check_words(task: Task) -> str:
    """The check's command and how it ended, before and after."""
    base, result = task.base_check, task.result_check
    if base is None and result is None:
        return "check   none: nothing was run beyond parsing the files" if task.outcome else "check   not run"
    known = result or base
    codes = " → ".join(exit_word(check.exit_code) for check in (base, result) if check is not None)
    return f"check   {one_line(known.command if known else '', 100)}  {codes}"


def _print_mission(mission: Mission) -> None:
    how = "running" if mission.finished_at is None else str(mission.outcome or "interrupted")
    if mission.role is not Role.CODE and mission.outcome is Outcome.UNVERIFIED:
        how = "answered"
    style = _STYLES.get(mission.outcome, "") if mission.outcome else "cyan"
    put_painted(
        f"  {mission.label} {one_line(mission.agent, 20)} {one_line(mission.tier, 40)} {one_line(mission.model, 60)} "
        f"{mission_kind(mission)}  {paint(how, style)}  {counted(mission.steps, 'step')}  "
        f"{span(mission.seconds)}  {dollars(mission.cost_nano)}"
    )
    if mission.reason:
        put(f"       {one_line(mission.reason, 300)}")
    if mission.conventions:
        put(f"       told: {one_line('; '.join(mission.conventions), 300)}")
    if mission.branch:
        put(f"       {mission.branch}" + (f" {mission.commit[:12]}" if mission.commit else ""))


def mission_kind(mission: Mission) -> str:
    """How it worked; of one that only read, what it was there for."""
    return f"{mission.way} {mission.variant}" if mission.role is Role.CODE else str(mission.role)


def _print_check(name: str, check: CheckResult) -> None:
    put_painted(paint(f"Check on the {name}: {exit_word(check.exit_code)}, {span(check.seconds)}", "bold"))
    lines = check.output.splitlines()
    put("\n".join(f"  {line}" for line in lines[-OUTPUT_LINES:]) if lines else "  (no output)")
    if len(lines) > OUTPUT_LINES and check.log_path:
        put(f"  (the last {OUTPUT_LINES} lines; all of it: {one_line(check.log_path, 300)})")
