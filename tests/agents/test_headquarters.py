"""The main job, end to end: real git, real SQLite, real checks; models behind real sockets."""

import asyncio
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from agents.events import CheckFinished, LoopDetected, ModelDelta, ModelFailed, TaskFinished
from agents.headquarters import Conflict, Headquarters, NoHome, NotPossible, UnknownTask
from agents.missions import failure
from agents.settings import Settings, TierSettings
from agents.tasks import NANO, NewTask, Outcome, Task, TaskStatus
from tests.agents.conftest import BAD_SLUG, GOOD_SLUG, SLUG_CHECK, SLUG_TASK, run_git
from tests.fakes.anthropic_replies import Wait, broken_off, message, tool
from tests.fakes.anthropic_replies import text as reply_text
from tests.fakes.anthropic_server import AnthropicServer
from tests.fakes.ollama_server import FakeOllama, Stall, call, calls_apart, chunk, error, text

MakeSettings = Callable[..., Settings]


def fenced(code: str) -> str:
    return f"```python\n{code}```\n"


async def carry_out(hq: Headquarters, **task: object) -> Task:
    posted = await hq.post(NewTask.model_validate({"title": SLUG_TASK, "check": SLUG_CHECK} | task))
    await hq.dispatch(posted.id)
    return await hq.wait(posted.id)


async def test_one_direct_reply_is_proven_and_accepted(repo: Path, home: Path, local_settings: MakeSettings) -> None:
    async with FakeOllama() as ollama:
        ollama.reply(text(fenced(GOOD_SLUG)))
        async with Headquarters(local_settings(ollama.url), home=home, folder=repo) as hq:
            task = await carry_out(hq)
            assert (task.status, task.outcome, task.reason) == (
                TaskStatus.REVIEW,
                Outcome.PROVEN,
                "the check was red before and is green after, in a clean checkout",
            )
            assert not (repo / "slug.py").exists(), "the person's checkout is untouched until they accept"
            assert "+def slugify(text):" in await hq.diff(task.id)
            task = await hq.accept(task.id)
    assert task.status is TaskStatus.DONE
    assert (repo / "slug.py").read_text() == GOOD_SLUG
    body = run_git(repo, "log", "-1", "--format=%B")
    for trailer in ("War-Room-Task: T1", "War-Room-Mission: T1.1", "War-Room-Tier: local", "War-Room-Outcome: proven"):
        assert trailer in body
    assert run_git(repo, "branch", "--list") == "* main"
    assert run_git(repo, "worktree", "list").count("\n") == 0


async def test_a_red_check_is_tried_again_and_the_retry_sees_why(
    repo: Path, home: Path, local_settings: MakeSettings
) -> None:
    async with FakeOllama() as ollama:
        ollama.reply(text(fenced(BAD_SLUG)), text(fenced(GOOD_SLUG)))
        async with Headquarters(local_settings(ollama.url), home=home, folder=repo) as hq:
            task = await carry_out(hq)
    assert (task.outcome, task.missions) == (Outcome.PROVEN, 2)
    asked = ollama.chats[1].body["messages"][-1]["content"]
    assert "hello,--world!" in asked, "the failing assert is shown with its values"
    assert BAD_SLUG.strip() in asked, "the retry sees the code that failed"


