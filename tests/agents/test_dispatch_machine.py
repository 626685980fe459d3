"""Random interleavings of post, start, finish, fail, cancel, pause, crash, restart, budget: DESIGN's invariants hold.

Real engine, git and SQLite; the models answer when the machine says so. A crash cuts the store off in the middle of
whatever is going on: nothing that the engine tidies up afterwards is written. Another War Room finds out by the lease.
"""

import asyncio
import gc
import os
import shutil
import sqlite3
import tempfile
import warnings
from collections import Counter
from collections.abc import AsyncIterator, Coroutine
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar
from unittest.mock import patch

import hypothesis.strategies as st
from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from agents.events import Event, MissionFinished, MissionStarted, TaskFinished
from agents.headquarters import Headquarters, NotPossible
from agents.models.chat import ChatModel, ChatRequest, Finished, Message, Part, StopReason
from agents.models.errors import Overloaded
from agents.settings import Budget, Cooldown, Routing, SandboxSettings, Settings, TierSettings
from agents.store import Store, board, log
from agents.store.replay import replay
from agents.tasks import NANO, NewTask, Outcome, Task, TaskStatus, Usage
from tests.agents.conftest import run_git

T = TypeVar("T")
CAP_USD = 0.02
GOOD, BAD = "done.txt\n```\nyes\n```", "done.txt\n```\nno\n```"
ORDERS = ["dispatch", "dispatch", "cancel", "pause", "resume", "force", "escalate", "retry"]
CHECK = "grep -q yes done.txt"


class TestClock:
    """Wall and monotonic time that jump when told; sleeping is real and short."""

    __test__ = False

    def __init__(self) -> None:
        self.ahead = 0.0

    def now(self) -> datetime:
        return datetime(2026, 11, 25, tzinfo=UTC) + timedelta(seconds=self.monotonic() % 3600)

    def monotonic(self) -> float:
        return asyncio.get_running_loop().time() + self.ahead

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(min(seconds, 0.01))


class Model:
    """Answers when the machine gives it an answer; counts what it served."""

    window = 32_768

    def __init__(self, tier: str, name: str, provider: str, machine: "DispatchMachine") -> None:
        self.model, self.provider, self._tier, self._machine = name, provider, tier, machine

    async def stream(self, request: ChatRequest) -> AsyncIterator[Part]:
        answer: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._machine.asked.append(answer)
        self._machine.stirred.set()
        text = await answer
        if text == "503":
            raise Overloaded("The server is busy.")
        # The provider counts far more prompt tokens than anybody estimated.
        usage = Usage(input=700, output=200)
        yield Finished(message=Message(role="assistant", content=text), usage=usage, stop=StopReason.END, seconds=0.1)

    async def aclose(self) -> None:
        """Nothing is open."""


