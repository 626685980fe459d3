"""The tools of `warroom mcp` through the official client: a task from its posting to its diff, and what is refused."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from command_line import CommandLine
from mcp import Client
from mcp_side import answer, in_process, solved, take_environment

from tests.agents.conftest import SLUG_CHECK, SLUG_TASK
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
        for expected in ("takes T1", "step 1", "check on the base: exit 1", "check on the result: exit 0", "proven"):
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
