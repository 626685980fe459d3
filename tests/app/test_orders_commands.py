"""pause, resume, edit and abort from a shell."""

from pathlib import Path

import pytest
from command_line import CommandLine

from agents.headquarters import Headquarters
from agents.settings import Settings
from agents.tasks import NewTask


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
    for verb in ("pause", "resume"):
        refused = await shell.here(verb, "T1")
        assert refused.code == 2
        assert "T1 is open: only a task on its way can be paused" in refused.err


async def test_abort_asks_unless_told_not_to(shell: CommandLine) -> None:
    await posted(shell, "First")
    done = await shell.here("abort", "--yes")
    assert (done.code, done.out) == (0, "")
    assert "Nothing was under way." in done.err
