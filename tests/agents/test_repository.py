"""Opening what a person has, pinning a base, clean checkouts, diffs."""

import asyncio
import os
from pathlib import Path

import pytest

from agents.workspace import FileChange, GitError, Repository, WorkspaceError
from agents.workspace.git import Git, environment, git
from tests.agents.person_folder import Person, mission


@pytest.fixture
def person(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Person:
    return Person.settle(tmp_path, monkeypatch)


async def test_the_base_is_head_and_says_what_agents_do_not_see(person: Person) -> None:
    head = person.start()
    base = await (await person.open()).base()
    assert (base.commit, base.branch, base.warnings) == (head, "main", ())
    person.write("a.py", "edited\n")
    person.write("new/\x1b[31mone\n two.py")
    person.write("new/three.py")
    [warning] = (await (await person.open()).base()).warnings
    assert warning.startswith("3 uncommitted files are not seen by agents: a.py, new/")
    assert "\x1b" not in warning
    assert "\n" not in warning


async def test_a_repository_without_a_commit_works_from_an_empty_tree(person: Person) -> None:
    person.git("init", "-q")
    person.write("draft.py")
    repository = await person.open()
    base = await repository.base()
    assert base.branch == "main"
    assert any("no commit yet" in warning for warning in base.warnings)
    assert any("1 uncommitted file is not seen" in warning for warning in base.warnings)
    assert base.commit == (await repository.base()).commit
    assert person.git("for-each-ref") == ""
    result = await mission(repository, base.commit, {"slug.py": "s\n"})
    assert result.files == ("slug.py",)
    await repository.apply_merge(await repository.merge_preview(result.commit, base.branch))
    assert person.git("rev-parse", "main") == result.commit
    assert person.listing() == {"draft.py": "", "slug.py": "s\n"}
    assert person.git("status", "--porcelain") == "?? draft.py"


async def test_a_first_commit_made_meanwhile_is_merged_with_work_begun_before_it(person: Person) -> None:
    person.git("init", "-q")
    repository = await person.open()
    base = await repository.base()
    result = await mission(repository, base.commit, {"slug.py": "s\n"})
    person.commit(mine__py="m\n")
    preview = await repository.merge_preview(result.commit, "main")
    assert preview.moved
    await repository.apply_merge(preview)
    assert person.listing() == {"mine.py": "m\n", "slug.py": "s\n"}


async def test_a_detached_head_works_and_accepting_moves_only_it(person: Person) -> None:
    head = person.start()
    person.git("checkout", "-q", "--detach")
    repository = await person.open()
    base = await repository.base()
    assert base.branch is None
    assert any("detached" in warning for warning in base.warnings)
    result = await mission(repository, base.commit, {"b.py": "b\n"})
    preview = await repository.merge_preview(result.commit, None)
    await repository.apply_merge(preview)
    assert person.git("rev-parse", "HEAD") == result.commit
    assert person.git("rev-parse", "main") == head
    assert (person.folder / "b.py").exists()
    person.git("checkout", "-q", "main")
    with pytest.raises(WorkspaceError, match="was detached when the task began and is now on branch main"):
        await repository.merge_preview(result.commit, None)


async def test_submodules_are_said_and_do_not_stand_in_the_way(person: Person, tmp_path: Path) -> None:
    library = Person(tmp_path / "library", person.home)
    library.start()
    person.start()
    person.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(library.folder), "lib")
    person.commit("with a submodule")
    repository = await person.open()
    base = await repository.base()
    assert [warning for warning in base.warnings if "submodules" in warning]
    result = await mission(repository, base.commit, {"b.py": "b\n"})
    assert result.files == ("b.py",)
    async with repository.checkout(result.commit) as folder:
        assert (folder / "lib").is_dir()
    await repository.apply_merge(await repository.merge_preview(result.commit, "main"))
    assert (person.folder / "lib" / "a.py").exists()


@pytest.mark.parametrize("name", ["with space", "-leading", "naïve-日本", "new\nline", "quote'\"$x"])
async def test_awkward_names_survive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    person = Person.settle(tmp_path, monkeypatch, folder=name)
    person.git("init", "-q")
    person.write(f"{name}/{name}.txt", "1\n")
    base = person.commit()
    repository = await person.open()
    assert repository.root == person.folder
    result = await mission(repository, base, {f"{name}/{name}.txt": "2\n", f"{name} 2": "n\n"})
    assert set(result.files) == {f"{name}/{name}.txt", f"{name} 2"}
    async with repository.checkout(result.commit) as folder:
        assert (folder / name / f"{name}.txt").read_text() == "2\n"
    await repository.apply_merge(await repository.merge_preview(result.commit, "main"))
    assert (person.folder / f"{name} 2").read_text() == "n\n"


