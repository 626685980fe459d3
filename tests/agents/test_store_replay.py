"""Invariant 1: whatever is asked of the store, the event log alone tells where every task stands."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agents.clock import SystemClock
from agents.events import Event, TaskFinished, TaskPosted, TaskQueued, TaskStatusChanged, TokenCounts
from agents.store import Store
from agents.store.replay import replay
from agents.tasks import NewTask, Outcome, TaskKind, TaskStatus

AT = datetime(2026, 1, 1, tzinfo=UTC)


def finished(task: int, outcome: Outcome, status: TaskStatus) -> TaskFinished:
    return TaskFinished(
        at=AT,
        task=task,
        outcome=outcome,
        status=status,
        complexity=1,
        missions=1,
        steps=1,
        cost_usd=0.0,
        tokens=TokenCounts(),
        seconds=1.0,
        reason="so",
    )


def test_the_board_by_hand() -> None:
    events: list[Event] = [
        TaskPosted(at=AT, task=1, title="x", priority=5),
        TaskStatusChanged(at=AT, task=2, status=TaskStatus.RUNNING),
        TaskPosted(at=AT, task=3, title="y", priority=5),
        TaskQueued(at=AT, task=1),
        TaskStatusChanged(at=AT, task=1, status=TaskStatus.RUNNING),
        finished(1, Outcome.VERIFIED, TaskStatus.REVIEW),
        TaskStatusChanged(at=AT, task=1, status=TaskStatus.DONE),
    ]
    assert replay(events) == {1: (TaskStatus.DONE, Outcome.VERIFIED), 3: (TaskStatus.OPEN, None)}
    events.append(TaskStatusChanged(at=AT, task=1, status=TaskStatus.OPEN))
    assert replay(events)[1] == (TaskStatus.OPEN, None)
    events.append(finished(1, Outcome.FAILED, TaskStatus.OPEN))
    assert replay(events)[1] == (TaskStatus.OPEN, None)


STATUSES = st.sampled_from(TaskStatus)
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["post", "save", "save told", "queue", "finish", "append", "refused", "cancelled"]),
        st.integers(1, 3),
        STATUSES,
        st.sampled_from(Outcome),
        st.integers(0, 1),
    ),
    min_size=1,
    max_size=25,
)
Steps = list[tuple[str, int, TaskStatus, Outcome, int]]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(steps=STEPS)
def test_the_log_replays_to_the_rows(steps: Steps) -> None:
    with TemporaryDirectory() as folder:
        asyncio.run(_play(Path(folder) / "warroom.db", steps))


async def _play(path: Path, steps: Steps) -> None:
    async with await Store.open(path, SystemClock()) as one, await Store.open(path, SystemClock()) as two:
        told = one.bus.subscribe(capacity=2)
        for _ in range(3):
            await _step(one, "post", 0, TaskStatus.OPEN, Outcome.FAILED)
        for what, task, status, outcome, which in steps:
            await _step((one, two)[which], what, task, status, outcome)
        for store in (one, two):
            await store.changed()  # what was cancelled is carried out by now
        events = await one.events_after(0, 10_000)
        rows = {task.id: (task.status, task.outcome) for task in await two.tasks()}
        assert replay(events) == rows
        assert [event.seq for event in events] == list(range(1, len(events) + 1))
        await one.publish_foreign()
        assert [await asyncio.wait_for(anext(told), 5) for _ in events] == events
        columns = {status: {task.id for task in await one.tasks(statuses=[status])} for status in TaskStatus}
        assert columns == {status: {task for task, row in rows.items() if row[0] == status} for status in TaskStatus}


async def _step(store: Store, what: str, task: int, status: TaskStatus, outcome: Outcome) -> None:
    if what == "post":
        await store.insert_task(
            NewTask(title="x"), repo="/r", complexity=1, kind=TaskKind.DOCS, simulated=False, events=lambda task: ()
        )
    elif what == "save":
        await store.save_task(task, status=status, reason="as it is")
    elif what == "save told":
        await store.save_task(task, [TaskStatusChanged(at=AT, task=task, status=status)], status=status)
    elif what == "queue":
        await store.save_task(task, [TaskQueued(at=AT, task=task)], status=TaskStatus.QUEUED, outcome=None)
    elif what == "finish":
        await store.save_task(task, [finished(task, outcome, status)], status=status, outcome=None)
    elif what == "append":
        await store.append(finished(task, outcome, status), TaskStatusChanged(at=AT, task=1, status=status))
    elif what == "refused":
        try:
            await store.save_task(task, [TaskQueued(at=AT, task=task)], status=status, complexity=99)
        except ValueError:
            return
        raise AssertionError("a wrong value was taken")
    else:
        call = asyncio.create_task(store.save_task(task, status=status))
        await asyncio.sleep(0)
        call.cancel()
        await asyncio.gather(call, return_exceptions=True)
