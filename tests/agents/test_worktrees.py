"""A mission's worktree: made, committed, tampered with, removed."""

import asyncio
import os
import shutil
import stat
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from agents.workspace import Repository, UnsavedWork, WorkspaceError
from agents.workspace.administration import delete_folder
from agents.workspace.commits import compose
from tests.agents.person_folder import Person, mission, worked


@pytest.fixture
def person(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Person:
    return Person.settle(tmp_path, monkeypatch)


async def test_a_worktree_has_its_own_branch_from_the_pinned_commit_and_is_locked(person: Person) -> None:
    first = person.start()
    person.commit(a__py="later\n")
    repository = await person.open()
    worktree = await repository.add_worktree("T12", 1, first)
    assert worktree.branch == "warroom/T12-1"
    assert worktree.path.name == "T12-1"
    assert worktree.path.is_relative_to(person.home / "worktrees")
    assert (worktree.path / "a.py").read_text() == "one\ntwo\nthree\n"
    assert "locked War Room: an agent works here" in person.git("worktree", "list", "--porcelain")
    assert person.git("rev-parse", "--abbrev-ref", "HEAD", cwd=worktree.path) == "warroom/T12-1"
    assert person.git("status", "--porcelain") == ""


async def test_taken_names_get_a_suffix(person: Person) -> None:
    head = person.start()
    person.git("branch", "warroom/T1-1")
    repository = await person.open()
    assert (await repository.add_worktree("T1", 1, head)).branch == "warroom/T1-1-2"
    assert (await repository.add_worktree("T1", 1, head)).branch == "warroom/T1-1-3"
    elsewhere = await Repository.open(person.folder, person.home / "other")
    assert (await elsewhere.add_worktree("T1", 1, head)).branch == "warroom/T1-1-4"


async def test_a_branch_named_warroom_is_no_obstacle(person: Person) -> None:
    head = person.start()
    person.git("branch", "warroom")
    repository = await person.open()
    worktree, _ = await worked(repository, head, {"b.py": "b\n"})
    assert worktree.branch == "warroom-T1-1"
    await repository.remove(worktree.path, branch=worktree.branch)
    assert person.git("branch", "--list", "warroom-*") == ""


async def test_another_gits_half_written_worktree_is_waited_for(person: Person) -> None:
    head = person.start()
    repository = await person.open()
    half = person.folder / ".git" / "worktrees" / "half"
    half.mkdir(parents=True)
    (half / "gitdir").write_text(f"{person.home / 'half' / '.git'}\n")
    (half / "commondir").touch()
    adding = asyncio.ensure_future(repository.add_worktree("T1", 1, head))
    asyncio.get_running_loop().call_later(0.2, (half / "commondir").write_text, "../..\n")
    assert (await adding).branch == "warroom/T1-1"


async def test_a_worktree_that_stays_half_written_is_an_error_and_leaves_nothing(person: Person) -> None:
    head = person.start()
    repository = await person.open()
    half = person.folder / ".git" / "worktrees" / "half"
    half.mkdir(parents=True)
    (half / "gitdir").write_text(f"{person.home / 'half' / '.git'}\n")
    (half / "commondir").touch()
    with pytest.raises(WorkspaceError, match="commondir"):
        await repository.add_worktree("T1", 1, head)
    assert person.git("branch", "--list", "warroom/*") == ""


async def test_many_worktrees_at_once(person: Person) -> None:
    head = person.start()
    repository, other = await person.open(), await person.open()
    made = await asyncio.gather(*(which.add_worktree("T1", 1, head) for which in (repository, other) * 3))
    assert len({worktree.branch for worktree in made}) == len({worktree.path for worktree in made}) == 6


@pytest.mark.parametrize(
    ("label", "commit"), [("../x", "a" * 40), ("--force", "a" * 40), ("T1", "--detach"), ("T1", "HEAD")]
)
async def test_labels_and_commits_are_not_options(person: Person, label: str, commit: str) -> None:
    person.start()
    with pytest.raises(WorkspaceError):
        await (await person.open()).add_worktree(label, 1, commit)


@pytest.mark.parametrize("moment", [0, 0.002, 0.005, 0.01, 0.015, 0.02])
async def test_cancelled_at_any_moment_a_worktree_is_there_whole_or_not_at_all(person: Person, moment: float) -> None:
    head = person.start()
    repository = await person.open()
    task = asyncio.create_task(repository.add_worktree("T1", 1, head))
    await asyncio.sleep(moment)
    task.cancel()
    try:
        worktree = await task
    except asyncio.CancelledError:
        assert person.git("branch", "--list", "warroom/*") == ""
        assert len(person.git("worktree", "list").splitlines()) == 1
        assert (await repository.add_worktree("T1", 1, head)).branch == "warroom/T1-1"
    else:
        assert await repository.commit(worktree, "m", {}) is None


async def test_adding_a_worktree_is_quick(person: Person) -> None:
    head = person.start()
    repository = await person.open()
    took = []
    for number in range(5):
        began = time.perf_counter()
        await repository.add_worktree("T1", number, head)
        took.append(time.perf_counter() - began)
    assert min(took) < 0.1


async def test_everything_an_agent_did_is_in_the_commit_and_litter_is_not(person: Person) -> None:
    base = person.start(a__py="1\n", gone__py="1\n", kind__py="1\n", __gitignore="*.log\n")
    repository = await person.open()
    worktree = await repository.add_worktree("T1", 1, base)
    root = worktree.path
    (root / "a.py").write_text("2\n")
    (root / "gone.py").unlink()
    (root / "kind.py").unlink()
    (root / "kind.py").mkdir()
    (root / "kind.py" / "inner").write_text("i")
    (root / "-new file\n.py").write_text("n")
    (root / "run.sh").write_text("#!/bin/sh\n")
    (root / "run.sh").chmod(0o755)
    (root / "link").symlink_to("a.py")
    litter = ("__pycache__/a.pyc", "x.pyc", "node_modules/left/pad.js", ".pytest_cache/v", ".DS_Store", "out.log")
    caches = ("target/CACHEDIR.TAG", "target/debug/app", "env/pyvenv.cfg", "env/bin/python")
    for name in (*litter, *caches):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("x")
    commit = await repository.commit(worktree, "Work", {"task": "T1"})
    assert commit is not None
    expected = {"a.py", "gone.py", "kind.py", "kind.py/inner", "-new file\n.py", "run.sh", "link"}
    assert set(commit.files) == expected
    assert person.git("rev-parse", "warroom/T1-1") == commit.commit
    assert person.git("rev-parse", "warroom/T1-1~1") == base
    assert "100755" in person.git("ls-tree", commit.commit, "run.sh")
    assert "120000" in person.git("ls-tree", commit.commit, "link")
    exclude = person.folder / ".git" / "info" / "exclude"
    assert not exclude.exists() or "pycache" not in exclude.read_text()


async def test_the_persons_own_excludes_hold_and_tracked_litter_stays_tracked(person: Person, tmp_path: Path) -> None:
    (tmp_path / "ignore").write_text("*.mine\n")
    person.git("config", "--global", "core.excludesFile", str(tmp_path / "ignore"))
    person.git("init", "-q")
    person.write("node_modules/kept.js", "1\n")
    base = person.commit()
    repository = await person.open()
    files: dict[str, str | None] = {
        "x.mine": "m",
        "node_modules/kept.js": "2\n",
        "node_modules/new.js": "n",
        "b.py": "b",
    }
    assert set((await mission(repository, base, files)).files) == {"node_modules/kept.js", "b.py"}


async def test_nothing_changed_is_no_commit_and_unsaved_work_is_noticed(person: Person) -> None:
    base = person.start()
    repository = await person.open()
    worktree = await repository.add_worktree("T1", 1, base)
    assert not await repository.has_unsaved_work(worktree.path)
    (worktree.path / "__pycache__").mkdir()
    (worktree.path / "__pycache__" / "x.pyc").write_text("x")
    os.utime(worktree.path / "a.py")
    assert not await repository.has_unsaved_work(worktree.path)
    assert await repository.commit(worktree, "m", {}) is None
    (worktree.path / "a.py").write_text("one\ntwo\nTHREE\n")
    assert await repository.has_unsaved_work(worktree.path)
    assert await repository.commit(worktree, "m", {}) is not None
    assert not await repository.has_unsaved_work(worktree.path)


async def test_a_change_in_the_same_second_and_size_is_not_missed(person: Person) -> None:
    base = person.start(a__py="aaaa\n")
    repository = await person.open()
    worktree = await repository.add_worktree("T1", 1, base)
    for text in ("bbbb\n", "cccc\n", "dddd\n"):
        (worktree.path / "a.py").write_text(text)
        commit = await repository.commit(worktree, "m", {})
        assert commit is not None
        assert person.git("show", f"{commit.commit}:a.py") == text.strip()


async def test_a_second_commit_replaces_the_first_one_of_the_mission(person: Person) -> None:
    base = person.start()
    repository = await person.open()
    worktree, first = await worked(repository, base, {"b.py": "b\n"})
    (worktree.path / "c.py").write_text("c\n")
    second = await repository.commit(worktree, "m", {})
    assert second is not None
    assert set(second.files) == {"b.py", "c.py"}
    assert person.git("rev-list", f"{base}..warroom/T1-1") == second.commit != first.commit


async def test_message_and_trailers(person: Person) -> None:
    base = person.start()
    repository = await person.open()
    worktree = await repository.add_worktree("T12", 1, base)
    (worktree.path / "b.py").write_text("b\n")
    trailers = {
        "task": "T12",
        "War-Room-Cost": "$0.00",
        "model": "x\nWar-Room-Outcome: proven",
        "tier": "",
        "outcome": "failed",
    }
    commit = await repository.commit(worktree, "Slugs \x1b[31m\n\nWar-Room-Outcome: proven", trailers)
    assert commit is not None
    shown = person.git("log", "-1", "--format=%(trailers:only)", commit.commit)
    assert shown.splitlines() == [
        "War-Room-Task: T12",
        "War-Room-Cost: $0.00",
        "War-Room-Model: x War-Room-Outcome: proven",
        "War-Room-Outcome: failed",
    ]
    assert "\x1b" not in person.git("log", "-1", "--format=%B", commit.commit)
    assert compose("", {}) == "Work of an agent\n"


async def test_commits_carry_the_persons_name_or_a_neutral_one(person: Person) -> None:
    base = person.start()
    repository = await person.open()
    commit = await mission(repository, base, {"b.py": "b"})
    assert person.git("log", "-1", "--format=%an <%ae> %cn", commit.commit) == "War Room <warroom@localhost> War Room"
    person.git("config", "user.name", "Ann Ö")
    person.git("config", "user.email", "ann@example.org")
    commit = await mission(repository, base, {"b.py": "b"})
    assert person.git("log", "-1", "--format=%an <%ae> %cn", commit.commit) == "Ann Ö <ann@example.org> Ann Ö"


async def test_no_hook_runs_and_none_can_fail_us(person: Person, tmp_path: Path) -> None:
    base = person.start()
    for hook in (
        "pre-commit",
        "post-checkout",
        "commit-msg",
        "post-merge",
        "pre-merge-commit",
        "reference-transaction",
    ):
        path = person.folder / ".git" / "hooks" / hook
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"#!/bin/sh\ntouch {tmp_path}/ran-{hook}\nexit 1\n")
        path.chmod(0o755)
    person.git("config", "commit.gpgSign", "true")
    repository = await person.open()
    commit = await mission(repository, base, {"b.py": "b"})
    await repository.apply_merge(await repository.merge_preview(commit.commit, "main"))
    assert not list(tmp_path.glob("ran-*"))


