"""The tools of `warroom mcp` through the official client: a task from its posting to its diff, and what is refused."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from command_line import CommandLine
from mcp import Client
from mcp_side import answer, in_process, solved, take_environment, words

from tests.agents.conftest import GOOD_SLUG, SLUG_CHECK, SLUG_TASK, run_git
from tests.agents.orchestra import planned, verdict, writes
from tests.fakes.anthropic_server import AnthropicServer
from tests.fakes.ollama_server import FakeOllama

TOOLS = ["dispatch", "board", "show", "diff", "accept", "reject", "cancel", "route", "costs"]


@pytest.fixture
async def server() -> AsyncIterator[FakeOllama]:
    """A model that solves the task."""
    async with FakeOllama("m:1b") as server:
        server.answer = solved
        yield server


@pytest.fixture
def shell(tmp_path: Path, server: FakeOllama, monkeypatch: pytest.MonkeyPatch) -> CommandLine:
    """A repository, a home, and this process in their environment."""
    shell = CommandLine(tmp_path, OLLAMA_HOST=server.url, WARROOM_COOLDOWN__RESET_EVERY="0")
    take_environment(shell, monkeypatch)
    return shell


async def test_a_task_from_dispatch_to_diff(shell: CommandLine) -> None:
    told: list[tuple[float, str]] = []

    async def progress(number: float, total: float | None, message: str | None) -> None:
        told.append((number, message or ""))

    async with in_process(shell) as client:
        listed = (await client.list_tools()).tools
        assert [tool.name for tool in listed] == TOOLS
        assert all(tool.output_schema and tool.annotations and tool.description for tool in listed)
        done = answer(
            await client.call_tool("dispatch", {"task": SLUG_TASK, "check": SLUG_CHECK}, progress_callback=progress)
        )
        assert (done["task"], done["status"], done["outcome"]) == (1, "review", "proven")
        assert done["result"]["check"] == {"command": SLUG_CHECK, "exit_code": 0, "base_exit_code": 1}
        assert [number for number, _ in told] == [float(n) for n in range(1, len(told) + 1)]
        heard = " ".join(message for _, message in told)
        for expected in ("takes T1", "check on the base: exit 1", "check on the result: exit 0", "proven"):
            assert expected in heard
        await _looked_at(client)


async def _looked_at(client: Client) -> None:
    board = answer(await client.call_tool("board"))
    assert [(row["task"], row["status"]) for row in board["tasks"]] == [(1, "review")]
    shown = answer(await client.call_tool("show", {"task": "T1"}))
    assert shown["missions"][0]["outcome"] == "proven"
    first = answer(await client.call_tool("diff", {"task": 1, "limit": 200}))
    assert first["next_offset"] == 200 < first["total_chars"]
    rest = answer(await client.call_tool("diff", {"task": 1, "offset": 200}))
    assert rest["next_offset"] is None
    assert "+def slugify(text):" in first["diff"] + rest["diff"]
    assert answer(await client.call_tool("route", {"task": SLUG_TASK}))["plan"][0]["tier"] == "local"
    rows = answer(await client.call_tool("costs"))["rows"]
    assert {row["by"] for row in rows} == {"total", "tier", "model", "task", "day"}


async def test_accept_is_refused_unless_the_persons_own_file_allows_it(
    shell: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    allowed = "[mcp]\naccept = true\n"
    (shell.folder / "warroom.toml").write_text(allowed)
    monkeypatch.setenv("WARROOM_MCP__ACCEPT", "true")
    async with in_process(shell) as client:
        answer(await client.call_tool("dispatch", {"task": SLUG_TASK, "check": SLUG_CHECK}))
        refused = await client.call_tool("accept", {"task": 1})
        assert refused.is_error
        assert "warroom accept T1" in words(refused)
        assert "accept = true" in words(refused)
        (shell.folder / "warroom.toml").unlink()
        monkeypatch.delenv("WARROOM_MCP__ACCEPT")
        _own_config(shell, "[mcp\n")
        assert (await client.call_tool("accept", {"task": 1})).is_error
        _own_config(shell, allowed)
        assert "accept(task=1)" in answer(await client.call_tool("show", {"task": 1}))["next"]
        accepted = answer(await client.call_tool("accept", {"task": 1}))
        assert accepted["status"] == "done"
        assert "slug.py" in run_git(shell.folder, "ls-files")
        again = await client.call_tool("accept", {"task": 1})
        assert again.is_error


async def test_reject_cancel_and_a_task_that_is_not_waited_for(shell: CommandLine) -> None:
    async with in_process(shell) as client:
        posted = answer(await client.call_tool("dispatch", {"task": SLUG_TASK, "check": SLUG_CHECK, "wait": False}))
        assert posted["status"] == "queued"
        assert "show(task=1, wait_s=60)" in posted["next"]
        assert answer(await client.call_tool("show", {"task": 1, "wait_s": 20}))["status"] == "review"
        assert answer(await client.call_tool("reject", {"task": 1}))["status"] == "open"
        assert answer(await client.call_tool("cancel", {"task": 1}))["status"] == "cancelled"
        for name, given, expected in (
            ("cancel", {"task": 1}, "T1 is cancelled already"),
            ("diff", {"task": 1}, "T1 has no result to show"),
            ("show", {"task": 99}, "there is no task T99"),
            ("show", {"task": -1}, "task is -1"),
            ("dispatch", {"task": "   "}, "task is"),
            ("dispatch", {"task": "x", "tier": "nope"}, "there is no tier 'nope'"),
            ("dispatch", {"task": "x", "check": "a\x1b[31m"}, "control characters"),
            ("dispatch", {"task": "x", "depends_on": [99]}, "there is no task T99"),
            ("dispatch", {"task": "x", "budget_usd": -1}, "budget_usd is -1"),
            ("dispatch", {"text": "x"}, "there is no argument text"),
            ("route", {"task": "x", "tier": "nope"}, "there is no tier 'nope'"),
            ("costs", {"since": "some day"}, "no date"),
        ):
            refused = await client.call_tool(name, given)
            assert refused.is_error, name
            assert expected in words(refused)
        assert len(answer(await client.call_tool("board"))["tasks"]) == 1


async def test_a_caller_can_pin_a_task_to_a_work_order_and_has_its_bill(
    shell: CommandLine, server: FakeOllama, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.answer = lambda body: writes(GOOD_SLUG)
    async with AnthropicServer(*planned(verdict())) as claude:
        monkeypatch.setenv("ANTHROPIC_BASE_URL", claude.url)
        monkeypatch.setenv("ANTHROPIC_API_KEY", "test")
        async with in_process(shell) as client:
            asked = {"task": SLUG_TASK, "orchestrate": True}
            (arm,) = answer(await client.call_tool("route", asked))["plan"]
            assert (arm["variant"], arm["cost_usd"] > 0) == ("orchestrated", True)
            done = answer(await client.call_tool("dispatch", asked))
            assert (done["status"], done["outcome"]) == ("review", "verified")
            (bill,) = [row for row in answer(await client.call_tool("costs"))["rows"] if row["by"] == "orchestrated"]
            assert (bill["task"], set(bill["cloud"]), set(bill["local"])) == (1, {"plan", "check", "review"}, {"write"})


async def test_without_a_wall_nothing_of_an_untrusted_folder_is_run(
    shell: CommandLine, server: FakeOllama, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WARROOM_SANDBOX__KIND", "none")
    async with in_process(shell) as client:
        refused = await client.call_tool("dispatch", {"task": SLUG_TASK})
        assert refused.is_error
        assert "This folder is not trusted" in words(refused)
        assert "`warroom trust`" in words(refused)
        assert answer(await client.call_tool("board"))["tasks"] == []
    assert server.chats == []


async def test_two_requests_at_once(shell: CommandLine) -> None:
    async with in_process(shell) as client:
        calls = [client.call_tool("dispatch", {"task": SLUG_TASK, "check": SLUG_CHECK}), client.call_tool("board")]
        dispatched, board = await asyncio.gather(*calls)
        assert answer(dispatched)["outcome"] == "proven"
        assert len(answer(board)["tasks"]) <= 1


async def test_only_the_repositories_the_person_names(shell: CommandLine, tmp_path: Path) -> None:
    other = tmp_path / "other"
    run_git(tmp_path, "clone", "--quiet", str(shell.folder), str(other))
    async with in_process(shell) as client:
        refused = await client.call_tool("dispatch", {"task": SLUG_TASK, "check": SLUG_CHECK, "repo": str(other)})
        assert refused.is_error
        assert "repos under [mcp]" in words(refused)
        for wrong in ("other", str(tmp_path / "nowhere")):
            assert "absolute path" in words(await client.call_tool("board", {"repo": wrong}))
        _own_config(shell, f"[mcp]\nrepos = ['{other}']\n")
        given = {"task": SLUG_TASK, "check": SLUG_CHECK, "repo": str(other)}
        assert answer(await client.call_tool("dispatch", given))["repo"] == str(other)
        assert "slugify" in answer(await client.call_tool("diff", {"task": 1}))["diff"]
        assert answer(await client.call_tool("board"))["tasks"] == []
        _own_config(shell, "")
        assert (await client.call_tool("diff", {"task": 1})).is_error
        rows = answer(await client.call_tool("costs"))["rows"]
        assert [row["title"] for row in rows if row["by"] == "task"] == [""]


async def test_where_no_project_is_nothing_is_done(shell: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(shell.folder))
    async with in_process(shell) as client:
        refused = await client.call_tool("dispatch", {"task": SLUG_TASK})
        assert refused.is_error
        assert "--repo DIR" in words(refused)
    assert not shell.home.exists()


async def test_a_wrong_setting_is_told_and_mended_without_a_new_server(shell: CommandLine) -> None:
    _own_config(shell, "[budget]\ndaily_us = 3\n")
    async with in_process(shell) as client:
        refused = await client.call_tool("board")
        assert refused.is_error
        assert "line 2" in words(refused)
        assert "daily_usd" in words(refused)
        _own_config(shell, "")
        assert answer(await client.call_tool("board")) == {"tasks": [], "older": 0}


def _own_config(shell: CommandLine, text: str) -> None:
    file = Path(shell.environ["XDG_CONFIG_HOME"]) / "warroom" / "config.toml"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
