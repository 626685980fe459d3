"""The one table of actions: the keys, the footer and the help are made from it. A disabled action says why."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from textual.binding import Binding

from app.screen.state import TaskRow

Where = Literal["everywhere", "center", "diff", "task", "pane", "dialog"]


@dataclass(frozen=True, slots=True)
class Situation:
    """What decides which actions are possible right now."""

    opened: bool = False
    task: TaskRow | None = None
    """The task a person stands on."""
    open_tasks: int = 0
    under_way: int = 0
    need_person: int = 0
    approvable: bool = False
    """The task has parts that wait for approval, or all of them are done and the whole is to be judged."""
    keys: Mapping[str, str] = field(default_factory=dict)
    """Keys a person remapped, by action id."""


Verdict = str | None
"""None: possible. Else one sentence why not."""


@dataclass(frozen=True, slots=True)
class Action:
    """Something a person can do. `id` is also the binding's id: remapped under `[keys]`."""

    id: str
    keys: str
    shown: str
    """The key as the footer and the help write it."""
    label: str
    help: str
    where: Where = "center"
    why_not: Callable[[Situation], Verdict] = lambda situation: None
    footer: bool = True
    method: str = ""
    """The Textual action, where it is not `perform`."""
    priority: bool = False

    @property
    def verb(self) -> str:
        """What it does, whichever place it is pressed in."""
        return self.id.removeprefix(f"{self.where}_")

    def key(self, situation: Situation) -> str:
        """The key to press, as it is written: the person's own, else ours."""
        return situation.keys.get(self.id, self.shown)

    def binding(self) -> Binding:
        """The key binding."""
        action = self.method or f"app.perform('{self.id}')"
        return Binding(self.keys, action, self.label, id=self.id, show=False, priority=self.priority)


def _engine(situation: Situation) -> Verdict:
    return None if situation.opened else "The engine is still opening."


def _with_task(situation: Situation) -> Verdict:
    if (reason := _engine(situation)) is not None:
        return reason
    return None if situation.task is not None else "No task is selected. Press n to post one."


_WORDS = {"review": "in review", "needs_human": "waiting for you"}


def _status(allowed: frozenset[str], instead: str, **others: str) -> Callable[[Situation], Verdict]:
    """Possible in the statuses `allowed`; else what to do `instead`, or what `others` say for one status."""

    def why_not(situation: Situation) -> Verdict:
        if (reason := _with_task(situation)) is not None or situation.task is None:
            return reason
        if situation.task.status in allowed:
            return None
        status = situation.task.status
        return f"{situation.task.label} is {_WORDS.get(status, status)}: {others.get(status, instead)}"

    return why_not


def _open_tasks(situation: Situation) -> Verdict:
    return _engine(situation) or (None if situation.open_tasks else "No task is open.")


def _anything_under_way(situation: Situation) -> Verdict:
    return _engine(situation) or (None if situation.under_way else "Nothing is in the field.")


def _someone_waits(situation: Situation) -> Verdict:
    return _engine(situation) or (None if situation.need_person else "Nothing needs you.")


_OPEN = "an open task is sent out with d."
_ON_ITS_WAY = "cancel it first (x)."
_CANCEL = _status(
    frozenset({"open", "queued", "running", "blocked", "needs_human", "review"}), "there is nothing left to cancel."
)
_REVIEW = _status(
    frozenset({"review"}), "only a task in review has a result to accept or reject.", done="it is accepted already."
)
_RESULT = _status(
    frozenset({"review", "done", "needs_human", "failed", "cancelled"}), "it has no result to look at yet."
)
_DISPATCH = _status(
    frozenset({"open"}),
    "only an open task can be dispatched.",
    **dict.fromkeys(("review", "needs_human", "failed", "cancelled"), "R sends it out again."),
)
_RETRY = _status(
    frozenset({"review", "failed", "cancelled", "needs_human"}),
    "it was not tried yet.",
    open=_OPEN,
    queued=_ON_ITS_WAY,
    running=_ON_ITS_WAY,
    done="it is accepted already. n posts a new task.",
)


_PAUSE = _status(frozenset({"queued", "running", "blocked"}), "only a task on its way can be held.", open=_OPEN)
_ESCALATE = _status(
    frozenset({"open", "queued", "running", "blocked", "needs_human", "failed", "cancelled"}),
    "no better tier is needed.",
    review="R sends it back; reject it first (X) to give it to a better tier.",
)
_FORCE = _status(frozenset({"open", "queued", "blocked"}), "only a task that waits can be forced.")
_EDIT = _status(
    frozenset({"open", "queued", "blocked", "needs_human", "failed", "cancelled"}),
    "it is not changed any more.",
    running=_ON_ITS_WAY,
    review="reject it first (X).",
)
_READ = _status(frozenset({"review"}), "only a result that waits for you has anything to be reviewed.")
_SPLIT = _status(frozenset({"open", "needs_human", "failed"}), "only an open task, or one that failed, can be split.")


