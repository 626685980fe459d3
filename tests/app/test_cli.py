"""The command line by CONTRACT: real commands in real processes, on a real repository, with a served model."""

import asyncio
import os
import pty
import signal
from pathlib import Path

import pytest

from app.cli import run
from app.commands import board as board_command
from tests.agents.conftest import BAD_SLUG, GOOD_SLUG, SLUG_CHECK, SLUG_TASK, run_git
from tests.app.command_line import CommandLine, ended
from tests.fakes.anthropic_server import AnthropicServer
from tests.fakes.ollama_server import FakeOllama, Stall, text

PROVEN = ("run", *SLUG_TASK.split(), "--check", SLUG_CHECK)


def fenced(code: str, name: str = "slug.py") -> str:
    return f"{name}\n```python\n{code}```\n"


@pytest.fixture
def shell(tmp_path: Path) -> CommandLine:
    return CommandLine(tmp_path)


async def test_a_task_from_run_to_accept_as_programs_read_it(shell: CommandLine) -> None:
    async with FakeOllama() as ollama:
        shell.environ["OLLAMA_HOST"] = ollama.url
        ollama.reply(text(fenced(GOOD_SLUG)))
        done = await shell(*PROVEN, "--json")
    assert done.code == 0, done.err
    events = done.rows()
    assert all({"seq", "at", "type"} <= set(event) for event in events)
    assert [event["seq"] for event in events] == sorted({event["seq"] for event in events})
    assert events[0]["type"] == "task.posted"
    assert not {"model.delta", "tool.output"} & {event["type"] for event in events}
    last = events[-1]
    assert (last["type"], last["task"], last["outcome"], last["status"]) == ("task.finished", 1, "proven", "review")
    assert last["check"] == {"command": SLUG_CHECK, "exit_code": 0, "base_exit_code": 1}
    assert (last["files"], last["cost_usd"], last["tier"], last["model"]) == (["slug.py"], 0.0, "local", "m:1b")
    assert set(last["tokens"]) == {"input", "output", "cache_read", "cache_write"}

    (row,) = (await shell.here("board", "--json")).rows()
    shown = {key: row[key] for key in ("task", "title", "status", "outcome", "tier", "complexity", "cost_usd")}
    assert (shown["task"], shown["status"], shown["outcome"], shown["tier"]) == (1, "review", "proven", "local")
    assert shown["cost_usd"] == 0.0

    diff = await shell.here("diff", "T1")
    assert "+def slugify(text):" in diff.out
    assert not (shell.folder / "slug.py").exists()

    accepted = await shell("accept", "1")
    assert accepted.code == 0
    assert f"T1 merged onto main: {run_git(shell.folder, 'rev-parse', 'main')}" in accepted.out
    assert (shell.folder / "slug.py").read_text() == GOOD_SLUG
    again = await shell.here("accept", "t1")
    assert (again.code, again.out) == (2, "")
    assert "T1 is done" in again.err


async def test_a_task_as_a_person_reads_it(shell: CommandLine) -> None:
    async with FakeOllama() as ollama:
        shell.environ["OLLAMA_HOST"] = ollama.url
        ollama.reply(text(fenced(GOOD_SLUG)))
        done = await shell(*PROVEN, "--accept")
    assert done.code == 0, done.err
    assert done.out.startswith("T1 proven, done")
    assert "exit 1 → exit 0" in done.out
    assert "onto main" in done.out
    assert "check on the base: exit 1" in done.err
    assert (shell.folder / "slug.py").read_text() == GOOD_SLUG
    shown = await shell.here("show", "T1")
    assert shown.code == 0
    for part in ("T1 Create slug.py", "Plan", "1. local m:1b direct once", "Missions", "T1.1", "Check on the result"):
        assert part in shown.out
    (row,) = (await shell.here("show", "1", "--json")).rows()
    assert (row["task"], row["status"], row["missions"][0]["outcome"]) == (1, "done", "proven")
    board = await shell.here("board")
    assert "T1" in board.out
    assert "proven, done" in board.out


async def test_what_is_refused_shows_no_result_and_says_why(shell: CommandLine, tmp_path: Path) -> None:
    async with FakeOllama() as ollama:
        shell.environ["OLLAMA_HOST"] = ollama.url
        ollama.reply(text(fenced(GOOD_SLUG)))
        first = await shell(*PROVEN, "--accept")
        assert (first.code, "1 mission  1 step " in first.out) == (0, True)
        retried = await shell("retry", "T1", "--comment", "again")
    assert (retried.code, retried.out) == (2, "")
    assert retried.err == "warroom: T1 is accepted already: post a new task\n"
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    diff = await shell.here("diff", "T1", "--repo", str(elsewhere))
    assert (diff.code, diff.out) == (2, "")
    assert f"run this in {shell.folder}" in diff.err