async def test_a_nested_repository_is_left_out_and_said(person: Person) -> None:
    base = person.start()
    repository = await person.open()
    worktree = await repository.add_worktree("T1", 1, base)
    for nested in ("vendored", "fresh"):
        (worktree.path / nested).mkdir()
        (worktree.path / nested / "x.py").write_text("x")
        person.git("init", "-q", cwd=worktree.path / nested)
    person.git("add", "-A", cwd=worktree.path / "vendored")
    person.git("commit", "-qm", "x", cwd=worktree.path / "vendored")
    (worktree.path / "b.py").write_text("b")
    commit = await repository.commit(worktree, "m", {})
    assert commit is not None
    assert commit.files == ("b.py",)
    assert "fresh/, vendored/ are git repositories of their own" in commit.warnings[0]


async def test_what_the_agent_committed_itself_counts(person: Person) -> None:
    base = person.start()
    repository = await person.open()
    worktree = await repository.add_worktree("T1", 1, base)
    (worktree.path / "b.py").write_text("b\n")
    person.git("add", "-A", cwd=worktree.path)
    person.git("commit", "-qm", "mine", cwd=worktree.path)
    assert not await repository.has_unsaved_work(worktree.path)
    commit = await repository.commit(worktree, "m", {"task": "T1"})
    assert commit is not None
    assert commit.files == ("b.py",)
    assert person.git("rev-list", "--count", f"{base}..warroom/T1-1") == "1"
    assert person.git("status", "--porcelain", cwd=worktree.path) == ""


