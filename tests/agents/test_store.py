"""The store as the rest of the engine uses it: rows and events in one transaction, told after the commit."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from agents.events import (
    AgentCooling,
    AgentHealth,
    Event,
    ModelDelta,
    TaskAssessed,
    TaskFinished,
    TaskPosted,
    TaskQueued,
    TaskStatusChanged,
    TokenCounts,
)
from agents.models.chat import Message, ToolCall, ToolResult
from agents.store import (
    AlreadyPosted,
    Probe,
    Store,
    StoreClosed,
    StoreError,
    UnknownRow,
)
from agents.store.replay import replay
from agents.tasks import Grade, Health, Mission, NewTask, Outcome, Task, TaskKind, TaskStatus, Variant, Way


class SetClock:
    """A clock that stands where it is put."""

    def __init__(self) -> None:
        self.at = datetime(2026, 3, 1, 12, tzinfo=UTC)

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return self.at.timestamp()

    async def sleep(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
async def store(tmp_path: Path, clock: SetClock) -> AsyncIterator[Store]:
    async with await Store.open(tmp_path / "home" / "warroom.db", clock) as opened:
        yield opened


async def post(store: Store, title: str = "Fix the parser", repo: str = "/repo", **fields: object) -> Task:
    new = NewTask.model_validate({"title": title, **fields})
    return await store.insert_task(
        new, repo=repo, complexity=3, kind=TaskKind.EDIT, simulated=False, events=lambda task: ()
    )


async def start(store: Store, task: int, number: int = 1) -> Mission:
    return await store.insert_mission(
        task=task,
        number=number,
        agent="CodeX-7",
        tier="local",
        model="qwen2.5-coder:7b",
        way=Way.DIRECT,
        variant=Variant.ONCE,
        owner="host:1:0",
        branch=f"warroom/T{task}-{number}",
        worktree="/home/worktrees/1",
        start_commit="abc",
        events=lambda mission: (),
    )


def status(task: int, value: TaskStatus, at: datetime) -> TaskStatusChanged:
    return TaskStatusChanged(at=at, task=task, status=value)


def finished(task: int, outcome: Outcome, value: TaskStatus, at: datetime) -> TaskFinished:
    return TaskFinished(
        at=at,
        task=task,
        outcome=outcome,
        status=value,
        complexity=3,
        missions=1,
        steps=1,
        cost_usd=0.0,
        tokens=TokenCounts(),
        seconds=1.0,
        reason="the check says so",
    )


async def published(store: Store, after: int = 0) -> list[Event]:
    """What a subscriber was told, by closing the store on it."""
    subscription = store.bus.subscribe(after_seq=after)
    last = await store.last_seq()
    return [await asyncio.wait_for(anext(subscription), 5) for _ in range(last - after)]


async def test_a_posted_task_is_stored_with_its_events_and_told_after_the_commit(store: Store, clock: SetClock) -> None:
    told = store.bus.subscribe()

    def events(task: Task) -> list[Event]:
        return [
            TaskPosted(at=clock.now(), task=task.id, title=task.title, priority=task.priority, repo=task.repo),
            TaskAssessed(at=clock.now(), task=task.id, complexity=task.complexity, kind=task.kind),
        ]

    task = await store.insert_task(
        NewTask(title="Add slug.py", check="pytest", depends_on=(4,), external_id="slug"),
        repo="/repo",
        complexity=2,
        kind=TaskKind.FUNCTION,
        simulated=True,
        events=events,
    )
    first, second = await anext(told), await anext(told)
    assert (first.type, first.seq, first.task) == ("task.posted", 1, task.id)
    assert (second.type, second.seq) == ("task.assessed", 2)
    assert task.status is TaskStatus.OPEN
    assert task.created_at == clock.now()
    assert task.simulated
    assert await store.task(task.id) == task
    assert await store.events_after(0) == [first, second]


async def test_a_task_is_never_on_the_board_without_an_event_that_says_so(store: Store) -> None:
    task = await post(store)
    (event,) = await store.events_after(0)
    assert isinstance(event, TaskPosted)
    assert (event.task, event.title, event.repo) == (task.id, "Fix the parser", "/repo")


async def test_the_same_external_id_is_posted_once_per_repository(store: Store) -> None:
    task = await post(store, external_id="a")
    with pytest.raises(AlreadyPosted, match="already on the board"):
        await post(store, external_id="a")
    other = await post(store, repo="/other", external_id="a")
    assert await store.task_by_external_id("/repo", "a") == task
    assert await store.task_by_external_id("/other", "a") == other
    assert await store.task_by_external_id("/repo", "b") is None
    assert [event.task for event in await store.events_after(0)] == [task.id, other.id]


async def test_tasks_are_found_by_repository_and_status(store: Store) -> None:
    one, two, three = await post(store), await post(store), await post(store, repo="/other")
    two = await store.save_task(two.id, status=TaskStatus.QUEUED)
    assert await store.tasks() == [one, two, three]
    assert await store.tasks(repo="/repo") == [one, two]
    assert await store.tasks(statuses={TaskStatus.QUEUED, TaskStatus.RUNNING}) == [two]
    assert await store.tasks(repo="/repo", statuses=[TaskStatus.OPEN]) == [one]
    assert await store.tasks(statuses=()) == []


async def test_a_change_is_one_row_and_its_events(store: Store, clock: SetClock) -> None:
    task = await post(store)
    clock.at += timedelta(minutes=1)
    saved = await store.save_task(
        task.id,
        [TaskQueued(at=clock.now(), task=task.id)],
        status=TaskStatus.QUEUED,
        reason="waits for a slot",
        files=("a.py",),
    )
    assert (saved.status, saved.reason, saved.files) == (TaskStatus.QUEUED, "waits for a slot", ("a.py",))
    assert (saved.created_at, saved.updated_at) == (task.created_at, clock.now())
    assert await store.task(task.id) == saved
    assert [event.type for event in await store.events_after(1)] == ["task.queued"]


async def test_a_status_nobody_tells_is_told_by_the_store(store: Store) -> None:
    task = await post(store)
    await store.save_task(task.id, status=TaskStatus.BLOCKED, reason="waits for T9")
    (event,) = await store.events_after(1)
    assert isinstance(event, TaskStatusChanged)
    assert (event.status, event.reason) == (TaskStatus.BLOCKED, "waits for T9")


async def test_an_outcome_is_what_a_finished_event_says_and_goes_with_a_new_try(store: Store, clock: SetClock) -> None:
    task = await post(store)
    with pytest.raises(ValueError, match=r"no task\.finished"):
        await store.save_task(task.id, status=TaskStatus.REVIEW, outcome=Outcome.PROVEN)
    assert (await store.task(task.id)) == task
    done = finished(task.id, Outcome.PROVEN, TaskStatus.REVIEW, clock.now())
    with pytest.raises(ValueError, match="verified"):
        await store.save_task(task.id, [done], outcome=Outcome.VERIFIED)
    saved = await store.save_task(task.id, [done], status=TaskStatus.REVIEW, outcome=Outcome.PROVEN)
    assert saved.outcome is Outcome.PROVEN
    saved = await store.save_task(task.id, [status(task.id, TaskStatus.DONE, clock.now())])
    assert (saved.status, saved.outcome) == (TaskStatus.DONE, Outcome.PROVEN)
    saved = await store.save_task(task.id, status=TaskStatus.QUEUED, outcome=None)
    assert (saved.status, saved.outcome) == (TaskStatus.QUEUED, None)
    assert replay(await store.events_after(0)) == {task.id: (TaskStatus.QUEUED, None)}


async def test_an_appended_event_that_moves_a_task_moves_its_row(store: Store, clock: SetClock) -> None:
    task, other = await post(store), await post(store)
    await store.append(status(task.id, TaskStatus.RUNNING, clock.now()), status(77, TaskStatus.DONE, clock.now()))
    await store.save_task(other.id, [status(task.id, TaskStatus.BLOCKED, clock.now())], reason="first")
    assert [row.status for row in await store.tasks()] == [TaskStatus.BLOCKED, TaskStatus.OPEN]


@pytest.mark.parametrize(
    "changes",
    [{"titel": "x"}, {"complexity": 11}, {"id": 9}, {"status": "asleep"}, {"seconds": float("nan")}],
)
async def test_a_wrong_change_is_refused_whole(store: Store, clock: SetClock, changes: dict[str, object]) -> None:
    task = await post(store)
    with pytest.raises(ValueError, match=r"."):
        await store.save_task(task.id, [TaskQueued(at=clock.now(), task=task.id)], **changes)
    assert await store.task(task.id) == task
    assert await store.last_seq() == 1
    assert (await store.save_task(task.id, reason="still works")).reason == "still works"


async def test_an_event_that_could_not_be_read_back_is_refused(store: Store, clock: SetClock) -> None:
    task = await post(store)
    poison = finished(task.id, Outcome.PROVEN, TaskStatus.REVIEW, clock.now()).model_copy(
        update={"seconds": float("inf")}
    )
    with pytest.raises(ValueError, match="seconds"):
        await store.append(status(task.id, TaskStatus.DONE, clock.now()), poison)
    assert await store.last_seq() == 1
    assert (await store.tasks())[0].status is TaskStatus.OPEN


async def test_what_does_not_exist_is_said(store: Store) -> None:
    assert await store.task(3) is None
    assert await store.missions(3) == []
    assert await store.transcript(3) == []
    with pytest.raises(UnknownRow, match="no task T3"):
        await store.save_task(3, reason="x")
    with pytest.raises(UnknownRow, match="no mission 3"):
        await store.save_mission(3, reason="x")
    with pytest.raises(StoreError, match="T3"):
        await start(store, 3)
    with pytest.raises(StoreError, match="mission 3"):
        await store.add_message(3, Message(role="user"))
    with pytest.raises(StoreError, match="T3"):
        await store.give_order(3, "cancel")


async def test_missions_of_a_task(store: Store, clock: SetClock) -> None:
    task, other = await post(store), await post(store)
    first = await start(store, task.id, 1)
    second = await start(store, task.id, 2)
    third = await start(store, other.id, 1)
    with pytest.raises(StoreError, match="mission 2 already"):
        await start(store, task.id, 2)
    assert (first.label, first.started_at, first.finished_at) == (f"T{task.id}.1", clock.now(), None)
    done = await store.save_mission(first.id, outcome=Outcome.FAILED, finished_at=clock.now(), steps=4)
    assert await store.missions(task.id) == [done, second]
    assert await store.open_missions() == [second, third]


async def test_transient_events_are_told_and_not_stored(store: Store, clock: SetClock) -> None:
    told = store.bus.subscribe()
    task = await post(store)
    delta = ModelDelta(at=clock.now(), task=task.id, mission=1, text="def slugify")
    await store.append(delta)
    await store.append(delta, status(task.id, TaskStatus.RUNNING, clock.now()).model_copy(update={"mission": 1}), delta)
    got = [(await asyncio.wait_for(anext(told), 5)).type for _ in range(4)]
    assert got == ["task.posted", "model.delta", "task.status", "model.delta"]
    assert [event.type for event in await store.events_after(0)] == ["task.posted", "task.status"]


async def test_the_log_is_read_from_anywhere(store: Store, clock: SetClock) -> None:
    assert (await store.last_seq(), await store.recent_events(5)) == (0, [])
    one, two = await post(store), await post(store)
    for _ in range(3):
        await store.append(status(one.id, TaskStatus.RUNNING, clock.now()))
    assert [event.seq for event in await store.events_after(2)] == [3, 4, 5]
    assert [event.seq for event in await store.events_after(0, 2)] == [1, 2]
    assert [event.seq for event in await store.events_after(0, task=two.id)] == [2]
    assert [event.seq for event in await store.events_after(1, 2, task=one.id)] == [3, 4]
    assert [event.seq for event in await store.recent_events(2)] == [4, 5]
    assert await store.last_seq() == 5


async def test_recent_events_of_one_repository_and_of_none(store: Store, clock: SetClock) -> None:
    here, elsewhere = await post(store), await post(store, repo="/elsewhere")
    await store.append(AgentCooling(at=clock.now(), agent="CodeX-7", seconds=3))
    for _ in range(3):
        await store.append(status(elsewhere.id, TaskStatus.RUNNING, clock.now()))
    await store.append(status(here.id, TaskStatus.RUNNING, clock.now()))
    found = await store.recent_events(10, repo=here.repo)
    assert [(event.type, event.task) for event in found] == [
        ("task.posted", here.id),
        ("agent.cooling", None),
        ("task.status", here.id),
    ]
    assert [event.seq for event in await store.recent_events(2, repo=here.repo)] == [event.seq for event in found[1:]]


async def test_what_was_told_live_is_what_the_log_says(store: Store, clock: SetClock) -> None:
    live = store.bus.subscribe()
    task = await post(store, title="café \x00", brief="\ud83d \ud800")
    await store.save_task(task.id, status=TaskStatus.RUNNING, reason="half \udfff a pair")
    got = [await anext(live) for _ in range(2)]
    assert got == await store.events_after(0)


async def test_lone_surrogates_are_survived_everywhere(store: Store) -> None:
    repo = "/repo/\udcff"
    task = await post(store, brief="\ud800 brief", repo=repo, external_id="\udfff")
    assert task.brief == "\ufffd brief"
    assert await store.tasks(repo=repo) == [task]
    assert await store.task_by_external_id(repo, "\udfff") == task
    mission = await start(store, task.id)
    call = ToolCall(id="1", name="file_write", arguments={"path\ud800": ["\udfff", 1, None, {"deep": "\ud801"}]})
    await store.add_message(mission.id, Message(role="assistant", content="\ud800", tool_calls=(call,)))
    (message,) = await store.transcript(mission.id)
    assert message.content == "\ufffd"
    assert message.tool_calls[0].arguments == {"path\ufffd": ["\ufffd", 1, None, {"deep": "\ufffd"}]}
    await store.give_order(task.id, "answer", "\ud800")
    assert [order.argument for order in await store.take_orders([task.id])] == ["\ufffd"]


async def test_a_transcript_comes_back_as_it_was(store: Store) -> None:
    task = await post(store)
    one, two = await start(store, task.id, 1), await start(store, task.id, 2)
    messages = [
        Message(role="user", content="Fix it\x1b[2J"),
        Message(
            role="assistant",
            tool_calls=(ToolCall(id="a", name="shell_run", arguments={"command": "pytest"}),),
            raw=({"type": "thinking", "signature": "ü=="},),
        ),
        Message(role="tool", tool_results=(ToolResult(call_id="a", name="shell_run", content="1 passed"),)),
    ]
    for message in messages:
        await store.add_message(one.id, message)
    await store.add_message(two.id, messages[0])
    assert await store.transcript(one.id) == messages
    assert await store.transcript(two.id) == messages[:1]


async def test_a_message_and_its_events_are_stored_together_or_not_at_all(store: Store, clock: SetClock) -> None:
    mission = await start(store, (await post(store)).id)
    said = Message(role="user", content="go")
    health = AgentHealth(at=clock.now(), mission=mission.id, health=Health.WORKING, step=1)
    await store.add_message(mission.id, said, [health])
    last = (await store.events_after(0))[-1]
    assert last == health.model_copy(update={"seq": last.seq})
    with pytest.raises(StoreError):
        await store.add_message(99, said, [health])
    endless = AgentCooling(at=clock.now(), seconds=float("inf"))
    with pytest.raises(ValueError, match="seconds"):
        await store.add_message(mission.id, said, [health, endless])
    assert await store.last_seq() == last.seq
    assert await store.transcript(mission.id) == [said]


async def test_a_probe_replaces_the_last_one(store: Store, clock: SetClock) -> None:
    assert await store.probe("ollama", "qwen") is None
    for grade in (Grade.TEXT, Grade.TOOLS):
        probe = Probe(provider="ollama", model="qwen", grade=grade, tokens_per_second=31.5, at=clock.now())
        await store.save_probe(probe)
    assert await store.probe("ollama", "qwen") == probe
    assert await store.probe("anthropic", "qwen") is None


async def test_orders_are_taken_once_and_only_by_whom_they_concern(store: Store) -> None:
    one, two = await post(store), await post(store)
    first = await store.give_order(one.id, "cancel")
    second = await store.give_order(two.id, "answer", "yes")
    third = await store.give_order(one.id, "pause")
    assert await store.take_orders([]) == []
    assert [(order.id, order.order) for order in await store.take_orders([one.id])] == [
        (first, "cancel"),
        (third, "pause"),
    ]
    assert await store.take_orders([one.id]) == []
    assert [(order.id, order.argument) for order in await store.take_orders({one.id, two.id})] == [(second, "yes")]


async def test_a_cancelled_call_is_carried_out_whole_and_told(store: Store, clock: SetClock) -> None:
    told = store.bus.subscribe()
    task = await post(store)
    for number in range(50):
        call = asyncio.create_task(store.save_task(task.id, status=TaskStatus.RUNNING, reason=f"try {number}"))
        for _ in range(number % 4):
            await asyncio.sleep(0)
        call.cancel()
        await asyncio.gather(call, return_exceptions=True)
    after = await store.save_task(task.id, status=TaskStatus.BLOCKED)
    last = await store.last_seq()
    seqs = [(await asyncio.wait_for(anext(told), 5)).seq for _ in range(last)]
    assert seqs == list(range(1, last + 1))
    assert replay(await store.events_after(0)) == {task.id: (after.status, None)}


async def test_a_callback_that_fails_leaves_nothing_behind(store: Store) -> None:
    def broken(task: Task) -> list[Event]:
        raise RuntimeError(f"{task.label} is not to my taste")

    with pytest.raises(RuntimeError, match="T1 is not"):
        await store.insert_task(
            NewTask(title="x"), repo="/r", complexity=1, kind=TaskKind.DOCS, simulated=False, events=broken
        )
    assert await store.tasks() == []
    assert (await post(store)).id == 1


async def test_closing_finishes_what_was_asked_and_ends_the_subscriptions(tmp_path: Path, clock: SetClock) -> None:
    store = await Store.open(tmp_path / "warroom.db", clock)
    task = await post(store)
    told = store.bus.subscribe()
    pending = [asyncio.create_task(store.save_task(task.id, reason=str(number))) for number in range(20)]
    await asyncio.sleep(0)
    await store.close()
    await store.close()
    assert [saved.reason for saved in await asyncio.gather(*pending)] == [str(number) for number in range(20)]
    assert [event async for event in told] == []
    with pytest.raises(StoreClosed, match="shutting down"):
        await store.save_task(task.id, reason="late")
    with pytest.raises(StoreClosed):
        await store.tasks()
    async with await Store.open(tmp_path / "warroom.db", clock) as again:
        assert (await again.tasks())[0].reason == "19"


async def test_reads_do_not_wait_for_a_long_write(store: Store, clock: SetClock) -> None:
    entered, leave = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()

    def slow(task: Task) -> list[Event]:
        loop.call_soon_threadsafe(entered.set)
        asyncio.run_coroutine_threadsafe(leave.wait(), loop).result(30)
        return []

    write = asyncio.create_task(
        store.insert_task(
            NewTask(title="slow"), repo="/r", complexity=1, kind=TaskKind.DOCS, simulated=False, events=slow
        )
    )
    await entered.wait()
    assert await asyncio.wait_for(store.tasks(), 10) == []
    leave.set()
    task = await write
    assert await store.tasks() == [task]


async def test_a_subscriber_of_a_long_log_keeps_up_from_the_file(store: Store, clock: SetClock) -> None:
    task = await post(store)
    told = store.bus.subscribe(capacity=3)
    for _ in range(30):
        await store.append(status(task.id, TaskStatus.RUNNING, clock.now()))
    assert [(await asyncio.wait_for(anext(told), 5)).seq for _ in range(30)] == list(range(2, 32))
    assert await published(store) == await store.events_after(0)


async def test_a_change_is_made_only_provided_that_the_row_still_stands_so(store: Store) -> None:
    class TooLate(Exception):
        pass

    def only_open(now: Task) -> None:
        if now.status is not TaskStatus.OPEN:
            raise TooLate

    task = await post(store)
    given = await asyncio.gather(
        *(store.save_task(task.id, provided=only_open, status=TaskStatus.QUEUED, owner=str(n)) for n in range(5)),
        return_exceptions=True,
    )
    assert [type(answer) for answer in given] == [Task, TooLate, TooLate, TooLate, TooLate]
    assert sum(event.type == "task.status" for event in await store.events_after(0)) == 1
