"""What does not fit a model's window is noticed, compacted where that can be, else said; never cut silently."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from agents.headquarters import Headquarters
from agents.missions.context import project_context
from agents.models.tokens import estimate_tokens
from agents.settings import Settings, TierSettings
from agents.tasks import NewTask, Outcome, Task, TaskStatus
from tests.agents.conftest import GOOD_SLUG, SLUG_CHECK, SLUG_TASK, run_git
from tests.fakes.anthropic_replies import Script, failure, message, tool
from tests.fakes.anthropic_replies import text as said
from tests.fakes.anthropic_server import AnthropicServer
from tests.fakes.ollama_server import FakeOllama, call, calls_apart, chunk, done, error, text

MakeSettings = Callable[..., Settings]
WRITE = call("file_write", {"path": "slug.py", "content": GOOD_SLUG})
FINISH = call("finish", {"summary": "done"})
SCRIPTS = {"Devanagari": "क", "Chinese": "漢", "emoji": "😀", "rulers": "=-", "English": "read me "}


async def carry_out(hq: Headquarters, **task: Any) -> Task:
    posted = await hq.post(NewTask.model_validate({"title": SLUG_TASK, "check": SLUG_CHECK} | task))
    await hq.dispatch(posted.id)
    return await hq.wait(posted.id)


def commit(repo: Path, **files: str) -> None:
    for name, content in files.items():
        (repo / name.replace("__", ".")).write_text(content)
    run_git(repo, "add", "--all")
    run_git(repo, "commit", "--quiet", "--message", "files")


@pytest.mark.parametrize("way", ["loop", "direct"])
@pytest.mark.parametrize("script", SCRIPTS.values(), ids=SCRIPTS)
async def test_no_readme_however_long_is_in_the_way(
    script: str, way: str, repo: Path, home: Path, local_settings: MakeSettings
) -> None:
    commit(repo, README__md=script * (30_000 // len(script)), AGENTS__md=f"{script}\n" * 9000)
    async with FakeOllama() as ollama:
        ollama.reply(calls_apart(WRITE) if way == "loop" else text(f"```python\n{GOOD_SLUG}```"), calls_apart(FINISH))
        async with Headquarters(local_settings(ollama.url, way=way, num_ctx=4096), home=home, folder=repo) as hq:
            task = await carry_out(hq)
    assert (task.outcome, task.missions) == (Outcome.PROVEN, 1)


@pytest.mark.parametrize("script", SCRIPTS.values(), ids=SCRIPTS)
def test_the_context_keeps_to_its_tokens_in_any_script(script: str, tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text(f"{script}\n" * 5000)
    context = project_context(tmp_path, ["README.md"], token_budget=1000)
    assert 500 < estimate_tokens(context) < 1100
    assert "left out" in context


@pytest.mark.parametrize("size", [(4096, 60, True), (4096, 100, False), (16384, 20_000, False)])
async def test_a_file_is_never_rewritten_unseen(
    size: tuple[int, int, bool], repo: Path, home: Path, local_settings: MakeSettings
) -> None:
    num_ctx, functions, fits = size
    source = "".join(f"def function_{number}(a, b):\n    return a * {number} + b\n\n\n" for number in range(functions))
    commit(repo, slug__py=source)
    async with FakeOllama() as ollama:
        ollama.reply(text(f"```python\n{source}{GOOD_SLUG}```"))
        settings = local_settings(ollama.url, way="direct", num_ctx=num_ctx)
        async with Headquarters(settings, home=home, folder=repo) as hq:
            task = await carry_out(hq, title="Add slugify(text) to slug.py")
    if fits:
        assert task.outcome is Outcome.PROVEN
        assert source.strip() in ollama.chats[0].body["messages"][-1]["content"]
    else:
        assert (task.status, task.missions, ollama.chats) == (TaskStatus.NEEDS_HUMAN, 1, [])
        assert "slug.py is about" in task.reason


async def test_a_long_loop_is_compacted_and_the_mission_itself_stays(
    repo: Path, home: Path, local_settings: MakeSettings
) -> None:
    commit(repo, big__txt="some words in here that fill a line of text\n" * 3000)
    reads = [call("file_read", {"path": "big.txt", "start": at * 100 + 1, "end": at * 100 + 300}) for at in range(8)]
    async with FakeOllama() as ollama:
        ollama.reply(*map(calls_apart, reads), calls_apart(WRITE), calls_apart(FINISH))
        settings = local_settings(ollama.url, way="loop", num_ctx=8192)
        async with Headquarters(settings, home=home, folder=repo) as hq:
            task = await carry_out(hq)
            notes = [getattr(event, "note", "") for event in await hq.store.recent_events(1000)]
    assert (task.outcome, task.missions, task.steps) == (Outcome.PROVEN, 1, 10)
    assert all(SLUG_TASK in chat.body["messages"][1]["content"] for chat in ollama.chats)
    assert "left out" in str(ollama.chats[-1].body["messages"])
    assert any("left out" in note for note in notes), "and it is told"


async def test_an_endless_reply_is_cut_not_carried_along(repo: Path, home: Path, local_settings: MakeSettings) -> None:
    async with FakeOllama() as ollama:
        endless = (chunk("words " * 20_000), done(reason="length"))
        ollama.reply(endless, calls_apart(WRITE), calls_apart(FINISH))
        async with Headquarters(local_settings(ollama.url, way="loop"), home=home, folder=repo) as hq:
            task = await carry_out(hq)
    assert (task.outcome, task.missions, task.steps) == (Outcome.PROVEN, 1, 3)


TOO_LONG = failure(400, "invalid_request_error", "prompt is too long: 210000 tokens > 200000 maximum")


def claude_settings(url: str) -> Settings:
    haiku = {"provider": "anthropic", "model": "claude-haiku-5-5", "endpoints": [{"url": url}]}
    return Settings(tiers={"haiku": TierSettings.model_validate(haiku)})


def turns(*, reads: int) -> list[Script]:
    looks = [tool("file_read", {"path": "big.txt", "start": at + 1}, f"toolu_r{at}") for at in range(reads)]
    write = tool("file_write", {"path": "slug.py", "content": GOOD_SLUG}, "toolu_w")
    return [message(block, stop="tool_use") for block in (*looks, write, tool("finish", {"summary": "x"}, "toolu_f"))]


async def test_a_provider_that_counts_more_than_we_do_gets_less(
    repo: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "test")
    commit(repo, big__txt="some words in here that fill a line of text\n" * 3000)
    scripts = turns(reads=5)
    async with (
        AnthropicServer(*scripts[:5], TOO_LONG, TOO_LONG, *scripts[5:]) as claude,
        Headquarters(claude_settings(claude.url), home=home, folder=repo) as hq,
    ):
        task = await carry_out(hq)
    assert (task.outcome, task.missions) == (Outcome.PROVEN, 1)
    lengths = [len(str(request.body["messages"])) for request in claude.requests]
    assert lengths[5] > lengths[6] > lengths[7]


async def test_a_task_that_fits_nowhere_fails_honestly_and_is_not_tried_over_and_over(
    repo: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "test")
    async with (
        AnthropicServer(otherwise=lambda request: TOO_LONG) as claude,
        Headquarters(claude_settings(claude.url), home=home, folder=repo) as hq,
    ):
        task = await carry_out(hq)
    assert (task.status, task.halted, task.missions) == (TaskStatus.NEEDS_HUMAN, None, 1)
    assert "does not fit" in task.reason
    assert len(claude.requests) == 1


async def test_a_paused_turn_goes_on(repo: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "test")
    async with (
        AnthropicServer(message(said("Hm."), stop="pause_turn"), *turns(reads=0)) as claude,
        Headquarters(claude_settings(claude.url), home=home, folder=repo) as hq,
    ):
        task = await carry_out(hq)
    assert (task.outcome, task.missions, task.steps, claude.refused) == (Outcome.PROVEN, 1, 3, [])


async def test_a_model_without_tools_is_held_to_a_schema(repo: Path, home: Path, local_settings: MakeSettings) -> None:
    async with FakeOllama() as ollama:
        ollama.reply(
            error(400, "m:1b does not support tools"),
            text('{"name": "file_write", "arguments": {"path": "slug.py", "content": "from slugs import slugify"}}'),
            text('{"name": "finish", "arguments": {"summary": "x"}}'),
        )
        async with Headquarters(local_settings(ollama.url, way="loop"), home=home, folder=repo) as hq:
            await carry_out(hq, tier="local")
    first, *others = [chat.body for chat in ollama.chats][:3]
    assert first["tools"]
    assert "format" not in first
    assert all(body["format"]["required"] == ["name", "arguments"] and "tools" not in body for body in others)