async def test_an_agent_on_another_branch_is_brought_back(person: Person) -> None:
    base = person.start()
    repository = await person.open()
    worktree = await repository.add_worktree("T1", 1, base)
    person.git("checkout", "-qb", "feature", cwd=worktree.path)
    (worktree.path / "b.py").write_text("b\n")
    person.git("add", "-A", cwd=worktree.path)
    person.git("commit", "-qm", "mine", cwd=worktree.path)
    commit = await repository.commit(worktree, "m", {})
    assert commit is not None
    assert commit.files == ("b.py",)
    assert person.git("rev-parse", "--abbrev-ref", "HEAD", cwd=worktree.path) == "warroom/T1-1"
    assert person.git("rev-parse", "main") == base


async def test_an_agent_that_left_its_start_fails_clearly_and_loses_nothing(person: Person) -> None:
    person.start()
    second = person.commit(b__py="b\n")
    repository = await person.open()
    worktree = await repository.add_worktree("T1", 1, second)
    person.git("checkout", "-q", "--detach", "HEAD~1", cwd=worktree.path)
    (worktree.path / "c.py").write_text("c\n")
    with pytest.raises(WorkspaceError, match="which its work did not start from"):
        await repository.commit(worktree, "m", {})
    assert await repository.has_unsaved_work(worktree.path)
    assert (worktree.path / "c.py").exists()


