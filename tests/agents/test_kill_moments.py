"""kill -9 between two steps that belong together: the next War Room ends it as if nothing had been."""

import asyncio
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from agents.headquarters import Headquarters
from agents.settings import Settings
from agents.tasks import NewTask, Outcome, TaskStatus
from tests.agents.conftest import BAD_SLUG, GOOD_SLUG, SLUG_CHECK, SLUG_TASK, run_git
from tests.fakes.ollama_server import FakeOllama, text

MakeSettings = Callable[..., Settings]
GOOD = text(f"```python\n{GOOD_SLUG}```")
BAD = text(f"```python\n{BAD_SLUG}```")
NEW = NewTask(title=SLUG_TASK, check=SLUG_CHECK)


DYING = """
import asyncio, os, signal
from pathlib import Path
from agents.dispatch.verdicts import Verdicts
from agents.headquarters import Headquarters
from agents.settings import Settings
from agents.tasks import NewTask
from agents.workspace import Repository
import agents.missions.mission as mission

def die(*args, **named):
    os.kill(os.getpid(), signal.SIGKILL)

def die_after(owner, name):
    real = getattr(owner, name)
    async def wrapped(*args, **named):
        await real(*args, **named)
        die()
    setattr(owner, name, wrapped)

moments = {{
    "committed": (Repository, "commit"),
    "sealed": (Repository, "seal"),
    "saved": (mission._Run, "_end"),
    "merged": (Repository, "apply_merge"),
    "put away": (Verdicts, "_forget_branches"),
}}
die_after(*moments[{moment!r}])
settings = Settings.model_validate_json({settings!r})

async def main():
    async with Headquarters(settings, home=Path({home!r}), folder=Path({repo!r})) as hq:
        task = await hq.post(NewTask(title={title!r}, check={check!r}))
        await hq.dispatch(task.id)
        await hq.wait(task.id)
        await hq.accept(task.id)

asyncio.run(main())
"""


@pytest.mark.parametrize("moment", ["committed", "sealed", "saved", "merged", "put away"])
async def test_killed_between_two_steps_it_ends_as_if_nothing_had_been(
    moment: str, repo: Path, home: Path, local_settings: MakeSettings
) -> None:
    async with FakeOllama() as ollama:
        ollama.answer = lambda body: GOOD
        settings = local_settings(ollama.url)
        facts = {"moment": moment, "settings": settings.model_dump_json(), "home": str(home), "repo": str(repo)}
        script = DYING.format(**facts, title=SLUG_TASK, check=SLUG_CHECK)
        victim = await asyncio.create_subprocess_exec(sys.executable, "-c", script, stderr=asyncio.subprocess.PIPE)
        _, said = await victim.communicate()
        assert victim.returncode == -signal.SIGKILL, said.decode()
        async with Headquarters(settings, home=home, folder=repo, recover=True) as hq:
            (task,) = await hq.tasks()
            task = await hq.wait(task.id)
            assert (task.status, task.outcome) == (TaskStatus.REVIEW, Outcome.PROVEN)
            assert await hq.store.open_missions() == []
            branches = set(run_git(repo, "branch", "--list", "--format=%(refname:short)").splitlines())
            assert branches <= {"main", task.branch}, "what was broken off is archived, out of the person's list"
            assert (await hq.accept(task.id)).status is TaskStatus.DONE
            assert await hq.store.integrity() == []
    assert (repo / "slug.py").read_text() == GOOD_SLUG
    assert run_git(repo, "log", "--oneline").count("\n") == 1
    assert run_git(repo, "branch", "--list") == "* main"
    assert run_git(repo, "status", "--porcelain") == ""
