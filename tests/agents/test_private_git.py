"""git inside a wall: everything an agent does with it works, and nothing of the person's repository changes."""

import hashlib
import os
from pathlib import Path

import pytest

from agents.settings import Network, SandboxKind
from agents.tools.sandbox import choose_sandbox
from agents.tools.search import CodeSearch
from agents.tools.shell import ShellRun
from agents.tools.tool import ToolContext, ToolError, ToolOutcome
from agents.workspace import Repository, WorkspaceError, Worktree
from agents.workspace.administration import delete_folder
from agents.workspace.private_git import PrivateHead, object_stores, private_head
from tests.agents.conftest import run_git
from tests.fakes.sandboxes import WALLS


class Mission:
    """A worktree and a shell in it, as a mission has them."""

    def __init__(self, repository: Repository, worktree: Worktree, shell: ShellRun, logs: Path) -> None:
        self.repository, self.worktree, self._shell = repository, worktree, shell
        place = repository.place(worktree)
        self.context = ToolContext(root=worktree.path, logs=logs, on_output=lambda _: None, place=place)

    @classmethod
    async def begin(cls, kind: SandboxKind, repo: Path, home: Path) -> "Mission":
        repository = await Repository.open(repo, home)
        worktree = await repository.add_worktree("T1", 1, (await repository.base()).commit)
        sandbox = await choose_sandbox(kind, hidden=[home])
        shell = ShellRun(sandbox, timeout_s=30, cap=8_000, network=Network.NONE)
        return cls(repository, worktree, shell, home / "logs")

    async def sh(self, command: str) -> ToolOutcome:
        return await self._shell.run({"command": command}, self.context)

    async def ok(self, command: str) -> str:
        outcome = await self.sh(command)
        assert outcome.ok, outcome.content
        return outcome.content.partition("\n")[2]


@pytest.fixture(params=WALLS)
async def mission(request: pytest.FixtureRequest, repo: Path, home: Path) -> Mission:
    run_git(repo, "branch", "feature/one")
    run_git(repo, "tag", "-a", "v1", "-m", "one")
    return await Mission.begin(request.param, repo, home)


def state(folder: Path) -> dict[str, str]:
    """Every file below `folder`, by a hash of what is in it; what git refreshes when it only looks is left out."""
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            mode = path.lstat().st_mode
            found[str(path.relative_to(folder))] = f"{mode:o} {hashlib.sha256(path.read_bytes()).hexdigest()}"
    return found


AGENTS_OWN = [
    ("echo x > new.txt && git add new.txt && git status --short", "A  new.txt\n"),
    ("git commit -qm one && git log --format='%s by %an'", "one by War Room agent\nfirst by Ann\n"),
    ("echo y >> README.md && git stash -q && git status --short; git stash list | wc -l", "1\n"),
    ("git stash pop -q && git diff --stat | tail -1", " 1 file changed, 1 insertion(+)\n"),
    ("git checkout -q -- README.md && git checkout -q -b try && git branch --show-current", "try\n"),
    ("git checkout -q warroom/T1-1 && git branch -D -q try && git branch", "  feature/one\n  main\n* warroom/T1-1\n"),
    ("git tag && git rev-parse -q --verify v1^{commit} >/dev/null && git diff main --stat | wc -l", "v1\n2\n"),
    ("git reset -q --soft main && git reset -q && git status --short", "?? new.txt\n"),
    ("git config core.hooksPath evil && git config core.hooksPath", "evil\n"),
    ("git gc -q && git fsck --no-dangling && git log --format=%s", "first\n"),
]


async def test_an_agent_works_with_git_and_the_persons_repository_stays_as_it_is(mission: Mission, repo: Path) -> None:
    before = state(repo)
    for command, expected in AGENTS_OWN:
        shown = await mission.ok(command)
        assert shown.split() == expected.split(), command
    assert state(repo) == before
    assert (mission.worktree.path / ".git").read_text().startswith(f"gitdir: {repo}/.git/worktrees/")


