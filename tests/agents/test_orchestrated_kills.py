"""kill -9 in the middle of orchestrated work: what is paid for and stored is not paid for again."""

import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest

from agents.headquarters import Headquarters
from agents.tasks import Outcome, TaskStatus
from tests.agents.conftest import GOOD_SLUG, run_git
from tests.agents.council_table import says, settings
from tests.agents.orchestra import CHECK, TASK, order, verdict, writes
from tests.fakes.anthropic_server import AnthropicServer
from tests.fakes.ollama_server import FakeOllama

DYING = """
import asyncio, os, signal
from pathlib import Path
from agents.dispatch.council import Council
from agents.headquarters import Headquarters
from agents.settings import Settings
from agents.store import Store
from agents.tasks import NewTask

def die_after(owner, name, times):
    real, left = getattr(owner, name), [times]
    async def wrapped(*args, **named):
        found = await real(*args, **named)
        left[0] -= 1
        if not left[0]:
            os.kill(os.getpid(), signal.SIGKILL)
        return found
    setattr(owner, name, wrapped)

moments = {{
    "the order answered": (Council, "advise", 1),
    "the check answered": (Store, "save_work_order", 2),
    "the part stored": (Store, "save_work_order", 4),
    "judged": (Store, "judge_orchestrated", 1),
}}
die_after(*moments[{moment!r}])

async def main():
    settings = Settings.model_validate_json({settings!r})
    async with Headquarters(settings, home=Path({home!r}), folder=Path({repo!r})) as hq:
        task = await hq.post(NewTask.model_validate_json({new!r}))
        await hq.dispatch(task.id)
        await hq.wait(task.id)

asyncio.run(main())
"""


@pytest.mark.parametrize(
    ("moment", "asked"),
    [("the order answered", 4), ("the check answered", 3), ("the part stored", 3), ("judged", 3)],
)
async def test_killed_in_the_middle_it_goes_on_with_what_it_has(
    moment: str, asked: int, repo: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "test")
    answers = [order()] * (asked - 2) + [{"content": CHECK}, verdict()]
    async with FakeOllama() as ollama, AnthropicServer(*map(says, answers)) as claude:
        ollama.answer = lambda body: writes(GOOD_SLUG)
        both = settings(ollama, claude)
        facts = {"moment": moment, "settings": both.model_dump_json(), "home": str(home), "repo": str(repo)}
        script = DYING.format(**facts, new=TASK.model_dump_json())
        victim = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", script), stderr=asyncio.subprocess.PIPE, env=dict(os.environ)
        )
        _, said = await victim.communicate()
        assert victim.returncode == -signal.SIGKILL, said.decode()
        async with Headquarters(both, home=home, folder=repo, recover=True) as hq:
            task = await hq.wait(1)
            missions = await hq.missions(task.id)
            trials = await hq.store.trials()
            assert await hq.store.open_missions() == []
        assert (task.status, task.outcome) == (TaskStatus.REVIEW, Outcome.VERIFIED), task.reason
        assert (len(claude.requests), len(ollama.chats)) == (asked, 1)
        assert task.cost_nano == sum(one.cost_nano or 0 for one in missions)
        assert [trial.success for trial in trials] == [True], "one attempt, learned from once"
        assert run_git(repo, "for-each-ref", "--format=%(refname)", "refs/heads/warroom") == f"refs/heads/{task.branch}"
