"""One agent to a worktree: held by a lock, looked at before each command, swept when its process is gone."""

import asyncio
import sys
from pathlib import Path

import pytest

from agents.permission import Ruling, Wish
from agents.settings import Network
from agents.tools.sandbox import PlainSandbox
from agents.tools.shell import ShellRun
from agents.tools.tool import ToolContext, ToolError
from agents.workspace import Repository
from tests.agents.conftest import run_git


async def allowed(wish: Wish) -> Ruling:
    return Ruling(allowed=True)


async def test_a_command_is_not_run_on_another_branch(repo: Path, home: Path, tmp_path: Path) -> None:
    repository = await Repository.open(repo, home)
    base = await repository.base()
    worktree = await repository.add_worktree("T1", 1, base.commit)
    shell = ShellRun(PlainSandbox("a test"), timeout_s=10, cap=1000, network=Network.NONE)
    context = ToolContext(
        root=worktree.path,
        logs=tmp_path / "logs",
        on_output=lambda text: None,
        place=repository.place(worktree),
        permit=allowed,
    )
    assert (await shell.run({"command": "git branch other && git checkout -q other"}, context)).ok
    with pytest.raises(ToolError, match=r"on other\. Go back first: git checkout warroom/T1-1"):
        await shell.run({"command": "touch x"}, context)
    assert (await shell.run({"command": "git checkout -q warroom/T1-1"}, context)).ok
    assert (await shell.run({"command": "touch x"}, context)).ok
    repository.leave(worktree)


async def test_what_a_dead_process_left_goes_unless_there_is_work_in_it(repo: Path, home: Path) -> None:
    script = f"""
import asyncio, os, signal
from pathlib import Path
from agents.workspace import Repository
async def main():
    repository = await Repository.open(Path({str(repo)!r}), Path({str(home)!r}))
    base = await repository.base()
    await repository.add_worktree("T1", 1, base.commit)
    worktree = await repository.add_worktree("T2", 1, base.commit)
    (worktree.path / "work.txt").write_text("unsaved")
    os.kill(os.getpid(), signal.SIGKILL)
asyncio.run(main())
"""
    victim = await asyncio.create_subprocess_exec(sys.executable, "-c", script)
    await victim.wait()
    repository = await Repository.open(repo, home)
    mine = await repository.add_worktree("T3", 1, (await repository.base()).commit)
    await repository.sweep()
    left = {path.name for path in (home / "worktrees").glob("*/*") if not path.name.endswith(".state")}
    assert left == {"T2-1", "T3-1"}, "what is worked in and what holds work stays"
    assert "warroom/T1-1" not in run_git(repo, "branch", "--list")
    assert (next((home / "worktrees").glob("*/T2-1")) / "work.txt").read_text() == "unsaved"
    repository.leave(mine)