async def test_a_swapped_git_file_runs_nothing_and_is_put_right(person: Person, tmp_path: Path) -> None:
    base = person.start()
    repository = await person.open()
    worktree = await repository.add_worktree("T1", 1, base)
    right = (worktree.path / ".git").read_text()
    (worktree.path / ".git").unlink()
    person.git("init", "-q", cwd=worktree.path)
    person.git("config", "core.fsmonitor", f"touch {tmp_path}/ran", cwd=worktree.path)
    person.git("config", "filter.trap.clean", f"touch {tmp_path}/ran; cat", cwd=worktree.path)
    (worktree.path / ".gitattributes").write_text("* filter=trap\n")
    (worktree.path / "b.py").write_text("b\n")
    commit = await repository.commit(worktree, "m", {})
    assert commit is not None
    assert set(commit.files) == {".gitattributes", "b.py"}
    assert not (tmp_path / "ran").exists()
    assert (worktree.path / ".git").read_text() == right

    (worktree.path / ".git").unlink()
    (worktree.path / ".git").symlink_to(tmp_path)
    assert not await repository.has_unsaved_work(worktree.path)
    assert (worktree.path / ".git").read_text() == right
    assert not (worktree.path / ".git").is_symlink()


async def test_a_hostile_repository_in_a_submodules_place_runs_nothing(person: Person, tmp_path: Path) -> None:
    library = Person(tmp_path / "library", person.home)
    library.start()
    person.start()
    person.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(library.folder), "lib")
    base = person.commit("with a submodule")
    repository = await person.open()
    worktree = await repository.add_worktree("T1", 1, base)
    person.git("init", "-q", cwd=worktree.path / "lib")
    (worktree.path / "lib" / "x.py").write_text("x")
    person.git("add", "-A", cwd=worktree.path / "lib")
    person.git("commit", "-qm", "x", cwd=worktree.path / "lib")
    person.git("config", "core.fsmonitor", f"touch {tmp_path}/ran", cwd=worktree.path / "lib")
    (worktree.path / "b.py").write_text("b")
    commit = await repository.commit(worktree, "m", {})
    assert commit is not None
    assert commit.files == ("b.py",)
    assert not (tmp_path / "ran").exists()


