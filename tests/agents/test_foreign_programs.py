"""A folder that brings a git configuration of its own has git run nothing for us until it is trusted."""

from pathlib import Path

import pytest

from agents.headquarters import Headquarters
from agents.settings import Settings
from agents.workspace import ForeignPrograms, Repository, foreign_programs
from tests.agents.conftest import run_git

OWNED = "touch owned; cat"


@pytest.mark.parametrize(
    ("key", "value", "found"),
    [
        ("filter.evil.clean", OWNED, True),
        ("filter.evil.smudge", OWNED, True),
        ("filter.a.b.process", OWNED, True),
        ("merge.mine.driver", OWNED, True),
        ("gpg.program", OWNED, True),
        ("gpg.ssh.program", OWNED, True),
        ("core.askPass", OWNED, True),
        ("core.worktree", "/", True),
        ("core.sshCommand", OWNED, False),
        ("credential.helper", "store", False),
        ("remote.origin.uploadpack", OWNED, False),
        ("core.hooksPath", "hooks", False),
        ("core.fsmonitor", OWNED, False),
        ("core.editor", "vi", False),
        ("user.name", "Ann", False),
        ("filter.evil.required", "true", False),
    ],
)
async def test_what_git_would_run_is_found(repo: Path, key: str, value: str, found: bool) -> None:
    assert await foreign_programs(repo) == ()
    run_git(repo, "config", key, value)
    keys = await foreign_programs(repo)
    assert keys == ((key.lower(),) if found else ())


async def test_what_is_run_on_fetching_counts_where_objects_would_be_fetched(repo: Path) -> None:
    run_git(repo, "config", "core.sshCommand", OWNED)
    run_git(repo, "config", "remote.origin.promisor", "true")
    assert await foreign_programs(repo) == ("core.sshcommand",)


async def test_included_files_and_worktree_settings_are_looked_into(repo: Path) -> None:
    (repo / ".git" / "more").write_text(f'[filter "x"]\n\tclean = {OWNED}\n')
    run_git(repo, "config", "include.path", "more")
    assert await foreign_programs(repo) == ("include.path", "filter.x.clean")
    run_git(repo, "config", "extensions.worktreeConfig", "true")
    run_git(repo, "config", "--worktree", "merge.y.driver", OWNED)
    assert await foreign_programs(repo) == ("include.path", "filter.x.clean", "merge.y.driver")


@pytest.mark.parametrize("condition", ["gitdir:**/worktrees/**", "onbranch:warroom/**"])
async def test_what_holds_only_in_our_worktrees_or_on_our_branches_is_found_too(repo: Path, condition: str) -> None:
    (repo / ".git" / "later").write_text(f'[filter "x"]\n\tclean = {OWNED}\n')
    run_git(repo, "config", f"includeIf.{condition}.path", "later")
    assert await foreign_programs(repo) == (f"includeif.{condition}.path",)


async def test_the_persons_own_filters_do_not_count(
    repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "gitconfig").write_text('[filter "lfs"]\n\tclean = git-lfs clean -- %f\n')
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "gitconfig"))
    assert await foreign_programs(repo) == ()


async def test_nothing_of_it_runs_until_the_folder_is_trusted(repo: Path, home: Path) -> None:
    run_git(repo, "config", "filter.evil.clean", f"touch {repo.parent / 'owned'}; cat")
    (repo / ".gitattributes").write_text("* filter=evil\n")
    (repo / "README.md").write_text("# ship\n")  # as long as before: git has to look into it
    for folder in (repo, repo / ".git" / ".."):
        with pytest.raises(ForeignPrograms, match=r"filter\.evil\.clean.*warroom trust"):
            async with Headquarters(Settings(), home=home, folder=folder, trusted=False):
                pass
    assert not (repo.parent / "owned").exists()
    opened = await Repository.open(repo, home, trusted=True)
    await opened.base()
    assert (repo.parent / "owned").exists(), "it is this that is held back"


async def test_a_submodule_and_a_linked_worktree_are_no_other_folder(repo: Path, tmp_path: Path) -> None:
    run_git(repo, "worktree", "add", "--quiet", str(tmp_path / "linked"))
    assert await foreign_programs(tmp_path / "linked") == ()
    outer = tmp_path / "outer"
    outer.mkdir()
    run_git(outer, "init", "--quiet")
    run_git(outer, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(repo), "inner")
    assert run_git(outer / "inner", "config", "core.worktree")
    assert await foreign_programs(outer / "inner") == ()


async def test_a_plain_folder_has_none(tmp_path: Path) -> None:
    assert await foreign_programs(tmp_path) == ()