async def test_what_an_agent_committed_is_in_the_missions_commit(mission: Mission, repo: Path) -> None:
    await mission.ok("echo 1 > a && git add a && git commit -qm a && echo 2 > b && git add b && echo 3 > c")
    commit = await mission.repository.commit(mission.worktree, "Work", {})
    assert commit is not None
    assert commit.files == ("a", "b", "c")
    assert run_git(repo, "log", "--format=%s", commit.commit).split("\n") == ["Work", "first"]
    assert await mission.ok("git log --format=%s && git status --short") == "Work\nfirst\n"


@pytest.mark.parametrize(
    "command",
    [
        "git checkout -q --orphan other && git commit -qm x && git checkout -q -b another",
        "git checkout -q elsewhere",
        "git checkout -q --detach elsewhere",
        "git reset -q --hard elsewhere",
    ],
)
async def test_a_worktree_on_another_history_is_noticed(mission: Mission, repo: Path, command: str) -> None:
    tree = run_git(repo, "write-tree")
    run_git(repo, "branch", "elsewhere", run_git(repo, "commit-tree", tree, "-m", "unrelated"))
    await mission.sh(command)
    if "elsewhere" in command:
        with pytest.raises(WorkspaceError, match="which its work did not start from"):
            await mission.repository.commit(mission.worktree, "Work", {})
    if "reset" not in command:
        with pytest.raises(ToolError, match="Go back first: git checkout warroom/T1-1"):
            await mission.sh("ls")
        await mission.ok("git checkout -q warroom/T1-1")
    await mission.sh("git reset -q --hard $(git log --format=%H -1 feature/one)")
    assert await mission.repository.commit(mission.worktree, "Work", {}) is None


@pytest.mark.parametrize(
    "command",
    [
        'rm -rf "$(git rev-parse --git-dir)"/*',
        'cd "$(git rev-parse --git-dir)" && rm HEAD && mkfifo HEAD',
        'cd "$(git rev-parse --git-dir)" && ln -sf /dev/zero HEAD',
        'cd "$(git rev-parse --git-dir)" && rm -r refs && ln -s / refs',
        'chmod -R 0 "$(git rev-parse --git-dir)"',
    ],
)
async def test_a_git_directory_an_agent_broke_is_made_anew(mission: Mission, command: str) -> None:
    await mission.ok("echo kept > kept")
    await mission.sh(command)
    if "refs" in command or "chmod" in command:
        await mission.repository.commit(mission.worktree, "Work", {})
    assert (await mission.ok("git log --format=%s && cat kept")).endswith("first\nkept\n")


async def test_missions_of_one_repository_do_not_see_each_others_git(mission: Mission, home: Path) -> None:
    other = await mission.repository.add_worktree("T2", 1, mission.worktree.start_commit)
    private = await mission.repository.place(other).private_git()
    assert "T2" not in await mission.ok("git branch -a; git worktree list")
    assert not (await mission.sh(f"ls {private.folder}")).ok
    await mission.repository.remove(mission.worktree.path, branch=mission.worktree.branch, force=True)
    left = {path.name for path in (home / "worktrees").glob("*/*")}
    assert left == {other.path.name, f"{other.path.name}.state"}


@pytest.mark.parametrize("kind", WALLS)
async def test_a_repository_that_borrows_objects_works(kind: SandboxKind, repo: Path, home: Path) -> None:
    borrower = repo.with_name("borrower")
    run_git(repo.parent, "clone", "--quiet", "--shared", str(repo), str(borrower))
    mission = await Mission.begin(kind, borrower, home)
    assert await mission.ok("git log --format=%s && git show HEAD:README.md && git fsck") == "first\n# shop\n"
    assert [store.parent.parent.name for store in object_stores(borrower / ".git")] == ["borrower", "shop"]


@pytest.mark.parametrize("kind", WALLS)
async def test_a_repository_of_sha256_works(kind: SandboxKind, tmp_path: Path, home: Path) -> None:
    repo = tmp_path / "long"
    run_git(tmp_path, "init", "--quiet", "--object-format=sha256", "long")
    (repo / "a").write_text("a\n")
    run_git(repo, "add", "--all")
    run_git(repo, "commit", "--quiet", "--message", "long")
    mission = await Mission.begin(kind, repo, home)
    assert await mission.ok("echo b > a && git commit -qam b && git log --format=%s") == "b\nlong\n"


