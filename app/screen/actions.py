"""The one table of actions: the keys, the footer and the help are made from it. A disabled action says why."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from app.screen.conditions import (
    CANCEL,
    DISPATCH,
    EDIT,
    ESCALATE,
    FORCE,
    PAUSE,
    READ,
    RESULT,
    RETRY,
    REVIEW,
    SPLIT,
    anything_under_way,
    approve,
    asked,
    engine_open,
    findings,
    open_tasks,
    someone_waits,
    task_selected,
)
from app.screen.situation import Situation, Verdict

if TYPE_CHECKING:
    from textual.binding import Binding

__all__ = ["ACTIONS", "BY_ID", "HEADINGS", "Action", "Situation", "Verdict", "Where", "actions_of", "bindings"]

Where = Literal[
    "everywhere",
    "center",
    "board",
    "missions",
    "log",
    "output",
    "diff",
    "task",
    "intel",
    "replay",
    "pane",
    "search",
    "dialog",
]
"""The screen or the pane an action belongs to. "pane" is every pane, "search" every pane while it has a search."""
Group = Literal["task", "result", "field", "asks", "money", "advice", "view", "moving", "application", "dialog"]


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
    group: Group = "view"

    @property
    def verb(self) -> str:
        """What it does, whichever place it is pressed in."""
        return self.id.removeprefix(f"{self.where}_")

    def key(self, situation: Situation) -> str:
        """The key to press, as it is written: the person's own, else ours."""
        return situation.keys.get(self.id, self.shown)

    def binding(self) -> Binding:
        """The key binding."""
        from textual.binding import Binding

        action = self.method or f"app.perform('{self.id}')"
        return Binding(self.keys, action, self.label, id=self.id, show=False, priority=self.priority)


_GROUPS: Mapping[Group, str] = {
    "task": "new open edit raise lower dispatch dispatch_all next split approve force",
    "result": "diff accept reject retry review findings",
    "field": "cancel pause escalate abort_all",
    "asks": "allow allow_mission deny remember later",
    "money": "task_cap day_cap",
    "moving": "up down left right page_up page_down first last search_next search_previous "
    "next_file previous_file next_hunk previous_hunk",
    "application": "quit leave help theme settings palette command trust mute quieter louder",
}
"""What belongs together, by verb; the rest is about what is shown."""

_GROUP_OF: Mapping[str, Group] = {verb: group for group, verbs in _GROUPS.items() for verb in verbs.split()}


def _in(where: Where, *actions: Action) -> tuple[Action, ...]:
    placed = (replace(action, where=where) for action in actions)
    return tuple(
        replace(action, group="dialog" if where == "dialog" else _GROUP_OF.get(action.verb, "view"))
        for action in placed
    )


_CENTER = _in(
    "center",
    Action("new", "n", "n", "new", "Post a new task on the board", why_not=engine_open),
    Action("open", "enter", "⏎", "open", "Open the task: brief, plan, missions, transcript", why_not=task_selected),
    Action("dispatch", "d", "d", "dispatch", "Send the selected task into the field", why_not=DISPATCH),
    Action("dispatch_all", "D", "D", "all", "Send every open task into the field", why_not=open_tasks),
    Action("next", "exclamation_mark", "!", "next", "Go to the next task that needs you", why_not=someone_waits),
    Action("diff", "v", "v", "diff", "Look at the result beside its check", why_not=RESULT),
    Action("accept", "a", "a", "accept", "Merge the result onto your branch (asks)", why_not=REVIEW),
    Action("reject", "X", "X", "reject", "Throw the result away (asks)", why_not=REVIEW),
    Action("retry", "R", "R", "retry", "Send the task back to the agents, with a comment", why_not=RETRY),
    Action("cancel", "x", "x", "cancel", "Cancel the task (asks while it runs or holds a result)", why_not=CANCEL),
    Action("pause", "p", "p", "hold", "Hold the task before its next step, or let it go on", why_not=PAUSE),
    Action("escalate", "e", "e", "tier up", "Give the task to the next tier up", why_not=ESCALATE, footer=False),
    Action("edit", "E", "E", "edit", "Change its words, check, priority or tier", why_not=EDIT, footer=False),
    Action("raise", "plus", "+", "P up", "Raise its priority by one", why_not=EDIT, footer=False),
    Action("lower", "underscore", "_", "P down", "Lower its priority by one", why_not=EDIT, footer=False),
    Action("force", "F", "F", "force", "Start it whatever it waits for", why_not=FORCE, footer=False),
    Action("task_cap", "B", "B", "cap", "Raise the task's cap of money", why_not=task_selected, footer=False),
    Action("day_cap", "ctrl+b", "ctrl+b", "day's cap", "Raise today's cap of money", why_not=engine_open, footer=False),
    Action("abort_all", "ctrl+x", "ctrl+x ctrl+x", "abort all", "Cancel everything in the field (asks)",
           why_not=anything_under_way, footer=False),
    Action("approve", "A", "A", "approve", "Send out the parts of a split task (asks)", why_not=approve),
    Action("review", "r", "r", "review", "Have a stronger model read the result (asks)", why_not=READ, footer=False),
    Action("findings", "b", "b", "findings", "Send it back with its findings (asks)", why_not=findings, footer=False),
    Action("split", "S", "S", "split", "Have the task divided into parts (asks)", why_not=SPLIT, footer=False),
    Action("allow", "ctrl+y", "ctrl+y", "allow", "Allow what an agent asks, this once", why_not=asked, footer=False),
    Action("allow_mission", "ctrl+e", "ctrl+e", "for mission", "Allow commands like it for the rest of the mission",
           why_not=asked, footer=False),
    Action("deny", "ctrl+o", "ctrl+o", "deny", "Deny what an agent asks, and say why", why_not=asked, footer=False),
    Action("remember", "ctrl+k", "ctrl+k", "always", "Allow commands like it in this repository (asks)",
           why_not=asked, footer=False),
    Action("later", "ctrl+l", "ctrl+l", "next ask", "Look at the next that is asked", why_not=asked, footer=False),
    Action("intel", "i", "i", "intel", "How good the odds are, what succeeds, costs and is slow", why_not=engine_open,
           footer=False),
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
    Action("pane_approvals", "7", "7", "approvals", "Go to what is asked, to scroll it", method="pane('approvals')",
           why_not=asked, footer=False),
    Action("last_view", "minus", "-", "last view", "Back to the pane you came from", footer=False),
    Action("output", "o", "o", "output", "Show or hide the output of commands in the tool log"),
)  # fmt: skip

