"""Nothing of a repository that is not trusted runs outside a wall, whichever way it is asked for."""

from collections.abc import Callable
from pathlib import Path

import pytest

from agents.events import CheckFinished
from agents.headquarters import Headquarters
from agents.settings import SandboxSettings, Settings
from agents.tasks import NewTask, TaskStatus
from agents.tools.closed import NotTrusted
from tests.agents.conftest import GOOD_SLUG, SLUG_CHECK, SLUG_TASK, run_git
from tests.fakes.ollama_server import FakeOllama, text
from tests.fakes.sandboxes import WALLS, needs_bubblewrap

MakeSettings = Callable[..., Settings]
NO_WALL = {"sandbox": SandboxSettings(kind="none")}
TASK = NewTask(title=SLUG_TASK, check=SLUG_CHECK)


async def test_without_a_wall_every_task_waits_and_says_for_what(
    repo: Path, home: Path, local_settings: MakeSettings
) -> None:
    async with FakeOllama() as ollama:
        settings = local_settings(ollama.url).model_copy(update=NO_WALL)
        async with Headquarters(settings, home=home, folder=repo, trusted=False, recover=True) as hq:
            assert "not trusted" in hq.closed
            assert "not trusted" in hq.warnings[0]
            task = await hq.post(TASK)
            await hq.dispatch(task.id)
            await hq.force(task.id)
            await hq.until_idle()
            held = await hq.task(task.id)
            assert held.status is TaskStatus.QUEUED
            assert "`warroom trust`" in held.reason
            assert await hq.missions(task.id) == []
        assert ollama.chats == []

        ollama.reply(text(f"```python\n{GOOD_SLUG}```"))
        async with Headquarters(settings, home=home, folder=repo, trusted=True, recover=True) as hq:
            assert hq.closed == ""
            assert (await hq.wait(task.id)).status is TaskStatus.REVIEW, "trusted, it goes on where it waited"

        run_git(repo, "commit", "--quiet", "--allow-empty", "--message", "moved on")
        async with Headquarters(settings, home=home, folder=repo, trusted=False) as hq:
            with pytest.raises(NotTrusted, match="warroom trust"):
                await hq.accept(task.id)
            assert (await hq.task(task.id)).status is TaskStatus.REVIEW
            assert not (repo / "slug.py").exists()


@needs_bubblewrap
async def test_inside_a_wall_it_is_worked_on(repo: Path, home: Path, local_settings: MakeSettings) -> None:
    async with FakeOllama() as ollama:
        ollama.reply(text(f"```python\n{GOOD_SLUG}```"))
        async with Headquarters(local_settings(ollama.url), home=home, folder=repo, trusted=False) as hq:
            assert hq.closed == ""
            task = await hq.post(TASK)
            await hq.dispatch(task.id)
            assert (await hq.wait(task.id)).status is TaskStatus.REVIEW


@pytest.mark.parametrize("kind", WALLS)
async def test_checks_run_inside_the_wall_on_the_base_on_the_result_and_on_the_merge(
    kind: str, repo: Path, home: Path, tmp_path: Path, local_settings: MakeSettings
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    check = f"touch {outside}/$$; touch {repo}/$$; {SLUG_CHECK}"
    async with FakeOllama() as ollama:
        ollama.reply(text(f"```python\n{GOOD_SLUG}```"))
        settings = local_settings(ollama.url).model_copy(
            update={"sandbox": SandboxSettings.model_validate({"kind": kind})}
        )
        async with Headquarters(settings, home=home, folder=repo, trusted=False) as hq:
            task = await hq.post(NewTask(title=SLUG_TASK, check=check))
            await hq.dispatch(task.id)
            assert (await hq.wait(task.id)).status is TaskStatus.REVIEW
            (repo / "README.md").write_text("# moved on\n")
            run_git(repo, "commit", "--quiet", "--all", "--message", "moved on")
            assert (await hq.accept(task.id)).status is TaskStatus.DONE
            ran = [one.on for one in await hq.store.events_after(0) if isinstance(one, CheckFinished)]
    assert ran == ["base", "result", "merge"]
    assert list(outside.iterdir()) == []
    assert sorted(path.name for path in repo.iterdir()) == [".git", "README.md", "slug.py"]
