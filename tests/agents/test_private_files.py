"""What War Room writes is the owner's alone, and what it starts gets none of its keys: looked at after real work."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from agents.private_files import private_folder, write_private
from agents.tools.git_output import git_output
from tests.agents.council_table import result, says, table, verdict
from tests.app.command_line import CommandLine

GITS = ("worktrees", "checkouts")
"""Folders in which git writes a repository's files, with modes of its own: closed by the folder around them."""


@pytest.fixture
def open_umask() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


def open_to_others(home: Path) -> list[str]:
    """Whatever below `home`, and itself, that others could read, write or search."""
    found = []
    for folder, folders, files in os.walk(home):
        if Path(folder).name in GITS:
            folders.clear()
        for name in (".", *files):
            path = Path(folder, name)
            mode = stat.S_IMODE(path.lstat().st_mode)
            if mode & 0o077 and not path.is_symlink():
                found.append(f"{path} {mode:o}")
    return found


@pytest.mark.usefixtures("open_umask")
async def test_a_home_is_the_owners_alone_whatever_the_umask(
    repo: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "test")
    async with table(repo, home, says(verdict())) as (hq, _, _):
        task = await result(hq)
        await hq.review(task.id)
        assert {"warroom.db", "warroom.db-wal", "warroom.db-shm", "logs"} <= {path.name for path in home.iterdir()}
        assert open_to_others(home) == []
    assert any((home / "logs").rglob("check-*.log"))
    assert open_to_others(home) == []


@pytest.mark.usefixtures("open_umask")
async def test_exports_are_the_owners_alone(tmp_path: Path) -> None:
    line = CommandLine(tmp_path)
    for name in ("events", "training", "costs"):
        done = await line.here("export", str(tmp_path / name), "--what", name)
        assert done.code == 0, done.err
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600
    assert open_to_others(line.home) == []


@pytest.mark.usefixtures("open_umask")
def test_private_folders_and_files(tmp_path: Path) -> None:
    deep = private_folder(tmp_path / "a" / "b" / "c")
    assert [stat.S_IMODE(path.stat().st_mode) for path in (deep, deep.parent, deep.parent.parent)] == [0o700] * 3
    wide = tmp_path / "wide"
    wide.mkdir(mode=0o777)
    assert stat.S_IMODE(private_folder(wide).stat().st_mode) == 0o700
    note = wide / "note"
    note.write_text("old")
    assert stat.S_IMODE(note.stat().st_mode) == 0o666
    write_private(note, "new ")
    write_private(note, "more \ud800", append=True)
    assert stat.S_IMODE(note.stat().st_mode) == 0o600
    assert note.read_text() == "new more \\ud800"
    (wide / "link").symlink_to(note)
    with pytest.raises(OSError, match="symbolic"):
        write_private(wide / "link", "over it")
    with pytest.raises(OSError, match=r"directory|exists"):
        private_folder(note)


async def test_no_child_gets_anthropics_keys(
    repo: Path, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every git of a whole mission, of reading tools and of doctor's, as a real child that writes down what it got."""
    keys = {"ANTHROPIC_API_KEY": "test", "ANTHROPIC_AUTH_TOKEN": "planted-77", "ANTHROPIC_CUSTOM_HEADERS": "planted-78"}
    folder = tmp_path / "bin"
    folder.mkdir()
    (tmp_path / "line").mkdir()
    line = CommandLine(tmp_path / "line", **keys)
    git = next(path for one in os.environ["PATH"].split(":") if (path := Path(one, "git")).exists())
    book = tmp_path / "children"
    (folder / "git").write_text(f'#!/bin/sh\nenv >>{book}\necho CHILD >>{book}\nexec {git} "$@"\n')
    (folder / "git").chmod(0o755)
    for name, value in {**keys, "PATH": f"{folder}:{os.environ['PATH']}"}.items():
        monkeypatch.setenv(name, value)
    async with table(repo, home) as (hq, _, _):
        await result(hq)
    before = book.read_text().count("CHILD")
    line.environ["PATH"] = os.environ["PATH"]
    assert (await line.here("doctor")).out
    await git_output(repo, ["ls-files"], cap=1000, env={})
    children = book.read_text()
    assert children.count("CHILD") > before > 10
    assert "ANTHROPIC" not in children
