"""Decomposition end to end: planned by a served Opus, shown, approved, and the whole judged by its own check."""

import asyncio
from pathlib import Path

import pytest

from agents.events import TaskFinished, TaskPosted, TaskSplit, TaskStatusChanged
from agents.headquarters import Headquarters, NotPossible
from agents.refusals import NoAdvice, NoFunds
from agents.store.replay import replay
from agents.tasks import NANO, NewTask, Outcome, Role, Task, TaskStatus
from tests.agents.conftest import run_git
from tests.agents.council_table import asked, everything, part, parts, says, table
from tests.fakes.anthropic_replies import Wait, broken_off
from tests.fakes.anthropic_replies import text as reply_text
from tests.fakes.ollama_server import text as local_text

CHECK = "test -f one.py && test -f two.py"
WHOLE = NewTask(title="Create one.py and two.py", brief="Each holds its number.", check=CHECK, priority=7)
ONE = part("Create one.py with ONE = 1", check='python3 -c "from one import ONE; assert ONE == 1"')
TWO = part("Create two.py with TWO = 2", 1, check='python3 -c "from two import TWO; assert TWO == 2"')


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "test")


def by_title(body: dict[str, object]) -> tuple[object, ...]:
    """The local model does whichever part it is asked for."""
    name = "two" if "Create two.py with" in str(body) else "one"
    number = {"one": 1, "two": 2}[name]
    return local_text(f"{name}.py\n```python\n{name.upper()} = {number}\n```\n")


async def accepted(hq: Headquarters, *ids: int) -> list[Task]:
    for number in ids:
        assert (await hq.wait(number)).status is TaskStatus.REVIEW, (await hq.task(number)).reason
        await hq.accept(number)
    return [await hq.task(number) for number in ids]


async def split(hq: Headquarters, new: NewTask = WHOLE) -> tuple[Task, tuple[Task, ...]]:
    task = await hq.post(new)
    made = await hq.split(task.id)
    return await hq.task(task.id), made


async def test_a_task_is_split_into_parts_that_wait_for_approval(repo: Path, home: Path) -> None:
    refs = everything(repo)
    async with table(repo, home, says(parts(ONE, TWO))) as (hq, ollama, claude):
        task, (one, two) = await split(hq)
        missions, events = await hq.missions(task.id), await hq.store.events_after(0)
        with pytest.raises(NotPossible, match="T1 has parts already: T2, T3"):
            await hq.split(task.id)
        assert not ollama.chats, "nothing starts before it is approved"
    assert everything(repo) == refs, "a plan writes no file and no branch"
    assert (task.status, task.reason) == (
        TaskStatus.NEEDS_HUMAN,
        "split into 2 parts: T2, T3; approve them or change them",
    )
    assert task.base_check is not None
    assert (task.base_check.exit_code, task.target_branch) == (1, "main")
    assert [(part.status, part.parent, part.depends_on, part.tier, part.priority) for part in (one, two)] == [
        (TaskStatus.OPEN, 1, (), None, 7),
        (TaskStatus.OPEN, 1, (2,), None, 7),
    ]
    assert (one.title, one.check) == (ONE["title"], ONE["check"])
    (mission,) = missions
    assert (mission.role, mission.branch, mission.worktree, mission.outcome) == (Role.PLAN, "", "", Outcome.UNVERIFIED)
    assert task.cost_nano == mission.cost_nano > 0
    assert task.missions == 1
    (told,) = [event for event in events if isinstance(event, TaskSplit)]
    assert (told.task, told.parts, told.summary) == (1, (2, 3), "One file each.")
    assert [event.task for event in events if isinstance(event, TaskPosted)] == [1, 2, 3]
    assert replay(events)[1] == (TaskStatus.NEEDS_HUMAN, None)
    text = asked(claude)
    for piece in ("Create one.py and two.py", "test -f one.py", "exits 1", "README.md", "# shop"):
        assert piece in text


