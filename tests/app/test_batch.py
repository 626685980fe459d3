"""`warroom batch` by CONTRACT: many tasks to their end, and on from where it was interrupted, never twice."""

import asyncio
import json
import os
import pty
import signal
from pathlib import Path
from typing import Any

import pytest

from tests.agents.conftest import GOOD_SLUG, SLUG_CHECK, SLUG_TASK, run_git
from tests.app.command_line import CommandLine, Done, ended
from tests.fakes.anthropic_server import AnthropicServer
from tests.fakes.ollama_server import FakeOllama, Script, Stall, text


@pytest.fixture
def shell(tmp_path: Path) -> CommandLine:
    return CommandLine(tmp_path, WARROOM_ROUTING__SAMPLES="0")


def row(name: str, **more: Any) -> dict[str, Any]:
    """A task whose file the fake below writes as asked."""
    return {"id": name, "title": f"Create {name}.py with {name} = 1", "check": f"python3 -c 'import {name}'", **more}


def write(shell: CommandLine, *rows: dict[str, Any]) -> str:
    path = shell.folder.parent / "tasks.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return str(path)


def obliging(body: dict[str, Any]) -> Script:
    """Writes the file that the last message names."""
    said = body["messages"][-1]["content"]
    name = said.partition("Create ")[2].partition(".py")[0]
    return text(f"{name}.py\n```python\n{name} = 1\n```\n")


def cells(done: Done) -> list[list[str]]:
    return [line.split()[:6] for line in done.out.splitlines()]


async def test_a_batch_as_a_person_reads_it_and_once_more(shell: CommandLine) -> None:
    path = shell.folder.parent / "tasks.toml"
    path.write_text(
        f'[[task]]\nid = "slug"\ntitle = {json.dumps(SLUG_TASK)}\ncheck = {json.dumps(SLUG_CHECK)}\npriority = 9\n'
        '[[task]]\ntitle = "Create one.py with one = 1"\n'
    )
    async with FakeOllama() as ollama:
        shell.environ["OLLAMA_HOST"] = ollama.url
        ollama.answer = obliging
        ollama.reply(text(f"slug.py\n```python\n{GOOD_SLUG}```\n"))
        first = await shell("batch", str(path))
        asked = len(ollama.chats)
        assert (await shell("accept", "T1")).code == 0
        again = await shell("batch", str(path))
        assert len(ollama.chats) == asked, "nothing is done twice"
    assert first.code == 0, first.err
    assert cells(first)[0] == ["ID", "TASK", "OUTCOME", "TIER", "COST", "SECONDS"]
    assert [line.split()[:3] for line in first.out.splitlines()[1:]] == [
        ["slug", "T1", "proven,"],
        ["-", "T2", "unverified,"],
    ]
    assert "2 of 2 tasks posted.\n" in first.err
    assert "2 tasks: 1 proven, 1 unverified; $0.00\n" in first.err
    assert (again.code, "0 of 2 tasks posted, 2 were there already." in again.err) == (0, True)
    assert "T1    proven, done" in again.out


async def test_a_batch_as_programs_read_it(shell: CommandLine) -> None:
    file = write(shell, row("one"), row("two"))
    async with FakeOllama() as ollama:
        shell.environ["OLLAMA_HOST"] = ollama.url
        ollama.answer = obliging
        done = await shell("batch", file, "--json")
        assert done.code == 0, done.err
        events = done.rows()
        file = write(shell, row("one"), row("two"), row("three"))
        more = await shell("batch", file, "--json")
    assert {event["task"] for event in events} == {1, 2}
    assert [event["seq"] for event in events] == sorted({event["seq"] for event in events})
    assert [event["type"] for event in events[:4]] == ["task.posted", "task.assessed"] * 2
    finished = [event for event in events if event["type"] == "task.finished"]
    assert sorted((event["task"], event["outcome"]) for event in finished) == [(1, "proven"), (2, "proven")]
    assert [event for event in more.rows() if event["task"] != 3] == finished, "as they stand"
    assert [event["seq"] for event in more.rows()] == sorted({event["seq"] for event in more.rows()})