class DispatchMachine(RuleBasedStateMachine):
    """One home, one repository, one War Room at a time."""

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.folder = Path(tempfile.mkdtemp(prefix="warroom-machine-"))
        self.asked: list[asyncio.Future[str]] = []
        self.hq: Headquarters | None = None
        self.posted: list[int] = []
        self.crashed = 0

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        async def limited() -> T:
            async with asyncio.timeout(30):
                return await work

        return self.runner.run(limited())

    @initialize()
    def begin(self) -> None:
        repo = self.folder / "repo"
        repo.mkdir()
        run_git(repo, "init", "--quiet", "--initial-branch=main")
        run_git(repo, "commit", "--quiet", "--allow-empty", "--message", "first")
        self.clock, self.stirred = TestClock(), asyncio.Event()
        self.credential = patch.dict(os.environ, {"ANTHROPIC_API_KEY": "test"})
        self.credential.start()
        self.do(self._open())

    async def _open(self) -> None:
        free = {
            "provider": "simulation",
            "model": "local",
            "slots": 2,
            "max_tokens": 256,
            "way": "direct",
            "free": True,
        }
        paid = {"provider": "anthropic", "model": "claude-sonnet-5-5", "slots": 2, "max_tokens": 256, "way": "direct"}
        chosen = Settings(
            tiers={"local": TierSettings.model_validate(free), "sonnet": TierSettings.model_validate(paid)},
            budget=Budget(daily_usd=CAP_USD, task_usd=CAP_USD / 2),
            routing=Routing(samples=0, judge="none"),
            cooldown=Cooldown(rest_s=0, reset_every=0),
            sandbox=SandboxSettings(kind="none"),
        )
        self.hq = await Headquarters(
            chosen,
            home=self.folder / "home",
            folder=self.folder / "repo",
            clock=self.clock,
            connect=self._connect,
            recover=True,
        ).__aenter__()

    def _connect(self, name: str, tier: TierSettings, url: str | None) -> ChatModel:
        return Model(name, tier.model, tier.provider, self)

    # What can happen

    @rule(priority=st.integers(1, 10), waits=st.booleans())
    def post(self, priority: int, waits: bool) -> None:
        depends_on = tuple(self.posted[-1:]) if waits else ()
        new = NewTask(title="Write done.txt", check=CHECK, priority=priority, depends_on=depends_on)
        assert self.hq is not None
        self.posted.append(self.do(self.hq.post(new)).id)

    @rule(
        data=st.data(), order=st.sampled_from(["dispatch", "cancel", "pause", "resume", "force", "escalate", "retry"])
    )
    @precondition(lambda self: bool(self.posted))
    def order(self, data: st.DataObject, order: str) -> None:
        task_id = data.draw(st.sampled_from(self.posted))
        assert self.hq is not None
        with suppress(NotPossible):
            self.do(getattr(self.hq, order)(task_id))

    @rule(answer=st.sampled_from([GOOD, GOOD, BAD, "I cannot do that.", "503"]))
    def answer(self, answer: str) -> None:
        self.do(self._settle())
        if waiting := [one for one in self.asked if not one.done()]:
            waiting[0].set_result(answer)
        self.do(self._settle())

    @rule()
    def time_passes(self) -> None:
        self.do(self._settle())

    @rule(usd=st.sampled_from([0.03, 0.05]))
    def raise_the_cap(self, usd: float) -> None:
        raise_cap = getattr(self.hq, "raise_daily_cap", None)
        with suppress(NotPossible):
            if raise_cap is not None:
                self.do(raise_cap(usd))

    @rule()
    def close_and_open(self) -> None:
        async def again() -> None:
            assert self.hq is not None
            await self.hq.__aexit__(None, None, None)
            await self._open()

        self.do(again())

    @rule()
    def crash_and_open(self) -> None:
        async def again() -> None:
            assert self.hq is not None
            await self.hq.store._database.close()  # from here on nothing it does is written
            for task in asyncio.all_tasks() - {asyncio.current_task()}:
                task.cancel()
            with suppress(BaseException):
                await self.hq.__aexit__(None, None, None)
            self.crashed += 1
            await self._open()
            await asyncio.sleep(0.5)  # the other's heartbeat is seen for the first time
            self.clock.ahead += 60

        self.do(again())

    async def _settle(self) -> None:
        """Until a model is asked; or for a moment, where everything waits for a slot or a person."""
        assert self.hq is not None
        self.stirred.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(0.15):
                await self.stirred.wait()

    # What holds at every moment

    @invariant()
    def money(self) -> None:
        if self.hq is None:
            return
        credits = self.do(self.hq.credits())
        reserved = self.do(self.hq.store.spending(self.clock_day()))
        assert credits.reserved_nano == reserved.reserved_nano
        assert credits.spent_nano + credits.reserved_nano <= credits.cap_nano

    def clock_day(self) -> Any:
        async def day() -> Any:
            return self.clock.now().date()

        return self.do(day())

    @invariant()
    def the_log_tells_the_board(self) -> None:
        if self.hq is None:
            return
        tasks, events = self.do(self.hq.store._database.read(self._at_one_moment))
        told = replay(events)
        for task in tasks:
            assert told[task.id] == (task.status, task.outcome)

    @staticmethod
    def _at_one_moment(sql: sqlite3.Connection) -> tuple[list[Task], list[Event]]:
        sql.execute("BEGIN")
        try:
            return board.find_tasks(sql), log.after(sql, 0, 100_000)
        finally:
            sql.execute("COMMIT")

    async def _events(self) -> list[Event]:
        assert self.hq is not None
        return await self.hq.store.events_after(0, 100_000)

    def teardown(self) -> None:
        try:
            if self.hq is not None:
                self.do(self._to_the_end())
                self.do(self.hq.__aexit__(None, None, None))
                self.do(self._nothing_held())
        finally:
            self.runner.close()
            self.credential.stop()
            shutil.rmtree(self.folder, ignore_errors=True)
            with warnings.catch_warnings():  # what the crashes left open
                warnings.simplefilter("ignore", ResourceWarning)
                gc.collect()

    async def _to_the_end(self) -> None:
        """From wherever it stands everything comes to rest, once."""
        hq = self.hq
        assert hq is not None
        self.clock.ahead += 60
        for task in await hq.tasks():
            if task.paused:
                with suppress(NotPossible):
                    await hq.resume(task.id)
        idle = asyncio.ensure_future(self._idle())
        while not idle.done():
            for one in self.asked:
                if not one.done():
                    one.set_result(GOOD)
            await asyncio.wait({idle}, timeout=0.05)
        tasks = await hq.tasks()
        under_way = [task.status for task in tasks if task.status in {TaskStatus.QUEUED, TaskStatus.RUNNING}]
        assert under_way == []
        events = await self._events()
        started = Counter(event.mission for event in events if isinstance(event, MissionStarted))
        finished = Counter(event.mission for event in events if isinstance(event, MissionFinished))
        assert started == finished, "every mission ends once"
        assert all(count == 1 for count in started.values())
        for task in tasks:
            ends = [one for one in events if isinstance(one, TaskFinished) and one.task == task.id]
            proofs = [one for one in await hq.missions(task.id) if one.outcome is Outcome.PROVEN]
            assert len(proofs) <= len(ends), "nothing is done twice"
            spent = await hq.store.task_spending(task.id)
            assert spent.reserved_nano == 0
            assert task.cost_nano == spent.spent_nano <= CAP_USD / 2 * NANO
        assert await hq.store.integrity() == []
        assert run_git(self.folder / "repo", "status", "--porcelain") == ""

    async def _nothing_held(self) -> None:
        async with await Store.open(self.folder / "home" / "warroom.db", self.clock) as store:
            assert await store.slot_holders() == {}
            assert await store.open_missions() == []

    async def _idle(self) -> None:
        hq = self.hq
        assert hq is not None
        while True:
            await hq.until_idle()
            if not [task for task in await hq.tasks() if task.status in {TaskStatus.QUEUED, TaskStatus.RUNNING}]:
                break
            await asyncio.sleep(0.1)  # a dead one's tasks are taken over by the next look


TestDispatch = DispatchMachine.TestCase
TestDispatch.settings = settings(
    max_examples=6,
    stateful_step_count=14,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