async def test_parts_are_approved_done_and_the_whole_is_proven_by_its_own_check(repo: Path, home: Path) -> None:
    async with table(repo, home, says(parts(ONE, TWO))) as (hq, ollama, _):
        ollama.answer = by_title
        task, made = await split(hq)
        sent = await hq.approve(task.id)
        waiting = await hq.wait(task.id)
        await accepted(hq, *(one.id for one in made))
        whole = await hq.wait(task.id)
        events = await hq.store.events_after(0)
        assert not [mission for mission in await hq.missions(task.id) if mission.role is Role.CODE]
    assert {one.id for one in sent} == {2, 3}
    assert waiting.status is TaskStatus.BLOCKED
    assert waiting.reason.startswith("waits for its parts T2")
    assert (whole.status, whole.outcome) == (TaskStatus.DONE, Outcome.PROVEN)
    assert whole.result_check is not None
    assert whole.result_check.green
    assert whole.files == ("one.py", "two.py")
    assert whole.merged_commit == run_git(repo, "rev-parse", "main")
    assert "its parts are accepted; the check was red before and is green after" in whole.reason
    finished = [event for event in events if isinstance(event, TaskFinished) and event.task == task.id]
    assert [(event.outcome, event.status) for event in finished] == [(Outcome.PROVEN, TaskStatus.DONE)]
    assert replay(events)[1] == (TaskStatus.DONE, Outcome.PROVEN)


@pytest.mark.parametrize(
    ("check", "outcome", "status"),
    [
        (None, Outcome.UNVERIFIED, TaskStatus.DONE),
        ("true", Outcome.VERIFIED, TaskStatus.DONE),
        ("echo three is missing; test -f three.py", Outcome.FAILED, TaskStatus.NEEDS_HUMAN),
    ],
)
async def test_the_whole_is_what_its_check_says(
    repo: Path, home: Path, check: str | None, outcome: Outcome, status: TaskStatus
) -> None:
    async with table(repo, home, says(parts(ONE, TWO))) as (hq, ollama, _):
        ollama.answer = by_title
        task, made = await split(hq, WHOLE.model_copy(update={"check": check}))
        await hq.approve(task.id)
        await accepted(hq, *(one.id for one in made))
        whole = await hq.wait(task.id)
        if status is TaskStatus.NEEDS_HUMAN:
            assert "its own check exits 1 on main as it is now" in whole.reason
            assert whole.result_check is not None
            assert "three is missing" in whole.result_check.output
            (repo / "three.py").write_text("THREE = 3\n")
            run_git(repo, "add", "three.py")
            run_git(repo, "commit", "--quiet", "--message", "three, by hand")
            assert await hq.approve(task.id) == (), "all parts are done: the whole is judged once more"
            assert (await hq.wait(task.id)).outcome is Outcome.PROVEN
    assert (whole.outcome, whole.status) == (outcome, status)


async def test_a_branch_that_is_gone_is_said_and_approving_tries_again(repo: Path, home: Path) -> None:
    async with table(repo, home, says(parts(ONE, TWO))) as (hq, ollama, _):
        ollama.answer = by_title
        task, made = await split(hq)
        for one in made:
            await hq.dispatch(one.id)
        await accepted(hq, *(one.id for one in made))
        run_git(repo, "branch", "--move", "main", "trunk")
        await hq.approve(task.id)
        whole = await hq.wait(task.id)
        assert (whole.status, whole.halted) == (TaskStatus.NEEDS_HUMAN, "environment")
        assert "Branch main is gone" in whole.reason
        run_git(repo, "branch", "--move", "trunk", "main")
        await hq.approve(task.id)
        assert (await hq.wait(task.id)).outcome is Outcome.PROVEN


