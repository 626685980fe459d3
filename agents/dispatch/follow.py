"""What other War Rooms on this home did and ordered, and who of them died: looked for a few times a second."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

from agents.clock import Clock
from agents.dispatch.leases import Leases
from agents.dispatch.squad import UNDER_WAY, Squad
from agents.store import Order, Store, StoreError
from agents.tasks import Task

FOLLOW_S = 0.2
"""How often another process's events and orders are looked for: one PRAGMA on an idle home."""
LOOK_AFTER_S = 2.0
"""How often it is seen whether those that hold tasks of this repository, or slots that are waited for, still live."""

Adopt = Callable[[], Awaitable[list[Task]]]
"""Takes the tasks of this repository whose War Room is gone."""


class Follower:
    """Follows the home for one Headquarters. Cancel `run` to stop."""

    def __init__(
        self, store: Store, squad: Squad, leases: Leases, clock: Clock, *, repo: str, adopt: Adopt | None
    ) -> None:
        """`adopt` None: tasks of dead War Rooms are left to others."""
        self._store, self._squad, self._leases, self._clock = store, squad, leases, clock
        self._repo, self._adopt = repo, adopt
        self._others: frozenset[str] | None = None
        """Whoever carries out tasks of this repository, but us; None: not known."""
        self._looked_at = float("-inf")

    async def run(self) -> None:
        """Look, for ever."""
        while True:
            await asyncio.sleep(FOLLOW_S)
            with contextlib.suppress(StoreError):  # another process holds the file; the next round sees it all
                await self.look()

    async def look(self) -> None:
        """Tell what happened elsewhere, obey orders, keep our lease, look after the others."""
        if await self._store.changed():
            self._others = None
            await self._store.publish_foreign()
            self._squad.slots.stir()
            self._squad.gate.stir()
        if self._squad.busy:
            for order in await self._store.take_orders(self._squad.busy):
                self._obey(order)
        if (self._squad.busy or self._squad.slots.held) and await self._leases.keep():
            await self._let_go()
        await self._look_after()

    def _obey(self, order: Order) -> None:
        if order.order == "cancel":
            self._squad.spawn(self._squad.stop(order.task))
        elif order.order == "again":
            self._squad.spawn(self._squad.again(order.task, order.argument))

    async def _let_go(self) -> None:
        for task_id in self._squad.busy:
            task = await self._store.task(task_id)
            if task is not None and task.owner != self._leases.owner:
                self._squad.lost(task_id)

    async def _look_after(self) -> None:
        now = self._clock.monotonic()
        if now - self._looked_at < LOOK_AFTER_S:
            return
        self._looked_at = now
        if self._squad.slots.wanted:  # whoever holds them may have died, and a death is no commit
            self._squad.slots.stir()
        if self._adopt is None:
            return
        if self._others is None:
            tasks = await self._store.tasks(repo=self._repo, statuses=UNDER_WAY)
            self._others = frozenset(task.owner for task in tasks) - {self._leases.owner}
        if self._others and await self._leases.dead(self._others):
            self._others = None
            self._squad.start(*await self._adopt())
