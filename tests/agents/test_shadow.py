"""A plain folder: the same promises without a git repository of the person's."""

import os
import resource
from pathlib import Path

import pytest

from agents.workspace import MergeConflict, Repository, WorkspaceError
from tests.agents.person_folder import Person, mission


@pytest.fixture
def person(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Person:
    return Person.settle(tmp_path, monkeypatch)


async def test_a_plain_folder_works_from_base_to_accept(person: Person) -> None:
    person.write("a.py", "1\n")
    person.write("gone/old.py", "old\n")
    person.write("keep.py", "k\n").chmod(0o640)
    repository = await person.open()
    assert repository.shadow
    base = await repository.base()
    assert base.branch is None
    assert any("not a git repository" in warning for warning in base.warnings)
    assert (await repository.base()).commit == base.commit
    result = await mission(
        repository, base.commit, {"a.py": "2\n", "gone/old.py": None, "new/run.sh": "#!\n", "keep.py": "K"}
    )
    assert set(result.files) == {"a.py", "gone/old.py", "new/run.sh", "keep.py"}
    assert "+2" in await repository.diff(base.commit, result.commit)
    async with repository.checkout(result.commit) as folder:
        assert (folder / "a.py").read_text() == "2\n"
    preview = await repository.merge_preview(result.commit, None)
    assert (preview.commit, preview.moved) == (result.commit, False)
    assert person.listing()["a.py"] == "1\n"
    await repository.apply_merge(preview)
    assert person.listing() == {"a.py": "2\n", "new/run.sh": "#!\n", "keep.py": "K"}
    assert not (person.folder / "gone").exists()
    assert (person.folder / "keep.py").stat().st_mode & 0o777 == 0o640
    assert not [path for path in person.folder.rglob("*") if path.name.startswith((".git", ".warroom"))]
    assert (await repository.base()).commit == result.commit


async def test_an_empty_folder_works(person: Person) -> None:
    repository = await person.open()
    base = await repository.base()
    result = await mission(repository, base.commit, {"slug.py": "s\n"})
    await repository.apply_merge(await repository.merge_preview(result.commit, None))
    assert person.listing() == {"slug.py": "s\n"}


async def test_what_is_ignored_littered_huge_or_its_own_repository_is_not_seen(person: Person) -> None:
    person.write(".gitignore", "*.log\n")
    for name in (
        "a.py",
        "x.log",
        "__pycache__/a.pyc",
        "node_modules/p/i.js",
        ".venv/pyvenv.cfg",
        "env/pyvenv.cfg",
        "env/lib.py",
    ):
        person.write(name, "1\n")
    with person.write("huge.bin").open("wb") as file:
        file.truncate(20_000_001)
    inner = Person(person.folder / "inner", person.home)
    inner.start()
    repository = await person.open()
    base = await repository.base()
    async with repository.checkout(base.commit) as folder:
        assert sorted(os.listdir(folder)) == [".git", ".gitignore", "a.py"]
    assert any("larger than 20 MB: huge.bin" in warning for warning in base.warnings)
    assert any("inner/ is a git repository of its own" in warning for warning in base.warnings)


async def test_bytes_come_back_as_they_were_whatever_gitattributes_says(person: Person) -> None:
    person.write(".gitattributes", "* text eol=crlf ident filter=x working-tree-encoding=UTF-16\n")
    raw = b"$Id$\nmixed\r\n\xff\x00\n"
    (person.folder / "raw.bin").write_bytes(raw)
    person.git("config", "--global", "core.autocrlf", "true")
    repository = await person.open()
    base = await repository.base()
    async with repository.checkout(base.commit) as folder:
        assert (folder / "raw.bin").read_bytes() == raw
    result = await mission(repository, base.commit, {"lines.txt": "a\nb\r\n"})
    await repository.apply_merge(await repository.merge_preview(result.commit, None))
    assert (person.folder / "lines.txt").read_bytes() == b"a\nb\r\n"
    assert (person.folder / "raw.bin").read_bytes() == raw


async def test_edits_made_meanwhile_are_merged_or_conflict(person: Person) -> None:
    person.write("a.py", "1\n2\n3\n4\n5\n6\n7\n")
    repository = await person.open()
    base = await repository.base()
    result = await mission(repository, base.commit, {"a.py": "one\n2\n3\n4\n5\n6\n7\n", "b.py": "b\n"})
    person.write("a.py", "1\n2\n3\n4\n5\n6\nseven\n")
    preview = await repository.merge_preview(result.commit, None)
    assert preview.moved
    await repository.apply_merge(preview)
    assert person.listing() == {"a.py": "one\n2\n3\n4\n5\n6\nseven\n", "b.py": "b\n"}
    person.write("a.py", "mine\n")
    clash = await mission(repository, preview.commit, {"a.py": "agent\n"}, "T2")
    with pytest.raises(MergeConflict) as caught:
        await repository.merge_preview(clash.commit, None)
    assert caught.value.files == ("a.py",)
    assert person.listing()["a.py"] == "mine\n"


@pytest.mark.parametrize(
    "change", ["edited", "deleted", "appeared", "became a folder", "parent is a link", "now a link"]
)
async def test_a_file_touched_after_the_preview_is_named_and_nothing_is_written(
    person: Person, tmp_path: Path, change: str
) -> None:
    person.write("a.py", "1\n")
    person.write("sure.py", "1\n")
    repository = await person.open()
    base = await repository.base()
    result = await mission(repository, base.commit, {"a.py": "2\n", "sure.py": "2\n", "new/b.py": "b\n"})
    preview = await repository.merge_preview(result.commit, None)
    outside = tmp_path / "outside"
    outside.mkdir()
    named = "new/b.py" if change in {"appeared", "parent is a link"} else "a.py"
    if change == "edited":
        person.write("a.py", "mine\n")
    elif change == "appeared":
        person.write("new/b.py", "mine\n")
    elif change == "parent is a link":
        (person.folder / "new").symlink_to(outside)
    else:
        (person.folder / "a.py").unlink()
    if change == "became a folder":
        person.write("a.py/x", "mine\n")
    if change == "now a link":
        (person.folder / "a.py").symlink_to("sure.py")
    before = person.listing()
    with pytest.raises(WorkspaceError, match=f"Changed in your folder since: {named}. Nothing was written"):
        await repository.apply_merge(preview)
    assert person.listing() == before
    assert not list(outside.iterdir())


async def test_an_ignored_file_in_the_way_is_kept(person: Person) -> None:
    person.write(".gitignore", "*.local\n")
    person.write("mine.local", "mine\n")
    repository = await person.open()
    base = await repository.base()
    result = await mission(repository, base.commit, {".gitignore": "", "mine.local": "agent\n"})
    preview = await repository.merge_preview(result.commit, None)
    with pytest.raises(WorkspaceError, match=r"mine\.local"):
        await repository.apply_merge(preview)
    assert person.listing() == {".gitignore": "*.local\n", "mine.local": "mine\n"}


async def test_files_folders_and_links_change_places(person: Person) -> None:
    person.write("was_file", "f\n")
    person.write("was_folder/x", "x\n")
    person.write("was_folder/y", "y\n")
    (person.folder / "link").symlink_to("was_file")
    repository = await person.open()
    base = await repository.base()
    worktree = await repository.add_worktree("T1", 1, base.commit)
    for name in ("was_file", "was_folder/x", "was_folder/y", "link"):
        (worktree.path / name).unlink()
    (worktree.path / "was_folder").rmdir()
    (worktree.path / "was_folder").write_text("now a file\n")
    (worktree.path / "was_file").mkdir()
    (worktree.path / "was_file" / "z").write_text("z\n")
    (worktree.path / "link").symlink_to("was_folder")
    result = await repository.commit(worktree, "m", {})
    assert result is not None
    await repository.apply_merge(await repository.merge_preview(result.commit, None))
    assert os.readlink(person.folder / "link") == "was_folder"
    (person.folder / "link").unlink()
    assert person.listing() == {"was_folder": "now a file\n", "was_file/z": "z\n"}


async def test_a_write_that_fails_halfway_is_taken_back(person: Person) -> None:
    person.write("a.py", "1\n")
    person.write("gone/b.py", "b\n").chmod(0o755)
    repository = await person.open()
    base = await repository.base()
    files: dict[str, str | None] = {"a.py": "2\n", "gone/b.py": None, "new/big.txt": "b" * 300_000}
    result = await mission(repository, base.commit, files)
    preview = await repository.merge_preview(result.commit, None)
    before = person.listing()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))  # as a full disk: the third write fails
    try:
        with pytest.raises(WorkspaceError, match="cannot be written: File too large. Your folder is as it was"):
            await repository.apply_merge(preview)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert not (person.folder / "new").exists()
    assert person.listing() == before
    assert (person.folder / "gone/b.py").stat().st_mode & 0o777 == 0o755


