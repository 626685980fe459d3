"""Orchestrated work at wire level: a planner orders, a local model writes, a reviewer reads, the harness decides."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from agents.events import OrderCheck, OrderMended, OrderPart, OrderReviewed, OrderWritten
from agents.headquarters import Headquarters
from agents.tasks import Mission, NewTask, Outcome, Role, Task, TaskStatus, Variant
from tests.agents.conftest import BAD_SLUG, GOOD_SLUG, SLUG_CHECK, run_git
from tests.agents.council_table import asked, says
from tests.agents.orchestra import (
    CHECK,
    TASK,
    WEAK,
    carried_out,
    orchestra,
    order,
    ordered,
    planned,
    verdict,
    writes,
)  # fmt: skip

CODE = "def slugify(text):\n    words = text.lower().split()\n    joined = '-'.join(words)\n    return joined\n"


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "test")
    yield


def who(missions: list[Mission]) -> list[tuple[str, str]]:
    return [(one.role.value, one.tier) for one in missions]


async def told(hq: Headquarters, *kinds: type) -> list[str]:
    return [event.type for event in await hq.history(500) if isinstance(event, kinds)]


def settled(task: Task) -> tuple[TaskStatus, Outcome | None]:
    return task.status, task.outcome


async def test_an_order_a_check_a_part_and_a_review(repo: Path, home: Path) -> None:
    async with orchestra(repo, home, *planned(verdict())) as (hq, ollama, claude):
        task, missions = await carried_out(hq)
        (trial,) = await hq.store.trials()
        state = await hq.store.work_order(task.id)
        events = await told(hq, OrderWritten, OrderCheck, OrderPart, OrderReviewed)
        strength = await hq.store.strength(task.repo)
    assert settled(task) == (TaskStatus.REVIEW, Outcome.VERIFIED), task.reason
    assert "the check written by opus (11/11 stubs refused) was red before and is green after" in task.reason
    assert who(missions) == [("plan", "opus"), ("plan", "opus"), ("code", "local"), ("review", "opus")]
    assert {one.variant for one in missions} == {Variant.ORCHESTRATED}
    assert events == ["order.written", "order.check", "order.part", "order.reviewed"]
    assert (task.tier_used, task.files) == ("local", ("slug.py", "test_warroom_t1.py"))
    assert task.cost_nano == sum(one.cost_nano or 0 for one in missions) == trial.cost_nano
    assert (trial.success, trial.variant, trial.tier) == (True, Variant.ORCHESTRATED, "local")
    assert task.present_review is not None
    assert task.present_review.approves
    assert (task.base_check and task.base_check.exit_code, task.result_check and task.result_check.exit_code) == (1, 0)
    assert state is not None
    assert (state.ended, strength) == ("done", (11, 0))
    said = ollama.chats[0].body["messages"][-1]["content"]
    for piece in ("slugify(text: str) -> str", "Lower case, words of letters", "No dependencies."):
        assert piece in said
    assert "hello-world" not in said, "a writer sees what the check says, not the check"
    assert "hello-world" not in asked(claude, 0)
    for piece in ("11/11 stubs refused", "+def slugify(text):", "No dependencies."):
        assert piece in asked(claude, 2)


async def test_a_planner_that_writes_the_code_is_told_once_and_then_the_arm_ends(repo: Path, home: Path) -> None:
    coded = order(ordered("Write slugify", brief=f"Put this into it:\n{CODE}"))
    async with orchestra(repo, home, says(coded), says(coded)) as (hq, ollama, claude):
        task, missions = await carried_out(hq)
    assert settled(task) == (TaskStatus.NEEDS_HUMAN, Outcome.FAILED)
    assert "holds code" in task.reason
    assert "holds code: say in words" in asked(claude, 1)
    assert (who(missions), len(claude.requests), ollama.chats) == ([("plan", "opus")], 2, [])


async def test_a_check_that_a_stub_satisfies_is_refused_and_written_anew(repo: Path, home: Path) -> None:
    scripts = (says(order()), says({"content": WEAK}), says({"content": CHECK}), says(verdict()))
    async with orchestra(repo, home, *scripts) as (hq, _, claude):
        task, missions = await carried_out(hq)
        checks = [event for event in await hq.history(500) if isinstance(event, OrderCheck)]
    assert settled(task) == (TaskStatus.REVIEW, Outcome.VERIFIED), task.reason
    assert [one.accepted for one in checks] == [False, True]
    assert "satisfied by empty functions" in checks[0].reason
    assert "satisfied by empty functions" in asked(claude, 2)
    assert who(missions)[:3] == [("plan", "opus")] * 3


async def test_after_two_checks_that_prove_nothing_nobody_writes_code(repo: Path, home: Path) -> None:
    scripts = (says(order()), says({"content": WEAK}), says({"content": "assert True\n"}))
    async with orchestra(repo, home, *scripts) as (hq, ollama, _):
        task, _missions = await carried_out(hq)
        trials = await hq.store.trials()
    assert settled(task) == (TaskStatus.NEEDS_HUMAN, Outcome.FAILED)
    assert "green on the files as they are" in task.reason
    assert not ollama.chats
    assert [trial.success for trial in trials] == [False]


async def test_a_reviewer_that_corrects_once(repo: Path, home: Path) -> None:
    scripts = planned(verdict("Say in a docstring what it does."), verdict())
    better = GOOD_SLUG.replace("(text):\n", '(text):\n    """The slug of a text."""\n')
    async with orchestra(repo, home, *scripts, local=(GOOD_SLUG, better)) as (hq, ollama, _):
        task, missions = await carried_out(hq)
        diff = await hq.diff(task.id)
    assert settled(task) == (TaskStatus.REVIEW, Outcome.VERIFIED), task.reason
    assert who(missions)[2:] == [("code", "local"), ("review", "opus"), ("code", "local"), ("review", "opus")]
    assert "slug.py:1: Say in a docstring what it does." in ollama.chats[1].body["messages"][-1]["content"]
    assert '+    """The slug of a text."""' in diff
    assert run_git(repo, "for-each-ref", "--format=%(refname)", "refs/heads/warroom") == "refs/heads/warroom/T1-5"


async def test_a_reviewer_that_only_repeats_itself_is_stopped(repo: Path, home: Path) -> None:
    same = verdict("Say in a docstring what it does.")
    better = GOOD_SLUG.replace("(text):\n", '(text):\n    """The slug of a text."""\n')
    async with orchestra(repo, home, *planned(same, same), local=(GOOD_SLUG, better)) as (hq, _, claude):
        task, _missions = await carried_out(hq)
    assert len(claude.requests) == 4, "it is not asked a third time"
    assert settled(task) == (TaskStatus.REVIEW, Outcome.VERIFIED), "what the harness found good goes to the person"
    assert any("same corrections again" in said for said in task.warnings)
    assert task.present_review is not None
    assert not task.present_review.approves


async def test_a_part_that_fails_is_mended_by_the_planner(repo: Path, home: Path) -> None:
    mended = {"action": "mend", "why": "It split at spaces only.", "brief": "Find the words by a regex.", "files": []}
    async with orchestra(repo, home, *planned(mended, verdict()), local=(BAD_SLUG, CODE)) as (hq, ollama, claude):
        task, missions = await carried_out(hq)
        (event,) = [event for event in await hq.history(500) if isinstance(event, OrderMended)]
    assert settled(task) == (TaskStatus.REVIEW, Outcome.VERIFIED), task.reason
    code = ("code", "local")
    assert who(missions)[2:] == [code, code, ("plan", "opus"), code, ("review", "opus")]
    assert (event.part, event.to_tier) == (1, None)
    assert "hello-world" in asked(claude, 2), "the planner reads the failing output"
    last = [chat.body["messages"][-1]["content"] for chat in ollama.chats]
    assert "hello-world" in last[1], "a retry sees it too"
    assert "Find the words by a regex." in last[2]
    assert "Find the fault in the code above" not in last[2]


async def test_parts_are_written_in_order_behind_the_gate(repo: Path, home: Path) -> None:
    (repo / "Makefile").write_text(
        "verify:\n\tpython3 -c 'import compileall; exit(not compileall.compile_dir(\".\"))'\n"
    )
    run_git(repo, "add", "--all")
    run_git(repo, "commit", "--quiet", "--message", "make")
    two = order(ordered("Words", "words.py"), ordered("Slug", "slug.py"))
    broken, words = "x = = 1\n", "import re\n\n\ndef words(t):\n    return re.findall(r'[a-z0-9]+', t.lower())\n"
    slug = "from words import words\n\n\ndef slugify(text):\n    return '-'.join(words(text))\n"
    async with orchestra(repo, home, *planned(verdict(), of=two)) as (hq, ollama, _):
        ollama.reply(writes(words, "words.py"), writes(slug))
        task, missions = await carried_out(hq)
        parts = [event for event in await hq.history(500) if isinstance(event, OrderPart)]
    assert broken
    assert settled(task) == (TaskStatus.REVIEW, Outcome.VERIFIED), task.reason
    assert task.files == ("slug.py", "test_warroom_t1.py", "words.py")
    assert [(one.part, one.parts, one.written) for one in parts] == [(1, 2, True), (2, 2, True)]
    assert [one.outcome for one in missions if one.role is Role.CODE] == [Outcome.UNVERIFIED, Outcome.VERIFIED]


async def test_the_persons_own_check_is_used_as_it_is_and_proves(repo: Path, home: Path) -> None:
    async with orchestra(repo, home, says(order()), says(verdict())) as (hq, _, claude):
        task, _missions = await carried_out(hq, NewTask(title=TASK.title, check=SLUG_CHECK, orchestrate=True))
        (event,) = [event for event in await hq.history(500) if isinstance(event, OrderCheck)]
    assert settled(task) == (TaskStatus.REVIEW, Outcome.PROVEN), task.reason
    assert (len(claude.requests), task.files) == (2, ("slug.py",))
    assert (event.tried, event.refused, event.model) == (11, 11, "")


async def test_out_of_budget_between_plan_and_build_it_goes_on_with_the_order_it_has(repo: Path, home: Path) -> None:
    async with orchestra(repo, home, *planned(verdict()), budget={"task_usd": 0.16}) as (hq, ollama, claude):
        task, missions = await carried_out(hq)
        assert (task.status, task.halted, len(claude.requests)) == (TaskStatus.NEEDS_HUMAN, "budget", 1), task.reason
        assert not ollama.chats
        await hq.raise_task_cap(task.id, 1.0)
        await hq.dispatch(task.id)
        task = await hq.wait(task.id)
        missions = await hq.missions(task.id)
    assert settled(task) == (TaskStatus.REVIEW, Outcome.VERIFIED), task.reason
    assert len(claude.requests) == 3
    assert [one.reason for one in missions].count("1 parts: One small module.") == 1
    assert task.cost_nano == sum(one.cost_nano or 0 for one in missions)
