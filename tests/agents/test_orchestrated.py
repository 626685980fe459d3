"""Orchestrated work at wire level: a planner orders, a local model writes, a reviewer reads, the harness decides."""

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from agents.events import OrderCheck, OrderMended, OrderPart, OrderReviewed, OrderWritten, ToolFinished
from agents.headquarters import Headquarters
from agents.settings import Orchestrate
from agents.tasks import Mission, NewTask, Outcome, Role, Task, TaskStatus, Variant
from tests.agents.conftest import BAD_SLUG, GOOD_SLUG, SLUG_CHECK, run_git
from tests.agents.council_table import asked, says
from tests.agents.orchestra import (
    CHECK,
    INTERFACES,
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
from tests.fakes.anthropic_replies import Wait, message, tool
from tests.fakes.ollama_server import Stall
from tests.fakes.ollama_server import text as local_text

CODE = "def slugify(text):\n    words = text.lower().split()\n    joined = '-'.join(words)\n    return joined\n"


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "test")


def who(missions: list[Mission]) -> list[tuple[str, str]]:
    return [(one.role.value, one.tier) for one in missions]


async def told(hq: Headquarters, *kinds: type) -> list[str]:
    return [event.type for event in await hq.history(500) if isinstance(event, kinds)]


def settled(task: Task) -> tuple[TaskStatus, Outcome | None]:
    return task.status, task.outcome


async def test_an_order_a_check_a_part_and_a_review(repo: Path, home: Path) -> None:
    scripts = planned(verdict(), of=order(interfaces=INTERFACES))
    async with orchestra(repo, home, *scripts) as (hq, ollama, claude):
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


async def test_a_reviewer_gets_two_rounds_of_corrections(repo: Path, home: Path) -> None:
    scripts = planned(verdict("One."), verdict("Two."), verdict("Three."))
    codes = [GOOD_SLUG + f"# {number}\n" for number in range(3)]
    async with orchestra(repo, home, *scripts, local=tuple(codes)) as (hq, ollama, claude):
        task, _missions = await carried_out(hq)
        diff = await hq.diff(task.id)
    assert (len(claude.requests), len(ollama.chats)) == (5, 3)
    assert settled(task) == (TaskStatus.REVIEW, Outcome.VERIFIED), task.reason
    assert any("does not approve after 2 rounds of corrections" in said for said in task.warnings)
    assert "+# 2" in diff


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


TWO = order(ordered("Words", "words.py"), ordered("Slug", "slug.py"))
WORDS = "import re\n\n\ndef words(t):\n    return re.findall(r'[a-z0-9]+', t.lower())\n"
SLUG = "from words import words\n\n\ndef slugify(text):\n    return '-'.join(words(text))\n"
VERIFY = "verify:\n\t! grep -rn FIXME --include='*.py' .\n"


async def test_parts_are_written_in_order_behind_the_gate(repo: Path, home: Path) -> None:
    (repo / "Makefile").write_text(VERIFY)
    run_git(repo, "add", "--all")
    run_git(repo, "commit", "--quiet", "--message", "make")
    async with orchestra(repo, home, *planned(verdict(), of=TWO)) as (hq, ollama, _):
        ollama.reply(writes(f"# FIXME\n{WORDS}", "words.py"), writes(WORDS, "words.py"), writes(SLUG))
        task, missions = await carried_out(hq)
        parts = [event for event in await hq.history(500) if isinstance(event, OrderPart)]
    assert settled(task) == (TaskStatus.REVIEW, Outcome.VERIFIED), task.reason
    assert task.files == ("slug.py", "test_warroom_t1.py", "words.py")
    assert [(one.part, one.parts, one.written) for one in parts] == [(1, 2, True), (2, 2, True)]
    first, second, third = (one for one in missions if one.role is Role.CODE)
    assert [first.outcome, second.outcome, third.outcome] == [Outcome.UNVERIFIED] * 2 + [Outcome.VERIFIED]
    assert "FIXME" in ollama.chats[1].body["messages"][-1]["content"], "what the gate says is tried again with"
    assert run_git(repo, "log", "--format=%s", f"main..{task.commit}").count("\n") == 0


