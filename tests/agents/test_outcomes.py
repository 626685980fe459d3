"""What the harness says of a result in the less usual cases, and what it says beside it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from agents.headquarters import Headquarters
from agents.settings import Settings
from agents.tasks import NewTask, Outcome
from tests.agents.conftest import BAD_SLUG, GOOD_SLUG, SLUG_CHECK, SLUG_TASK, run_git
from tests.fakes.ollama_server import FakeOllama, Stall, call, calls_apart, chunk, text

MakeSettings = Callable[..., Settings]
GOOD = text(f"```python\n{GOOD_SLUG}```")
BAD = text(f"```python\n{BAD_SLUG}```")
NEW = NewTask(title=SLUG_TASK, check=SLUG_CHECK)


def without_samples(settings: Settings) -> Settings:
    return settings.model_copy(update={"routing": settings.routing.model_copy(update={"samples": 0})})


@pytest.mark.parametrize("limit", [{"max_steps": 1}, {"timeout_s": 2}])
async def test_a_limit_ends_the_attempt_and_what_is_there_is_checked(
    limit: dict[str, float], repo: Path, home: Path, local_settings: MakeSettings
) -> None:
    async with FakeOllama() as ollama:
        ollama.reply(calls_apart(call("file_write", {"path": "slug.py", "content": GOOD_SLUG})), (chunk("x"), Stall()))
        async with Headquarters(local_settings(ollama.url, way="loop"), home=home, folder=repo) as hq:
            task = await hq.post(NewTask.model_validate({**NEW.model_dump(), **limit}))
            await hq.dispatch(task.id)
            task = await hq.wait(task.id)
    assert (task.outcome, task.missions) == (Outcome.PROVEN, 1)
    assert any("limit" in warning for warning in task.warnings)


async def test_edited_and_deleted_tests_and_a_bent_check_are_said_beside_the_outcome(
    repo: Path, home: Path, local_settings: MakeSettings
) -> None:
    (repo / "test_old.py").write_text("assert False\n")
    (repo / "test_hard.py").write_text("assert False\n")
    (repo / "Makefile").write_text("test:\n\tpython3 test_old.py\n")
    run_git(repo, "add", "--all")
    run_git(repo, "commit", "--quiet", "--message", "tests")
    cheat = "rm test_old.py; echo 'assert True' > test_hard.py; printf 'test:\\n\\ttrue\\n' > Makefile"
    async with FakeOllama() as ollama:
        ollama.reply(calls_apart(call("shell_run", {"command": cheat})), calls_apart(call("finish", {"summary": "x"})))
        async with Headquarters(local_settings(ollama.url, way="loop"), home=home, folder=repo) as hq:
            task = await hq.post(NewTask(title="Make the tests pass"))
            await hq.dispatch(task.id)
            task = await hq.wait(task.id)
    assert task.outcome is Outcome.VERIFIED, "a repository's own check never proves"
    said = " | ".join(task.warnings)
    assert "deleted: test_old.py" in said
    assert "edited: test_hard.py" in said
    assert "Makefile" in said


async def test_what_a_check_writes_goes_nowhere_and_each_task_has_a_log_of_its_own(
    repo: Path, home: Path, local_settings: MakeSettings
) -> None:
    async with FakeOllama() as ollama:
        ollama.answer = lambda body: GOOD
        async with Headquarters(local_settings(ollama.url), home=home, folder=repo) as hq:
            tasks = [
                await hq.post(NEW.model_copy(update={"check": f"echo said {name} | tee left.txt; test -f slug.py"}))
                for name in ("one", "two")
            ]
            for task in tasks:
                await hq.dispatch(task.id)
            ended = [await hq.wait(task.id) for task in tasks]
    for task, name in zip(ended, ("one", "two"), strict=True):
        assert (task.outcome, task.files) == (Outcome.PROVEN, ("slug.py",))
        for check in (task.base_check, task.result_check):
            assert check is not None
            assert Path(check.log_path).read_text() == f"said {name}\n"


async def test_a_check_whose_command_is_not_there_says_so(repo: Path, home: Path, local_settings: MakeSettings) -> None:
    async with FakeOllama() as ollama:
        ollama.answer = lambda body: GOOD
        settings = without_samples(local_settings(ollama.url))
        async with Headquarters(settings, home=home, folder=repo) as hq:
            task = await hq.post(NEW.model_copy(update={"check": "no-such-checker slug.py", "tier": "local"}))
            await hq.dispatch(task.id)
            task = await hq.wait(task.id)
    assert task.outcome is Outcome.FAILED
    assert "command was not found" in task.reason


async def test_files_left_out_of_the_commit_are_said(repo: Path, home: Path, local_settings: MakeSettings) -> None:
    nested = "mkdir inner && cd inner && git init -q . && echo x > file.txt"
    async with FakeOllama() as ollama:
        ollama.reply(
            calls_apart(call("file_write", {"path": "slug.py", "content": GOOD_SLUG})),
            calls_apart(call("shell_run", {"command": nested})),
            calls_apart(call("finish", {"summary": "x"})),
        )
        async with Headquarters(local_settings(ollama.url, way="loop"), home=home, folder=repo) as hq:
            task = await hq.post(NEW)
            await hq.dispatch(task.id)
            task = await hq.wait(task.id)
    assert task.outcome is Outcome.PROVEN
    assert any("inner" in warning for warning in task.warnings)


async def test_a_check_that_is_not_committed_is_not_used_and_said(
    repo: Path, home: Path, local_settings: MakeSettings
) -> None:
    (repo / "Makefile").write_text("test:\n\ttest -f slug.py\n")
    async with FakeOllama() as ollama:
        ollama.answer = lambda body: GOOD
        async with Headquarters(local_settings(ollama.url), home=home, folder=repo) as hq:
            first = await hq.post(NewTask(title=SLUG_TASK))
            await hq.dispatch(first.id)
            first = await hq.wait(first.id)
            run_git(repo, "add", "--all")
            run_git(repo, "commit", "--quiet", "--message", "check")
            second = await hq.post(NewTask(title=SLUG_TASK))
            await hq.dispatch(second.id)
            second = await hq.wait(second.id)
    assert (first.outcome, first.missions) == (Outcome.UNVERIFIED, 1)
    assert any("`make test` was not used" in warning for warning in first.warnings)
    assert (second.outcome, second.missions) == (Outcome.VERIFIED, 1)