async def test_locks_and_index_games_of_an_agent_do_not_matter(person: Person) -> None:
    base = person.start(a__py="1\n", b__py="1\n")
    repository = await person.open()
    worktree = await repository.add_worktree("T1", 1, base)
    person.git("update-index", "--assume-unchanged", "a.py", cwd=worktree.path)
    (worktree.path / "a.py").write_text("2\n")
    person.git("rm", "-q", "--cached", "b.py", cwd=worktree.path)
    Path(person.git("rev-parse", "--absolute-git-dir", cwd=worktree.path), "index.lock").touch()
    commit = await repository.commit(worktree, "m", {})
    assert commit is not None
    assert commit.files == ("a.py",)


async def test_a_worktree_git_forgot_or_that_is_gone_fails_clearly(person: Person) -> None:
    base = person.start()
    repository = await person.open()
    worktree = await repository.add_worktree("T1", 1, base)
    (worktree.path / "b.py").write_text("b")
    admin = Path(person.git("rev-parse", "--absolute-git-dir", cwd=worktree.path))
    shutil.rmtree(admin)
    with pytest.raises(WorkspaceError, match="does not know the worktree"):
        await repository.commit(worktree, "m", {})
    assert await repository.has_unsaved_work(worktree.path)
    await repository.remove(worktree.path, branch=worktree.branch, force=True)
    with pytest.raises(WorkspaceError, match="is gone"):
        await repository.commit(worktree, "m", {})
    assert not await repository.has_unsaved_work(worktree.path)


async def test_remove_takes_nothing_unsaved_unless_asked(person: Person) -> None:
    base = person.start()
    repository = await person.open()
    worktree, _ = await worked(repository, base, {"b.py": "b"})
    (worktree.path / "unsaved.py").write_text("u")
    with pytest.raises(UnsavedWork, match="Nothing was removed"):
        await repository.remove(worktree.path, branch=worktree.branch)
    assert (worktree.path / "unsaved.py").exists()
    assert person.git("branch", "--list", "warroom/*")
    locked = worktree.path / "modcache"
    locked.mkdir()
    (locked / "x").write_text("x")
    locked.chmod(stat.S_IRUSR | stat.S_IXUSR)
    await repository.remove(worktree.path, branch=worktree.branch, force=True)
    assert not worktree.path.exists()
    assert person.git("branch", "--list", "warroom/*") == ""
    assert len(person.git("worktree", "list").splitlines()) == 1
    await repository.remove(worktree.path, branch=worktree.branch)


async def test_remove_keeps_the_branch_unless_given_and_works_when_the_folder_is_gone(person: Person) -> None:
    base = person.start()
    repository = await person.open()
    worktree, commit = await worked(repository, base, {"b.py": "b"})
    shutil.rmtree(worktree.path)
    await repository.remove(worktree.path)
    assert person.git("rev-parse", "warroom/T1-1") == commit.commit
    assert len(person.git("worktree", "list").splitlines()) == 1