async def test_the_slots_are_used_side_by_side_and_by_priority(shell: CommandLine) -> None:
    file = write(shell, row("low", priority=1), row("mid"), row("top", priority=10), row("high", priority=9))
    async with FakeOllama() as ollama:
        shell.environ["WARROOM_TIERS__LOCAL__ENDPOINTS"] = json.dumps([{"url": ollama.url, "slots": 2}])
        both, release = asyncio.Event(), asyncio.Event()
        asked: list[str] = []

        def answer(body: dict[str, Any]) -> Script:
            asked.append(body["messages"][-1]["content"].partition("Create ")[2].partition(".py")[0])
            if len(asked) == 2:
                both.set()
            return (Stall(release), *obliging(body))

        ollama.answer = answer
        process = await shell.start("batch", file, "--json")
        async with asyncio.timeout(40):
            await both.wait()
        release.set()
        done = await ended(process)
    assert done.code == 0, done.err
    assert set(asked[:2]) == {"top", "high"}
    assert set(asked[2:]) == {"mid", "low"}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_interrupted_it_leaves_its_tasks_and_goes_on(shell: CommandLine, number: signal.Signals) -> None:
    file = write(shell, row("one"), row("two"), row("three"))
    async with FakeOllama() as ollama:
        shell.environ["OLLAMA_HOST"] = ollama.url
        ollama.answer = obliging
        stalled = asyncio.Event()

        def second(body: dict[str, Any]) -> Script:
            if len(ollama.chats) == 2:
                stalled.set()
                return (Stall(),)
            return obliging(body)

        ollama.answer = second
        process = await shell.start("batch", file, "--json")
        async with asyncio.timeout(40):
            await stalled.wait()
            process.send_signal(number)
            done = await ended(process)
            await ollama.chats[1].disconnected.wait()
        assert done.code == 130
        assert "The same command goes on with it." in done.err
        standing = {one["task"]: one["status"] for one in (await shell.here("board", "--json")).rows()}
        assert standing == {1: "review", 2: "queued", 3: "queued"}
        assert run_git(shell.folder, "worktree", "list").count("\n") == 0
        asked = len(ollama.chats)
        again = await shell("batch", file)
    assert again.code == 0, again.err
    assert [line.split()[:3] for line in again.out.splitlines()[1:]] == [
        ["one", "T1", "proven,"],
        ["two", "T2", "proven,"],
        ["three", "T3", "proven,"],
    ]
    assert len(ollama.chats) == asked + 2


async def test_a_lost_terminal_loses_only_the_narration(shell: CommandLine) -> None:
    async with FakeOllama() as ollama:
        shell.environ["OLLAMA_HOST"] = ollama.url
        stalled, release = asyncio.Event(), asyncio.Event()

        def answer(body: dict[str, Any]) -> Script:
            stalled.set()
            return (Stall(release), *obliging(body))

        ollama.answer = answer
        controller, terminal = pty.openpty()
        process = await shell.start("batch", write(shell, row("one"), row("two")), stdout=terminal, stderr=terminal)
        os.close(terminal)
        async with asyncio.timeout(40):
            await stalled.wait()
            os.close(controller)
            process.send_signal(signal.SIGHUP)
            process.send_signal(signal.SIGHUP)
            release.set()
            assert await process.wait() == 0
    standing = {one["task"]: one["status"] for one in (await shell.here("board", "--json")).rows()}
    assert standing == {1: "review", 2: "review"}


async def test_where_a_hang_up_pauses_the_tasks_wait_in_the_queue(shell: CommandLine) -> None:
    shell.environ["WARROOM_DISPATCH__ON_HANGUP"] = "pause"
    async with FakeOllama() as ollama:
        shell.environ["OLLAMA_HOST"] = ollama.url
        ollama.answer = lambda body: (Stall(),)
        process = await shell.start("batch", write(shell, row("one")))
        async with asyncio.timeout(40):
            await ollama.chatting()
            process.send_signal(signal.SIGHUP)
            done = await ended(process)
    assert done.code == 130
    assert [one["status"] for one in (await shell.here("board", "--json")).rows()] == ["queued"]


