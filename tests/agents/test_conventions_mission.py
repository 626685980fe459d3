"""A mission is told the project's conventions, says which, and a person sees that."""

from pathlib import Path

import pytest

from agents.events import MissionStarted
from agents.headquarters import Headquarters
from agents.tasks import Outcome
from app.screen.task_page import task_page
from tests.agents.conftest import GOOD_SLUG, run_git
from tests.agents.test_conventions import shop
from tests.agents.test_window_fit import FINISH, WRITE, MakeSettings, carry_out
from tests.fakes.ollama_server import FakeOllama, calls_apart, text

TOLD = "AGENTS.md: Shop, Code style"


@pytest.mark.parametrize("way", ["loop", "direct"])
async def test_a_local_model_is_told_what_it_needs_and_it_is_kept(
    way: str, repo: Path, home: Path, local_settings: MakeSettings
) -> None:
    shop(repo)
    run_git(repo, "add", "--all")
    run_git(repo, "commit", "--quiet", "--message", "conventions")
    async with FakeOllama() as ollama:
        ollama.reply(calls_apart(WRITE) if way == "loop" else text(f"```python\n{GOOD_SLUG}```"), calls_apart(FINISH))
        async with Headquarters(local_settings(ollama.url, way=way), home=home, folder=repo) as hq:
            task = await carry_out(hq)
            (mission,) = await hq.missions(task.id)
            started = [event for event in await hq.history(200) if isinstance(event, MissionStarted)]
    assert task.outcome is Outcome.PROVEN
    assert mission.conventions == (TOLD,)
    assert started[0].conventions == (TOLD,)
    prompt = ollama.chats[0].body["messages"][-1]["content"]
    assert prompt.count("Names are nouns.") == 1
    assert "operators" not in prompt
    page = "\n".join(line.plain for line in task_page(task, [mission], (), ""))
    assert f"told: {TOLD}" in page