async def test_remove_touches_only_what_is_ours(person: Person, tmp_path: Path) -> None:
    base = person.start()
    repository = await person.open()
    worktree, _ = await worked(repository, base, {"b.py": "b"})
    for path in (person.folder, tmp_path, worktree.path / "..", worktree.path / ".." / ".."):
        with pytest.raises(WorkspaceError, match="not a worktree of War Room's"):
            await repository.remove(path, force=True)
    with pytest.raises(WorkspaceError, match="not one of War Room's"):
        await repository.remove(worktree.path, branch="main", force=True)
    await repository.remove(worktree.path)
    person.git("checkout", "-q", worktree.branch)
    with pytest.raises(WorkspaceError, match="is checked out in"):
        await repository.remove(worktree.path, branch=worktree.branch)


async def test_the_tree_is_known_while_the_agent_works_and_nothing_of_it_is_touched(person: Person) -> None:
    head = person.start(a__py="a\n", b__py="b\n")
    repository = await person.open()
    worktree = await repository.add_worktree("T1", 1, head)
    path = worktree.path

    def objects() -> int:
        return len(list((person.folder / ".git" / "objects").rglob("*")))

    index = Path(person.git("rev-parse", "--path-format=absolute", "--git-path", "index", cwd=path))
    before, held = index.read_bytes(), objects()
    seen = [await repository.tree(path)]
    assert seen == [await repository.tree_at(head)]

    def steps() -> Iterator[Callable[[], object]]:
        yield lambda: (path / "a.py").write_text("changed\n")
        yield lambda: (path / "new").mkdir() or (path / "new" / "c.py").write_text("c\n")
        yield lambda: (path / "b.py").unlink()
        yield lambda: (path / "new" / "c.py").chmod(0o755)
        yield lambda: (path / "link").symlink_to("a.py")
        yield lambda: (path / ".gitignore").write_text("*.log\n")

    for step in steps():
        step()
        seen.append(await repository.tree(path))
    assert len(set(seen)) == len(seen), "each of them was a change"
    (path / "out.log").write_text("ignored\n")
    (path / "a.py").write_text("changed\n")
    assert await repository.tree(path) == seen[-1], "what is ignored, and the same content again, is none"
    (path / "a.py").write_text("a\n")
    (path / "b.py").write_text("b\n")
    for name in ("new", "link", ".gitignore", "out.log"):
        delete_folder(path / name)
    assert await repository.tree(path) == seen[0]
    assert index.read_bytes() == before
    assert objects() == held
    assert person.git("status", "--porcelain", cwd=path) == ""
    await repository.remove(path, branch=worktree.branch)
    assert not list((person.home / "worktrees").rglob("*objects*"))


async def test_the_tree_is_known_whatever_the_agent_did_to_its_git(person: Person) -> None:
    head = person.start()
    repository = await person.open()
    path = (await repository.add_worktree("T1", 1, head)).path
    (path / ".git").unlink()
    person.git("init", "-q", cwd=path)
    (path / "a.py").write_text("changed\n")
    assert await repository.tree(path) != await repository.tree_at(head)
    assert (path / ".git").is_dir(), "it is put right when the mission ends, not in the midst of it"
    for left in (path.parent / f"{path.name}.state").glob("index.tree*"):
        left.write_bytes(b"broken")
    with pytest.raises(WorkspaceError):
        await repository.tree(path)
    assert await repository.tree(path) != await repository.tree_at(head), "a broken index is made anew"
    shutil.rmtree(path)
    with pytest.raises(WorkspaceError, match="is gone"):
        await repository.tree(path)


async def test_the_tree_in_a_folder_with_a_colon_and_a_quote(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    person = Person.settle(tmp_path, monkeypatch, folder='a:b "c\\d')
    head = person.start()
    repository = await person.open()
    path = (await repository.add_worktree("T1", 1, head)).path
    (path / "a.py").write_text("changed\n")
    assert await repository.tree(path) != await repository.tree_at(head)
