"""The stall watch by itself, on a clock moved by hand: what is progress, what is waiting, and when it is over."""

import asyncio
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.events import ToolFinished, ToolStarted
from agents.missions.attempt import LimitReached, Stuck
from agents.missions.failing import failing_tests
from agents.missions.stall import LOOKS, Stalled, StallWatch
from agents.models.errors import Unreachable
from agents.workspace import WorkspaceError
from tests.fakes.hand_clock import HandClock, settle

AT = datetime(2026, 3, 1, tzinfo=UTC)
BEGAN = ToolStarted(at=AT, call=1, tool="shell_run", summary="")
ENDED = ToolFinished(at=AT, call=1, tool="shell_run", ok=True, summary="", seconds=0)
FAILED = "FAILED tests/test_a.py::test_{} - assert 1 == 2\n1 failed, 3 passed in 0.1s"


class Mission:
    """Files, a clock, and a model that never ends by itself."""

    def __init__(self, *, stall_s: float = 600, limit_s: float = 1e9) -> None:
        self.clock = HandClock()
        self.tree: str | Exception = "start"
        self.looks = 0
        self.cancelled_at: float | None = None
        self.says_on_cancel: Exception | None = None
        self.watch = StallWatch(clock=self.clock, stall_s=stall_s, limit_s=limit_s, start=self._start, tree=self._look)
        self.running = asyncio.ensure_future(self.watch.guard(self._work()))

    async def _start(self) -> str:
        return "start"

    async def _look(self) -> str:
        self.looks += 1
        if isinstance(self.tree, Exception):
            raise self.tree
        return self.tree

    async def _work(self) -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.cancelled_at = self.clock.at
            if self.says_on_cancel is not None:
                raise self.says_on_cancel from None
            raise

    async def tool(self, tree: str | None = None) -> None:
        """A tool runs and leaves `tree`."""
        await self.watch.saw(BEGAN)
        self.tree = self.tree if tree is None else tree
        await self.watch.saw(ENDED)

    async def ends_after(self, seconds: float) -> None:
        """It stalls then, and not a moment before."""
        await self.clock.pass_(seconds - 0.001)
        assert not self.running.done()
        await self.clock.pass_(0.002)
        with pytest.raises(Stalled, match="no progress for 10 min"):
            await self.running
        assert self.cancelled_at is not None


async def test_without_any_change_it_ends_after_its_patience_whatever_the_tools_do() -> None:
    mission = Mission()
    for _ in range(59):
        await mission.clock.pass_(10)
        await mission.tool()
    await mission.ends_after(10)
    assert mission.looks <= LOOKS + 1


async def test_it_counts_from_the_last_change_even_where_nobody_looked_at_once() -> None:
    mission = Mission()
    await mission.clock.pass_(29)
    await mission.tool("changed")
    assert mission.looks == 0
    await mission.ends_after(600)


async def test_a_tool_that_is_still_at_it_changes_the_files_now() -> None:
    mission = Mission()
    await mission.tool()
    await mission.watch.saw(BEGAN)
    await mission.clock.pass_(599)
    mission.tree = "a build goes on"
    await mission.clock.pass_(2)
    await mission.ends_after(599)


async def test_files_as_they_were_before_are_no_progress() -> None:
    mission = Mission()
    for number in range(19):
        await mission.clock.pass_(40)
        await mission.tool(("A", "B")[number % 2])
        if mission.running.done():
            break
    with pytest.raises(Stalled):
        await mission.running
    assert mission.cancelled_at == pytest.approx(80 + 600), "B was new at 80 s, nothing since"


async def test_going_back_to_the_start_is_no_progress() -> None:
    mission = Mission()
    await mission.clock.pass_(100)
    await mission.tool("A")
    await mission.clock.pass_(100)
    await mission.tool("start")
    await mission.ends_after(500)


async def test_another_set_of_failing_tests_is_progress_and_one_seen_before_is_not() -> None:
    mission = Mission()
    mission.watch.heard(FAILED.format("a"))
    await mission.clock.pass_(300)
    mission.watch.heard(FAILED.format("a") + "\nin 0.2 s this time")
    await mission.clock.pass_(100)
    mission.watch.heard(FAILED.format("b"))
    await mission.clock.pass_(100)
    mission.watch.heard(FAILED.format("a"))
    mission.watch.heard("no test run at all")
    await mission.ends_after(500)


async def test_the_first_test_run_only_shows_where_it_stands() -> None:
    mission = Mission()
    await mission.clock.pass_(500)
    mission.watch.heard(FAILED.format("a"))
    await mission.ends_after(100)


async def test_waiting_is_no_stall_and_costs_nothing() -> None:
    mission = Mission()
    await mission.clock.pass_(500)
    with mission.watch.suspended():
        with mission.watch.suspended():
            await mission.clock.pass_(10_000)
        await mission.clock.pass_(10_000)
        assert (mission.running.done(), mission.looks) == (False, 0)
        assert [until for until, sleeper in mission.clock.asleep if not sleeper.done()] == [pytest.approx(1e9)]
    await mission.ends_after(100)


async def test_a_pause_holds_the_time_limit_too_and_waiting_does_not() -> None:
    held, waits = Mission(limit_s=100), Mission(limit_s=100)
    with held.watch.paused(), waits.watch.suspended():
        for mission in (held, waits):
            await mission.clock.pass_(5000)
    with pytest.raises(LimitReached, match="the limit of 100 s was reached"):
        await waits.running
    await held.clock.pass_(99)
    assert not held.running.done()
    await held.clock.pass_(1)
    with pytest.raises(LimitReached):
        await held.running