_BOARD = _in(
    "board",
    Action("board_filter", "slash", "/", "filter", "Show what fits: words, tier:local, status:open, !without",
           method="ask('filter')"),
    Action("board_mark", "space", "space", "select", "Select the task for the next action, or not", method="mark"),
    Action("board_range", "V", "V", "range", "Select from the task last selected to this one", method="mark_range",
           footer=False),
    Action("board_all", "asterisk", "*", "all", "Select all that are shown, or none", method="mark_all", footer=False),
    Action("sort_id", "I", "I", "by number", "Sort by number; again: the other way; again: as it was",
           method="sort('id')", footer=False),
    Action("sort_complexity", "C", "C", "by C", "Sort by complexity", method="sort('complexity')", footer=False),
    Action("sort_priority", "P", "P", "by P", "Sort by priority", method="sort('priority')", footer=False),
    Action("sort_title", "T", "T", "by title", "Sort by title", method="sort('title')", footer=False),
    Action("sort_tier", "L", "L", "by tier", "Sort by the level it starts on", method="sort('tier')", footer=False),
    Action("sort_odds", "O", "O", "by odds", "Sort by odds, the worst first", method="sort('odds')", footer=False),
    Action("sort_cost", "M", "M", "by cost", "Sort by money, the dearest first", method="sort('cost')", footer=False),
    Action("sort_status", "U", "U", "by status", "Sort by urgency: what needs you first", method="sort('status')",
           footer=False),
)  # fmt: skip

_LOG = _in(
    "log",
    Action("log_open", "enter", "⏎", "output", "Open the call's output; of other lines the task", method="choose"),
    Action("log_search", "slash", "/", "search", "Search: words, !without; n and N go on", method="ask('search')"),
    Action("log_filter", "ampersand", "&", "filter", "Show what fits: agent:codex tool:shell result:failed, !without",
           method="ask('filter')"),
    Action("log_hold", "space", "space", "pause", "Let nothing new into the log, or all of it", method="hold"),
    Action("log_range", "V", "V", "range", "Begin a range of lines to copy with y", method="range", footer=False),
    Action("log_times", "T", "T", "times", "Show or hide the time of each line", method="times", footer=False),
    Action("log_fold", "W", "W", "fold", "Fold long lines, or cut them", method="fold", footer=False),
)  # fmt: skip

_OUTPUT = _in(
    "output",
    Action("output_search", "slash", "/", "search", "Search: words, !without; n and N go on", method="search"),
    Action("output_back", "escape,q", "esc", "back", "Back to where you were", method="back"),
)  # fmt: skip