async def test_a_part_that_is_too_hard_goes_to_the_next_tier(repo: Path, home: Path) -> None:
    over = {"action": "hand over", "why": "It cannot do it.", "brief": "", "files": []}
    done = message(tool("finish", {"summary": "done"}), stop="tool_use")
    wrote = message(tool("file_write", {"path": "slug.py", "content": GOOD_SLUG}), stop="tool_use")
    scripts = (*planned(over), wrote, done, says(verdict()))
    haiku = {"provider": "anthropic", "model": "claude-haiku-5-5", "num_ctx": 200_000}
    async with orchestra(repo, home, *scripts, local=(BAD_SLUG, BAD_SLUG, CODE), tiers={"haiku": haiku}) as (hq, _, __):
        task, missions = await carried_out(hq)
        (event,) = [event for event in await hq.history(500) if isinstance(event, OrderMended)]
    assert settled(task) == (TaskStatus.REVIEW, Outcome.VERIFIED), task.reason
    assert (event.to_tier, task.tier_used) == ("haiku", "local")
    assert who(missions)[-2:] == [("code", "haiku"), ("review", "opus")]


async def test_a_writer_cannot_bend_the_check(repo: Path, home: Path) -> None:
    def bent(code: str) -> Any:
        return (*writes(code)[:-1], *local_text("\ntest_warroom_t1.py\n```python\nassert True\n```\n"))

    scripts = planned({"action": "hand over", "why": "Bent.", "brief": "", "files": []})
    async with orchestra(repo, home, *scripts) as (hq, ollama, _):
        ollama.reply(bent(CODE), bent(BAD_SLUG))
        task, missions = await carried_out(hq)
        wrote = [event.summary for event in await hq.history(500) if isinstance(event, ToolFinished)]
    assert settled(task) == (TaskStatus.NEEDS_HUMAN, Outcome.FAILED), task.reason
    assert ["test_warroom_t1.py" in summary for summary in wrote] == [True, True]
    assert [one.check and one.check.exit_code for one in missions if one.role is Role.CODE] == [1, 1]
    assert not run_git(repo, "for-each-ref", "refs/heads/warroom")


async def test_a_check_that_is_not_to_be_kept_judges_all_the_same(repo: Path, home: Path) -> None:
    apart = Orchestrate(keep_check=False)
    async with orchestra(repo, home, *planned(verdict()), local=(BAD_SLUG, GOOD_SLUG), orchestrate=apart) as (
        hq,
        _,
        __,
    ):
        task, missions = await carried_out(hq)
    assert settled(task) == (TaskStatus.REVIEW, Outcome.VERIFIED), task.reason
    assert task.files == ("slug.py",)
    assert not [path for one in missions if one.worktree for path in [Path(one.worktree)] if path.exists()]


async def test_a_check_that_is_adopted_proves(repo: Path, home: Path) -> None:
    adopted = Orchestrate(adopt_check=True, keep_check=False)
    async with orchestra(repo, home, *planned(verdict()), orchestrate=adopted) as (hq, _, __):
        task, _missions = await carried_out(hq)
    assert settled(task) == (TaskStatus.REVIEW, Outcome.PROVEN), task.reason
    assert task.files == ("slug.py", "test_warroom_t1.py"), "it is kept then"


async def test_without_money_for_an_order_nobody_is_asked(repo: Path, home: Path) -> None:
    async with orchestra(repo, home, budget={"task_usd": 0.001}) as (hq, ollama, claude):
        task, _missions = await carried_out(hq)
    assert (task.status, task.halted) == (TaskStatus.NEEDS_HUMAN, "budget"), task.reason
    assert not claude.requests
    assert not ollama.chats


async def test_without_a_planner_it_waits(repo: Path, home: Path) -> None:
    async with orchestra(repo, home, opus={"roles": ["review"]}) as (hq, ollama, claude):
        task, missions = await carried_out(hq)
    assert (task.status, task.halted, missions) == (TaskStatus.OPEN, "environment", [])
    assert 'roles = ["order"]' in task.reason
    assert not ollama.chats
    assert not claude.requests