async def test_a_folder_inside_a_repository_means_the_repository(person: Person) -> None:
    person.start()
    inner = person.folder / "deep" / "down"
    inner.mkdir(parents=True)
    repository = await Repository.open(inner, person.home)
    assert repository.root == person.folder
    assert not repository.shadow


async def test_a_linked_worktree_of_the_persons_works(person: Person, tmp_path: Path) -> None:
    base = person.start()
    side = Person(tmp_path / "side", person.home)
    person.git("worktree", "add", "-q", "-b", "side", "--force", str(side.folder))
    repository = await side.open()
    assert (await repository.base()).branch == "side"
    result = await mission(repository, base, {"b.py": "b\n"})
    await repository.apply_merge(await repository.merge_preview(result.commit, "side"))
    assert (side.folder / "b.py").exists()
    assert not (person.folder / "b.py").exists()
    assert person.git("rev-parse", "main") == base


async def test_bare_repositories_and_missing_folders_are_refused_clearly(person: Person, tmp_path: Path) -> None:
    person.git("init", "-q", "--bare")
    with pytest.raises(WorkspaceError, match=r"bare repository.*git clone"):
        await person.open()
    with pytest.raises(WorkspaceError, match="is not a folder"):
        await Repository.open(tmp_path / "nowhere", person.home)


async def test_inside_a_git_folder_is_refused(person: Person) -> None:
    person.start()
    with pytest.raises(WorkspaceError, match=r"inside a \.git folder"):
        await Repository.open(person.folder / ".git", person.home)


async def test_a_broken_repository_is_not_taken_for_a_plain_folder(person: Person) -> None:
    person.write(".git", "gitdir: /nowhere/at/all\n")
    with pytest.raises(WorkspaceError, match="cannot be read"):
        await person.open()
    assert not (person.home / "shadow").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder to another user")
async def test_a_repository_of_another_user_comes_with_the_fix(person: Person) -> None:
    person.start()
    os.chown(person.folder, 12345, 12345)
    os.chown(person.folder / ".git", 12345, 12345)
    with pytest.raises(WorkspaceError, match="git config --global --add safe.directory"):
        await person.open()


async def test_a_checkout_is_clean_and_gone_afterwards_also_when_cancelled(person: Person) -> None:
    head = person.start()
    person.write("a.py", "dirty\n")
    person.write("untracked.py")
    repository = await person.open()
    async with repository.checkout(head) as folder:
        assert sorted(os.listdir(folder)) == [".git", "a.py"]
        assert (folder / "a.py").read_text() == "one\ntwo\nthree\n"
        assert person.git("rev-parse", "--abbrev-ref", "HEAD", cwd=folder) == "HEAD"
    assert not folder.exists()

    inside = asyncio.Event()
    seen: list[Path] = []

    async def stay() -> None:
        async with repository.checkout(head) as path:
            seen.append(path)
            inside.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(stay())
    await inside.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not seen[0].exists()
    assert len(person.git("worktree", "list").splitlines()) == 1
    assert not list((person.home / "checkouts").rglob("*.lock"))


@pytest.mark.parametrize("moment", range(6))
async def test_cancelled_while_it_is_being_made_a_checkout_leaves_nothing(person: Person, moment: int) -> None:
    head = person.start()
    repository = await person.open()

    async def use() -> None:
        async with repository.checkout(head):
            await asyncio.Event().wait()

    task = asyncio.create_task(use())
    for _ in range(moment * 3):
        await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert len(person.git("worktree", "list").splitlines()) == 1
    assert not [path for path in (person.home / "checkouts").rglob("*") if path.is_file()]


async def test_what_a_killed_process_left_is_swept_and_what_is_in_use_is_not(person: Person) -> None:
    head = person.start()
    repository = await person.open()
    async with repository.checkout(head) as used:
        left = used.parent / "dead"
        person.git("worktree", "add", "-q", "--detach", "--lock", str(left), head)
        (used.parent / "dead.lock").touch()
        await person.open()
        assert (used / "a.py").exists()
        assert not left.exists()
        assert not (used.parent / "dead.lock").exists()
        assert len(person.git("worktree", "list").splitlines()) == 2


