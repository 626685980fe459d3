"""Orders about work in the field: hold it, hurry it, change it, give it to a better tier, stop everything."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING

from app.screen.bulk import priority
from app.screen.state import UNDER_WAY, TaskRow, War
from app.screen.words import dollars

if TYPE_CHECKING:
    from textual.app import App

    from agents.tasks import Task
    from app.screen.command import Command
    from app.screen.new_task import Draft

Order = Callable[[Callable[["Command"], Awaitable[object]], str], None]
"""order(work, done): ask the engine for `work` and say `done` once it did it."""


class FieldOrders:
    """The verbs, by their names in the table of actions."""

    def __init__(self, app: App[int], war: War, order: Order) -> None:
        self._app, self._war, self._order = app, war, order
        self.verbs: Mapping[str, Callable[[TaskRow], None]] = {
            "pause": self._pause,
            "escalate": self._escalate,
            "force": self._force,
            "edit": self._edit,
            "task_cap": self._raise_task_cap,
            "raise": lambda row: self._move_priority(row, +1),
            "lower": lambda row: self._move_priority(row, -1),
        }

    def _pause(self, row: TaskRow) -> None:
        if row.paused:
            self._order(lambda command: command.resume(row.id), f"{row.label} goes on.")
        else:
            self._order(lambda command: command.pause(row.id), f"{row.label} is held before its next step. p again.")

    def _escalate(self, row: TaskRow) -> None:
        self._order(lambda command: command.escalate(row.id), f"{row.label} goes to the next tier up.")

    def _force(self, row: TaskRow) -> None:
        self._order(lambda command: command.force(row.id), f"{row.label} is started as soon as there is a slot.")

    def _move_priority(self, row: TaskRow, step: int) -> None:
        async def move(command: Command) -> None:
            await priority(step)(command, row)
            self._war.put_task(await command.task(row.id))

        self._order(move, f"{row.label} is {'raised' if step > 0 else 'lowered'}.")

    def pin(self, row: TaskRow, tier: str | None) -> None:
        """Give the task to this tier only; None: to whichever routing thinks best."""

        async def pinned(command: Command) -> None:
            self._war.put_task(await command.edit(row.id, tier=tier))

        self._order(
            pinned, f"{row.label} goes to {tier} only." if tier else f"{row.label} goes where routing sends it."
        )

    def abort_all(self) -> None:
        """Cancel everything that is under way, once the person has said so twice."""
        from app.screen.confirm import AbortAll

        count = len(self._war.with_status(*UNDER_WAY))
        tasks = "1 task" if count == 1 else f"{count} tasks"

        def answered(yes: bool | None) -> None:
            if yes:
                self._order(lambda command: command.abort_all(), "Everything is aborted.")

        consequence = "Every agent is stopped now, in every War Room on this repository. Results in review stay."
        self._app.push_screen(AbortAll(f"Abort {tasks}?", consequence), answered)

    def raise_day_cap(self) -> None:
        """Ask how much today may cost."""
        burn = self._war.burn
        now = (
            f"{dollars(burn.spent_nano)} of {dollars(burn.cap_nano)} are spent today. Tomorrow the old cap holds again."
        )

        def answered(usd: float | None) -> None:
            if usd is not None:
                self._order(lambda command: command.raise_daily_cap(usd), f"Today may cost ${usd:.2f}.")

        self._ask_cap("today's", now, answered)

    def _raise_task_cap(self, row: TaskRow) -> None:
        def answered(usd: float | None) -> None:
            if usd is not None:
                self._order(
                    lambda command: command.raise_task_cap(row.id, usd),
                    f"{row.label} may cost ${usd:.2f} in all. R sends it out again where it had stopped.",
                )

        self._ask_cap(f"{row.label}'s", f"{dollars(row.cost_nano)} were spent on it so far.", answered)

    def _ask_cap(self, whose: str, now: str, answered: Callable[[float | None], None]) -> None:
        from app.screen.cap import RaiseCap

        self._app.push_screen(RaiseCap(whose, now), answered)

    def _edit(self, row: TaskRow) -> None:
        self._order(lambda command: self._ask_changes(command, row.id), "")

    async def _ask_changes(self, command: Command, task_id: int) -> None:
        from app.screen.new_task import NewTaskDialog

        task = await command.task(task_id)
        tiers = [name for name, tier in command.settings.tiers.items() if tier.enabled]

        def drafted(draft: Draft | None) -> None:
            if draft is not None:
                self._order(lambda command: self._change(command, task, draft), "")

        self._app.push_screen(NewTaskDialog(tiers, task=task), drafted)

    async def _change(self, command: Command, task: Task, draft: Draft) -> None:
        wanted = {name: getattr(draft, name) for name in ("title", "brief", "check", "priority", "tier")}
        changes = {name: value for name, value in wanted.items() if value != getattr(task, name)}
        if changes:
            self._war.put_task(await command.edit(task.id, **changes))
        if draft.go:
            await (command.dispatch if str(task.status) == "open" else command.retry)(task.id)
        said = f"{task.label} is changed" if changes else f"{task.label} is as it was"
        self._order(_nothing, f"{said}{' and sent out' if draft.go else ''}.")


async def _nothing(command: Command) -> None:
    """There is only something to say."""
