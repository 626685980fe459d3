"""A stronger model plans, a cheaper one writes: two missions, one arm, one bill."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from agents.headquarters import Headquarters
from agents.settings import Cooldown, Routing, Settings, TierSettings
from agents.tasks import NewTask, Outcome, Role, TaskStatus, Variant
from tests.agents.conftest import BAD_SLUG, GOOD_SLUG, SLUG_CHECK, run_git
from tests.agents.council_table import asked, says
from tests.fakes.anthropic_replies import Script, message, tool
from tests.fakes.anthropic_server import AnthropicServer

FIX = NewTask(title="Fix slugify in slug.py: several spaces become one hyphen", check=SLUG_CHECK)
HARD = {"score": 5, "reason": "The cause is not said."}
"""What the judge says; at this complexity the plan begins with a plan."""
PLAN = {"plan": "1. In slug.py use a regular expression for the words. 2. Join them with hyphens."}


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "test")


def settings(url: str) -> Settings:
    def tier(model: str, *roles: str) -> TierSettings:
        return TierSettings.model_validate(
            {
                "provider": "anthropic",
                "model": model,
                "num_ctx": 200_000,
                "endpoints": [{"url": url}],
                "roles": roles,
            }
        )

    tiers = {"haiku": tier("claude-haiku-5-5", "code"), "opus": tier("claude-opus-5-5", "plan", "review")}
    return Settings(tiers=tiers, cooldown=Cooldown(rest_s=0, reset_every=0), routing=Routing(judge="haiku", explore=0))


def writes(code: str) -> tuple[Script, Script]:
    """The editor writes slug.py and says that it is done."""
    return (
        message(tool("file_write", {"path": "slug.py", "content": code}), stop="tool_use"),
        message(tool("finish", {"summary": "fixed"}), stop="tool_use"),
    )


async def carried_out(repo: Path, home: Path, *scripts: Script) -> tuple[Any, ...]:
    (repo / "slug.py").write_text(BAD_SLUG)
    run_git(repo, "add", "--all")
    run_git(repo, "commit", "--quiet", "--message", "slug")
    async with (
        AnthropicServer(*scripts) as claude,
        Headquarters(settings(claude.url), home=home, folder=repo) as hq,
    ):
        task = await hq.post(FIX)
        await hq.dispatch(task.id)
        async with asyncio.timeout(40):
            task = await hq.wait(task.id)
        return task, await hq.missions(task.id), await hq.store.trials(), claude


async def test_the_plan_reaches_the_editor_and_both_are_paid_for(repo: Path, home: Path) -> None:
    task, missions, trials, claude = await carried_out(repo, home, says(HARD), says(PLAN), *writes(GOOD_SLUG))
    assert (task.status, task.outcome) == (TaskStatus.REVIEW, Outcome.PROVEN)
    assert [(one.role, one.tier, one.variant) for one in missions] == [
        (Role.JUDGE, "haiku", Variant.ONCE),
        (Role.PLAN, "opus", Variant.ONCE),
        (Role.CODE, "haiku", Variant.PLANNED),
    ]
    assert PLAN["plan"] not in asked(claude, 1)
    assert PLAN["plan"] in asked(claude, 2)
    assert task.cost_nano == sum(one.cost_nano for one in missions)
    assert all(one.cost_nano for one in missions)
    assert [(trial.success, trial.variant) for trial in trials] == [(True, Variant.PLANNED)]


async def test_without_a_usable_plan_the_next_arm_is_tried(repo: Path, home: Path) -> None:
    code = {"plan": "```python\n" + GOOD_SLUG * 3 + "```"}
    task, missions, _, _ = await carried_out(repo, home, says(HARD), says(code), says(code), *writes(GOOD_SLUG))
    assert task.outcome is Outcome.PROVEN
    assert [(one.role, one.tier, one.variant) for one in missions] == [
        (Role.JUDGE, "haiku", Variant.ONCE),
        (Role.PLAN, "opus", Variant.ONCE),
        (Role.CODE, "haiku", Variant.ONCE),
    ]
    assert "code" in missions[1].reason


async def test_the_judge_is_asked_where_its_answer_could_change_the_plan(repo: Path, home: Path) -> None:
    task, missions, _, claude = await carried_out(repo, home, says(HARD), says(PLAN), *writes(GOOD_SLUG))
    assert missions[0].role is Role.JUDGE
    assert missions[0].cost_nano
    assert task.rules is not None
    assert (task.judge.score, task.judge.reason) == (5, HARD["reason"])
    assert task.rules.score + 2 <= 5
    assert (task.complexity, task.assessed_by) == (5, "judge")
    assert task.outcome is Outcome.PROVEN
    assert "Fix slugify" in asked(claude, 0)


async def test_a_judge_that_talks_nonsense_ends_nothing(repo: Path, home: Path) -> None:
    task, missions, _, _ = await carried_out(repo, home, says("C-what?"), says("no"), *writes(GOOD_SLUG))
    assert (missions[0].role, missions[0].outcome) == (Role.JUDGE, Outcome.FAILED)
    assert (task.judge, task.assessed_by) == (None, "rules")
    assert task.outcome is Outcome.PROVEN


async def test_a_judge_that_had_no_answer_is_not_asked_again(repo: Path, home: Path) -> None:
    script = (says("C-what?"), says("no"), *writes(GOOD_SLUG), *writes(GOOD_SLUG))
    (repo / "slug.py").write_text(BAD_SLUG)
    run_git(repo, "add", "--all")
    run_git(repo, "commit", "--quiet", "--message", "slug")
    async with AnthropicServer(*script) as claude, Headquarters(settings(claude.url), home=home, folder=repo) as hq:
        task = await hq.post(FIX)
        await hq.dispatch(task.id)
        async with asyncio.timeout(40):
            await hq.wait(task.id)
            await hq.retry(task.id, "once more")
            task = await hq.wait(task.id)
        missions = await hq.missions(task.id)
    assert [one.role for one in missions].count(Role.JUDGE) == 1
    assert task.outcome is Outcome.PROVEN