async def test_worktreeinclude_copies_ignored_files_and_nothing_that_leads_out(person: Person, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("s")
    head = person.start(
        a__py="1\n", __gitignore=".env\nlocal/\nout*\nhere\n", __worktreeinclude=".env\nlocal/\nout*\nhere\nplain.txt\n"
    )
    person.write(".env", "KEY=1")
    person.write("local/deep/settings.json", "{}")
    person.write("plain.txt", "not ignored")
    (person.folder / "out").symlink_to(secret)
    (person.folder / "out-dir").symlink_to(tmp_path)
    (person.folder / "here").symlink_to(".env")
    repository = await person.open()
    async with repository.checkout(head) as folder:
        assert (folder / ".env").read_text() == "KEY=1"
        assert (folder / "local/deep/settings.json").read_text() == "{}"
        assert os.readlink(folder / "here") == ".env"
        assert not any(os.path.lexists(folder / name) for name in ("plain.txt", "out", "out-dir"))
    worktree = await repository.add_worktree("T1", 1, head)
    assert (worktree.path / ".env").read_text() == "KEY=1"
    assert any("lead out of the folder: out" in warning for warning in worktree.warnings)
    # Even when the agent stops ignoring them, copies of the person's secrets are no work of its own.
    (worktree.path / ".gitignore").write_text("")
    commit = await repository.commit(worktree, "x", {})
    assert commit is not None
    assert commit.files == (".gitignore",)


async def test_an_included_file_is_not_written_through_a_link_in_the_commit(person: Person, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    person.start(__gitignore="conf/.env\n", __worktreeinclude="conf/.env\n")
    (person.folder / "conf").symlink_to(outside)
    trap = person.commit("a link")
    (person.folder / "conf").unlink()
    person.write("conf/.env", "KEY=1")
    repository = await person.open()
    async with repository.checkout(trap):
        assert not list(outside.iterdir())


async def test_changes_and_diff_of_two_commits(person: Person) -> None:
    base = person.start(a__py="1\n", b__py="1\n", c__py="long enough\nto be found\nagain\n")
    (person.folder / "b.py").unlink()
    (person.folder / "c.py").rename(person.folder / "d.py")
    person.write("a.py", "2\n")
    commit = person.commit("second")
    repository = await person.open()
    expected = {("M", "a.py"), ("D", "b.py"), ("D", "c.py"), ("A", "d.py")}
    assert set(await repository.changes(base, commit)) == {FileChange(*change) for change in expected}
    assert set(await repository.files_changed(base, commit)) == {"a.py", "b.py", "c.py", "d.py"}
    diff = await repository.diff(base, commit)
    assert "-1\n+2" in diff
    assert "rename from c.py" in diff
    with pytest.raises(WorkspaceError, match="not the hash"):
        await repository.diff("--output=/tmp/x", commit)


async def test_a_diff_runs_no_program_the_configuration_names(person: Person, tmp_path: Path) -> None:
    base = person.start(a__txt="1\n", __gitattributes="*.txt diff=trap\n")
    commit = person.commit(a__txt="2\n")
    for key in ("diff.external", "diff.trap.command", "diff.trap.textconv", "core.fsmonitor", "core.pager"):
        person.git("config", key, f"touch {tmp_path}/ran;")
    diff = await (await person.open()).diff(base, commit)
    assert "+2" in diff
    assert not (tmp_path / "ran").exists()


async def test_git_errors_carry_the_command_and_sanitized_words(person: Person) -> None:
    person.start()
    with pytest.raises(GitError) as caught:
        await git("checkout", "no\x1b[31mpe", cwd=person.folder)
    assert caught.value.exit_code == 1
    assert caught.value.command[0] == "checkout"
    assert "did not match" in str(caught.value)
    assert "\x1b" not in str(caught.value) + caught.value.stderr


async def test_the_surrounding_environment_cannot_redirect_git(
    person: Person, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    head = person.start()
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_COMMON_DIR"):
        monkeypatch.setenv(name, str(tmp_path / "elsewhere"))
    monkeypatch.setenv("GIT_EXTERNAL_DIFF", "false")
    assert (await (await person.open()).base()).commit == head
    assert environment()["GIT_CONFIG_NOSYSTEM"] == "1"


async def test_cancelling_kills_git_and_what_it_started(person: Person, tmp_path: Path) -> None:
    person.start()
    started = tmp_path / "started"
    os.mkfifo(started)
    alias = f"alias.wait=!trap '' TERM; exec 3> '{started}'; echo here >&3; while :; do sleep 1; done"
    task = asyncio.create_task(Git(person.folder)("-c", alias, "wait"))
    with await asyncio.to_thread(started.open) as pipe:
        assert await asyncio.to_thread(pipe.readline) == "here\n"
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asyncio.wait_for(task, 5)
        # The pipe ends when the last process that holds it is dead.
        assert await asyncio.wait_for(asyncio.to_thread(pipe.read), 5) == ""


async def test_without_git_the_message_says_so(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(person.folder))
    with pytest.raises(WorkspaceError, match="git is not installed"):
        await person.open()


async def test_war_rooms_home_inside_the_repository_does_not_count_as_uncommitted(person: Person) -> None:
    head = person.start()
    repository = await Repository.open(person.folder, person.folder / "state")
    await repository.add_worktree("T1", 1, head)
    person.write("state/db.sqlite")
    assert (await repository.base()).warnings == ()