async def test_a_failed_assert_is_explained_wherever_war_room_is_installed(
    repo: Path, home: Path, local_settings: MakeSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Below /tmp, which the sandbox shows empty.
    monkeypatch.setattr(failure, "EXPLAIN", shutil.copytree(failure.EXPLAIN, tmp_path / "installed"))
    async with FakeOllama() as ollama:
        ollama.reply(text(fenced(BAD_SLUG)), text(fenced(GOOD_SLUG)))
        async with Headquarters(local_settings(ollama.url), home=home, folder=repo) as hq:
            task = await carry_out(hq)
    assert "hello,--world!" in json.dumps(ollama.chats[1].body)
    assert (task.outcome, task.files) == (Outcome.PROVEN, ("slug.py",))


async def test_an_unchanged_file_is_noticed_without_any_check(
    repo: Path, home: Path, local_settings: MakeSettings
) -> None:
    (repo / "slug.py").write_text(BAD_SLUG)
    run_git(repo, "add", "--all")
    run_git(repo, "commit", "--quiet", "--message", "bug")
    async with FakeOllama() as ollama:
        ollama.reply(text(fenced(BAD_SLUG)), text(fenced(GOOD_SLUG)))
        async with Headquarters(local_settings(ollama.url), home=home, folder=repo) as hq:
            task = await carry_out(hq, title="Fix slugify in slug.py")
            checks = [e for e in await hq.store.recent_events(500) if isinstance(e, CheckFinished)]
    assert (task.outcome, task.missions, task.steps) == (Outcome.PROVEN, 1, 2)
    assert [check.on for check in checks] == ["base", "result"]
    assert "exactly as it was" in ollama.chats[1].body["messages"][-1]["content"]
    assert ollama.chats[1].body["options"]["temperature"] > 0


async def test_a_loop_with_tools_is_proven(repo: Path, home: Path, local_settings: MakeSettings) -> None:
    async with FakeOllama() as ollama:
        ollama.reply(
            calls_apart(call("file_write", {"path": "slug.py", "content": GOOD_SLUG})),
            text(
                '```json\n{"name": "shell_run", "arguments": {"command": "python3 -c \'import slug\'; echo ok"}}\n```'
            ),
            calls_apart(call("finish", {"summary": "done"})),
        )
        async with Headquarters(local_settings(ollama.url, way="loop"), home=home, folder=repo) as hq:
            task = await carry_out(hq)
            transcript = await hq.transcript((await hq.missions(task.id))[0].id)
    assert (task.outcome, task.steps) == (Outcome.PROVEN, 3)
    assert any("ok" in message.content for message in transcript), "a call written as text was run"


async def test_a_loop_is_warned_then_redirected_then_stopped(
    repo: Path, home: Path, local_settings: MakeSettings
) -> None:
    async with FakeOllama() as ollama:
        ollama.answer = lambda body: calls_apart(call("file_read", {"path": "README.md"}))
        async with Headquarters(local_settings(ollama.url, way="loop"), home=home, folder=repo) as hq:
            task = await carry_out(hq, tier="local")
            loops = [e for e in await hq.store.recent_events(500) if isinstance(e, LoopDetected)]
    assert [loop.action for loop in loops[:3]] == ["warned", "redirected", "stopped"]
    assert (task.status, task.outcome) == (TaskStatus.FAILED, Outcome.FAILED)
    assert "changed no file" in task.reason


async def test_no_check_is_said_to_be_unverified(repo: Path, home: Path, local_settings: MakeSettings) -> None:
    async with FakeOllama() as ollama:
        ollama.reply(text(fenced(GOOD_SLUG)))
        async with Headquarters(local_settings(ollama.url), home=home, folder=repo) as hq:
            task = await carry_out(hq, check=None)
    assert (task.outcome, task.status) == (Outcome.UNVERIFIED, TaskStatus.REVIEW)


async def test_a_check_that_is_green_already_proves_nothing(
    repo: Path, home: Path, local_settings: MakeSettings
) -> None:
    async with FakeOllama() as ollama:
        ollama.reply(text(fenced(GOOD_SLUG)))
        async with Headquarters(local_settings(ollama.url), home=home, folder=repo) as hq:
            task = await carry_out(hq, check="true")
    assert task.outcome is Outcome.VERIFIED
    assert any("already green" in warning for warning in task.warnings)


async def test_a_model_that_is_not_pulled_is_the_surroundings_fault(
    repo: Path, home: Path, local_settings: MakeSettings
) -> None:
    async with (
        FakeOllama("other:7b") as ollama,
        Headquarters(local_settings(ollama.url), home=home, folder=repo) as hq,
    ):
        task = await carry_out(hq)
    assert (task.status, task.halted) == (TaskStatus.OPEN, "environment")
    assert "ollama pull m:1b" in task.reason


async def test_a_busy_server_is_retried_visibly_and_is_no_failure(
    repo: Path, home: Path, local_settings: MakeSettings
) -> None:
    async with FakeOllama() as ollama:
        ollama.reply(error(503, "server busy"), text(fenced(GOOD_SLUG)))
        async with Headquarters(local_settings(ollama.url), home=home, folder=repo) as hq:
            task = await carry_out(hq)
            failures = [e for e in await hq.store.recent_events(500) if isinstance(e, ModelFailed)]
            calls = await hq.store.calls(task.id)
    assert (task.outcome, task.missions) == (Outcome.PROVEN, 1)
    assert [failure.error for failure in failures] == ["overloaded"]
    assert len(calls) == 2, "the failed try is in the ledger"


async def test_cancel_in_the_middle_of_a_stream(repo: Path, home: Path, local_settings: MakeSettings) -> None:
    async with FakeOllama() as ollama:
        ollama.reply((chunk("```python\n"), Stall()))
        async with Headquarters(local_settings(ollama.url), home=home, folder=repo) as hq:
            task = await hq.post(NewTask(title=SLUG_TASK, check=SLUG_CHECK))
            await hq.dispatch(task.id)
            await ollama.chatting()
            async with asyncio.timeout(1):
                task = await hq.cancel(task.id)
                await ollama.chats[0].disconnected.wait()
            assert (task.status, task.outcome) == (TaskStatus.CANCELLED, Outcome.CANCELLED)
            ollama.reply(text(fenced(GOOD_SLUG)))
            await hq.dispatch(task.id)
            assert (await hq.wait(task.id)).outcome is Outcome.PROVEN, "the slot is free again"
    assert run_git(repo, "worktree", "list").count("\n") == 0


async def test_claude_escalation_is_paid_and_counted(
    repo: Path, home: Path, local_settings: MakeSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "test")
    written = tool("file_write", {"path": "slug.py", "content": GOOD_SLUG})
    finish = tool("finish", {"summary": "done"}, "toolu_02")
    scripts = [message(written, stop="tool_use"), message(finish, stop="tool_use")]
    async with FakeOllama() as ollama, AnthropicServer(*scripts) as claude:
        ollama.answer = lambda body: text("I cannot do that.")
        settings = local_settings(ollama.url)
        haiku = {"provider": "anthropic", "model": "claude-haiku-5-5", "endpoints": [{"url": claude.url}]}
        tiers = {**settings.tiers, "haiku": TierSettings.model_validate(haiku)}
        routing = settings.routing.model_copy(update={"samples": 0})
        settings = settings.model_copy(update={"tiers": tiers, "routing": routing})
        async with Headquarters(settings, home=home, folder=repo) as hq:
            task = await carry_out(hq)
            credits = await hq.credits()
    assert (task.outcome, task.tier_used, task.missions) == (Outcome.PROVEN, "haiku", 3)
    served = claude.served
    expected = (
        served.input * 100 + served.output * 500 + served.cache_read * 10 + served.cache_write_5m * 125
    )  # nano-dollars a token, from the price list
    assert task.cost_nano == credits.spent_nano == expected > 0


async def test_done_once_more_or_cancelled_a_task_forgets_no_money(
    repo: Path, home: Path, local_settings: MakeSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "test")
    written = message(tool("file_write", {"path": "slug.py", "content": GOOD_SLUG}), stop="tool_use")
    finish = message(tool("finish", {"summary": "done"}, "toolu_02"), stop="tool_use")
    waiting = asyncio.Event()
    async with AnthropicServer(written, finish, broken_off(reply_text("Let me"), last=Wait(waiting))) as claude:
        haiku = {"provider": "anthropic", "model": "claude-haiku-5-5", "endpoints": [{"url": claude.url}]}
        settings = Settings(tiers={"haiku": TierSettings.model_validate(haiku)})
        async with Headquarters(settings, home=home, folder=repo) as hq:
            first = await carry_out(hq)
            assert (first.missions, first.steps) == (1, 2)
            assert first.cost_nano
            await hq.retry(first.id, "Again, please.")
            with hq.events() as events:
                async for event in events:
                    if isinstance(event, ModelDelta):
                        break
            task = await hq.cancel(first.id)
            spent = await hq.store.task_spending(task.id)
            finished = [e for e in await hq.store.recent_events(500) if isinstance(e, TaskFinished)][-1]
            mission = (await hq.missions(task.id))[-1]
    assert (task.missions, task.steps) == (finished.missions, finished.steps) == (2, 3)
    assert task.cost_nano == spent.spent_nano > first.cost_nano
    assert finished.cost_usd == spent.spent_nano / NANO
    assert (mission.steps, mission.cost_nano) == (1, spent.spent_nano - first.cost_nano)


async def test_the_budget_stops_before_it_is_overspent(
    repo: Path, home: Path, local_settings: MakeSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "test")
    async with AnthropicServer() as claude:
        haiku = {"provider": "anthropic", "model": "claude-haiku-5-5", "endpoints": [{"url": claude.url}]}
        settings = Settings(tiers={"haiku": TierSettings.model_validate(haiku)})
        async with Headquarters(settings, home=home, folder=repo) as hq:
            task = await carry_out(hq, budget_nano=1)
    assert (task.status, task.halted) == (TaskStatus.NEEDS_HUMAN, "budget")
    assert claude.requests == []


async def test_when_the_branch_moved_the_check_runs_on_the_merged_tree(
    repo: Path, home: Path, local_settings: MakeSettings
) -> None:
    async with FakeOllama() as ollama:
        ollama.reply(text(fenced(GOOD_SLUG)))
        async with Headquarters(local_settings(ollama.url), home=home, folder=repo) as hq:
            task = await carry_out(hq)
            (repo / "slug").mkdir()
            (repo / "slug" / "__init__.py").write_text("")
            run_git(repo, "add", "--all")
            run_git(repo, "commit", "--quiet", "--message", "a package of the same name")
            before = run_git(repo, "rev-parse", "HEAD")
            with pytest.raises(Conflict, match="merged tree"):
                await hq.accept(task.id)
            assert run_git(repo, "rev-parse", "HEAD") == before
            run_git(repo, "revert", "--no-edit", "HEAD")
            assert (await hq.accept(task.id)).status is TaskStatus.DONE
    assert (repo / "slug.py").exists()


async def test_a_conflict_is_said_and_changes_nothing(repo: Path, home: Path, local_settings: MakeSettings) -> None:
    async with FakeOllama() as ollama:
        ollama.reply(text(fenced(GOOD_SLUG)))
        async with Headquarters(local_settings(ollama.url), home=home, folder=repo) as hq:
            task = await carry_out(hq)
            (repo / "slug.py").write_text("mine\n")
            run_git(repo, "add", "--all")
            run_git(repo, "commit", "--quiet", "--message", "my own slug")
            with pytest.raises(Conflict, match=r"slug\.py"):
                await hq.accept(task.id)
            assert (await hq.task(task.id)).status is TaskStatus.REVIEW
    assert (repo / "slug.py").read_text() == "mine\n"


async def test_reject_leaves_no_trace_and_the_task_can_run_again(
    repo: Path, home: Path, local_settings: MakeSettings
) -> None:
    async with FakeOllama() as ollama:
        ollama.reply(text(fenced(GOOD_SLUG)), text(fenced(GOOD_SLUG)))
        async with Headquarters(local_settings(ollama.url), home=home, folder=repo) as hq:
            task = await carry_out(hq)
            task = await hq.reject(task.id)
            assert task.status is TaskStatus.OPEN
            assert run_git(repo, "branch", "--list") == "* main"
            await hq.dispatch(task.id)
            assert (await hq.wait(task.id)).outcome is Outcome.PROVEN


async def test_what_is_not_there_or_not_possible_is_said(repo: Path, home: Path, local_settings: MakeSettings) -> None:
    async with Headquarters(local_settings("http://127.0.0.1:9"), home=home, folder=repo) as hq:
        with pytest.raises(UnknownTask, match="T9"):
            await hq.task(9)
        with pytest.raises(NotPossible, match="tiers are local"):
            await hq.post(NewTask(title="x", tier="warp"))
        task = await hq.post(NewTask(title="x"))
        with pytest.raises(NotPossible, match="in review"):
            await hq.accept(task.id)


async def test_of_a_failure_the_last_check_that_ran_is_kept(
    repo: Path, home: Path, local_settings: MakeSettings
) -> None:
    async with FakeOllama() as ollama:
        ollama.answer = lambda body: text(fenced(BAD_SLUG))  # the retry returns the file as it is: no check runs on it
        settings = local_settings(ollama.url)
        routing = settings.routing.model_copy(update={"samples": 0})
        async with Headquarters(settings.model_copy(update={"routing": routing}), home=home, folder=repo) as hq:
            task = await carry_out(hq)
            finished = [e for e in await hq.store.recent_events(500) if isinstance(e, TaskFinished)][-1]
    assert (task.outcome, task.missions) == (Outcome.FAILED, 2)
    assert task.result_check is not None
    assert finished.check.exit_code == task.result_check.exit_code == 1


async def test_a_result_is_shown_in_its_own_repository_only(
    repo: Path, home: Path, local_settings: MakeSettings, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    async with FakeOllama() as ollama:
        ollama.reply(text(fenced(GOOD_SLUG)))
        async with Headquarters(local_settings(ollama.url), home=home, folder=repo) as hq:
            task = await carry_out(hq)
        async with Headquarters(local_settings(ollama.url), home=home, folder=other) as hq:
            for ask in (hq.diff, hq.accept, hq.reject, hq.retry):
                with pytest.raises(NotPossible, match=f"another repository.*{repo.name}"):
                    await ask(task.id)


async def test_a_home_that_cannot_be_is_said(repo: Path, tmp_path: Path, local_settings: MakeSettings) -> None:
    (tmp_path / "file").write_text("")
    for home in (tmp_path / "file", tmp_path / "file" / "home"):
        with pytest.raises(NoHome, match="set WARROOM_HOME to another one") as caught:
            async with Headquarters(local_settings("http://127.0.0.1:9"), home=home, folder=repo):
                pass
        assert caught.value.exit_code == 3


async def test_the_last_event_is_the_contract(repo: Path, home: Path, local_settings: MakeSettings) -> None:
    async with FakeOllama() as ollama:
        ollama.reply(text(fenced(GOOD_SLUG)))
        async with Headquarters(local_settings(ollama.url), home=home, folder=repo) as hq:
            task = await carry_out(hq)
            events = await hq.store.recent_events(500)
    finished = next(event for event in events if isinstance(event, TaskFinished))
    row = finished.row()
    assert row["check"] == {"command": SLUG_CHECK, "exit_code": 0, "base_exit_code": 1}
    assert row["files"] == ["slug.py"]
    assert row["tokens"] == {"input": 20, "output": 5, "cache_read": 0, "cache_write": 0}
    assert (row["cost_usd"], row["missions"], row["branch"]) == (0.0, 1, task.branch)
