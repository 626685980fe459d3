"""`skills` as a person's shell runs it: what is here, and which of it a task would get."""

from pathlib import Path

import pytest

from tests.agents.conftest import run_git
from tests.agents.test_conventions import shop
from tests.app.command_line import CommandLine


@pytest.fixture
def shell(tmp_path: Path) -> CommandLine:
    found = CommandLine(tmp_path)
    shop(found.folder)
    run_git(found.folder, "add", "--all")
    return found


async def test_what_is_here_is_listed(shell: CommandLine) -> None:
    rows = (await shell.here("skills", "--json")).rows()
    assert [(row["path"], row["kind"], row["name"]) for row in rows] == [
        ("AGENTS.md", "guide", "AGENTS.md"),
        (".skills/scaffold/SKILL.md", "skill", "scaffold"),
        ("api/AGENTS.md", "guide", "api/AGENTS.md"),
    ]
    assert rows[1]["sections"] == ["Scaffold", "1. Model", "2. Service layer"]
    told = await shell.here("skills")
    assert "scaffold" in told.out
    assert "Use when: adding a new service" in told.err


async def test_a_task_is_told_which_it_would_get_and_why(shell: CommandLine) -> None:
    words = ("skills", "Write", "a", "service", "for", "orders")
    rows = {row["path"]: row for row in (await shell.here(*words, "--json")).rows()}
    scaffold = rows[".skills/scaffold/SKILL.md"]
    assert (scaffold["chosen"], scaffold["told"]) == (True, ["Scaffold", "2. Service layer"])
    assert scaffold["score"] > 0
    assert "servic" in scaffold["why"]
    assert rows["api/AGENTS.md"]["chosen"] is False
    told = await shell.here(*words)
    assert "told: Scaffold, 2. Service layer" in told.err
    paid = {row["path"]: row for row in (await shell.here(*words, "--tier", "sonnet", "--json")).rows()}
    assert len(paid["AGENTS.md"]["told"]) == 4


async def test_without_conventions_it_says_so(tmp_path: Path) -> None:
    done = await CommandLine(tmp_path).here("skills")
    assert (done.code, done.out) == (0, "")
    assert "No conventions here" in done.err


async def test_what_is_not_in_git_is_pointed_at(tmp_path: Path) -> None:
    shell = CommandLine(tmp_path)
    skill = shell.folder / ".claude" / "skills" / "deploy" / "SKILL.md"
    skill.parent.mkdir(parents=True)
    skill.write_text("---\nname: deploy\n---\n# Deploy\nPush.\n")
    (shell.folder / "CLAUDE.md").write_text("# Rules\nNo print.\n")
    (shell.folder / "notes.md").write_text("# Mine\n")
    done = await shell.here("skills", "--json")
    assert (done.code, done.out) == (0, "")
    assert "agents do not see it: .claude/skills/deploy/SKILL.md, CLAUDE.md. Commit" in done.err
    run_git(shell.folder, "add", "--all")
    done = await shell.here("skills")
    assert "deploy" in done.out
    assert "Not in git" not in done.err


async def test_a_tier_that_is_not_there_is_a_mistake(shell: CommandLine) -> None:
    assert (await shell.here("skills", "--tier", "gold")).code == 2
