"""The store's money: calls reserved and settled, caps raised, what it all adds up to."""

from collections.abc import Awaitable, Callable, Collection, Sequence
from datetime import date, datetime
from typing import TypeVar

from agents.bus import EventBus
from agents.clock import Clock
from agents.events import Event
from agents.models.chat import Message
from agents.store import board, caps, ledger, work_orders
from agents.store.database import Database, Transaction
from agents.store.free_work import free_work
from agents.store.records import Call, FreeWork, NewCall, Spending
from agents.tasks import Mission, Task, Usage

T = TypeVar("T")


class Treasury:
    """The part of the store that keeps the ledger. Raises as the store does."""

    bus: EventBus
    _database: Database
    _clock: Clock

    async def reserve_call(
        self,
        call: NewCall,
        *,
        daily_cap_nano: int,
        task_cap_nano: int,
        warn_at: float = 0.8,
        events: Callable[[int], Sequence[Event]] = lambda number: (),
    ) -> int:
        """Set the call's worst case aside, in both caps over all processes; the call's id.

        Appends budget.reserved and `events(id)`.

        `daily_cap_nano`: as configured; a cap that a person raised for today is looked up here. `task_cap_nano`: of a
        task that has no `budget_nano`. `warn_at`: the share of the day's cap at which the end of the call warns.

        When cancelled it may have been reserved nevertheless: `settle_abandoned` frees it with its mission.
        Raises OverBudget; UnknownPrice when `reserved_nano` is None and the provider is not local.
        """
        at = self._clock.now()
        configured = {"daily_cap_nano": daily_cap_nano, "task_cap_nano": task_cap_nano}

        def reserve(work: Transaction) -> int:
            number = ledger.reserve(work, call, at, **configured, warn_at=warn_at)
            board.record(work, events(number), at)
            return number

        return await self._write(reserve)

    async def settle_call(
        self,
        call_id: int,
        *,
        usage: Usage,
        cost_nano: int | None,
        request_id: str | None,
        error: str | None = None,
        reply: Message | None = None,
        events: Sequence[Event] = (),
    ) -> None:
        """End a call at its true cost, add its `reply` to the mission's transcript, and append `events`.

        Where money was involved a budget.spent follows, and a budget.warning when the day's cap is nearly spent: once
        per day and cap, over all processes.

        `cost_nano` None: unknown, counted as the whole reservation. Settling again changes and appends nothing.
        Raises UnknownRow.
        """
        at = self._clock.now()

        def settle(work: Transaction) -> None:
            ledger.settle(
                work,
                call_id,
                at,
                usage=usage,
                cost_nano=cost_nano,
                request_id=request_id,
                error=error,
                reply=reply,
                events=events,
            )

        await self._write(settle)

    async def settle_abandoned(self, mission_id: int) -> None:
        """Settle the mission's open calls to their reservation: whoever made them is gone."""
        at = self._clock.now()
        await self._write(lambda work: ledger.abandon(work, mission_id, at))

    async def settle_abandoned_of_dead(
        self, dead: Callable[[Collection[str]], Awaitable[Collection[str]]]
    ) -> tuple[int, ...]:
        """Settle the open calls of processes that are gone, those outside any mission too; the tasks that paid for it.

        `dead(owners)`, asked once and in no transaction, says which of the owners of open calls are gone. What the
        tasks' rows say of money is not changed.
        """
        owners = await self._database.read(ledger.open_owners)
        gone = await dead(owners) if owners else ()
        at = self._clock.now()
        return await self._write(lambda work: ledger.abandon_of(work, gone, at)) if gone else ()

    async def raised_cap(self, day: date) -> int:
        """The highest daily cap a person gave `day` (UTC), in nano-dollars; 0 when nobody raised it."""
        return await self._database.read(lambda sql: caps.raised_cap(sql, day))

    async def raise_daily_cap(self, cap_nano: int, *, configured_nano: int, by: str) -> int:
        """Raise today's cap (UTC day) for every process of this home and append budget.raised; the cap before.

        `configured_nano`: what holds here while nobody raised it. Raises NotRaised when it would be no higher.
        """
        at = self._clock.now()
        day = ledger.day_of(at)
        return await self._write(
            lambda work: caps.raise_daily(work, day, cap_nano, configured_nano=configured_nano, at=at, by=by)
        )

    async def raise_task_cap(self, task_id: int, cap_nano: int, *, configured_nano: int, by: str) -> Task:
        """Give the task a higher cap, which its next call obeys, and append budget.raised.

        `configured_nano`: what holds for it while it has no cap of its own. Raises NotRaised, UnknownRow.
        """
        at = self._clock.now()
        return await self._write(
            lambda work: caps.raise_task(work, task_id, cap_nano, configured_nano=configured_nano, at=at, by=by)
        )

    async def spending(self, day: date) -> Spending:
        """Of all calls reserved on `day` (UTC), in this home."""
        return await self._database.read(lambda sql: ledger.spending(sql, day))

    async def task_spending(self, task_id: int) -> Spending:
        """Of all the task's calls."""
        return await self._database.read(lambda sql: ledger.task_spending(sql, task_id))

    async def calls_after(
        self, call_id: int, limit: int = 500, *, since: datetime | None = None, free: bool = False
    ) -> list[Call]:
        """The oldest rows of the ledger after `call_id`, at most `limit`, in order; of the day of `since` and later.

        `free`: only those that ended and cost nothing.
        """
        return await self._database.read(lambda sql: ledger.after(sql, call_id, limit, since, free=free))

    async def orchestrated_missions(self) -> list[Mission]:
        """All missions of orchestrated attempts, first to last."""
        return await self._database.read(work_orders.missions)

    async def free_work(self, *, since: datetime | None = None) -> FreeWork:
        """What was proven or verified in a free tier, with calls on the day of `since` or later."""
        return await self._database.read(lambda sql: free_work(sql, since))

    async def calls(self, task_id: int) -> list[Call]:
        """The task's rows of the ledger, in the order the calls were made."""
        return await self._database.read(lambda sql: ledger.calls_of(sql, task_id))

    async def _write(self, work: Callable[[Transaction], T]) -> T:
        return await self._database.write(work, self._tell)

    def _tell(self, events: Sequence[Event]) -> None:
        for event in events:
            self.bus.publish(event)
