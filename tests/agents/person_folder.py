"""A person's folder with real git, apart from whatever this machine's git is configured to do."""

import os
import subprocess
from pathlib import Path

import pytest

from agents.workspace import Commit, Repository, Worktree

PERSON = {
    "GIT_AUTHOR_NAME": "Ann",
    "GIT_AUTHOR_EMAIL": "ann@example.org",
    "GIT_COMMITTER_NAME": "Ann",
    "GIT_COMMITTER_EMAIL": "ann@example.org",
}


class Person:
    """Someone at their own shell, in `folder`. War Room's home is `home`."""

    def __init__(self, folder: Path, home: Path) -> None:
        self.folder, self.home = folder, home
        folder.mkdir(parents=True, exist_ok=True)

    @classmethod
    def settle(cls, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, folder: str = "project") -> "Person":
        """A new folder; git knows no name, no configuration, no outer repository."""
        for name in list(os.environ):
            if name.startswith("GIT_"):
                monkeypatch.delenv(name)
        (tmp_path / "person.gitconfig").write_text("[init]\n\tdefaultBranch = main\n")
        monkeypatch.setenv("HOME", str(tmp_path))
        monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "person.gitconfig"))
        monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
        monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
        return cls(tmp_path / folder, tmp_path / "home")

    def git(self, *args: str, cwd: Path | None = None, check: bool = True) -> str:
        """What git prints."""
        run = subprocess.run(
            ["git", *args], cwd=cwd or self.folder, env={**os.environ, **PERSON}, capture_output=True, check=False
        )
        assert not check or run.returncode == 0, run.stderr.decode()
        return os.fsdecode(run.stdout).strip()

    def write(self, path: str, content: str = "") -> Path:
        """A file in the folder."""
        target = self.folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(content)
        return target

    def commit(self, message: str = "work", **files: str) -> str:
        """Everything in the folder, after `files` (`a__py` is a.py) were written, as a commit."""
        for name, content in files.items():
            self.write(name.replace("__", "."), content)
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", message)
        return self.git("rev-parse", "HEAD")

    def start(self, **files: str) -> str:
        """A repository with a first commit."""
        self.git("init", "-q")
        return self.commit("first", **(files or {"a__py": "one\ntwo\nthree\n"}))

    async def open(self) -> Repository:
        """War Room on the folder."""
        return await Repository.open(self.folder, self.home)

    def listing(self) -> dict[str, str]:
        """Every file of the folder but git's, with its content."""
        return {
            str(path.relative_to(self.folder)): path.read_bytes().decode("latin-1")
            for path in self.folder.rglob("*")
            if ".git" not in path.relative_to(self.folder).parts and path.is_file()
        }


async def mission(repository: Repository, start: str, files: dict[str, str | None], label: str = "T1") -> Commit:
    """The commit of an agent that wrote `files` (None: deleted)."""
    return (await worked(repository, start, files, label))[1]


async def worked(
    repository: Repository, start: str, files: dict[str, str | None], label: str = "T1"
) -> tuple[Worktree, Commit]:
    """A worktree in which an agent wrote `files`, and its commit."""
    worktree = await repository.add_worktree(label, 1, start)
    for name, content in files.items():
        target = worktree.path / name
        if content is None:
            target.unlink()
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(content)
    commit = await repository.commit(worktree, "Do what was asked", {"task": label, "outcome": "proven"})
    assert commit is not None
    return worktree, commit