@pytest.mark.parametrize("kind", WALLS)
async def test_a_plain_folder_works(kind: SandboxKind, tmp_path: Path, home: Path) -> None:
    folder = tmp_path / "plain"
    folder.mkdir()
    (folder / "a").write_text("a\n")
    mission = await Mission.begin(kind, folder, home)
    assert await mission.ok("echo b > a && git commit -qam b && git log --format=%s -1") == "b\n"
    assert sorted(os.listdir(folder)) == ["a"]


async def test_settings_that_run_programs_or_hold_addresses_are_not_copied(mission: Mission, repo: Path) -> None:
    settings = {
        "core.fsmonitor": "touch /tmp/x",
        "core.sshCommand": "x",
        "remote.origin.url": "https://me:secret@example.org/x",
        "filter.x.clean": "x",
        "core.autocrlf": "input",
        "core.eol": 'lf"\n[core] pager = x',
    }
    for name, value in settings.items():
        run_git(repo, "config", name, value)
    shown = await mission.ok("git config --list --local")
    assert "core.autocrlf=input" in shown
    assert not any(word in shown for word in ("fsmonitor", "ssh", "secret", "filter", "pager"))


@pytest.mark.parametrize(
    ("head", "packed", "expected"),
    [
        ("ref: refs/heads/a\n", "", PrivateHead("refs/heads/a", "")),
        ("ref: refs/heads/a\n", f"{'1' * 40} refs/heads/a\n", PrivateHead("refs/heads/a", "1" * 40)),
        ("ref: refs/heads/a\n", "garbage\n\n^x refs/heads/a", PrivateHead("refs/heads/a", "")),
        ("a" * 40, "", PrivateHead("", "a" * 40)),
        ("ref: refs/../../x", "", None),
        ("ref: /etc/passwd", "", None),
        ("x" * 5000, "", None),
        ("", "", None),
    ],
)
def test_a_head_is_read_as_text(tmp_path: Path, head: str, packed: str, expected: PrivateHead | None) -> None:
    (tmp_path / "HEAD").write_text(head)
    (tmp_path / "packed-refs").write_text(packed)
    assert private_head(tmp_path) == expected


async def test_a_git_planted_in_the_worktree_is_not_run(
    repo: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mission = await Mission.begin("none", repo, home)
    planted = mission.worktree.path / "git"
    planted.write_text(f"#!/bin/sh\ntouch {home}/ran\n")
    planted.chmod(0o755)
    monkeypatch.setenv("PATH", f".::{os.environ['PATH']}")
    await CodeSearch(1_000).run({"pattern": "shop"}, mission.context)
    assert await mission.repository.commit(mission.worktree, "Work", {}) is not None
    assert not (home / "ran").exists()


@pytest.mark.parametrize("place", [".gitignore", "deep/.gitattributes"])
async def test_a_pipe_in_place_of_a_file_of_gits_holds_nothing_up(repo: Path, home: Path, place: str) -> None:
    mission = await Mission.begin("none", repo, home)
    pipe = mission.worktree.path / place
    pipe.parent.mkdir(exist_ok=True)
    os.mkfifo(pipe)
    (pipe.parent / "work").write_text("x\n")
    commit = await mission.repository.commit(mission.worktree, "Work", {})
    assert commit is not None
    assert commit.files == (str((pipe.parent / "work").relative_to(mission.worktree.path)),)


async def test_a_tracked_file_that_became_a_pipe_counts_as_deleted(repo: Path, home: Path) -> None:
    mission = await Mission.begin("none", repo, home)
    (mission.worktree.path / "README.md").unlink()
    os.mkfifo(mission.worktree.path / "README.md")
    commit = await mission.repository.commit(mission.worktree, "Work", {})
    assert commit is not None
    assert [
        tuple(change) for change in await mission.repository.changes(mission.worktree.start_commit, commit.commit)
    ] == [("D", "README.md")]


def test_a_folder_without_bottom_and_without_rights_is_removed(tmp_path: Path) -> None:
    top = tmp_path / "top"
    top.mkdir()
    here = os.open(top, os.O_RDONLY)
    for _ in range(1_500):
        os.mkdir("folder-with-a-name", dir_fd=here)
        inner = os.open("folder-with-a-name", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = inner
    os.close(here)
    (top / "folder-with-a-name").chmod(0o500)
    delete_folder(top)
    assert not top.exists()
