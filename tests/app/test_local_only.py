"""`--local-only` from a shell: a batch that would escalate ends with the person, and nobody else was asked."""

from pathlib import Path

import pytest

from tests.app.command_line import CommandLine
from tests.app.test_batch import row, write
from tests.fakes.anthropic_server import AnthropicServer
from tests.fakes.ollama_server import FakeOllama, text


@pytest.fixture
def shell(tmp_path: Path) -> CommandLine:
    return CommandLine(tmp_path, WARROOM_ROUTING__SAMPLES="0", ANTHROPIC_API_KEY="k")


async def test_a_batch_that_escalates_needs_a_person_and_no_connection_is_made(shell: CommandLine) -> None:
    path = write(shell, row("one"), row("two"), {"title": "Redesign the distributed cache", "check": "false"})
    async with FakeOllama() as ollama, AnthropicServer() as claude:
        shell.environ |= {"OLLAMA_HOST": ollama.url, "ANTHROPIC_BASE_URL": claude.url}
        ollama.answer = lambda _body: text("wrong.py\n```python\nx = 1\n```\n")
        done = await shell("batch", path, "--local-only")
        board = (await shell.here("board", "--json")).rows()
        assert claude.accepted == 0
        assert ollama.chats
    assert done.code == 1, done.err
    assert {one["status"] for one in board} == {"needs_human"}


async def test_what_would_send_something_out_says_why_not(shell: CommandLine) -> None:
    shell.environ |= {"WARROOM_ROUTING__MODE": "local-only", "OLLAMA_HOST": "http://gpu.example:11434"}
    for words in (("models", "list"), ("models", "pull", "m:1b"), ("models", "probe", "m:1b")):
        done = await shell.here(*words)
        assert (done.code, "RADIO SILENCE" in done.err) == (3, True), done
    findings = {one["name"]: one for one in (await shell.here("doctor", "--json")).rows()}
    assert all("RADIO SILENCE" in findings[f"tier {name}"]["detail"] for name in ("local", "haiku", "sonnet"))
    done = await shell("run", "Create slug.py", "--check", "false")
    assert done.code == 3
    assert "RADIO SILENCE" in done.out
