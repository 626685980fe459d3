"""Conditions of actions: each says in one sentence why its action is not possible, or None when it is."""

from __future__ import annotations

from collections.abc import Callable

from app.screen.situation import Situation, Verdict

Condition = Callable[[Situation], Verdict]


def engine_open(situation: Situation) -> Verdict:
    """The engine takes orders."""
    if situation.replayed:
        return "This is a replay: nothing can be ordered here."
    return None if situation.opened else "The engine is still opening."


def task_selected(situation: Situation) -> Verdict:
    """A person stands on a task."""
    if (reason := engine_open(situation)) is not None:
        return reason
    return None if situation.task is not None else situation.spelt("No task is selected. Press {new:n} to post one.")


_WORDS = {"review": "in review", "needs_human": "waiting for you"}


def _status(allowed: frozenset[str], instead: str, **others: str) -> Condition:
    """Possible in the statuses `allowed`; else what to do `instead`, or what `others` say for one status."""

    def why_not(situation: Situation) -> Verdict:
        if (reason := task_selected(situation)) is not None or situation.task is None:
            return reason
        if situation.task.status in allowed:
            return None
        status = situation.task.status
        return f"{situation.task.label} is {_WORDS.get(status, status)}: {situation.spelt(others.get(status, instead))}"

    return why_not


def open_tasks(situation: Situation) -> Verdict:
    """There is something to send out."""
    return engine_open(situation) or (None if situation.open_tasks else "No task is open.")


def anything_under_way(situation: Situation) -> Verdict:
    """There is something to stop."""
    return engine_open(situation) or (None if situation.under_way else "Nothing is in the field.")


def someone_waits(situation: Situation) -> Verdict:
    """There is something to go to."""
    return engine_open(situation) or (None if situation.need_person else "Nothing needs you.")


def asked(situation: Situation) -> Verdict:
    """There is something to answer."""
    return engine_open(situation) or (None if situation.asks else "Nobody asks anything.")


_OPEN = "an open task is sent out with {dispatch:d}."
_ON_ITS_WAY = "cancel it first ({cancel:x})."
CANCEL = _status(
    frozenset({"open", "queued", "running", "blocked", "needs_human", "review"}), "there is nothing left to cancel."
)
REVIEW = _status(
    frozenset({"review"}), "only a task in review has a result to accept or reject.", done="it is accepted already."
)
RESULT = _status(
    frozenset({"review", "done", "needs_human", "failed", "cancelled"}), "it has no result to look at yet."
)
DISPATCH = _status(
    frozenset({"open"}),
    "only an open task can be dispatched.",
    **dict.fromkeys(("review", "needs_human", "failed", "cancelled"), "{retry:R} sends it out again."),
)
RETRY = _status(
    frozenset({"review", "failed", "cancelled", "needs_human"}),
    "it was not tried yet.",
    open=_OPEN,
    queued=_ON_ITS_WAY,
    running=_ON_ITS_WAY,
    done="it is accepted already. {new:n} posts a new task.",
)


PAUSE = _status(frozenset({"queued", "running", "blocked"}), "only a task on its way can be held.", open=_OPEN)
ESCALATE = _status(
    frozenset({"open", "queued", "running", "blocked", "needs_human", "failed", "cancelled"}),
    "no better tier is needed.",
    review="{retry:R} sends it back; reject it first ({reject:X}) to give it to a better tier.",
)
FORCE = _status(frozenset({"open", "queued", "blocked"}), "only a task that waits can be forced.")
EDIT = _status(
    frozenset({"open", "queued", "blocked", "needs_human", "failed", "cancelled"}),
    "it is not changed any more.",
    running=_ON_ITS_WAY,
    review="reject it first ({reject:X}).",
)
READ = _status(frozenset({"review"}), "only a result that waits for you has anything to be reviewed.")
SPLIT = _status(frozenset({"open", "needs_human", "failed"}), "only an open task, or one that failed, can be split.")


def findings(situation: Situation) -> Verdict:
    """A review of the present result was written."""
    if (reason := READ(situation)) is not None or situation.task is None:
        return reason
    return (
        None
        if situation.task.reviewed
        else situation.spelt(situation.task.label + " was not reviewed yet: {review:r} has it reviewed.")
    )


def approve(situation: Situation) -> Verdict:
    """Parts of the task wait for a yes."""
    if (reason := task_selected(situation)) is not None or situation.task is None:
        return reason
    return (
        None
        if situation.approvable
        else situation.spelt(f"No part of {situation.task.label} waits for approval. {{split:S}} has it split.")
    )
