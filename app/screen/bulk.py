"""One action about all selected tasks: what is possible is done, one after the other, and the rest is told."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.screen.actions import Action, Situation
from app.screen.wording import message_of
from app.screen.words import counted

if TYPE_CHECKING:
    from app.screen.command import Command
    from app.screen.orders import Orders
    from app.screen.state import TaskRow

_LEAST, _MOST = 1, 10
"""Priorities."""


@dataclass(frozen=True, slots=True)
class _Order:
    """`consequence`: what a person is asked to confirm; nothing where it can be taken back."""

    do: Callable[[Command, TaskRow], Awaitable[object]]
    done: str
    consequence: str = ""


async def _hold(command: Command, row: TaskRow) -> object:
    return await (command.resume if row.paused else command.pause)(row.id)


def priority(step: int) -> Callable[[Command, TaskRow], Awaitable[object]]:
    """An order that moves a task's priority by `step`, as far as there are priorities."""

    async def move(command: Command, row: TaskRow) -> object:
        return await command.edit(row.id, priority=max(_LEAST, min(_MOST, row.priority + step)))

    return move


_ORDERS: Mapping[str, _Order] = {
    "dispatch": _Order(lambda command, row: command.dispatch(row.id), "dispatched"),
    "cancel": _Order(lambda command, row: command.cancel(row.id), "cancelled",
                     "Those that run are stopped now; results in review are not merged."),
    "pause": _Order(_hold, "held or let go on"),
    "escalate": _Order(lambda command, row: command.escalate(row.id), "given to the next tier up"),
    "force": _Order(lambda command, row: command.force(row.id), "started as soon as there is a slot"),
    "accept": _Order(lambda command, row: command.accept(row.id), "accepted",
                     "Their commits are merged onto your branch, one after the other."),
    "reject": _Order(lambda command, row: command.reject(row.id), "rejected",
                     "Their branches and worktrees are removed; the work in them is lost."),
    "retry": _Order(lambda command, row: command.retry(row.id), "sent back",
                    "Results they have now are thrown away."),
    "raise": _Order(priority(+1), "raised"),
    "lower": _Order(priority(-1), "lowered"),
}  # fmt: skip


class Bulk:
    """Carries out an action about the tasks given."""

    def __init__(self, orders: Orders) -> None:
        self._orders = orders

    @staticmethod
    def takes(verb: str) -> bool:
        """Whether it can be done about several tasks at once."""
        return verb in _ORDERS

    def act(self, action: Action, rows: Sequence[TaskRow], situation_of: Callable[[TaskRow], Situation]) -> None:
        """Do it, once the person said so where something would be lost."""
        reasons = {row.id: action.why_not(situation_of(row)) for row in rows}
        able = [row for row in rows if reasons[row.id] is None]
        told = [reason for reason in reasons.values() if reason is not None]
        order, say = _ORDERS[action.verb], self._orders.bridgehead.say
        if not able:
            more = f"  ({len(told) - 1} more like it)" if len(told) > 1 else ""
            say(f"{told[0]}{more}", "$warn")
            return

        def go() -> None:
            say(f"{counted(len(able), 'task')}…")
            self._orders.order(lambda command: self._each(command, order, able, told), "")

        if order.consequence:
            names = ", ".join(row.label for row in able[:12]) + (" …" if len(able) > 12 else "")
            self._orders.confirmed(
                f"{action.label.capitalize()} {counted(len(able), 'task')}?", f"{names}. {order.consequence}", go
            )
        else:
            go()

    async def _each(self, command: Command, order: _Order, rows: Sequence[TaskRow], told: list[str]) -> None:
        bridgehead = self._orders.bridgehead
        done = 0
        for row in rows:
            try:
                await order.do(command, row)
            except Exception as error:
                told.append(f"{row.label}: {message_of(error)}")
                continue
            done += 1
            bridgehead.center.board.marks.pop(row.id, None)
        if order.done in {"raised", "lowered"}:
            for row in rows:
                bridgehead.war.put_task(await command.task(row.id))
        bridgehead.center.board.changed()
        bridgehead.center.offer_keys()
        rest = f" {len(told)} not: {told[0]}" if told else ""
        bridgehead.say(f"{counted(done, 'task')} {order.done}.{rest}", "$warn" if told else "$good")