async def test_files_that_cannot_be_read_are_no_progress() -> None:
    mission = Mission()
    mission.tree = WorkspaceError("the worktree is gone")
    for _ in range(5):
        await mission.clock.pass_(100)
        await mission.tool()
    await mission.ends_after(100)


@pytest.mark.parametrize("ending", ["cancel", "complaint", "own"])
async def test_who_ended_it_is_told_apart(ending: str) -> None:
    """A person's cancel stays one; what is torn down may complain; what ends by itself keeps its own reason."""
    mission = Mission()
    await settle()
    if ending == "cancel":
        mission.running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await mission.running
        return
    mission.says_on_cancel = Unreachable("cut off") if ending == "complaint" else Stuck("it looped")
    await mission.clock.pass_(601)
    with pytest.raises(Stuck, match="no progress" if ending == "complaint" else "it looped"):
        await mission.running


async def test_being_ended_is_not_being_cancelled_and_a_cancel_meanwhile_is_one() -> None:
    """The squad asks its task whether it was cancelled already: only a person's cancel may answer yes."""
    clock, torn_down = HandClock(), asyncio.Event()

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await torn_down.wait()

    watch = StallWatch(clock=clock, stall_s=10, limit_s=1e9, start=_start, tree=_start)
    running = asyncio.create_task(watch.guard(work()))
    await clock.pass_(11)
    assert (running.done(), running.cancelling()) == (False, 0)
    running.cancel()
    await settle()
    assert not running.done(), "nobody goes on before the work is over"
    torn_down.set()
    with pytest.raises(asyncio.CancelledError):
        await running


async def _start() -> str:
    return "start"


@pytest.mark.parametrize("error", [None, Unreachable("x"), LimitReached("25 steps")])
async def test_what_ends_in_time_ends_as_it_does(error: Exception | None) -> None:
    async def work() -> str:
        if error is not None:
            raise error
        return "done"

    watch = StallWatch(clock=HandClock(), stall_s=1, limit_s=1, start=_never, tree=_never)
    if error is None:
        assert await watch.guard(work()) == "done"
    else:
        with pytest.raises(type(error)):
            await watch.guard(work())


async def _never() -> str:
    raise AssertionError("nobody looks at a short mission")


Steps = list[tuple[float, bool]]


@given(st.lists(st.tuples(st.floats(0.5, 250), st.booleans()), max_size=40))
@settings(max_examples=60, deadline=None)
def test_it_ends_once_nothing_was_new_for_its_patience_and_at_most_a_twentieth_later(steps: Steps) -> None:
    async def play() -> None:
        mission, changed_at = Mission(), 0.0
        for number, (seconds, changes) in enumerate(steps):
            await mission.clock.pass_(seconds)
            if mission.running.done():
                break
            if changes:
                changed_at = mission.clock.at
            await mission.tool(f"tree {number}" if changes else None)
        await mission.clock.pass_(2000)
        with pytest.raises(Stalled):
            await mission.running
        assert mission.cancelled_at is not None
        assert changed_at + 600 - 0.01 <= mission.cancelled_at <= changed_at + 600 + 600 / LOOKS + 0.01

    asyncio.run(play())


def _one(output: str) -> set[str] | None:
    found = failing_tests(output)
    return None if found is None else set(found)


@pytest.mark.parametrize(
    ("output", "failing"),
    [
        ("FAILED tests/t.py::test_a[x y] - assert 1 == 2\n1 failed in 0.02s", {"tests/t.py::test_a[x y]"}),
        ("ERROR tests/t.py - ImportError: no\n", {"tests/t.py"}),
        ("tests/t.py::test_a FAILED   [ 50%]\ntests/t.py::test_b PASSED", {"tests/t.py::test_a"}),
        ("FAIL: test_a (t.T.test_a)\n----\nRan 2 tests in 0.001s\n\nFAILED (failures=1)", {"test_a (t.T.test_a)"}),
        ("--- FAIL: TestA (0.00s)\n    --- FAIL: TestA/sub (0.00s)\nFAIL\nFAIL\tshop/a\t0.01s", None),
        ("test a::works ... FAILED\ntest b ... ok\ntest result: FAILED. 1 passed; 1 failed", {"a::works"}),
        ("ok 1 - adds\nnot ok 2 - divides # TODO\n", {"divides"}),
        ("  ✓ adds (2 ms)\n  ✕ divides (13 ms)\nTests: 1 failed, 1 passed, 2 total", {"divides"}),
        (" FAIL  src/a.test.ts > divides\n   × divides 5ms", {"divides", "src/a.test.ts"}),
        ("4 passed in 0.12s", set()),
        ("==== 4 passed, 1 skipped in 0.12s ====", set()),
        ("Ran 3 tests in 0.001s\n\nOK", set()),
        ("ok  \tshop/a\t0.012s", set()),
        ("test result: ok. 3 passed; 0 failed", set()),
        ("# tests 3\n# pass 3\n# fail 0", set()),
        ("total 12\nREADME.md", None),
        ("ERROR: connection refused at 12:03:44", None),
        ("", None),
    ],
)
def test_failing_tests_are_read_from_what_was_printed(output: str, failing: set[str] | None) -> None:
    if "TestA" in output:
        failing = {"TestA", "TestA/sub", "shop/a"}
    assert _one(output) == failing


@given(st.text(alphabet="FAILEDRO: :✕×not ok123()-\t\n.py", max_size=400))
def test_any_output_can_be_read(output: str) -> None:
    found = failing_tests(output)
    assert found is None or all(found)


def test_a_long_line_is_no_trap() -> None:
    assert failing_tests("x::" * 100_000 + "\n" + "FAILED " * 50_000) is None
