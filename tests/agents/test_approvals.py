"""What an agent may not do by itself: asked, answered, refused, closed; models behind real sockets, a real wall."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from agents.dispatch.approvals import Attendance
from agents.events import ApprovalAnswered, ApprovalRequested, Event, ToolFinished
from agents.headquarters import Headquarters
from agents.permission import Answer, Ask
from agents.settings import Settings
from agents.tasks import Health, NewTask, Outcome, Task
from tests.agents.conftest import GOOD_SLUG, SLUG_CHECK, SLUG_TASK
from tests.fakes.ollama_server import FakeOllama, call, calls_apart
from tests.fakes.sandboxes import needs_bubblewrap

MakeSettings = Callable[..., Settings]
HERE = Attendance(attended=True)
WRITE = call("file_write", {"path": "slug.py", "content": GOOD_SLUG})
FINISH = call("finish", {"summary": "done"})


def shell(command: str, **more: str) -> dict[str, Any]:
    return call("shell_run", {"command": command, **more})


def loop_of(*steps: dict[str, Any]) -> list[Any]:
    return [calls_apart(step) for step in (*steps, FINISH)]


def with_sandbox(settings: Settings, **sandbox: object) -> Settings:
    return Settings.model_validate({**settings.model_dump(), "sandbox": sandbox})


async def sent_out(hq: Headquarters, **task: object) -> Task:
    posted = await hq.post(NewTask.model_validate({"title": SLUG_TASK, "check": SLUG_CHECK, "tier": "local"} | task))
    return await hq.dispatch(posted.id)


async def asked(hq: Headquarters, count: int = 1) -> list[Ask]:
    """Wait until so many asks wait."""
    async with asyncio.timeout(30):
        with hq.events(0) as events:
            async for event in events:
                if isinstance(event, ApprovalRequested) and len(await hq.approvals.waiting()) >= count:
                    break
    return await hq.approvals.waiting()


async def told(hq: Headquarters, kind: type[Event]) -> list[Any]:
    return [event for event in await hq.store.recent_events(1000) if isinstance(event, kind)]


def last_result(server: FakeOllama, chat: int) -> str:
    """What the model was told before its call number `chat`."""
    content: str = server.chats[chat].body["messages"][-1]["content"]
    return content


async def test_with_no_wall_every_command_is_asked_and_runs_when_allowed(
    repo: Path, home: Path, local_settings: MakeSettings
) -> None:
    async with FakeOllama() as server:
        server.reply(*loop_of(WRITE, shell("ls -l"), shell("echo made > made.txt; cat made.txt", why="to see it")))
        settings = with_sandbox(local_settings(server.url, way="loop"), kind="none")
        async with Headquarters(settings, home=home, folder=repo, attendance=HERE) as hq:
            task = await sent_out(hq)
            (ask,) = await asked(hq)
            assert ask.wish.command == "echo made > made.txt; cat made.txt"
            assert (ask.wish.reason, str(ask.wish.reach)) == ("to see it", "no wall")
            assert not Path(ask.wish.folder, "made.txt").exists()
            (agent,) = hq.agents()
            assert agent.health is Health.NEEDS_YOU
            await hq.approvals.answer([ask.id], Answer.ALLOW)
            task = await hq.wait(task.id)
            requested, answered = await told(hq, ApprovalRequested), await told(hq, ApprovalAnswered)
    assert task.outcome is Outcome.PROVEN
    assert "made.txt" in task.files
    assert [event.command for event in requested] == ["echo made > made.txt; cat made.txt"]
    assert [(event.answer, event.ask) for event in answered] == [("allow", ask.id)]
    assert answered[0].by.startswith("a person")


async def test_what_is_denied_does_not_run_and_the_model_reads_why(
    repo: Path, home: Path, local_settings: MakeSettings
) -> None:
    async with FakeOllama() as server:
        server.reply(*loop_of(WRITE, shell("touch ran.txt")))
        settings = with_sandbox(local_settings(server.url, way="loop"), kind="none")
        async with Headquarters(settings, home=home, folder=repo, attendance=HERE) as hq:
            task = await sent_out(hq)
            (ask,) = await asked(hq)
            await hq.approvals.answer([ask.id], Answer.DENY, message="use the file tools")
            task = await hq.wait(task.id)
            finished = [event for event in await told(hq, ToolFinished) if event.tool == "shell_run"]
    assert task.files == ("slug.py",)
    assert 'did not allow this command: "use the file tools"' in last_result(server, 2)
    assert [event.ok for event in finished] == [False]


@needs_bubblewrap
@pytest.mark.parametrize(("answer", "reached"), [(Answer.ALLOW, True), (Answer.DENY, False)])
async def test_an_agent_asks_for_the_network(
    answer: Answer, reached: bool, repo: Path, home: Path, local_settings: MakeSettings
) -> None:
    hits: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        hits.append(await reader.read(4))
        writer.close()

    outside = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = outside.sockets[0].getsockname()[1]
    knock = f"echo -n ping > /dev/tcp/127.0.0.1/{port}"
    async with FakeOllama() as server:
        server.reply(*loop_of(WRITE, shell(knock), shell(knock, needs="network", why="to fetch what it needs")))
        settings = with_sandbox(local_settings(server.url, way="loop"), kind="bubblewrap")
        async with Headquarters(settings, home=home, folder=repo, attendance=HERE) as hq:
            task = await sent_out(hq)
            (ask,) = await asked(hq)
            assert hits == [], "without asking there is no network"
            assert (str(ask.wish.reach), ask.wish.reason) == ("network", "to fetch what it needs")
            await hq.approvals.answer([ask.id], answer)
            await hq.wait(task.id)
    outside.close()
    await outside.wait_closed()
    assert bool(hits) is reached
    assert ("did not allow" in last_result(server, 3)) is not reached


@needs_bubblewrap
async def test_a_folder_outside_is_written_only_when_it_was_asked_for(
    repo: Path, home: Path, tmp_path: Path, local_settings: MakeSettings
) -> None:
    (outside := tmp_path / "data").mkdir()
    write = f"echo x >> {outside}/out.txt"
    async with FakeOllama() as server:
        server.reply(*loop_of(WRITE, shell(write), shell(write, needs=f"write:{outside}")))
        settings = with_sandbox(local_settings(server.url, way="loop"), kind="bubblewrap")
        async with Headquarters(settings, home=home, folder=repo, attendance=HERE) as hq:
            task = await sent_out(hq)
            (ask,) = await asked(hq)
            assert not (outside / "out.txt").exists()
            assert str(ask.wish.reach) == f"write {outside}"
            await hq.approvals.answer([ask.id], Answer.ALLOW)
            await hq.wait(task.id)
    assert (outside / "out.txt").read_text() == "x\n"