async def test_a_part_that_is_dropped_is_not_waited_for_and_of_none_nothing_comes(repo: Path, home: Path) -> None:
    async with table(repo, home, says(parts(ONE, part("Something else")))) as (hq, ollama, _):
        ollama.answer = by_title
        task, (one, other) = await split(hq, WHOLE.model_copy(update={"check": "test -f one.py"}))
        await hq.cancel(other.id)
        await hq.approve(task.id)
        await accepted(hq, one.id)
        assert (await hq.wait(task.id)).outcome is Outcome.PROVEN
        again = await hq.post(WHOLE)
        parted = await hq.post(NewTask(title="x", parent=again.id))
        await hq.approve(again.id)
        await hq.wait(parted.id)
        with hq.events() as events:
            await hq.cancel(parted.id)
            async for event in events:
                if isinstance(event, TaskStatusChanged) and "T5 (was cancelled" in event.reason:
                    break
        held = await hq.wait(again.id)
        assert (held.status, held.reason) == (TaskStatus.BLOCKED, event.reason)
        assert not await hq.missions(again.id), "nobody does the whole by itself"


async def test_whole_and_parts_outlive_the_war_room_that_sent_them_out(repo: Path, home: Path) -> None:
    async with table(repo, home, says(parts(ONE, TWO))) as (hq, ollama, _):
        ollama.answer = by_title
        task, made = await split(hq)
        await hq.approve(task.id)
        await hq.wait(made[0].id)
    async with table(repo, home, recover=True) as (hq, ollama, _):
        ollama.answer = by_title
        await accepted(hq, *(one.id for one in made))
        assert (await hq.wait(task.id)).outcome is Outcome.PROVEN


async def test_what_is_wrong_with_a_plan_is_said_once_and_then_it_is_given_up(repo: Path, home: Path) -> None:
    code = part("Create one.py", brief="Write this:\n```python\n" + "x = 1\n" * 9 + "```")
    async with table(repo, home, says(parts(code, TWO)), says(parts(ONE, TWO))) as (hq, _, claude):
        task, made = await split(hq)
        assert len(made) == 2
        assert "part 1 holds code" in asked(claude, 1)
        assert (await hq.missions(task.id))[0].steps == 2
        other = await hq.post(WHOLE)
        claude.script([says(parts(code, TWO)), says(parts(ONE, part("Create two.py", 2)))])
        with pytest.raises(NoAdvice, match="T4 was not split: no usable answer came, twice: part 2 can only depend"):
            await hq.split(other.id)
        left = await hq.task(other.id)
        assert await hq.parts(other.id) == []
    assert (left.status, left.missions) == (TaskStatus.OPEN, 1)
    assert left.cost_nano


async def test_a_planner_may_leave_a_task_whole(repo: Path, home: Path) -> None:
    async with table(repo, home, says(parts(summary="It is one file."))) as (hq, _, _claude):
        task = await hq.post(WHOLE)
        with pytest.raises(NoAdvice, match="would leave it whole. It is one file."):
            await hq.split(task.id)
        assert (await hq.task(task.id)).status is TaskStatus.OPEN


async def test_a_hostile_plan_is_harmless(repo: Path, home: Path) -> None:
    bad = part("\x1b]0;owned\x07Create\none.py \u202e", brief="\x1b[2Jsee\r\nthis", check="\x9bmtrue")
    async with table(repo, home, says(parts(bad, TWO, summary="\x1b[31mred"))) as (hq, _, _claude):
        _, (one, _) = await split(hq)
    assert (one.title, one.brief, one.check) == ("Create one.py", "see\nthis", "true")