async def test_war_rooms_home_inside_the_folder_is_no_part_of_it(person: Person) -> None:
    person.write("a.py", "1\n")
    home = person.folder / "state"
    repository = await Repository.open(person.folder, home)
    base = await repository.base()
    result = await mission(repository, base.commit, {"b.py": "b\n"})
    assert (await repository.base()).commit == base.commit
    await repository.apply_merge(await repository.merge_preview(result.commit, None))
    assert (person.folder / "b.py").exists()


async def test_two_processes_open_the_same_folder_for_the_first_time(person: Person) -> None:
    person.write("a.py", "1\n")
    first, second = await person.open(), await person.open()
    assert (await first.base()).commit == (await second.base()).commit


async def test_unsaved_work_and_removal_work_as_in_a_repository(person: Person) -> None:
    person.write("a.py", "1\n")
    repository = await person.open()
    base = await repository.base()
    worktree = await repository.add_worktree("T1", 1, base.commit)
    (worktree.path / "b.py").write_text("b")
    assert await repository.has_unsaved_work(worktree.path)
    await repository.remove(worktree.path, branch=worktree.branch, force=True)
    assert not worktree.path.exists()


async def test_worktreeinclude_works_in_a_plain_folder(person: Person) -> None:
    person.write(".gitignore", ".env\n")
    person.write(".worktreeinclude", ".env\n")
    person.write(".env", "KEY=1")
    repository = await person.open()
    async with repository.checkout((await repository.base()).commit) as folder:
        assert (folder / ".env").read_text() == "KEY=1"