_EVERYWHERE = _in(
    "everywhere",
    Action("theme", "t", "t", "theme", "Choose a theme, and see each as you go", footer=False),
    Action("palette", "ctrl+p", "ctrl+p", "palette", "Search every action, task and theme", footer=False),
    Action("command", "colon", ":", "command", "Type what to do; tab completes"),
    Action("settings", "comma", ",", "settings", "What you can set while you work", footer=False),
    Action("trust", "ctrl+t", "ctrl+t", "trust", "Look at what this folder's warroom.toml asks for (asks)",
           why_not=engine_open, footer=False),
    Action("mute", "m", "m", "mute", "Switch the sound on; mute it, and back", why_not=engine_open, footer=False),
    Action("quieter", "left_square_bracket", "[", "quieter", "Turn the volume down", why_not=engine_open, footer=False),
    Action("louder", "right_square_bracket", "]", "louder", "Turn the volume up", why_not=engine_open, footer=False),
    Action("help", "question_mark", "?", "help", "This list: type to search in it"),
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
    Action("copy", "y", "y", "copy", "Copy the line, or what the mouse selected", method="copy"),
    Action("pager", "vertical_line", "|", "pager", "Read all of it in $PAGER", method="pager"),
)  # fmt: skip

_SEARCH = _in(
    "search",
    Action("search_next", "n", "n", "next match", "The next line that was searched for", method="found(1)"),
    Action("search_previous", "N", "N", "match before", "The line before that was searched for", method="found(-1)"),
)  # fmt: skip

_DIFF = _in(
    "diff",
    Action("diff_accept", "a", "a", "accept", "Merge the result onto your branch (asks)", why_not=REVIEW),
    Action("diff_reject", "x", "x", "reject", "Throw the result away (asks)", why_not=REVIEW),
    Action("diff_retry", "c,R", "c", "comment", "Send the task back, with a comment", why_not=RETRY),
    Action("diff_review", "r", "r", "review", "Have a stronger model read it (asks)", why_not=READ),
    Action("diff_findings", "b", "b", "findings", "Send it back with the review's findings (asks)", why_not=findings),
    Action("next_file", "n", "n", "next file", "The next file of the diff", method="file(1)"),
    Action("previous_file", "p", "p", "file back", "One file back", method="file(-1)",
           footer=False),
    Action("next_hunk", "right_curly_bracket", "}", "next hunk", "The next hunk of the diff", method="hunk(1)"),
    Action("previous_hunk", "left_curly_bracket", "{", "hunk back", "One hunk back", method="hunk(-1)", footer=False),
    Action("diff_layout", "s", "s", "sides", "Both sides beside each other, or one below the other", method="layout"),
    Action("diff_proof", "z", "z", "zoom", "The diff alone, or the check beside it", method="proof", footer=False),
    Action("diff_search", "slash", "/", "search", "Search: words, !without; n and N go on", method="search",
           footer=False),
    Action("diff_back", "escape,q", "esc", "back", "Back to where you were", method="back"),
)  # fmt: skip

_TASK = _in(
    "task",
    Action("task_diff", "v", "v", "diff", "Look at the result beside its check", why_not=RESULT),
    Action("task_accept", "a", "a", "accept", "Merge the result onto your branch (asks)", why_not=REVIEW),
    Action("task_reject", "X", "X", "reject", "Throw the result away (asks)", why_not=REVIEW),
    Action("task_dispatch", "d", "d", "dispatch", "Send it into the field", why_not=DISPATCH),
    Action("task_retry", "R", "R", "retry", "Send it back, with a comment", why_not=RETRY),
    Action("task_pause", "p", "p", "hold", "Hold it before its next step, or let it go on", why_not=PAUSE),
    Action("task_escalate", "e", "e", "tier up", "Give it to the next tier up", why_not=ESCALATE),
    Action("task_edit", "E", "E", "edit", "Change its words, check, priority or tier", why_not=EDIT),
    Action("task_approve", "A", "A", "approve", "Send out its parts (asks)", why_not=approve),
    Action("task_review", "r", "r", "review", "Have a stronger model read the result (asks)", why_not=READ),
    Action("task_findings", "b", "b", "findings", "Send it back with the review's findings (asks)", why_not=findings),
    Action("task_split", "S", "S", "split", "Have it divided into parts (asks)", why_not=SPLIT),
    Action("task_cancel", "x", "x", "cancel", "Cancel it", why_not=CANCEL),
    Action("task_search", "slash", "/", "search", "Search: words, !without; n and N go on", method="search",
           footer=False),
    Action("task_back", "escape,q", "esc", "back", "Back to where you were", method="back"),
)  # fmt: skip

_INTEL = _in(
    "intel",
    Action("intel_whose", "f", "f", "whose", "Whose attempts: your work, the proving ground, the simulation",
           method="whose"),
    Action("intel_section", "tab", "tab", "section", "The next section", method="section"),
    Action("intel_back", "escape,q,i", "esc", "back", "Back to where you were", method="back"),
)  # fmt: skip