async def test_what_a_task_needs_is_done_first_and_one_whose_need_failed_is_not_begun(shell: CommandLine) -> None:
    file = write(
        shell,
        row("after", depends_on=["before"], priority=10),
        row("before"),
        row("broken", tier="local"),
        row("never", depends_on=["broken"]),
        row("nor", depends_on=["never", "before"]),
    )
    async with FakeOllama() as ollama:
        shell.environ["OLLAMA_HOST"] = ollama.url
        broken = text("broken.py\n```python\nraise SystemExit(1)\n```\n")
        ollama.answer = lambda body: broken if "broken.py" in str(body) else obliging(body)
        first = await shell("batch", file, "--json")
        asked = len(ollama.chats)
        again = await shell("batch", file)
        assert len(ollama.chats) == asked
    events = first.rows()
    started = [event["task"] for event in events if event["type"] == "mission.started"]
    board = {one["title"].split(".")[0].removeprefix("Create "): one for one in events if one["type"] == "task.posted"}
    order = [started.index(board[name]["task"]) for name in ("before", "after")]
    assert order == sorted(order)
    assert not {board["never"]["task"], board["nor"]["task"]} & set(started)
    assert (first.code, again.code) == (1, 1)
    shown = {line.split()[0]: line for line in again.out.splitlines()}
    assert ["proven" in shown[name] for name in ("before", "after")] == [True, True]
    assert ["failed" in shown["broken"], "blocked" in shown["never"], "blocked" in shown["nor"]] == [True] * 3


async def test_changed_fields_under_an_id_are_said_and_the_stored_task_stands(shell: CommandLine) -> None:
    async with FakeOllama() as ollama:
        shell.environ["OLLAMA_HOST"] = ollama.url
        ollama.answer = obliging
        assert (await shell("batch", write(shell, row("one")))).code == 0
        changed = {**row("one"), "title": "Create two.py", "budget_usd": 2}
        again = await shell("batch", write(shell, changed))
        assert len(ollama.chats) == 1
    assert again.code == 0
    assert "T1 (one) differs from the file in title, budget_usd: it stays as it was posted." in again.err
    assert "Create one.py" in again.out


async def test_a_cancelled_task_is_sent_out_again(shell: CommandLine) -> None:
    async with FakeOllama() as ollama:
        shell.environ["OLLAMA_HOST"] = ollama.url
        ollama.answer = obliging
        ollama.reply((Stall(),))
        process = await shell.start("batch", write(shell, row("one")))
        async with asyncio.timeout(40):
            await ollama.chatting()
            assert (await shell("cancel", "T1")).code == 0
            done = await ended(process)
        assert (done.code, "cancelled" in done.out) == (1, True)
        again = await shell("batch", write(shell, row("one")))
    assert (again.code, "proven" in again.out) == (0, True)


async def test_the_worst_of_all_decides_the_exit_code(shell: CommandLine) -> None:
    async with AnthropicServer() as claude:
        shell.environ |= {"ANTHROPIC_BASE_URL": claude.url, "ANTHROPIC_API_KEY": "k-test"}
        file = write(shell, row("paid", tier="haiku", budget_usd=0), row("local", tier="local"))
        nobody = await shell("batch", file)
        assert nobody.code == 4, nobody.err
        assert claude.requests == []
    async with FakeOllama() as ollama:
        shell.environ["OLLAMA_HOST"] = ollama.url
        ollama.answer = lambda body: text("local.py\n```python\nraise SystemExit(1)\n```\n")
        failed = await shell("batch", file)
        alone = await shell("batch", write(shell, row("local", tier="local")))
    assert [line.split()[:4] for line in failed.out.splitlines()[1:]] == [
        ["paid", "T1", "failed,", "needs"],
        ["local", "T2", "failed", "local"],
    ]
    assert (failed.code, alone.code) == (4, 1)


async def test_a_mistake_in_the_file_posts_nothing(shell: CommandLine) -> None:
    file = write(shell, row("one"), {"id": "two", "titel": "x"})
    done = await shell("batch", file, "--json")
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith(f"warroom: {file}, line 2, task 2: there is no key titel. Did you mean title?\n")
    assert not shell.home.exists()


async def test_tasks_from_stdin(shell: CommandLine) -> None:
    async with FakeOllama() as ollama:
        shell.environ["OLLAMA_HOST"] = ollama.url
        ollama.answer = obliging
        process = await shell.start("batch", "-", stdin=asyncio.subprocess.PIPE)
        assert process.stdin is not None
        process.stdin.write(json.dumps({"title": "Create one.py with one = 1"}).encode())
        process.stdin.close()
        done = await ended(process)
    assert done.code == 0, done.err
