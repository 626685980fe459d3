"""How a task ends: where it stands after its last mission, and what is said of it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from agents.events import CheckSummary, TaskFinished, TokenCounts
from agents.missions.orders import Report
from agents.sanitize import one_line, sanitize
from agents.store import Store
from agents.store.tally import tally
from agents.tasks import NANO, CheckResult, Outcome, Task, TaskStatus
from agents.workspace.checks import bent_check, touched_tests
from agents.workspace.results import FileChange


async def used_up(store: Store, task_id: int) -> dict[str, Any]:
    """What the task has used up in all its missions, as the changes to its row: a retry forgets no money."""
    total = tally(await store.calls(task_id))
    return {
        "missions": len(await store.missions(task_id)),
        "steps": total.steps,
        "cost_nano": total.cost_nano,
        "usage": total.usage,
    }


def finished_event(task: Task, outcome: Outcome, at: datetime) -> TaskFinished:
    """CONTRACT's `task.finished` for a task at the end of its missions."""
    base, result = task.base_check, task.result_check
    return TaskFinished(
        at=at,
        task=task.id,
        tier=task.tier_used,
        outcome=outcome,
        status=task.status,
        model=one_line(task.model_used, 80) if task.model_used else None,
        complexity=task.complexity,
        missions=task.missions,
        steps=task.steps,
        cost_usd=None if task.cost_nano is None else task.cost_nano / NANO,
        tokens=TokenCounts.of(task.usage),
        seconds=task.seconds,
        branch=task.branch,
        commit=task.commit,
        files=tuple(one_line(name, 300) for name in task.files),
        check=CheckSummary(
            command=sanitize(base.command) if base else None,
            exit_code=result.exit_code if result else None,
            base_exit_code=base.exit_code if base else None,
        ),
        warnings=tuple(one_line(text, 300) for text in task.warnings),
        reason=task.reason,
        simulated=task.simulated,
    )


def touched(changes: Sequence[FileChange], command: str | None) -> tuple[str, ...]:
    """What was done to the tests and to the check itself: a person wants to know before they trust the outcome."""
    tests = set(touched_tests(changes))
    bent = set(bent_check(command, changes)) if command else set()
    said: list[str] = []
    for status, path in changes:
        word = {"A": "added", "D": "deleted"}.get(status, "edited")
        if path in tests:
            said.append(f"a test was {word}: {one_line(path, 200)}")
        elif path in bent:
            said.append(f"what the check does depends on a file that was {word}: {one_line(path, 200)}")
    return tuple(said)


def environment_of(reports: Sequence[Report]) -> str:
    """What of the surroundings ended the last mission; empty when it was the task."""
    last = reports[-1] if reports else None
    return last.stopped or "" if last and last.environment else ""


def result_check(reports: Sequence[Report], outcome: Outcome) -> CheckResult | None:
    """Of the result; of a failure the last that ran, as the last mission may have had nothing to run it on."""
    checks = [report.mission.check for report in reports[-1 if outcome.accepted else 0 :]]
    return next((check for check in reversed(checks) if check is not None), None)


def status_after(task: Task, outcome: Outcome, *, environment: bool, over_budget: bool) -> TaskStatus:
    """Where the task stands after its last mission."""
    if environment:
        return TaskStatus.OPEN
    if over_budget:
        return TaskStatus.NEEDS_HUMAN
    if outcome.accepted:
        return TaskStatus.REVIEW
    return TaskStatus.FAILED if task.tier else TaskStatus.NEEDS_HUMAN


def reason_of(reports: Sequence[Report], over_budget: bool) -> str:
    """One sentence; for a person who is asked, what was tried and what they can do."""
    last = reports[-1]
    if over_budget:
        return f"{last.stopped or last.judgement.reason}; or drop it"  # it says which cap, and how to raise that
    if last.judgement.outcome.accepted or len(reports) == 1:
        return last.judgement.reason
    tried = ", ".join(
        f"{report.mission.tier} {report.mission.variant} ({report.judgement.reason})" for report in reports[-3:]
    )
    first = f"{len(reports)} missions failed, the last of them: {tried}."
    return f"{first} What should change: the words, the check, the tier, or is it dropped?"
