"""What the actions do: a verb of the table, carried out on the task a person stands on.

Dialogs and screens are imported where they are opened: the first frame is painted without them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Protocol

from app.screen.actions import Situation
from app.screen.advice import Advice
from app.screen.field_orders import FieldOrders
from app.screen.place import Place
from app.screen.state import TaskRow, War
from app.screen.wording import message_of

if TYPE_CHECKING:
    from textual.app import App
    from textual.content import Content

    from app.screen.center import CommandCenter
    from app.screen.command import Command
    from app.screen.estimate import Estimated
    from app.screen.new_task import Draft

Work = Callable[["Command"], Awaitable[object]]


class Bridgehead(Protocol):
    """What orders need of the application."""

    war: War
    center: CommandCenter
    ascii_only: bool

    def say(self, text: str, colour: str = "") -> None:
        """Say one sentence in the status line."""

    def situation(self) -> Situation:
        """Where the person stands."""


class Orders:
    """The verbs. An error of the engine is said in the status line; nothing here ends the application."""

    def __init__(self, app: App[int], bridgehead: Bridgehead) -> None:
        self._app = app
        self._bridgehead = bridgehead
        self.command: Command | None = None
        self.estimated: Estimated | None = None
        """Tells what a task would be that is only being written."""
        self._busy: set[int] = set()
        """Tasks whose merge, removal or retry is under way."""
        self._field = FieldOrders(app, bridgehead.war, self.order)
        self._advice = Advice(app, self)
        self._verbs: Mapping[str, Callable[[TaskRow], None]] = {
            "open": self._open,
            "dispatch": self._dispatch,
            "diff": self._diff,
            "accept": self._accept,
            "reject": self._reject,
            "retry": self._retry,
            "cancel": self._cancel,
            **self._field.verbs,
            "review": self._advice.review,
            "findings": self._findings,
            "split": self._advice.split,
            "approve": self._advice.approve,
        }

    def carry_out(self, verb: str, row: TaskRow | None) -> bool:
        """Carry out `verb`; False when it is none of ours. The caller has asked whether it is possible."""
        if verb == "new":
            self.new()
        elif verb == "abort_all":
            self._field.abort_all()
        elif verb == "day_cap":
            self._field.raise_day_cap()
        elif verb == "dispatch_all":
            self.order(lambda command: command.dispatch_all(), "Every open task is dispatched.")
        elif verb in self._verbs:
            if row is not None:
                self._verbs[verb](row)
        else:
            return False
        return True

    @property
    def bridgehead(self) -> Bridgehead:
        """The application, as far as orders need it."""
        return self._bridgehead

    def order(self, work: Work, done: str) -> None:
        """Ask the engine for `work` and say `done` once it did it."""
        self._app.run_worker(self._ask(work, done), group="orders", exit_on_error=False)

    def order_once(self, row: TaskRow, work: Work, doing: str) -> None:
        """Say `doing` and ask for `work` about a task, unless something is being done about it already."""

        async def ask() -> None:
            self._busy.add(row.id)
            try:
                await self._ask(work, "")
            finally:
                self._busy.discard(row.id)

        if row.id in self._busy:
            self._bridgehead.say(f"{row.label} is being seen to already.", "$warn")
            return
        self._bridgehead.say(doing)
        self._app.run_worker(ask(), group="orders", exit_on_error=False)

    async def _ask(self, work: Work, done: str) -> bool:
        if self.command is None:
            return False
        try:
            await work(self.command)
        except Exception as error:
            self._bridgehead.say(message_of(error), "$bad")
            return False
        if done:
            self._bridgehead.say(done, "$good")
        return True

    def pin(self, row: TaskRow, tier: str | None) -> None:
        """Give the task to this tier only; None: to whichever routing thinks best."""
        self._field.pin(row, tier)

    # New tasks

    def new(self, title: str = "") -> None:
        """Ask for a new task, whose title may be known already."""
        from app.screen.new_task import NewTaskDialog

        tiers = [name for name, tier in self.command.settings.tiers.items() if tier.enabled] if self.command else []
        estimated, paid = self.estimated, self._bridgehead.war.paid
        self._app.push_screen(NewTaskDialog(tiers, title=title, estimated=estimated, paid=paid), self._drafted)

    def _drafted(self, draft: Draft | None) -> None:
        if draft is not None:
            self.order(lambda command: self._post(command, draft), "")

    async def _post(self, command: Command, draft: Draft) -> None:
        from agents.tasks import NewTask

        task = await command.post(
            NewTask(title=draft.title, brief=draft.brief, check=draft.check, priority=draft.priority, tier=draft.tier)
        )
        self._bridgehead.war.put_task(task)
        self._bridgehead.center.board.select(task.id)
        self._bridgehead.center.offer_keys()
        if draft.go:
            await command.dispatch(task.id)
        self._bridgehead.say(f"{task.label} is {'dispatched' if draft.go else 'on the board'}.", "$good")

    # One task

    def _dispatch(self, row: TaskRow) -> None:
        self.order(lambda command: self._sent_out(command, row), "")

    async def _sent_out(self, command: Command, row: TaskRow) -> None:
        from agents.routing.size import too_large

        why = too_large(await command.dispatch(row.id))
        advice = f" It looks too large for one mission ({why}): S divides it." if why else ""
        self._bridgehead.say(f"{row.label} is dispatched.{advice}", "$warn" if advice else "$good")

    def _accept(self, row: TaskRow) -> None:
        branch = self._bridgehead.war.branch or "your branch"
        proof = {"unverified": "Nothing proved it. "}.get(
            row.outcome, f"Outcome: {row.outcome}. " if row.outcome else ""
        )
        self.confirmed(
            f"Accept {row.label}: {row.title}?",
            f"{proof}Its commit is merged onto {branch}.",
            lambda: self._leave_after(
                row,
                lambda command: self._merge(command, row),
                f"Accepting {row.label}: if {branch} has moved on, the check runs once more.",
                f"{row.label} is accepted.",
            ),
        )

    async def _merge(self, command: Command, row: TaskRow) -> None:
        from agents.refusals import Conflict

        try:
            await command.accept(row.id)
        except Conflict as conflict:
            if conflict.brief:
                self.confirmed(
                    f"{row.label} does not fit any more. Send an agent out with the conflict as its brief?",
                    f"{conflict.brief.splitlines()[0]} y throws this result away and has it done again; n leaves it "
                    "as it is, and you merge its branch yourself.",
                    lambda: self.order(lambda command: command.rework(row.id), f"{row.label} is sent out again."),
                )
            raise

    def _reject(self, row: TaskRow) -> None:
        self.confirmed(
            f"Reject {row.label}: {row.title}?",
            "Its branch and worktree are removed; the work in them is lost. The task is open again.",
            lambda: self._leave_after(
                row, lambda command: command.reject(row.id), f"Rejecting {row.label}.", f"{row.label} is rejected."
            ),
        )

    def _cancel(self, row: TaskRow) -> None:
        def cancel() -> None:
            self.order(lambda command: command.cancel(row.id), f"{row.label} is cancelled.")

        if row.status in {"running", "review"}:
            consequence = "Its agent is stopped now." if row.status == "running" else "Its result is not merged."
            self.confirmed(f"Cancel {row.label}: {row.title}?", consequence, cancel)
        else:
            cancel()

    def _retry(self, row: TaskRow) -> None:
        from app.screen.comment import Comment

        def answered(comment: str | None) -> None:
            if comment is not None:
                self._leave_after(
                    row,
                    lambda command: command.retry(row.id, comment),
                    f"Sending {row.label} back.",
                    f"{row.label} is sent back.",
                )

        self._app.push_screen(Comment(row.label), answered)

    def _findings(self, row: TaskRow) -> None:
        self.confirmed(
            f"Send {row.label} back with what the review found?",
            "Its present result is thrown away; the agent that does it again reads the findings.",
            lambda: self._leave_after(
                row,
                lambda command: command.send_back(row.id),
                f"Sending {row.label} back.",
                f"{row.label} is sent back with the findings.",
            ),
        )

    def confirmed(self, question: str, consequence: str, then: Callable[[], None]) -> None:
        """Do `then` if the person says yes."""
        from app.screen.confirm import Confirm

        def answered(yes: bool | None) -> None:
            if yes:
                then()

        self._app.push_screen(Confirm(question, consequence), answered)

    def _leave_after(self, row: TaskRow, work: Work, doing: str, done: str) -> None:
        """Ask for `work`; when it is done, leave the diff it was asked on. Said on the screen a person then sees."""

        async def ask() -> None:
            self._busy.add(row.id)
            try:
                carried_out = await self._ask(work, "")
            finally:
                self._busy.discard(row.id)
            if carried_out:
                screen = self._app.screen
                if isinstance(screen, Place) and screen.where == "diff" and screen.task_id == row.id:
                    await self._app.pop_screen()
                self._bridgehead.say(done, "$good")

        if row.id in self._busy:
            self._bridgehead.say(f"{row.label} is being seen to already.", "$warn")
            return
        self._bridgehead.say(doing)
        self._app.run_worker(ask(), group="orders", exit_on_error=False)

    # Screens

    def _open(self, row: TaskRow) -> None:
        from app.screen.task_screen import TaskScreen

        self._app.push_screen(TaskScreen(row.id, self._page, self._bridgehead.situation()))

    async def _page(self, task_id: int) -> list[Content]:
        from app.screen.task_page import task_page

        if self.command is None:
            return []
        task = await self.command.task(task_id)
        missions = await self.command.missions(task_id)
        parts = await self.command.parts(task_id) if self._bridgehead.war.parts(task_id) else ()
        by_order = any(mission.variant.value == "orchestrated" for mission in missions)
        order = await self.command.store.work_order(task_id) if by_order else None
        last = missions[-1] if missions else None
        transcript = await self.command.transcript(last.id) if last else []
        live = last is not None and last.finished_at is None
        tail = self._bridgehead.war.tails.get(last.id, "") if last is not None and live else ""
        ascii_only = self._bridgehead.ascii_only
        return task_page(task, missions, transcript, tail, parts=parts, order=order, ascii_only=ascii_only)

    def _diff(self, row: TaskRow) -> None:
        self.order(lambda command: self.show_diff(command, row.id), "")

    async def show_diff(self, command: Command, task_id: int) -> None:
        """Open the diff of a task over what is shown; the diff that was open on it makes room."""
        from app.screen.diff import DiffScreen, read_diff

        task = await command.task(task_id)
        text = await command.diff(task_id)
        if not text.strip():
            self._bridgehead.say(f"{task.label} changed no file.", "$warn")
            return
        files, colours = await asyncio.to_thread(read_diff, text)
        situation = self._bridgehead.situation()
        screen = DiffScreen(task, files, colours, situation, ascii_only=self._bridgehead.ascii_only)
        await self._app.push_screen(screen)