async def test_a_failed_task_is_split_with_what_was_tried_and_its_parts_share_its_cap(repo: Path, home: Path) -> None:
    async with table(repo, home, says(parts(ONE, TWO))) as (hq, ollama, claude):
        ollama.answer = lambda body: local_text("I cannot do that.")
        first = await hq.post(NewTask(title="Something first"))
        task = await hq.post(WHOLE.model_copy(update={"budget_nano": NANO, "tier": "local"}))
        await hq.dispatch(task.id)
        assert (await hq.wait(task.id)).status is TaskStatus.FAILED
        await hq.edit(task.id, depends_on=(first.id,))
        made = await hq.split(task.id)
        text = asked(claude)
        await hq.approve(task.id)
        whole = await hq.wait(task.id)
        standing = replay(await hq.store.events_after(0))[task.id]
    assert "what was tried on the whole task" in text
    assert "no usable reply" in text
    assert [(one.budget_nano, one.tier, one.depends_on) for one in made] == [
        (NANO // 2, None, (1,)),
        (NANO // 2, None, (1, 3)),
    ]
    assert (whole.status, whole.outcome) == standing == (TaskStatus.BLOCKED, None)


async def test_only_what_nobody_works_on_is_split(repo: Path, home: Path) -> None:
    async with table(repo, home) as (hq, _, claude):
        task = await hq.post(WHOLE.model_copy(update={"check": None}))
        await hq.dispatch(task.id)
        await hq.wait(task.id)
        with pytest.raises(NotPossible, match="T1 is review: only an open task"):
            await hq.split(task.id)
        with pytest.raises(NotPossible, match="T1 is review: its parts cannot be approved"):
            await hq.approve(task.id)
        other = await hq.post(WHOLE)
        with pytest.raises(NotPossible, match="T2 has no parts: `warroom split T2`"):
            await hq.approve(other.id)
    assert not claude.requests


async def test_a_task_sent_out_while_it_was_planned_is_not_split(repo: Path, home: Path) -> None:
    go = asyncio.Event()
    async with table(repo, home, says(parts(ONE, TWO), before=(Wait(go),))) as (hq, _, claude):
        task = await hq.post(WHOLE.model_copy(update={"check": None}))
        splitting = asyncio.create_task(hq.split(task.id))
        await claude.requested.wait()
        await hq.dispatch(task.id)
        go.set()
        with pytest.raises(NotPossible, match="T1 is "):
            await splitting
        assert (await hq.wait(task.id)).status is TaskStatus.REVIEW
        missions = await hq.missions(task.id)
        assert await hq.parts(task.id) == []
    assert sorted(mission.role for mission in missions) == [Role.CODE, Role.PLAN]


async def test_cancelling_the_task_stops_its_planner(repo: Path, home: Path) -> None:
    stalled = broken_off(reply_text('{"parts"'), last=Wait())
    async with table(repo, home, stalled) as (hq, _, claude):
        task = await hq.post(WHOLE)
        splitting = asyncio.create_task(hq.split(task.id))
        await claude.requested.wait()
        assert (await hq.cancel(task.id)).status is TaskStatus.CANCELLED
        with pytest.raises(NotPossible, match="stopped"):
            await splitting
        assert [mission.outcome for mission in await hq.missions(task.id)] == [Outcome.CANCELLED]
        assert await hq.parts(task.id) == []
    assert run_git(repo, "worktree", "list").count("\n") == 0


async def test_no_money_no_plan(repo: Path, home: Path) -> None:
    async with table(repo, home, budget={"daily_usd": 0.01}) as (hq, _, claude):
        task = await hq.post(WHOLE)
        with pytest.raises(NoFunds, match="T1 was not split"):
            await hq.split(task.id)
    assert not claude.requests


async def test_parts_may_be_changed_before_they_are_approved(repo: Path, home: Path) -> None:
    """Cancelled ones are left out; when all are, the whole can be split anew."""
    async with table(repo, home, says(parts(ONE, TWO)), says(parts(ONE, TWO))) as (hq, _, _claude):
        task, made = await split(hq)
        for one in made:
            await hq.cancel(one.id)
        with pytest.raises(NotPossible, match="no parts"):
            await hq.approve(task.id)
        again = await hq.split(task.id)
        assert [one.id for one in again] == [4, 5]
        moved = [event for event in await hq.history(500) if isinstance(event, TaskStatusChanged) and event.task == 1]
    assert [event.status for event in moved] == [TaskStatus.NEEDS_HUMAN, TaskStatus.NEEDS_HUMAN]