def _findings(situation: Situation) -> Verdict:
    if (reason := _READ(situation)) is not None or situation.task is None:
        return reason
    return None if situation.task.reviewed else f"{situation.task.label} was not reviewed yet: r has it reviewed."


def _approve(situation: Situation) -> Verdict:
    if (reason := _with_task(situation)) is not None or situation.task is None:
        return reason
    return None if situation.approvable else f"No part of {situation.task.label} waits for approval. S has it split."


def _in(where: Where, *actions: Action) -> tuple[Action, ...]:
    return tuple(replace(action, where=where) for action in actions)


_CENTER = _in(
    "center",
    Action("new", "n", "n", "new", "Post a new task on the board", why_not=_engine),
    Action("open", "enter", "⏎", "open", "Open the task: brief, plan, missions, live transcript", why_not=_with_task),
    Action("dispatch", "d", "d", "dispatch", "Send the selected task into the field", why_not=_DISPATCH),
    Action("dispatch_all", "D", "D", "all", "Send every open task into the field", why_not=_open_tasks),
    Action("next", "exclamation_mark", "!", "next", "Go to the next task that needs you", why_not=_someone_waits),
    Action("diff", "v", "v", "diff", "Look at the result beside its check", why_not=_RESULT),
    Action("accept", "a", "a", "accept", "Merge the result onto your branch (asks)", why_not=_REVIEW),
    Action("reject", "X", "X", "reject", "Throw the result away (asks)", why_not=_REVIEW),
    Action("retry", "R", "R", "retry", "Send the task back to the agents, with a comment", why_not=_RETRY),
    Action("cancel", "x", "x", "cancel", "Cancel the task (asks while it runs or holds a result)", why_not=_CANCEL),
    Action("pause", "p", "p", "hold", "Hold the task before its next step, or let it go on", why_not=_PAUSE),
    Action("escalate", "e", "e", "tier up", "Give the task to the next tier up", why_not=_ESCALATE, footer=False),
    Action("edit", "E", "E", "edit", "Change its words, check, priority or tier", why_not=_EDIT, footer=False),
    Action("force", "F", "F", "force", "Start it whatever it waits for", why_not=_FORCE, footer=False),
    Action("task_cap", "B", "B", "cap", "Raise the task's cap of money", why_not=_with_task, footer=False),
    Action("day_cap", "ctrl+b", "ctrl+b", "day's cap", "Raise today's cap of money", why_not=_engine, footer=False),
    Action("abort_all", "ctrl+x", "ctrl+x ctrl+x", "abort all", "Cancel everything in the field (asks)",
           why_not=_anything_under_way, footer=False),
    Action("approve", "A", "A", "approve", "Send out the parts of a split task (asks)", why_not=_approve),
    Action("review", "r", "r", "review", "Have a stronger model read the result (asks)", why_not=_READ, footer=False),
    Action("findings", "b", "b", "findings", "Send it back with its findings (asks)", why_not=_findings, footer=False),
    Action("split", "S", "S", "split", "Have the task divided into parts (asks)", why_not=_SPLIT, footer=False),
    Action("zoom", "z", "z", "zoom", "Fill the screen with the focused pane, and back", footer=False),
    Action("quit", "q", "q", "quit", "Leave (asks while missions run or wait)"),
    Action("calm", "escape", "esc", "clear", "Show all panes again; let the status line go on", footer=False),
    Action("pane_next", "tab", "tab", "pane", "Go to the next pane", method="next_pane", footer=False),
    Action("pane_board", "1", "1", "board", "Go to the bounty board", method="pane('board')", footer=False),
    Action("pane_missions", "2", "2", "missions", "Go to the active missions", method="pane('missions')", footer=False),
    Action("pane_log", "3", "3", "log", "Go to the tool log", method="pane('log')", footer=False),
    Action("pane_radar", "4", "4", "radar", "Go to the radar", method="pane('radar')", footer=False),
    Action("pane_credits", "5", "5", "credits", "Go to the credits", method="pane('credits')", footer=False),
    Action("pane_barracks", "6", "6", "barracks", "Go to the barracks", method="pane('barracks')", footer=False),
    Action("output", "o", "o", "output", "Show or hide the output of commands in the tool log"),
)  # fmt: skip

_EVERYWHERE = _in(
    "everywhere",
    Action("theme", "t", "t", "theme", "Walk through the themes", footer=False),
    Action("mute", "m", "m", "mute", "Switch the sound on; mute it, and back", why_not=_engine, footer=False),
    Action("quieter", "left_square_bracket", "[", "quieter", "Turn the volume down", why_not=_engine, footer=False),
    Action("louder", "right_square_bracket", "]", "louder", "Turn the volume up", why_not=_engine, footer=False),
    Action("help", "question_mark", "?", "help", "This list"),
    Action("leave", "ctrl+q", "ctrl+q", "quit", "Leave, from any screen", method="quit", footer=False, priority=True),
)  # fmt: skip

