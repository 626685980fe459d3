"""What holds a dispatched task, by the board alone."""

import pytest

from agents.clock import SystemClock
from agents.dispatch.gate import hold
from agents.dispatch.overlap import overlaps
from agents.settings import Dispatch
from agents.tasks import Task, TaskStatus

AT = SystemClock().now()
FREE = Dispatch()


def task(number: int = 9, **fields: object) -> Task:
    known = {"id": number, "repo": "/r", "title": "x", "status": TaskStatus.QUEUED, "complexity": 1}
    return Task.model_validate({**known, "created_at": AT, "updated_at": AT, **fields})


@pytest.mark.parametrize("status", TaskStatus)
def test_only_a_good_result_lets_those_that_wait_for_it_go(status: TaskStatus) -> None:
    held = hold(task(depends_on=(1,)), {1: status, 9: TaskStatus.QUEUED}, (), FREE)
    if status in {TaskStatus.REVIEW, TaskStatus.DONE}:
        assert held is None
    else:
        assert held is not None
        assert (held.status, held.reason.split(" (")[0]) == (TaskStatus.BLOCKED, "waits for T1")


def test_what_will_not_pass_by_itself_is_said() -> None:
    board = {1: TaskStatus.FAILED, 2: TaskStatus.RUNNING, 3: TaskStatus.NEEDS_HUMAN}
    held = hold(task(depends_on=(1, 2, 3, 4)), board, (), FREE)
    assert held is not None
    assert held.reason == (
        "waits for T1 (failed: retry it, or edit or drop this one), T2, T3 (needs you), T4 (is gone)"
    )


def test_parts_have_to_be_accepted() -> None:
    board = {1: TaskStatus.DONE, 2: TaskStatus.REVIEW}
    held = hold(task(), board, (1, 2), FREE)
    assert held is not None
    assert held.reason == "waits for its parts T2 (review: accept it)"
    assert hold(task(), {1: TaskStatus.DONE, 2: TaskStatus.DONE}, (1, 2), FREE) is None


def test_a_full_review_holds_new_work_and_force_goes_past_it_but_not_past_a_pause() -> None:
    settings = Dispatch(max_in_review=2)
    board = {1: TaskStatus.REVIEW, 2: TaskStatus.REVIEW, 9: TaskStatus.QUEUED}
    held = hold(task(), board, (), settings)
    assert held is not None
    assert held.status is TaskStatus.QUEUED
    assert "2 results wait for your review" in held.reason
    assert hold(task(forced=True, depends_on=(7,)), board, (), settings) is None
    assert hold(task(forced=True, paused=True), board, (), settings) is not None


def test_tasks_that_share_files_are_a_risk_that_is_said() -> None:
    mine = task(title="Fix quoting in src/csvio.py", check="python -c 'from slug import slugify'")
    others = [
        task(1, title="Speed up src/csvio.py"),
        task(2, title="anything", files=("slug.py", "README.md")),
        task(3, title="Write docs.md"),
        mine,
    ]
    assert overlaps(mine, others) == (
        "T1 may touch the same files: src/csvio.py",
        "T2 may touch the same files: slug.py",
    )
