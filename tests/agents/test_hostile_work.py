"""What an agent does to break out of the harness's judgement, through the whole engine."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from agents.headquarters import Headquarters
from agents.settings import Settings
from agents.tasks import NewTask, Outcome, Task, TaskStatus
from tests.agents.conftest import GOOD_SLUG, SLUG_CHECK, SLUG_TASK, run_git
from tests.fakes.ollama_server import FakeOllama, call, calls_apart, text

MakeSettings = Callable[..., Settings]


def loop_of(*steps: dict[str, Any]) -> list[Any]:
    return [calls_apart(step) for step in (*steps, call("finish", {"summary": "done"}))]


async def carry_out(hq: Headquarters, **task: object) -> Task:
    posted = await hq.post(NewTask.model_validate({"title": SLUG_TASK, "check": SLUG_CHECK, "tier": "local"} | task))
    await hq.dispatch(posted.id)
    return await hq.wait(posted.id)


def shell(command: str) -> dict[str, Any]:
    return call("shell_run", {"command": command})


WRITE = call("file_write", {"path": "slug.py", "content": GOOD_SLUG})

TAMPERING = [
    "git checkout -q --orphan other && git -c user.name=x -c user.email=x@y commit -q --allow-empty -m x",
    "git checkout -q -b mine && git -c user.name=x -c user.email=x@y commit -q -am x; true",
    "rm -rf .git && git init -q . && git add -A && git -c user.name=x -c user.email=x@y commit -qm x",
    "echo 'gitdir: /nowhere' > .git",
    "git update-ref -d HEAD",
    "git worktree remove --force . ; true",
    'cd / && rm -rf "$OLDPWD"; true',
    "chmod -R a-w . ; true",
]


@pytest.mark.parametrize("kind", ["auto", "none"])
@pytest.mark.parametrize("command", TAMPERING)
async def test_an_agent_that_tampers_with_its_worktree_is_judged_all_the_same(
    kind: str, command: str, repo: Path, home: Path, local_settings: MakeSettings
) -> None:
    async with FakeOllama() as ollama:
        ollama.answer = lambda body: calls_apart(call("finish", {"summary": "x"}))
        ollama.reply(*loop_of(WRITE, shell(command)))
        settings = local_settings(ollama.url, way="loop")
        sandbox = settings.sandbox.model_copy(update={"kind": kind, "unwalled": "allow"})
        settings = settings.model_copy(update={"sandbox": sandbox})
        before = run_git(repo, "rev-parse", "main")
        async with Headquarters(settings, home=home, folder=repo) as hq:
            task = await carry_out(hq)
            assert task.status in {TaskStatus.REVIEW, TaskStatus.FAILED}, "the agent's doing, not the surroundings'"
            assert task.halted is None
            assert await hq.store.open_missions() == []
            assert not task.reason.startswith("War Room itself")
    assert run_git(repo, "rev-parse", "main") == before
    assert run_git(repo, "status", "--porcelain") == ""


HOSTILE_NAMES = ["$'bad\\xff.txt'", "$'nl\\n.txt'", "$'\\e[31mred.txt'", "$'\\u202egnp.exe'", "-rf", "'a b é.txt'"]


@pytest.mark.parametrize("name", HOSTILE_NAMES)
async def test_a_file_of_any_name_is_checked_shown_and_merged(
    name: str, repo: Path, home: Path, local_settings: MakeSettings
) -> None:
    async with FakeOllama() as ollama:
        ollama.reply(*loop_of(WRITE, shell(f"echo x > ./{name}")))
        async with Headquarters(local_settings(ollama.url, way="loop"), home=home, folder=repo) as hq:
            task = await carry_out(hq)
            assert task.outcome is Outcome.PROVEN
            assert await hq.diff(task.id)
            assert (await hq.accept(task.id)).status is TaskStatus.DONE


async def test_a_repository_with_hostile_names_is_worked_on_and_told_safely(
    repo: Path, home: Path, local_settings: MakeSettings
) -> None:
    for raw in (b"bad\xff.md", b"nl\n.py", b"\x1b[31mred.py", "\u202egnp.py".encode()):
        Path(os.fsdecode(os.fsencode(repo) + b"/" + raw)).write_text("x = 1\n")
    run_git(repo, "add", "--all")
    run_git(repo, "commit", "--quiet", "--message", "names")
    async with FakeOllama() as ollama:
        ollama.reply(*loop_of(WRITE, call("file_list", {}), call("code_search", {"pattern": "x"})))
        async with Headquarters(local_settings(ollama.url, way="loop"), home=home, folder=repo) as hq:
            task = await carry_out(hq)
            events = await hq.store.recent_events(1000)
    assert task.outcome is Outcome.PROVEN
    assert not [event for event in events if {"\x1b", "\u202e"} & set(event.model_dump_json())]
    sent = "".join(message["content"] for chat in ollama.chats for message in chat.body["messages"])
    assert not {"\x1b", "\u202e"} & set(sent)


UNPARSABLE = {
    "a tree too deep": "x = " + "1+" * 100_000 + "1\n",
    "signs without end": "-" * 200_000 + "1",
    "half a character": "x = '\ud800'",
    "a megabyte on one line": "x" * 1_000_000,
}


@pytest.mark.parametrize("code", UNPARSABLE.values(), ids=UNPARSABLE)
async def test_code_that_chokes_a_parser_is_the_models_failure(
    code: str, repo: Path, home: Path, local_settings: MakeSettings
) -> None:
    async with FakeOllama() as ollama:
        ollama.answer = lambda body: text(f"```python\n{code}\n```")
        settings = local_settings(ollama.url)
        settings = settings.model_copy(update={"routing": settings.routing.model_copy(update={"samples": 0})})
        async with Headquarters(settings, home=home, folder=repo) as hq:
            task = await carry_out(hq)
            assert (task.status, task.halted) == (TaskStatus.FAILED, None)
            assert await hq.store.open_missions() == []
