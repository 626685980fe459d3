"""What a kill left of a mission that had done nothing yet is gone at the next start; what is another's stays."""

import asyncio
import signal
import sys
from pathlib import Path

import pytest

from tests.agents.person_folder import Person, worked

DYING = """
import asyncio, os, signal
from pathlib import Path
from agents.workspace import Repository, worktrees

async def die(*args, **named):
    os.kill(os.getpid(), signal.SIGKILL)

async def main():
    repository = await Repository.open(Path({folder!r}), Path({home!r}))
    {moment}
    await repository.add_worktree("T1", 1, {head!r})
    await die()

asyncio.run(main())
"""
MOMENTS = {
    "the name is claimed": "worktrees.Worktrees._create = die",
    "the worktree is there": "worktrees.copy_index = lambda *_: os.kill(os.getpid(), signal.SIGKILL)",
    "it is ready": "",
}


@pytest.fixture
def person(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Person:
    return Person.settle(tmp_path, monkeypatch)


async def killed(person: Person, head: str, moment: str) -> None:
    facts = {"folder": str(person.folder), "home": str(person.home), "head": head, "moment": MOMENTS[moment]}
    victim = await asyncio.create_subprocess_exec(sys.executable, "-c", DYING.format(**facts))
    assert await victim.wait() == -signal.SIGKILL


def left(person: Person) -> list[str]:
    return [path.name for path in (person.home / "worktrees").glob("*/*")]


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("locked", [False, True])
async def test_nothing_is_left_of_a_mission_killed_before_it_did_anything(
    moment: str, locked: bool, person: Person
) -> None:
    head = person.start()
    await killed(person, head, moment)
    assert person.git("branch", "--list", "warroom/*")
    if locked:  # git was killed too, while it wrote the branch
        (person.folder / ".git/refs/heads/warroom/T1-1.lock").touch()
    repository = await person.open()
    await repository.sweep()
    assert left(person) == []
    assert person.git("branch", "--list", "--format=%(refname:short)") == "main"
    assert person.git("worktree", "list").count("\n") == 0
    assert not list((person.folder / ".git").rglob("*.lock"))


async def test_work_that_is_committed_nowhere_is_kept_with_its_branch(person: Person) -> None:
    head = person.start()
    await killed(person, head, "it is ready")
    (folder,) = (path for path in (person.home / "worktrees").glob("*/T1-1"))
    (folder / "b.py").write_text("b\n")
    await (await person.open()).sweep()
    assert (folder / "b.py").exists()
    assert "warroom/T1-1" in person.git("branch", "--list")


async def test_another_war_rooms_branch_of_that_name_stays(person: Person) -> None:
    """We were killed between claiming the name and finding that it was taken."""
    head = person.start()
    await killed(person, head, "the name is claimed")
    person.git("worktree", "add", "--quiet", str(person.folder.parent / "theirs"), "warroom/T1-1")
    await (await person.open()).sweep()
    assert left(person) == []
    assert "warroom/T1-1" in person.git("branch", "--list")


async def test_idle_branches_are_those_nobody_works_on(person: Person) -> None:
    head = person.start()
    repository = await person.open()
    await repository.add_worktree("T1", 1, head)
    _, commit = await worked(repository, head, {"b.py": "b\n"})
    assert commit is not None
    person.git("branch", "warroom/T7-1", head)
    assert await repository.idle_branches() == ("warroom/T7-1",)
