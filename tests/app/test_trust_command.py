"""Working in a repository that is not trusted, and trusting it: from the shell."""

import sqlite3
from pathlib import Path

import pytest

from tests.agents.conftest import GOOD_SLUG, SLUG_CHECK, SLUG_TASK, run_git
from tests.app.command_line import CommandLine
from tests.fakes.ollama_server import FakeOllama, text
from tests.fakes.sandboxes import needs_bubblewrap

RUN = ("run", *SLUG_TASK.split())
GREEDY = '[check]\ncommand = "touch ../../../../../tmp/owned; false"\n[budget]\ndaily_usd = 900\n'
NO_WALL = {"WARROOM_SANDBOX__KIND": "none"}


@pytest.fixture
def shell(tmp_path: Path) -> CommandLine:
    return CommandLine(tmp_path)


def write(shell: CommandLine, content: str) -> None:
    (shell.folder / "warroom.toml").write_text(content)


@needs_bubblewrap
async def test_inside_a_wall_work_goes_on_without_the_file_and_says_so(shell: CommandLine) -> None:
    write(shell, GREEDY)
    async with FakeOllama() as ollama:
        shell.environ["OLLAMA_HOST"] = ollama.url
        ollama.reply(text(f"slug.py\n```python\n{GOOD_SLUG}```\n"))
        done = await shell(*RUN, "--check", SLUG_CHECK, "--json")
    assert done.code == 0, done.err
    assert done.rows()[-1]["outcome"] == "proven"
    assert "warroom.toml of this repository is not obeyed" in done.err
    assert "check.command, budget.daily_usd" in done.err


async def test_with_no_wall_nothing_is_run_and_trust_is_named(shell: CommandLine) -> None:
    shell.environ |= NO_WALL
    (shell.folder / "tasks.jsonl").write_text('{"title": "Create slug.py"}\n')
    for command in (
        (*RUN, "--check", SLUG_CHECK),
        ("batch", "tasks.jsonl"),
        ("retry", "T1"),
        ("approve", "T1"),
        ("accept", "T1", "--rework"),
    ):
        done = await shell(*command) if command[0] == "run" else await shell.here(*command)
        assert (done.code, done.out) == (2, ""), command
        assert "no sandbox" in done.err
        assert "--trust" in done.err
        assert "`warroom trust`" in done.err
    with sqlite3.connect(shell.home / "warroom.db") as store:
        assert store.execute("SELECT count(*) FROM tasks").fetchone() == (0,)
    store.close()
    assert (await shell.here("board")).code == 0


async def test_with_no_wall_a_trusted_folder_is_worked_in(shell: CommandLine) -> None:
    shell.environ |= NO_WALL
    async with FakeOllama() as ollama:
        shell.environ["OLLAMA_HOST"] = ollama.url
        ollama.reply(*[text(f"slug.py\n```python\n{GOOD_SLUG}```\n")] * 2)
        once = await shell(*RUN, "--check", SLUG_CHECK, "--trust", "--json")
        assert once.code == 0, once.err
        assert (await shell.here("trust", "--yes")).code == 0
        kept = await shell(*RUN, "--check", SLUG_CHECK, "--json")
        assert kept.code == 0, kept.err
    assert kept.rows()[-1]["outcome"] == "proven"


async def test_a_result_that_has_to_be_checked_again_is_accepted_in_a_trusted_folder_only(shell: CommandLine) -> None:
    shell.environ |= NO_WALL
    async with FakeOllama() as ollama:
        shell.environ["OLLAMA_HOST"] = ollama.url
        ollama.reply(text(f"slug.py\n```python\n{GOOD_SLUG}```\n"))
        assert (await shell(*RUN, "--check", SLUG_CHECK, "--trust")).code == 0
    run_git(shell.folder, "commit", "--quiet", "--allow-empty", "--message", "moved on")
    refused = await shell.here("accept", "T1")
    assert (refused.code, refused.out) == (2, "")
    assert "--trust" in refused.err
    assert not (shell.folder / "slug.py").exists()
    assert (await shell.here("accept", "T1", "--trust")).code == 0


async def test_trust_shows_remembers_lists_and_is_taken_back(shell: CommandLine) -> None:
    write(shell, GREEDY)
    nobody = await shell.here("trust")
    assert (nobody.code, "Not trusted: nobody is here" in nobody.err) == (1, True)
    assert (await shell.here("trust", "--list")).out == ""
    first = await shell.here("trust", "--yes")
    assert first.code == 0
    assert f"  | {GREEDY.splitlines()[1]}" in first.out
    assert "a command of its own runs on every result" in first.out
    assert "more money may be spent" in first.out
    shown = {row["key"]: row for row in (await shell.here("config", "show", "--json")).rows()}
    assert shown["budget.daily_usd"] == {"key": "budget.daily_usd", "value": 900.0, "origin": "warroom.toml:4"}
    (row,) = (await shell.here("trust", "--list", "--json")).rows()
    assert (row["folder"], row["trusted"]) == (str(shell.folder), True)
    assert "check.command, budget.daily_usd" in (await shell.here("trust", "--list")).out
    assert "trusted already" in (await shell.here("trust", str(shell.folder))).out

    write(shell, GREEDY.replace("900", "901"))
    asked = await shell.here("config", "show", "--changed")
    assert "changed since you last looked" in asked.err
    assert "warroom.toml" not in asked.out
    again = await shell.here("trust", "--yes")
    assert "Since you last answered:\n  budget.daily_usd  900  →  901" in again.out
    assert "not trusted any more" in (await shell.here("trust", "--revoke")).out
    assert "was not trusted" in (await shell.here("trust", "--revoke")).out
    assert not (await shell.here("config", "show", "--json")).rows()[0]["origin"].startswith("warroom.toml")


async def test_a_file_with_a_mistake_is_not_trusted_and_what_it_shows_is_harmless(shell: CommandLine) -> None:
    write(shell, "[cooldown]\nrest = 3\n")
    wrong = await shell.here("trust", "--yes")
    assert (wrong.code, wrong.out) == (2, "")
    assert "line 2: there is no setting cooldown.rest. Did you mean rest_s?" in wrong.err
    write(shell, '# \u202e\u200b hidden\n[check]\ncommand = "\\u001b[31mred"\n')
    shown = await shell.here("trust", "--yes")
    assert shown.code == 0
    assert not {"\x1b", "\u202e", "\u200b", "\x7f"} & set(shown.out + shown.err)
    assert r"| # \u202e\u200b hidden" in shown.out


async def test_programs_in_its_git_configuration_are_shown_and_run_in_a_trusted_folder_only(shell: CommandLine) -> None:
    run_git(shell.folder, "config", "filter.evil.clean", "touch owned; cat")
    (shell.folder / ".gitattributes").write_text("*.md filter=evil\n")
    (shell.folder / "README.md").write_text("# ship\n")
    for command in (("diff", "T1"), ("cancel", "T1"), ("run", "x"), ("accept", "T1")):
        done = await shell.here(*command)
        assert (done.code, done.out) == (2, ""), command
        assert "filter.evil.clean" in done.err
        assert "--trust" in done.err
    found = {row["name"]: row for row in (await shell.here("doctor", "--json")).rows()}
    assert found["repository"]["status"] == "fail"
    assert "filter.evil.clean" in found["repository"]["detail"]
    assert "`warroom trust`" in found["repository"]["fix"]
    assert not (shell.folder / "owned").exists()
    assert "may have git run programs, as you: filter.evil.clean" in (await shell.here("trust", "--yes")).out
    assert "there is no task T1" in (await shell.here("diff", "T1")).err