async def test_a_review_that_cannot_be_had_holds_nothing_up(repo: Path, home: Path) -> None:
    async with orchestra(repo, home, *planned("nonsense", "nonsense")) as (hq, _, __):
        task, _missions = await carried_out(hq)
    assert settled(task) == (TaskStatus.REVIEW, Outcome.VERIFIED)
    assert any("it was not reviewed" in said for said in task.warnings)


async def test_the_persons_own_check_is_used_as_it_is_and_proves(repo: Path, home: Path) -> None:
    async with orchestra(repo, home, says(order()), says(verdict())) as (hq, _, claude):
        task, _missions = await carried_out(hq, NewTask(title=TASK.title, check=SLUG_CHECK, orchestrate=True))
        (event,) = [event for event in await hq.history(500) if isinstance(event, OrderCheck)]
    assert settled(task) == (TaskStatus.REVIEW, Outcome.PROVEN), task.reason
    assert (len(claude.requests), task.files) == (2, ("slug.py",))
    assert (event.tried, event.refused, event.model) == (2, 2, "")


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
    assert [one.reason for one in missions].count("1 part: One small module.") == 1
    assert task.cost_nano == sum(one.cost_nano or 0 for one in missions)


async def test_a_war_room_that_ends_in_the_middle_is_gone_on_with(repo: Path, home: Path) -> None:
    async with orchestra(repo, home, *planned(of=TWO)) as (hq, ollama, claude):
        ollama.reply(writes(WORDS, "words.py"), (Stall(),))
        task = await hq.post(TASK)
        await hq.dispatch(task.id)
        async with asyncio.timeout(30):
            async for event in hq.events(after_seq=0):
                if isinstance(event, OrderPart):
                    break
        assert len(claude.requests) == 2
    async with orchestra(repo, home, says(verdict()), recover=True) as (hq, ollama, claude):
        ollama.reply(writes(SLUG))
        task = await hq.wait(task.id)
        missions = await hq.missions(task.id)
    assert settled(task) == (TaskStatus.REVIEW, Outcome.VERIFIED), task.reason
    assert task.files == ("slug.py", "test_warroom_t1.py", "words.py")
    assert [one.interrupted for one in missions if one.role is Role.CODE] in ([False, True, False], [False, False])
    assert (len(claude.requests), len(ollama.chats)) == (1, 1)


async def test_a_paused_task_asks_and_pays_nobody(repo: Path, home: Path) -> None:
    answered = asyncio.Event()
    first, *rest = planned(verdict())
    async with orchestra(repo, home, replace(first, before=(Wait(answered),)), *rest) as (hq, ollama, claude):
        task = await hq.post(TASK)
        await hq.dispatch(task.id)
        await claude.requested.wait()
        await hq.pause(task.id)
        answered.set()
        async with asyncio.timeout(30):
            async for event in hq.events(after_seq=0):
                if isinstance(event, OrderWritten):
                    break
        for _ in range(4):  # as long as what comes before the next question takes
            async with hq.repository.checkout(run_git(repo, "rev-parse", "main")):
                pass
        assert await hq.open_missions() == []
        assert (len(claude.requests), len(ollama.chats)) == (1, 0)
        await hq.resume(task.id)
        task = await hq.wait(task.id)
    assert settled(task) == (TaskStatus.REVIEW, Outcome.VERIFIED), task.reason
    assert len(claude.requests) == 3


async def test_where_the_branch_moved_the_order_stands_and_the_parts_begin_anew(repo: Path, home: Path) -> None:
    async with orchestra(repo, home, *planned(verdict()), budget={"task_usd": 0.16}) as (hq, _, claude):
        task, missions = await carried_out(hq)
        (repo / "other.py").write_text("x = 1\n")
        run_git(repo, "add", "--all")
        run_git(repo, "commit", "--quiet", "--message", "moved")
        await hq.raise_task_cap(task.id, 1.0)
        await hq.dispatch(task.id)
        task = await hq.wait(task.id)
        missions = await hq.missions(task.id)
    assert settled(task) == (TaskStatus.REVIEW, Outcome.VERIFIED), task.reason
    assert task.base_commit == run_git(repo, "rev-parse", "main")
    assert (len(claude.requests), [one.reason for one in missions].count("1 part: One small module.")) == (3, 1)
