"""Reviews and splits, asked for from the keyboard: each asks first, because it costs money or sends agents out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.screen.place import Place
from app.screen.state import TaskRow
from app.screen.words import counted

if TYPE_CHECKING:
    from textual.app import App

    from app.screen.command import Command
    from app.screen.orders import Orders


class Advice:
    """The verbs that ask a stronger model, and the one that acts on what it planned."""

    def __init__(self, app: App[int], orders: Orders) -> None:
        self._app = app
        self._orders = orders

    def review(self, row: TaskRow) -> None:
        """Have a result read."""
        who = self._who("review")
        self._orders.confirmed(
            f"Have {row.label} reviewed: {row.title}?",
            f"{who} reads the diff, the task and the check. It changes nothing.",
            lambda: self._orders.order_once(
                row, lambda command: self._review(command, row), f"{who} reads the diff of {row.label}."
            ),
        )

    async def _review(self, command: Command, row: TaskRow) -> None:
        task = await command.review(row.id)
        review = task.present_review
        if review is None:
            return
        screen = self._app.screen
        if isinstance(screen, Place) and screen.where == "diff" and screen.task_id == row.id:
            await self._app.pop_screen()
            await self._orders.show_diff(command, row.id)
        word = "approves" if review.approves else "does not approve"
        found = counted(len(review.findings), "finding") if review.findings else "nothing found"
        back = " b sends it back with them, v shows them beside the diff." if review.findings else ""
        colour = "$good" if review.approves else "$warn"
        self._orders.bridgehead.say(f"{row.label}: {review.tier} {word}, {found}.{back}", colour)

    def split(self, row: TaskRow) -> None:
        """Have a task divided."""
        who = self._who("plan")
        self._orders.confirmed(
            f"Split {row.label}: {row.title}?",
            f"{who} proposes up to 7 parts with checks of their own. None of them starts before you approve it.",
            lambda: self._orders.order_once(
                row, lambda command: self._split(command, row), f"{who} plans the parts of {row.label}."
            ),
        )

    async def _split(self, command: Command, row: TaskRow) -> None:
        parts = await command.split(row.id)
        for part in parts:
            self._orders.bridgehead.war.put_task(part)
        said = f"{row.label} is split into {counted(len(parts), 'part')}. ⏎ shows them, A sends them out."
        self._orders.bridgehead.say(said, "$good")

    def approve(self, row: TaskRow) -> None:
        """Send out what was planned."""
        parts = [part for part in self._orders.bridgehead.war.parts(row.id) if part.status == "open"]
        if not parts:
            self._orders.order_once(
                row, lambda command: self._judge(command, row), f"The check of {row.label} runs once more."
            )
            return
        listed = "\n".join(f"{part.label}  {part.title}" for part in parts)
        self._orders.confirmed(
            f"Send out {counted(len(parts), 'part')} of {row.label}: {row.title}?",
            listed,
            lambda: self._orders.order(
                lambda command: command.approve(row.id),
                f"{counted(len(parts), 'part')} of {row.label} sent out; it waits for them.",
            ),
        )

    async def _judge(self, command: Command, row: TaskRow) -> None:
        await command.approve(row.id)
        task = await command.task(row.id)
        done = task.status.value == "done"
        self._orders.bridgehead.say(f"{row.label}: {task.outcome}.", "$good" if done else "$warn")

    def _who(self, role: str) -> str:
        """The tier that will be asked, as far as it is known, and whether it is paid."""
        command = self._orders.command
        tiers = command.settings.tiers.items() if command is not None else ()
        for name, tier in tiers:
            if tier.enabled and role in tier.roles:
                paid = " (paid, inside the caps)" if name in self._orders.bridgehead.war.paid else ""
                return f"{name}{paid}"
        return "A stronger model"