async def test_a_result_taken_off_the_board_is_told_where_it_stays(shell: CommandLine) -> None:
    async with FakeOllama() as ollama:
        shell.environ["OLLAMA_HOST"] = ollama.url
        ollama.reply(text(fenced(GOOD_SLUG)))
        assert (await shell(*PROVEN)).code == 0
        cancelled = await shell.here("cancel", "T1")
    assert (cancelled.code, cancelled.out) == (0, "T1 cancelled\n")
    assert "stays on warroom/T1-1; `warroom reject T1` removes it" in cancelled.err
    assert "warroom/T1-1" in run_git(shell.folder, "branch", "--list")


async def test_a_folder_without_git_gets_its_result(shell: CommandLine, tmp_path: Path) -> None:
    plain = tmp_path / "plain"
    plain.mkdir()
    async with FakeOllama() as ollama:
        shell.environ["OLLAMA_HOST"] = ollama.url
        ollama.reply(text(fenced(GOOD_SLUG)))
        assert (await shell(*PROVEN, "--repo", str(plain))).code == 0
        accepted = await shell("accept", "T1", "--repo", str(plain))
    assert accepted.code == 0, accepted.err
    assert accepted.out.startswith(f"T1 merged into {plain}: ")
    assert [path.name for path in plain.iterdir()] == ["slug.py"]


async def test_a_red_check_is_a_failure_and_a_rejected_result_is_gone(shell: CommandLine) -> None:
    async with FakeOllama() as ollama:
        shell.environ |= {"OLLAMA_HOST": ollama.url, "WARROOM_ROUTING__SAMPLES": "0"}
        ollama.answer = lambda body: text(fenced(BAD_SLUG))
        done = await shell(*PROVEN, "--tier", "local")
    assert done.code == 1
    assert "T1 failed" in done.out
    rejected = await shell.here("reject", "T1")
    assert rejected.code == 0
    assert run_git(shell.folder, "branch", "--list") == "* main"
    nothing = await shell.here("diff", "T1")
    assert (nothing.code, nothing.out) == (2, "")


async def test_no_server_and_no_model_are_problems_of_the_environment(shell: CommandLine) -> None:
    nobody = await shell(*PROVEN, "--json")
    assert nobody.code == 3
    last = nobody.rows()[-1]
    assert (last["type"], last["tier"], last["model"], last["missions"]) == ("task.finished", None, None, 0)
    assert "ollama serve" in last["reason"]
    async with FakeOllama() as ollama:
        shell.environ |= {"OLLAMA_HOST": ollama.url, "WARROOM_TIERS__LOCAL__MODEL": "other:7b"}
        missing = await shell(*PROVEN)
    assert missing.code == 3
    assert "ollama pull other:7b" in missing.out + missing.err
    rows = (await shell.here("board", "--json")).rows()
    assert [row["status"] for row in rows] == ["open", "open"]


async def test_a_budget_that_is_too_small_refuses_the_call(shell: CommandLine) -> None:
    async with AnthropicServer() as claude:
        shell.environ |= {"ANTHROPIC_BASE_URL": claude.url, "ANTHROPIC_API_KEY": "k-test"}
        done = await shell(*PROVEN, "--tier", "haiku", "--budget", "0.000001", "--json")
    assert done.code == 4, done.err
    assert claude.requests == []
    assert "budget.exhausted" in {event["type"] for event in done.rows()}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_an_interrupt_cancels_in_order(shell: CommandLine, number: signal.Signals) -> None:
    async with FakeOllama() as ollama:
        shell.environ["OLLAMA_HOST"] = ollama.url
        ollama.reply((Stall(),))
        process = await shell.start(*PROVEN, "--json")
        async with asyncio.timeout(40):
            await ollama.chatting()
            process.send_signal(number)
            done = await ended(process)
            await ollama.chats[0].disconnected.wait()
    assert done.code == 130
    assert done.rows()[-1]["outcome"] == "cancelled"
    (row,) = (await shell.here("board", "--json")).rows()
    assert (row["status"], row["outcome"]) == ("cancelled", "cancelled")
    assert run_git(shell.folder, "worktree", "list").count("\n") == 0


async def test_another_process_cancels(shell: CommandLine) -> None:
    async with FakeOllama() as ollama:
        shell.environ["OLLAMA_HOST"] = ollama.url
        ollama.reply((Stall(),))
        process = await shell.start(*PROVEN)
        async with asyncio.timeout(40):
            await ollama.chatting()
            cancelled = await shell("cancel", "T1")
            done = await ended(process)
    assert (cancelled.code, cancelled.out) == (0, "T1 cancelled\n")
    assert done.code == 130


