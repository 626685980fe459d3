"""Sixteen agents and a provider that under-estimates: whenever a call is reserved, everything spent and reserved fits
the cap in force at that moment. The log tells it: budget events are appended in the transactions that move money."""

import asyncio
import sys
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agents.events import BudgetRaised, BudgetReserved, BudgetSpent, Event
from agents.store import NotRaised, OverBudget, Store
from agents.tasks import NANO
from tests.agents.test_ledger import TODAY, USED, SetClock, call, people

ROOT = Path(__file__).parents[2]
TASKS = (1, 2, 3)
RESERVERS = 16

Step = tuple[int, int, int, str]
STEPS = st.lists(
    st.tuples(
        st.sampled_from(TASKS),
        st.integers(0, 60),
        st.integers(0, 300),
        st.sampled_from(["settle", "settle", "abandon", "raise day", "raise task"]),
    ),
    min_size=1,
    max_size=4,
)


@dataclass
class Books:
    """Money as the log tells it, checked at every reservation."""

    day_cap: int
    task_caps: dict[int, int]
    amounts: dict[int, tuple[int, int]] = field(default_factory=dict)
    """By call: its task, and what it counts at this moment."""
    reserved: set[int] = field(default_factory=set)

    def take(self, event: Event) -> None:
        if isinstance(event, BudgetReserved) and event.task is not None:
            assert event.call not in self.amounts
            self.amounts[event.call] = (event.task, event.amount_nano)
            self.reserved.add(event.call)
            assert self.total() <= self.day_cap, event
            assert self.total(event.task) <= self.task_caps[event.task], event
        elif isinstance(event, BudgetSpent) and event.task is not None:
            self.amounts[event.call] = (event.task, event.amount_nano)
            self.reserved.discard(event.call)
            assert event.today_nano == self.spent()
            assert event.cap_nano == self.day_cap
        elif isinstance(event, BudgetRaised) and event.task is None:
            assert event.from_nano == self.day_cap < event.cap_nano
            self.day_cap = event.cap_nano
        elif isinstance(event, BudgetRaised) and event.task is not None:
            assert event.from_nano == self.task_caps[event.task] < event.cap_nano
            self.task_caps[event.task] = event.cap_nano

    def total(self, task: int | None = None) -> int:
        return sum(amount for of, amount in self.amounts.values() if task in (None, of))

    def spent(self) -> int:
        return sum(amount for number, (_, amount) in self.amounts.items() if number not in self.reserved)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    scripts=st.lists(STEPS, min_size=RESERVERS, max_size=RESERVERS),
    day_cap=st.integers(0, 300),
    task_cap=st.integers(0, 150),
)
def test_no_cap_is_passed_by_sixteen_reservers_on_four_connections(
    scripts: list[list[Step]], day_cap: int, task_cap: int
) -> None:
    with TemporaryDirectory() as folder:
        asyncio.run(_race(Path(folder) / "warroom.db", scripts, day_cap, task_cap))


async def _race(path: Path, scripts: list[list[Step]], day_cap: int, task_cap: int) -> None:
    clock = SetClock()
    stores = [await Store.open(path, clock) for _ in range(4)]
    try:
        await people(stores[0], len(TASKS))
        await asyncio.gather(
            *(_reserver(stores[number % 4], script, day_cap, task_cap) for number, script in enumerate(scripts))
        )
        books = Books(day_cap, dict.fromkeys(TASKS, task_cap))
        for event in await stores[0].events_after(0, 10_000):
            books.take(event)
        day = await stores[1].spending(TODAY)
        assert (day.spent_nano, day.reserved_nano) == (books.spent(), books.total() - books.spent())
        for task in TASKS:
            assert (await stores[2].task_spending(task)).committed_nano == books.total(task)
    finally:
        for store in stores:
            await store.close()


async def _reserver(store: Store, script: list[Step], day_cap: int, task_cap: int) -> None:
    refused: list[tuple[OverBudget, int]] = []
    for task, amount, percent, what in script:
        try:
            if what == "raise day":
                await store.raise_daily_cap(day_cap + percent, configured_nano=day_cap, by="ann")
            elif what == "raise task":
                await store.raise_task_cap(task, task_cap + percent, configured_nano=task_cap, by="ann")
            number = await store.reserve_call(
                call(amount, task=task, mission=task), daily_cap_nano=day_cap, task_cap_nano=task_cap
            )
            if what == "settle":
                cost = amount * percent // 100
                await store.settle_call(number, usage=USED, cost_nano=cost, request_id=None)
            elif what == "abandon":
                await store.settle_abandoned(task)
        except NotRaised:
            continue
        except OverBudget as error:
            refused.append((error, amount))
    assert all(error.spent_nano + amount > error.cap_nano for error, amount in refused)


AGENTS = """
import asyncio, sys
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from agents.clock import SystemClock
from agents.store import NewCall, OverBudget, Store
from agents.tasks import Usage

class Noon(SystemClock):
    def now(self) -> datetime:
        return datetime(2026, 3, 1, 12, tzinfo=UTC)

async def agent(store: Store, random: Random, task: int) -> None:
    for attempt in range(1, 16):
        amount = random.randrange(1, 40)
        new = NewCall(task=task, mission=task, tier="haiku", model="m", provider="anthropic", reserved_nano=amount,
            price_date="2026-01-01", attempt=attempt)
        try:
            number = await store.reserve_call(new, daily_cap_nano=900, task_cap_nano=10**9)
        except OverBudget:
            continue
        cost = amount * random.randrange(0, 250) // 100
        await store.settle_call(number, usage=Usage(input=1), cost_nano=cost, request_id=None)

async def main() -> None:
    async with await Store.open(Path(sys.argv[1]), Noon()) as store:
        print("ready", flush=True)
        sys.stdin.readline()
        which = int(sys.argv[2])
        await asyncio.gather(*(agent(store, Random(which * 10 + number), 1 + number % 3) for number in range(4)))

asyncio.run(main())
"""


async def test_no_cap_is_passed_by_four_processes_while_a_person_raises_it(tmp_path: Path) -> None:
    path = tmp_path / "warroom.db"
    pipe = asyncio.subprocess.PIPE
    async with await Store.open(path, SetClock()) as store:
        await people(store, len(TASKS))
        processes = [
            await asyncio.create_subprocess_exec(
                sys.executable, "-c", AGENTS, str(path), str(number), stdin=pipe, stdout=pipe, cwd=ROOT
            )
            for number in range(4)
        ]
        async with asyncio.timeout(50):
            for process in processes:
                assert process.stdout is not None
                await process.stdout.readline()
            for process in processes:
                assert process.stdin is not None
                process.stdin.write(b"go\n")
            random = Random(7)
            cap = 900
            while any(process.returncode is None for process in processes) and cap < 1500:
                cap += random.randrange(1, 60)
                await store.raise_daily_cap(cap, configured_nano=900, by="ann")
                await asyncio.sleep(0.01)  # so that the raises fall between the calls
            codes = [(await process.communicate(), process.returncode)[1] for process in processes]
        assert codes == [0, 0, 0, 0]
        books = Books(900, dict.fromkeys(TASKS, 10**9))
        events = await store.events_after(0, 10_000)
        for event in events:
            books.take(event)
        assert {BudgetReserved, BudgetRaised, BudgetSpent} <= {type(event) for event in events}
        assert books.total() > 700, "the cap was what stopped them"
        assert books.total() < NANO
