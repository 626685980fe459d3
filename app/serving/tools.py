"""The tools: what they are called, what they are for, what they take and answer. A cloud agent reads this text."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import mcp_types as types

from agents.tasks import Frozen
from app.serving import arguments as given
from app.serving import orders, rows
from app.serving.dispatching import Call, dispatch, shown
from app.serving.rooms import Rooms

INSTRUCTIONS = """\
War Room commands a squad of coding agents on this repository: free local models first, paid ones only when a \
check says that they are needed and the person's budget allows it. Each task is done in a git worktree of its \
own and proven by a command that fails before and passes after; nothing touches the person's branch until it is \
accepted.

Delegating pays for work that is easy to say and tedious to write, and that a command can check: functions to a \
given interface, boilerplate, tests after an existing pattern, type definitions, API client functions, \
migrations, conversions, docstrings. You decide and review, the squad writes: you spend tokens on a \
specification and a diff instead of on the code. Several independent tasks run side by side.

It does not pay for architecture, for hard debugging, for refactoring across many files, for anything that needs \
this conversation to be understood, or for a change that is quicker made than described.

Give each task a check. Write it so that a stub or a constant does not pass it. Without one a result is \
unverified."""

_DISPATCH = """\
Have one self-contained task done by the squad, at no or little cost to you. Use it for a function or module to \
a given interface, boilerplate, tests after a pattern, types, clients, migrations; not for architecture, hard \
debugging, refactorings across files, or what needs your conversation to be understood.

The agent works in a worktree of its own from the person's last commit: what is not committed it does not see. \
The outcome is the harness's: `proven` (the check failed before and passes after), `verified` (the repository's \
own check passes), `unverified` (nothing could be run), `failed`. A good result waits on a branch, in status \
`review`; read it with diff.

With wait (the default) the answer comes when the task has ended, which takes from seconds to many minutes on a \
local model; progress is notified. Cancelling the call cancels the task. If your client gives up waiting by \
itself, or with wait=false or wait_s, the task goes on: ask show with its number. When your client ends, what is \
under way goes on or goes back in the queue, as the person has set it; it is not lost."""


@dataclass(frozen=True)
class ToolKind:
    """One tool."""

    name: str
    title: str
    description: str
    takes: type[given.Arguments]
    answers: type[Frozen]
    run: Callable[[Rooms, Any, Call], Awaitable[dict[str, Any]]]
    hints: types.ToolAnnotations

    def listed(self) -> types.Tool:
        """As a client is told of it."""
        return types.Tool(
            name=self.name,
            title=self.title,
            description=self.description,
            input_schema=given.schema(self.takes),
            output_schema=rows.output_schema(self.answers),
            annotations=self.hints,
        )


def _plain(
    run: Callable[[Rooms, Any], Awaitable[dict[str, Any]]],
) -> Callable[[Rooms, Any, Call], Awaitable[dict[str, Any]]]:
    """For a tool that never waits long."""

    async def called(rooms: Rooms, asked: Any, call: Call) -> dict[str, Any]:
        return await run(rooms, asked)

    return called


_LOOKS = types.ToolAnnotations(read_only_hint=True, open_world_hint=False)
_SENDS = types.ToolAnnotations(
    read_only_hint=False, destructive_hint=False, idempotent_hint=False, open_world_hint=True
)
_ENDS = types.ToolAnnotations(read_only_hint=False, destructive_hint=True, idempotent_hint=True, open_world_hint=False)

_ALL = (
    ToolKind("dispatch", "Have a task done", _DISPATCH, given.Dispatch, rows.Report, dispatch, _SENDS),
    ToolKind(
        "board",
        "The tasks of the repository",
        "The tasks of this repository, whoever posted them: all that have not ended, and the last ones that have.",
        given.Board,
        rows.BoardRows,
        _plain(orders.board),
        _LOOKS,
    ),
    ToolKind(
        "show",
        "One task in full",
        "One task: where it stands and why, its check and the end of what that printed, its plan, its missions, its "
        "review. With wait_s it first waits for the task to come to rest, with progress; that is how to go on waiting "
        "for a task that was dispatched with wait=false. The resource in `transcript` has what its agents said.",
        given.Show,
        rows.Shown,
        shown,
        _LOOKS,
    ),
    ToolKind(
        "diff",
        "A result as a unified diff",
        "The result of a task as a unified diff against the commit it began on, a page at a time, beside its check. "
        "Review it as you would a stranger's: the check decides what it covers, and nothing else.",
        given.Diff,
        rows.DiffPage,
        _plain(orders.diff),
        _LOOKS,
    ),
    ToolKind(
        "accept",
        "Merge a result",
        "Merge a reviewed result onto the person's branch, if it applies cleanly. Refused unless the person allows it "
        "in their own configuration; then they accept it themselves.",
        given.OneTask,
        rows.Standing,
        _plain(orders.accept),
        types.ToolAnnotations(
            read_only_hint=False, destructive_hint=True, idempotent_hint=False, open_world_hint=False
        ),
    ),
    ToolKind(
        "reject",
        "Throw a result away",
        "Throw the result of a task away, its branch and worktree too. The task is open again, and not done anew by "
        "itself.",
        given.OneTask,
        rows.Standing,
        _plain(orders.reject),
        _ENDS,
    ),
    ToolKind(
        "cancel",
        "Stop a task",
        "Stop a task now, in whichever War Room it runs. A result that is there already stays in review.",
        given.OneTask,
        rows.Standing,
        _plain(orders.cancel),
        _ENDS,
    ),
    ToolKind(
        "route",
        "How hard a task looks",
        "How hard a task looks (complexity 1 to 10) and how it would be tried: tiers in order, each with its odds, "
        "price in dollars, seconds and why. Runs nothing and asks no model. Poor odds in the free tiers mean that the "
        "task is better cut into parts, or done by you.",
        given.Route,
        rows.RouteRow,
        _plain(orders.route),
        _LOOKS,
    ),
    ToolKind(
        "costs",
        "What was spent and saved",
        "The ledger of this home: spent, reserved and saved (an estimate) in dollars, and tokens; in all, and by tier, "
        "model, task and day. Orchestrated tasks have a bill: what advice cost and what was written locally.",
        given.Costs,
        rows.CostRows,
        _plain(orders.costs),
        _LOOKS,
    ),
)
TOOLS = {tool.name: tool for tool in _ALL}
"""Every tool by its name, in the order they are listed."""