async def test_a_reader_that_goes_away_stops_the_run_quietly(shell: CommandLine) -> None:
    async with FakeOllama() as ollama:
        shell.environ["OLLAMA_HOST"] = ollama.url
        ollama.reply(text("thinking"), text(fenced(GOOD_SLUG)))
        reading, writing = os.pipe()
        process = await shell.start(*PROVEN, "--json", stdout=writing)
        os.close(writing)
        os.close(reading)
        done = await ended(process)
    assert done.code == 130
    assert "Exception" not in done.err
    assert "Broken" not in done.err


async def test_foreign_text_is_raw_for_programs_and_safe_on_a_terminal(shell: CommandLine) -> None:
    code = GOOD_SLUG + "\n# \x1b]0;owned\x07 \x1b[31mred \u202eright to left\n"
    async with FakeOllama() as ollama:
        shell.environ["OLLAMA_HOST"] = ollama.url
        ollama.reply(text(fenced(code)))
        done = await shell("run", "Create slug.py \x1b[2J with slugify(text)", "--check", SLUG_CHECK)
    assert done.code == 0, done.err
    assert "\x1b" not in done.out + done.err
    controller, terminal = pty.openpty()
    process = await shell.start("diff", "T1", stdout=terminal)
    os.close(terminal)
    seen = bytearray()
    while piece := await asyncio.to_thread(_read, controller):
        seen += piece
    os.close(controller)
    assert (await ended(process)).code == 0
    assert b"owned" not in seen
    assert b"\x1b]" not in seen
    assert "\u202e".encode() not in seen
    assert b"\x1b[32m+def slugify(text):\x1b[0m" in seen


def _read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, 4096)
    except OSError:  # how Linux says that a terminal's other end is closed
        return b""


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["run"], "say what is to be done"),
        (["run", "-", "--check", "true"], "say what is to be done"),
        (["run", "x", "--check", " "], "--check is empty"),
        (["run", "x", "--budget", "nan"], "no amount of dollars"),
        (["run", "x", "--budget", "-1"], "no amount of dollars"),
        (["run", "x", "--timeout", "0"], "no duration"),
        (["run", "x", "--max-steps", "0"], "max-steps"),
        (["run", "x", "--repo", "/nowhere/at/all"], "does not exist"),
        (["run", "x", "--tir", "local"], "--tier"),
        (["show", "T0"], "write T12 or 12"),
        (["show", "x12"], "write T12 or 12"),
        (["accept"], "ID"),
        (["borad"], "Did you mean board?"),
    ],
)
def test_slips_of_the_pen_are_usage_errors(arguments: list[str], says: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(arguments) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert says in told.err


async def test_an_unknown_task_or_tier_is_a_usage_error(shell: CommandLine) -> None:
    for command in ("show", "diff", "accept", "reject", "cancel"):
        done = await shell.here(command, "T99")
        assert (done.code, done.out) == (2, "")
        assert "there is no task T99" in done.err
    done = await shell("run", "x", "--tier", "huge")
    assert done.code == 2
    assert "there is no tier 'huge'" in done.err


async def test_a_wrong_setting_stops_a_run_before_it_begins(shell: CommandLine) -> None:
    (shell.folder / "warroom.toml").write_text("[cooldown]\nrest = 3\n")
    done = await shell(*PROVEN, "--trust")
    assert (done.code, done.out) == (2, "")
    assert "warroom.toml, line 2: there is no setting cooldown.rest. Did you mean rest_s?" in done.err


def test_a_fault_of_ours_is_one_line_and_a_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(folder: Path) -> None:
        raise RuntimeError("the cat sat on \x1b[31mit")

    monkeypatch.setenv("WARROOM_HOME", str(tmp_path))
    monkeypatch.setattr(board_command, "notebook", broken)
    assert run(["board"]) == 1
    told = capsys.readouterr().err
    assert "an error in War Room itself: RuntimeError: the cat sat on it\n" in told
    assert "Traceback" not in told
    (log,) = (tmp_path / "logs").iterdir()
    assert str(log) in told
    assert "Traceback" in log.read_text()


async def test_the_demo_plays_without_a_terminal_and_needs_nothing(shell: CommandLine) -> None:
    done = await shell("demo", "--json", "--tasks", "1", "--speed", "200")
    assert done.code in {0, 1}
    finished = [event for event in done.rows() if event["type"] == "task.finished"]
    assert len(finished) == 1
    assert finished[0]["simulated"]
    assert "SIMULATION" in done.err
    assert not shell.home.exists()