_PANE = _in(
    "pane",
    Action("up", "up,k", "↑ k", "up", "One line up", method="step(-1)"),
    Action("down", "down,j", "↓ j", "down", "One line down", method="step(1)"),
    Action("left", "left,h", "← h", "left", "Scroll left", method="sideways(-8)"),
    Action("right", "right,l", "→ l", "right", "Scroll right", method="sideways(8)"),
    Action("page_up", "pageup,ctrl+u", "ctrl+u", "page up", "One page up", method="page(-1)"),
    Action("page_down", "pagedown,ctrl+d", "ctrl+d", "page down", "One page down", method="page(1)"),
    Action("first", "home,g", "g", "first", "The first line", method="edge(False)"),
    Action("last", "end,G", "G", "last", "The last line; a log follows again", method="edge(True)"),
)  # fmt: skip

_DIFF = _in(
    "diff",
    Action("diff_accept", "a", "a", "accept", "Merge the result onto your branch (asks)", why_not=_REVIEW),
    Action("diff_reject", "x", "x", "reject", "Throw the result away (asks)", why_not=_REVIEW),
    Action("diff_retry", "R", "R", "retry", "Send the task back, with a comment", why_not=_RETRY),
    Action("diff_review", "r", "r", "review", "Have a stronger model read it (asks)", why_not=_READ),
    Action("diff_findings", "b", "b", "findings", "Send it back with the review's findings (asks)", why_not=_findings),
    Action("next_file", "n,right_curly_bracket", "n", "next file", "The next file of the diff", method="file(1)"),
    Action("previous_file", "p,left_curly_bracket", "p", "previous", "One file back", method="file(-1)", footer=False),
    Action("diff_back", "escape,q", "esc", "back", "Back to where you were", method="back"),
)  # fmt: skip

_TASK = _in(
    "task",
    Action("task_diff", "v", "v", "diff", "Look at the result beside its check", why_not=_RESULT),
    Action("task_accept", "a", "a", "accept", "Merge the result onto your branch (asks)", why_not=_REVIEW),
    Action("task_reject", "X", "X", "reject", "Throw the result away (asks)", why_not=_REVIEW),
    Action("task_dispatch", "d", "d", "dispatch", "Send it into the field", why_not=_DISPATCH),
    Action("task_retry", "R", "R", "retry", "Send it back, with a comment", why_not=_RETRY),
    Action("task_pause", "p", "p", "hold", "Hold it before its next step, or let it go on", why_not=_PAUSE),
    Action("task_escalate", "e", "e", "tier up", "Give it to the next tier up", why_not=_ESCALATE),
    Action("task_edit", "E", "E", "edit", "Change its words, check, priority or tier", why_not=_EDIT),
    Action("task_approve", "A", "A", "approve", "Send out its parts (asks)", why_not=_approve),
    Action("task_review", "r", "r", "review", "Have a stronger model read the result (asks)", why_not=_READ),
    Action("task_findings", "b", "b", "findings", "Send it back with the review's findings (asks)", why_not=_findings),
    Action("task_split", "S", "S", "split", "Have it divided into parts (asks)", why_not=_SPLIT),
    Action("task_cancel", "x", "x", "cancel", "Cancel it", why_not=_CANCEL),
    Action("task_back", "escape,q", "esc", "back", "Back to where you were", method="back"),
)  # fmt: skip

_DIALOG = _in(
    "dialog",
    Action("dialog_close", "escape", "esc", "close", "Close without doing anything", method="close"),
    Action("dialog_post", "ctrl+o", "ctrl+o", "post", "Post the task", method="post(False)", priority=True),
    Action("dialog_go", "ctrl+g", "ctrl+g", "dispatch", "Post and dispatch it", method="post(True)", priority=True),
    Action("dialog_yes", "y", "y", "yes", "Do it", method="yes"),
    Action("dialog_abort", "ctrl+x", "ctrl+x", "abort", "Abort all, where that is asked", method="yes"),
    Action("dialog_no", "n", "n", "no", "Leave it", method="close"),
)  # fmt: skip

ACTIONS: tuple[Action, ...] = (*_CENTER, *_EVERYWHERE, *_PANE, *_DIFF, *_TASK, *_DIALOG)

BY_ID: Mapping[str, Action] = {action.id: action for action in ACTIONS}

HEADINGS: Mapping[Where, str] = {
    "everywhere": "Everywhere",
    "center": "Command center",
    "pane": "In every pane",
    "diff": "Diff",
    "task": "Task",
    "dialog": "Dialogs",
}


def actions_of(where: Where) -> list[Action]:
    """The actions of one place, in the table's order."""
    return [action for action in ACTIONS if action.where == where]


def bindings(*ids: str, where: Where | None = None) -> list[Binding]:
    """Key bindings of the actions named, or of all actions of a place."""
    chosen = [BY_ID[name] for name in ids] if where is None else actions_of(where)
    return [action.binding() for action in chosen]
