"""pause, resume, edit and abort from a shell."""

from pathlib import Path

import pytest
from command_line import CommandLine

from agents.headquarters import Headquarters
from agents.settings import Settings
from agents.tasks import NewTask
from tests.fakes.ollama_server import FakeOllama, text


@pytest.fixture
def shell(tmp_path: Path) -> CommandLine:
    return CommandLine(tmp_path)


async def posted(shell: CommandLine, *titles: str) -> None:
    async with Headquarters(Settings(), home=shell.home, folder=shell.folder) as hq:
        for title in titles:
            await hq.post(NewTask(title=title))


async def test_a_task_is_edited_from_a_shell(shell: CommandLine) -> None:
    await posted(shell, "First", "Second")
    done = await shell.here("edit", "T2", "--title", "Fix a typo", "--priority", "9", "--after", "T1")
    assert (done.code, done.out) == (0, "T2 changed: title, priority, depends_on\n")
    (row,) = [row for row in (await shell.here("board", "--json")).rows() if row["task"] == 2]
    assert (row["title"], row["priority"]) == ("Fix a typo", 9)
    for wrong, said in (
        (["T2"], "say what to change"),
        (["T2", "--tier", "warp"], "there is no tier 'warp'"),
        (["T1", "--after", "T2"], "T1 cannot wait for T2"),
        (["T9", "--title", "x"], "there is no task T9"),
    ):
        refused = await shell.here("edit", *wrong)
        assert refused.code == 2
        assert said in refused.err


async def test_only_what_is_on_its_way_can_be_held(shell: CommandLine) -> None:
    await posted(shell, "First")
    for verb, done in (("pause", "paused"), ("resume", "resumed")):
        refused = await shell.here(verb, "T1")
        assert refused.code == 2
        assert f"T1 is open: only a task on its way can be {done}" in refused.err


async def test_abort_asks_unless_told_not_to(shell: CommandLine) -> None:
    await posted(shell, "First")
    asked = await shell("abort")
    assert (asked.code, asked.out) == (2, "")
    assert "--yes aborts without asking" in asked.err
    done = await shell.here("abort", "--yes")
    assert (done.code, done.out) == (0, "")
    assert "Nothing was under way." in done.err


async def test_a_slip_in_the_tier_of_a_retry_leaves_the_result_in_review(shell: CommandLine) -> None:
    async with FakeOllama() as ollama:
        shell.environ["OLLAMA_HOST"] = ollama.url
        ollama.reply(text("one.py\n```python\none = 1\n```\n"))
        assert (await shell("run", "Create one.py with one = 1", "--check", "python3 -c 'import one'")).code == 0
    refused = await shell("retry", "T1", "--tier", "warp")
    assert (refused.code, refused.out) == (2, "")
    assert "there is no tier 'warp'" in refused.err
    (row,) = (await shell.here("board", "--json")).rows()
    assert (row["status"], row["outcome"]) == ("review", "proven")
    assert "one = 1" in (await shell.here("diff", "T1")).out
