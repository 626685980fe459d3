"""`warroom approvals` and `answer`, and what run does about an agent that asks: whole processes, a real store."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from command_line import CommandLine

from tests.agents.conftest import GOOD_SLUG, SLUG_CHECK, SLUG_TASK
from tests.fakes.ollama_server import FakeOllama, call, calls_apart

WARROOM = str(Path(sys.executable).parent / "warroom")
WRITE = calls_apart(call("file_write", {"path": "slug.py", "content": GOOD_SLUG}))
FINISH = calls_apart(call("finish", {"summary": "done"}))


@pytest.fixture
async def shell(tmp_path: Path) -> AsyncIterator[tuple[CommandLine, FakeOllama]]:
    """A trusted folder, no wall, and a model with a script."""
    async with FakeOllama("m:1b") as server:
        yield (
            CommandLine(
                tmp_path,
                OLLAMA_HOST=server.url,
                WARROOM_TIERS__LOCAL__MODEL="m:1b",
                WARROOM_TIERS__LOCAL__WAY="loop",
                WARROOM_COOLDOWN__REST_S="0",
                WARROOM_SANDBOX__KIND="none",
            ),
            server,
        )


async def warroom(shell: CommandLine, *arguments: str) -> tuple[int, str, str]:
    child = await asyncio.create_subprocess_exec(
        *(WARROOM, *arguments),
        cwd=shell.folder,
        env=shell.environ,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output, errors = await child.communicate()
    assert child.returncode is not None
    return child.returncode, output.decode(), errors.decode()


async def test_run_refuses_waits_and_remembers(shell: tuple[CommandLine, FakeOllama]) -> None:
    line, server = shell
    touch = calls_apart(call("shell_run", {"command": "git add -N ran.txt; touch ran.txt", "why": "to mark it"}))
    run = ("run", SLUG_TASK, "--check", SLUG_CHECK, "--tier", "local", "--trust")

    server.reply(WRITE, touch, FINISH)
    code, _, told = await warroom(line, *run)
    assert code == 0
    assert "✗ refused: git add -N ran.txt; touch ran.txt (no wall)" in told
    assert "--ask asks you" in told
    assert 'unwalled = "allow"' in told

    server.reply(WRITE, touch, FINISH)
    running = asyncio.create_task(warroom(line, *run, "--ask", "--json"))
    async with asyncio.timeout(60):
        rows: list[str] = []
        while not rows:
            _, output, _ = await warroom(line, "approvals", "--json")
            rows = output.splitlines()
    ask = json.loads(rows[0])
    assert (ask["ask"], ask["command"]) == (1, "git add -N ran.txt; touch ran.txt")
    assert (ask["crossings"], ask["reason"], ask["pattern"]) == (["no wall"], "to mark it", ask["command"])
    _, listed, hint = await warroom(line, "approvals")
    assert "git add -N ran.txt; touch ran.txt" in listed
    assert "because: to mark it" in listed
    assert "warroom answer A1 allow" in hint
    for number, word, said in (
        ("A9", "allow", "there is no ask A9"),
        ("x", "allow", "is no ask"),
        ("1", "yes", "deny"),
    ):
        code, _, told = await warroom(line, "answer", number, word)
        assert (code, said in told) == (2, True), told
    code, _, told = await warroom(line, "answer", "A1", "allow", "--remember")
    assert (code, "A1 allow:" in told) == (0, True), told
    code, output, _ = await running
    events = [json.loads(row) for row in output.splitlines()]
    assert code == 0
    answered = next(event for event in events if event["type"] == "approval.answered")
    assert (answered["answer"], answered["ask"], answered["remembered"]) == ("allow", 1, True)
    assert "ran.txt" in events[-1]["files"]
    code, _, told = await warroom(line, "answer", "A1", "deny")
    assert (code, "does not wait for an answer any more" in told) == (2, True)

    code, output, _ = await warroom(line, "approvals", "--remembered")
    assert "git add -N ran.txt; touch ran.txt [no wall]" in output
    server.reply(WRITE, touch, FINISH)
    code, _, told = await warroom(line, *run)
    assert (code, "refused" in told) == (0, False), told
    code, _, told = await warroom(line, "approvals", "--forget", "1")
    assert (code, "is asked about again" in told) == (0, True)
    code, _, told = await warroom(line, "approvals", "--forget", "1")
    assert (code, "nothing is remembered here as 1" in told) == (2, True)