_REPLAY = _in(
    "replay",
    Action("replay_pause", "space", "space", "pause", "Pause, or play on; at the end from the beginning",
           method="tape_toggle", priority=True),
    Action("replay_step", "full_stop", ".", "step", "One event on, and stand still", method="tape_step(1)",
           priority=True),
    Action("replay_back", "left", "←", "10 s back", "Ten seconds back", method="tape_scrub(-10)", priority=True),
    Action("replay_on", "right", "→", "10 s on", "Ten seconds on", method="tape_scrub(10)", priority=True),
    Action("replay_event_back", "shift+left", "shift+←", "event back", "One event back, and stand still",
           method="tape_step(-1)", priority=True, footer=False),
    Action("replay_event_on", "shift+right", "shift+→", "event on", "One event on, and stand still",
           method="tape_step(1)", priority=True, footer=False),
    Action("replay_faster", "plus,equals_sign", "+", "faster", "Twice as fast, up to 100 times",
           method="tape_speed(1)", priority=True),
    Action("replay_slower", "minus", "-", "slower", "Half as fast", method="tape_speed(-1)", priority=True),
    Action("replay_quit", "q", "q", "leave", "Leave the replay", method="app.quit"),
)  # fmt: skip

_DIALOG = _in(
    "dialog",
    Action("dialog_close", "escape", "esc", "close", "Close without doing anything", method="close"),
    Action("dialog_post", "ctrl+o", "ctrl+o", "post", "Post the task", method="post(False)", priority=True),
    Action("dialog_go", "ctrl+g", "ctrl+g", "dispatch", "Post and dispatch it", method="post(True)", priority=True),
    Action("dialog_yes", "y", "y", "yes", "Do it", method="yes"),
    Action("dialog_trust", "T", "T", "trust", "Trust the folder, where that is asked", method="trust"),
    Action("dialog_abort", "ctrl+x", "ctrl+x", "abort", "Abort all, where that is asked", method="yes"),
    Action("pick_up", "up", "↑", "up", "One choice up; the line typed before", method="pick(-1)"),
    Action("pick_down", "down", "↓", "down", "One choice down; the line typed after", method="pick(1)"),
    Action("pick_page_up", "pageup", "pgup", "page up", "A page of choices up", method="pick_page(-1)"),
    Action("pick_page_down", "pagedown", "pgdn", "page down", "A page of choices down", method="pick_page(1)"),
    Action("turn_back", "left", "←", "before", "The choice before, in the settings", method="turn(-1)"),
    Action("turn_on", "right", "→", "next", "The next choice, in the settings", method="turn(1)"),
    Action("dialog_keep", "enter", "⏎", "keep", "Keep the theme that is tried; change the setting", method="keep"),
    Action("complete", "tab", "tab", "complete", "Complete what is typed in the command bar", method="complete"),
    Action("leave_keep", "k", "k", "keep running", "Leave, and let the squad work on", method="leave('keep')"),
    Action("leave_save", "s", "s", "stop and save", "Leave; tasks go on at the next opening", method="leave('save')"),
    Action("leave_abort", "x", "x", "abort", "Leave, and cancel what is under way here", method="leave('abort')"),
    Action("dialog_no", "n", "n", "no", "Leave it", method="close"),
)  # fmt: skip

ACTIONS: tuple[Action, ...] = (
    *_CENTER,
    *_BOARD,
    *_LOG,
    *_OUTPUT,
    *_EVERYWHERE,
    *_PANE,
    *_SEARCH,
    *_DIFF,
    *_TASK,
    *_INTEL,
    *_REPLAY,
    *_DIALOG,
)

BY_ID: Mapping[str, Action] = {action.id: action for action in ACTIONS}

HEADINGS: Mapping[Where, str] = {
    "everywhere": "Everywhere",
    "center": "Command center",
    "board": "Bounty board",
    "missions": "Active missions",
    "log": "Tool log",
    "pane": "In every pane",
    "search": "While something is searched for",
    "output": "Output of a call",
    "diff": "Diff",
    "task": "Task",
    "intel": "Intel",
    "replay": "Replay",
    "dialog": "Dialogs",
}


def actions_of(where: Where) -> list[Action]:
    """The actions of one place, in the table's order."""
    return [action for action in ACTIONS if action.where == where]


def bindings(*ids: str, where: Where | None = None) -> list[Binding]:
    """Key bindings of the actions named, or of all actions of a place."""
    chosen = [BY_ID[name] for name in ids] if where is None else actions_of(where)
    return [action.binding() for action in chosen]
