"""`warroom mcp` on its pipes: what is no message, clients that cancel, lose patience, vanish, or are several."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from command_line import CommandLine, ended
from mcp.shared.exceptions import MCPError
from mcp_side import answer, connected, in_process, over_pipes, solved, started, take_environment
from screen_pilot import so

from agents.clock import SystemClock
from agents.configuration import load_settings
from agents.headquarters import Headquarters
from agents.store import Store
from agents.tasks import Task, TaskStatus
from app.serving.wire import LONGEST
from tests.agents.conftest import GOOD_SLUG, SLUG_CHECK, SLUG_TASK
from tests.fakes.ollama_server import FakeOllama, Stall, chunk, text

SLUG = {"task": SLUG_TASK, "check": SLUG_CHECK}


@pytest.fixture
async def server() -> AsyncIterator[FakeOllama]:
    """A model that solves the task."""
    async with FakeOllama("m:1b") as server:
        server.answer = solved
        yield server


@pytest.fixture
def gate(server: FakeOllama) -> asyncio.Event:
    """The model goes on when this is set."""
    gate = asyncio.Event()
    server.answer = lambda body: (chunk("```python\n"), Stall(gate), *text(f"{GOOD_SLUG}```"))
    return gate


@pytest.fixture
def shell(tmp_path: Path, server: FakeOllama) -> CommandLine:
    """A repository and a home."""
    return CommandLine(
        tmp_path, OLLAMA_HOST=server.url, WARROOM_COOLDOWN__RESET_EVERY="0", WARROOM_TIERS__LOCAL__SLOTS="2"
    )


async def task_of(shell: CommandLine, number: int) -> Task:
    """A task as it stands in the store, which another process writes."""
    async with await Store.open(shell.home / "warroom.db", SystemClock()) as store:
        task = await store.task(number)
        assert task is not None
        return task


async def test_what_is_no_message_gets_an_error_and_costs_nobody_the_session(shell: CommandLine) -> None:
    async with connected(shell) as bare:
        await bare.say(b"\xff\xfe this is no JSON")
        assert (await bare.hear())["error"]["code"] == -32700
        await bare.shake_hands()
        for line, number in (
            (b"[]", None),
            (b"17", None),
            (b'{"jsonrpc": "2.0", "id": 7}', 7),
            (b'{"jsonrpc": "1.0", "id": "x", "method": "ping"}', "x"),
            (b'{"jsonrpc": "2.0", "id": true, "method": "ping"}', None),
            (b'{"jsonrpc": "2.0", "id": 1, "method": "ping", "params": [' + b"[" * 100_000, None),
            (b'{"jsonrpc": "2.0", "id": 9, "method": "' + b"x" * LONGEST + b'"}', None),
        ):
            await bare.say(line)
            heard = await bare.hear()
            assert heard["error"]["code"] in {-32700, -32600}
            assert heard["id"] == number
        await bare.say(b"")
        await bare.say({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 77}})
        await bare.say({"jsonrpc": "2.0", "method": "notifications/nobody", "params": {}})
        assert (await bare.answer("no/such"))["error"]["code"] == -32601
        assert (await bare.answer("tools/call", name="rm", arguments={}))["error"]["code"] == -32602
        assert (await bare.answer("tools/call", name="show", arguments=[]))["error"]["code"] == -32602
        assert (await bare.answer("resources/read", uri="file:///etc/passwd"))["error"]["code"] == -32602
        assert (await bare.answer("ping"))["result"] == {}


async def test_who_asks_and_leaves_at_once_is_answered(shell: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    take_environment(shell, monkeypatch)
    async with connected(shell) as bare:
        await bare.shake_hands()
        await bare.ask("tools/call", name="board", arguments={})
        bare.leave()
        assert (await bare.hear())["result"]["structuredContent"] == {"tasks": [], "older": 0}


async def test_a_squad_that_is_to_pause_stops_with_its_client(
    shell: CommandLine, server: FakeOllama, gate: asyncio.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    shell.environ["WARROOM_DISPATCH__ON_HANGUP"] = "pause"
    take_environment(shell, monkeypatch)
    async with connected(shell) as bare:
        await bare.shake_hands()
        await bare.ask("tools/call", name="dispatch", arguments=SLUG)
        await so(lambda: len(server.chats) == 1)
    task = await task_of(shell, 1)
    assert (task.status, task.owner) == (TaskStatus.QUEUED, "")
    assert not (shell.home / "logs" / "headless.log").exists()


async def test_an_open_war_room_hears_of_it_at_once(
    shell: CommandLine, gate: asyncio.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    take_environment(shell, monkeypatch)
    found = load_settings(shell.folder, home=shell.home, environ=shell.environ)
    async with (
        Headquarters(found.settings, home=shell.home, folder=shell.folder) as hq,
        over_pipes(shell) as client,
    ):
        with hq.events() as events:
            answer(await client.call_tool("dispatch", {**SLUG, "wait": False}))
            async for event in events:
                if event.type == "task.posted":
                    break
        print(f"heard {(SystemClock().now() - event.at).total_seconds():.2f} s after it was posted")
        assert (event.task, (await hq.task(1)).title) == (1, SLUG_TASK)
        await hq.cancel(1)


async def test_a_call_taken_back_cancels_its_task_and_lost_patience_does_not(
    shell: CommandLine, server: FakeOllama, gate: asyncio.Event
) -> None:
    async with over_pipes(shell) as client:
        taken_back = asyncio.create_task(client.call_tool("dispatch", SLUG))
        await so(lambda: len(server.chats) == 1)
        taken_back.cancel()
        await asyncio.gather(taken_back, return_exceptions=True)
        await asyncio.wait_for(server.chats[0].disconnected.wait(), 10)
        with pytest.raises(MCPError, match="timed out"):
            await client.call_tool("dispatch", SLUG, read_timeout_seconds=1.0)
        shown = answer(await client.call_tool("show", {"task": 1, "wait_s": 10}))
        assert (shown["status"], shown["outcome"]) == ("cancelled", "cancelled")
        gate.set()
        shown = answer(await client.call_tool("show", {"task": 2, "wait_s": 20}))
        assert (shown["status"], shown["outcome"]) == ("review", "proven")


async def test_a_running_task_is_cancelled_and_whoever_waits_for_it_is_told(
    shell: CommandLine, server: FakeOllama, gate: asyncio.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    take_environment(shell, monkeypatch)
    async with in_process(shell) as client:
        waiting = asyncio.create_task(client.call_tool("dispatch", SLUG))
        await so(lambda: len(server.chats) == 1)
        assert answer(await client.call_tool("cancel", {"task": 1}))["status"] == "cancelled"
        assert answer(await waiting)["outcome"] == "cancelled"
        await asyncio.wait_for(server.chats[0].disconnected.wait(), 10)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a device that is always full")
async def test_answers_that_cannot_be_written_are_no_fault_of_ours(shell: CommandLine) -> None:
    full = os.open("/dev/full", os.O_WRONLY)
    process = await shell.start("mcp", stdin=asyncio.subprocess.PIPE, stdout=full)
    os.close(full)
    assert process.stdin is not None
    process.stdin.write(b'{"jsonrpc": "2.0", "id": 1}\n')
    done = await ended(process)
    assert done.code == 3
    assert "gets no answers any more" in done.err
    assert "No space left" in done.err


async def test_two_clients_at_once_on_one_home(shell: CommandLine, server: FakeOllama, gate: asyncio.Event) -> None:
    async with over_pipes(shell) as one, over_pipes(shell, mode="auto") as two:
        first, second = (asyncio.create_task(client.call_tool("dispatch", SLUG)) for client in (one, two))
        await so(lambda: len(server.chats) == 2)
        for client in (one, two):
            board = answer(await client.call_tool("board"))
            assert [row["status"] for row in board["tasks"]] == ["running", "running"]
        gate.set()
        ends = [answer(result) for result in await asyncio.gather(first, second)]
        assert sorted(end["task"] for end in ends) == [1, 2]
        assert [end["outcome"] for end in ends] == ["proven", "proven"]


async def test_a_client_that_vanishes_leaves_its_squad_at_work(
    shell: CommandLine, server: FakeOllama, gate: asyncio.Event
) -> None:
    async with started(shell) as (bare, process):
        await bare.ask("tools/call", name="dispatch", arguments=SLUG, _meta={"progressToken": "p"})
        await so(lambda: len(server.chats) == 1)
        bare.leave()
        log = shell.home / "logs" / "headless.log"
        await so(log.exists)
        assert "lost its client and works on without a screen: T1" in log.read_text()
        gate.set()
        async with asyncio.timeout(20):
            assert await process.wait() == 0
    assert (await task_of(shell, 1)).outcome == "proven"


async def test_sigterm_puts_it_back_in_the_queue_and_the_next_client_has_it(
    shell: CommandLine, server: FakeOllama, gate: asyncio.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with started(shell) as (bare, process):
        await bare.ask("tools/call", name="dispatch", arguments=SLUG)
        await so(lambda: len(server.chats) == 1)
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(20):
            assert await process.wait() == 130
    task = await task_of(shell, 1)
    assert (task.status, task.owner) == (TaskStatus.QUEUED, "")
    gate.set()
    take_environment(shell, monkeypatch)
    async with in_process(shell) as client:
        shown = answer(await client.call_tool("show", {"task": 1, "wait_s": 20}))
        assert shown["outcome"] == "proven"
