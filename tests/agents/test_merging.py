"""From a result to the person's branch: nothing of theirs is ever overwritten, and it is all or nothing."""

import asyncio
import os
from pathlib import Path

import pytest

from agents.workspace import MergeConflict, MergePreview, Repository, WorkspaceError
from tests.agents.person_folder import Person, mission


@pytest.fixture
def person(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Person:
    return Person.settle(tmp_path, monkeypatch)


def state(person: Person) -> tuple[object, ...]:
    """All a person would miss: files, index, branch, HEAD, stash."""
    return (
        person.listing(),
        person.git("status", "--porcelain=v2", "--branch"),
        person.git("rev-parse", "HEAD", "--symbolic-full-name", "HEAD"),
        person.git("for-each-ref", "refs/heads/main", "refs/stash"),
    )


async def refused(person: Person, repository: Repository, preview: MergePreview, words: str) -> None:
    """Applying says `words` and changes nothing."""
    before = state(person)
    with pytest.raises(WorkspaceError, match=words):
        await repository.apply_merge(preview)
    assert state(person) == before


async def test_an_unmoved_branch_is_fast_forwarded_to_the_commit_itself(person: Person) -> None:
    base = person.start(a__py="1\n", gone__py="1\n")
    repository = await person.open()
    result = await mission(repository, base, {"a.py": "2\n", "gone.py": None, "new/b.py": "b\n"})
    preview = await repository.merge_preview(result.commit, "main")
    assert preview == MergePreview(result.commit, False, "main", base)
    assert person.git("rev-parse", "main") == base
    await repository.apply_merge(preview)
    assert person.git("rev-parse", "HEAD") == result.commit
    assert person.git("rev-parse", "--abbrev-ref", "HEAD") == "main"
    assert person.listing() == {"a.py": "2\n", "new/b.py": "b\n"}
    assert person.git("status", "--porcelain") == ""
    await repository.apply_merge(await repository.merge_preview(result.commit, "main"))


async def test_unrelated_uncommitted_work_stays(person: Person) -> None:
    base = person.start(a__py="1\n", mine__py="1\n", staged__py="1\n")
    repository = await person.open()
    result = await mission(repository, base, {"a.py": "2\n"})
    person.write("mine.py", "edited\n")
    person.write("staged.py", "staged\n")
    person.git("add", "staged.py")
    person.write("untracked.py", "u\n")
    status = person.git("status", "--porcelain")
    await repository.apply_merge(await repository.merge_preview(result.commit, "main"))
    assert person.git("status", "--porcelain") == status
    assert person.listing()["mine.py"] == "edited\n"
    assert person.listing()["a.py"] == "2\n"


@pytest.mark.parametrize("autostash", ["true", "false"])
async def test_uncommitted_work_in_the_way_is_named_and_kept(person: Person, autostash: str) -> None:
    base = person.start(a__py="1\n", other__py="1\n")
    person.git("config", "merge.autoStash", autostash)
    repository = await person.open()
    result = await mission(repository, base, {"a.py": "2\n", "other.py": "2\n"})
    preview = await repository.merge_preview(result.commit, "main")
    person.write("a.py", "mine\n")
    await refused(person, repository, preview, r"uncommitted work is in the way of the result: a\.py in")
    person.git("add", "a.py")
    await refused(person, repository, preview, "a.py")


async def test_an_untracked_file_in_the_way_is_named_and_kept(person: Person) -> None:
    base = person.start()
    repository = await person.open()
    result = await mission(repository, base, {"b.py": "agent\n"})
    preview = await repository.merge_preview(result.commit, "main")
    person.write("b.py", "mine\n")
    await refused(person, repository, preview, "in the way of the result: b.py")


async def test_an_ignored_file_in_the_way_is_kept_too(person: Person) -> None:
    base = person.start(__gitignore="*.local\n", a__py="1\n")
    repository = await person.open()
    result = await mission(repository, base, {".gitignore": "", "secrets.local": "agent\n", "a.py": "2\n"})
    preview = await repository.merge_preview(result.commit, "main")
    person.write("secrets.local", "mine\n")
    await refused(person, repository, preview, "secrets.local")


async def test_a_moved_branch_is_merged_privately_first(person: Person) -> None:
    base = person.start(a__py="1\n2\n3\n4\n5\n6\n7\n", b__py="1\n")
    repository = await person.open()
    result = await mission(repository, base, {"a.py": "one\n2\n3\n4\n5\n6\n7\n"})
    moved = person.commit(a__py="1\n2\n3\n4\n5\n6\nseven\n")
    before = state(person)
    preview = await repository.merge_preview(result.commit, "main")
    assert (preview.moved, preview.tip) == (True, moved)
    assert state(person) == before
    async with repository.checkout(preview.commit) as folder:
        assert (folder / "a.py").read_text() == "one\n2\n3\n4\n5\n6\nseven\n"
    await repository.apply_merge(preview)
    assert person.git("rev-parse", "main^1", "main^2").split() == [moved, result.commit]
    assert person.listing()["a.py"] == "one\n2\n3\n4\n5\n6\nseven\n"
    assert person.git("status", "--porcelain") == ""


async def test_a_conflict_names_its_files_and_leaves_nothing_behind(person: Person) -> None:
    base = person.start(a__py="1\n", b__py="1\n", same__py="1\n")
    repository = await person.open()
    result = await mission(repository, base, {"a.py": "agent\n", "b.py": None, "same.py": "agent\n"})
    person.commit(a__py="mine\n", b__py="mine\n")
    before = state(person)
    with pytest.raises(MergeConflict, match="conflicts with branch main in a.py, b.py") as caught:
        await repository.merge_preview(result.commit, "main")
    assert caught.value.files == ("a.py", "b.py")
    assert state(person) == before
    assert len(person.git("worktree", "list").splitlines()) == 2
    assert not [path for path in (person.home / "checkouts").rglob("*") if path.is_file()]
    assert not (person.folder / ".git" / "rr-cache").exists()


async def test_a_branch_that_moves_between_preview_and_apply(person: Person) -> None:
    base = person.start()
    repository = await person.open()
    result = await mission(repository, base, {"b.py": "b\n"})
    preview = await repository.merge_preview(result.commit, "main")
    person.commit(c__py="c\n")
    await refused(person, repository, preview, "Branch main has moved in this moment")
    await repository.apply_merge(await repository.merge_preview(result.commit, "main"))
    assert set(person.listing()) == {"a.py", "b.py", "c.py"}


async def test_a_branch_that_was_taken_back_is_not_moved_past_what_was_previewed(person: Person) -> None:
    person.start()
    base = person.commit(c__py="c\n")
    repository = await person.open()
    result = await mission(repository, base, {"b.py": "b\n"})
    preview = await repository.merge_preview(result.commit, "main")
    person.git("reset", "-q", "--hard", "HEAD~1")
    await refused(person, repository, preview, "has moved")


async def test_a_branch_checked_out_nowhere_is_moved_without_touching_files(person: Person) -> None:
    base = person.start()
    repository = await person.open()
    result = await mission(repository, base, {"b.py": "b\n"})
    person.git("checkout", "-q", "-b", "elsewhere")
    preview = await repository.merge_preview(result.commit, "main")
    await repository.apply_merge(preview)
    assert person.git("rev-parse", "main") == result.commit
    assert person.git("rev-parse", "elsewhere") == base
    assert set(person.listing()) == {"a.py"}


async def test_a_branch_checked_out_in_another_worktree_is_fast_forwarded_there(person: Person, tmp_path: Path) -> None:
    base = person.start()
    repository = await person.open()
    result = await mission(repository, base, {"b.py": "b\n"})
    person.git("checkout", "-q", "-b", "elsewhere")
    side = Person(tmp_path / "side\nby side", person.home)
    person.git("worktree", "add", "-q", "-f", str(side.folder), "main")
    preview = await repository.merge_preview(result.commit, "main")
    side.write("b.py", "mine\n")
    with pytest.raises(WorkspaceError, match=r"in the way of the result: b\.py in .*side by side"):
        await repository.apply_merge(preview)
    (side.folder / "b.py").unlink()
    await repository.apply_merge(preview)
    assert side.listing()["b.py"] == "b\n"
    assert side.git("status", "--porcelain") == ""
    assert set(person.listing()) == {"a.py"}


async def test_a_merge_in_progress_is_not_disturbed(person: Person) -> None:
    base = person.start(a__py="1\n", b__py="1\n")
    repository = await person.open()
    result = await mission(repository, base, {"b.py": "b\n"})
    person.git("checkout", "-q", "-b", "side")
    person.commit(a__py="side\n")
    person.git("checkout", "-q", "main")
    tip = person.commit(a__py="main\n")
    preview = await repository.merge_preview(result.commit, "main")
    person.git("merge", "side", check=False)
    await refused(person, repository, preview, "A merge is in progress")
    person.git("merge", "--abort")
    assert preview.tip == tip
    await repository.apply_merge(preview)


async def test_a_branch_in_the_middle_of_a_rebase_is_not_moved(person: Person) -> None:
    person.start(a__py="1\n", b__py="1\n")
    person.git("branch", "side")
    base = person.commit(a__py="main\n")
    repository = await person.open()
    result = await mission(repository, base, {"b.py": "b\n"})
    preview = await repository.merge_preview(result.commit, "main")
    person.git("checkout", "-q", "side")
    person.commit(a__py="side\n")
    person.git("checkout", "-q", "main")
    person.git("rebase", "side", check=False)
    await refused(person, repository, preview, "main is in the middle of a rebase")
    person.git("rebase", "--abort")
    await repository.apply_merge(preview)
    assert person.listing()["b.py"] == "b\n"


async def test_another_git_at_work_is_said(person: Person) -> None:
    base = person.start()
    repository = await person.open()
    result = await mission(repository, base, {"b.py": "b\n"})
    preview = await repository.merge_preview(result.commit, "main")
    (person.folder / ".git" / "index.lock").touch()
    await refused(person, repository, preview, "Another git command is at work")


async def test_a_branch_that_is_gone_is_said(person: Person) -> None:
    base = person.start()
    repository = await person.open()
    result = await mission(repository, base, {"b.py": "b\n"})
    person.git("branch", "-m", "main", "trunk")
    with pytest.raises(WorkspaceError, match="Branch main is gone"):
        await repository.merge_preview(result.commit, "main")


async def test_what_is_merged_already_stays_as_it_is(person: Person) -> None:
    base = person.start()
    repository = await person.open()
    result = await mission(repository, base, {"b.py": "b\n"})
    person.git("merge", "-q", result.commit)
    later = person.commit(c__py="c\n")
    preview = await repository.merge_preview(result.commit, "main")
    assert preview == MergePreview(later, False, "main", later)
    await repository.apply_merge(preview)
    assert person.git("rev-parse", "main") == later


async def test_options_in_the_persons_configuration_do_not_change_what_accept_does(person: Person) -> None:
    base = person.start()
    for key, value in {
        "merge.ff": "false", "branch.main.mergeOptions": "--squash --no-commit", "merge.conflictStyle": "diff3",
        "pull.rebase": "true", "core.hooksPath": "/nowhere", "merge.verifySignatures": "true",
    }.items():  # fmt: skip
        person.git("config", key, value)
    repository = await person.open()
    result = await mission(repository, base, {"b.py": "b\n"})
    await repository.apply_merge(await repository.merge_preview(result.commit, "main"))
    assert person.git("rev-parse", "main") == result.commit
    assert person.git("status", "--porcelain") == ""


async def test_cancelling_an_accept_does_not_leave_half_of_it(person: Person) -> None:
    base = person.start()
    repository = await person.open()
    result = await mission(repository, base, {f"many/{number}.py": f"{number}\n" for number in range(300)})
    preview = await repository.merge_preview(result.commit, "main")
    task = asyncio.create_task(repository.apply_merge(preview))
    await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert person.git("rev-parse", "main") == result.commit
    assert person.git("status", "--porcelain") == ""
    assert len(os.listdir(person.folder / "many")) == 300


async def test_two_results_are_accepted_one_after_the_other(person: Person) -> None:
    base = person.start()
    repository = await person.open()
    first = await mission(repository, base, {"b.py": "b\n"}, "T1")
    second = await mission(repository, base, {"c.py": "c\n"}, "T2")
    for result in (first, second):
        await repository.apply_merge(await repository.merge_preview(result.commit, "main"))
    assert set(person.listing()) == {"a.py", "b.py", "c.py"}


@pytest.mark.parametrize("how", ["untracked", "ignored", "staged"])
async def test_before_the_first_commit_a_file_in_the_way_is_kept_too(person: Person, how: str) -> None:
    person.git("init", "-q")
    repository = await person.open()
    base = await repository.base()
    result = await mission(repository, base.commit, {"slug.py": "agent\n", "b.py": "b\n"})
    person.write("slug.py", "mine\n")
    if how == "ignored":
        person.write(".gitignore", "slug.py\n")
    if how == "staged":
        person.git("add", "slug.py")
    preview = await repository.merge_preview(result.commit, "main")
    before = (person.listing(), person.git("status", "--porcelain"))
    with pytest.raises(WorkspaceError, match=r"slug\.py"):
        await repository.apply_merge(preview)
    assert (person.listing(), person.git("status", "--porcelain")) == before
    assert person.git("for-each-ref", "refs/heads/main") == ""
