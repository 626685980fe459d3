"""What models and repositories write, as those who call in get it: harmless, without secrets, a page at a time."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from command_line import CommandLine
from mcp.shared.exceptions import MCPError
from mcp_side import answer, connected, in_process, take_environment

from agents.sanitize import sanitize
from app.serving import resources
from tests.fakes.ollama_server import FakeOllama, text

SECRET = "sk-ant-api03-" + "Zx9Kq2Lw7Pv4Rt8Yb3Nm6" * 4
KNOWN = "correct-horse-battery-41"
"""Looks like nothing: it is a secret because an .env file says so."""
HOSTILE = "\x1b]0;owned\x07\x1b[2J\u202eevil\u200b\x9b31m"
CHECK = "printf '\\033[31mred\\033[0m' && test -f note.py"


@pytest.fixture
async def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[CommandLine]:
    """Its model writes what nobody wants on a terminal, and much of it."""
    async with FakeOllama("m:1b") as server:
        body = f'# {HOSTILE}\nKEY = "{SECRET}"\n# {KNOWN}\n' + "".join(f"line_{n} = {n}\n" for n in range(6000))
        server.answer = lambda _: text(f"{HOSTILE}\n```python\n# note.py\n{body}```")
        shell = CommandLine(tmp_path, OLLAMA_HOST=server.url, WARROOM_COOLDOWN__RESET_EVERY="0")
        take_environment(shell, monkeypatch)
        (shell.folder / ".env").write_text(f"DB_PASSWORD={KNOWN}\n")
        yield shell


def harmless(value: object) -> str:
    """`value` as JSON, nothing of it being for a terminal, and no secret."""
    found = json.dumps(value, ensure_ascii=False)
    assert SECRET not in found
    assert KNOWN not in found
    for piece in _texts(value):
        assert sanitize(piece) == piece
    return found


def _texts(value: object) -> list[str]:
    if isinstance(value, str):
        return [value]
    items = list(value.values()) if isinstance(value, dict) else value if isinstance(value, list | tuple) else []
    return [text for item in items for text in _texts(item)]


async def test_answers_and_resources_are_harmless_and_come_in_pages(
    shell: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with in_process(shell) as client:
        given = {"task": f"Create note.py {HOSTILE}", "brief": f"Beware {HOSTILE} {KNOWN}", "check": CHECK}
        done = answer(await client.call_tool("dispatch", given))
        assert done["outcome"] == "proven", done
        for name in ("board", "show", "diff", "costs"):
            harmless(answer(await client.call_tool(name, {"task": 1} if name in {"show", "diff"} else {})))
        listed = (await client.list_resources()).resources
        assert [str(one.uri).rpartition("/")[2] for one in listed] == ["transcript", "diff", "check"]
        assert len((await client.list_resource_templates()).resource_templates) == 3
        for one in listed:
            harmless((await client.read_resource(one.uri)).model_dump(mode="json"))
        whole, uri = "", "warroom://task/1/diff"
        while uri:
            (page,) = (await client.read_resource(uri)).contents
            head, _, uri = getattr(page, "text", "").partition(" characters follow in ")
            whole += head.rpartition("\n[cut: ")[0] if uri else head
            uri = uri.rstrip("]\n")
        assert "+line_5999 = 5999" in whole
        assert len(whole) > resources.PAGE
        monkeypatch.setattr(resources, "LISTED", 2)
        first = await client.list_resources()
        rest = await client.list_resources(cursor=first.next_cursor)
        assert [*first.resources, *rest.resources] == listed
        assert (len(rest.resources), rest.next_cursor) == (1, None)
        with pytest.raises(MCPError, match="no such page"):
            await client.list_resources(cursor="-1")
        for wrong in ("warroom://task/9/diff", "warroom://task/1/secrets", "file:///etc/passwd"):
            with pytest.raises(MCPError, match="there is no"):
                await client.read_resource(wrong)


async def test_a_call_in_hostile_words_is_answered_in_harmless_ones(shell: CommandLine) -> None:
    async with connected(shell) as bare:
        await bare.shake_hands()
        for name, given in (
            (HOSTILE, {}),
            ("show", {HOSTILE: 1}),
            ("show", {"task": HOSTILE}),
            ("board", {"repo": HOSTILE}),
            ("dispatch", {"task": "x" * 30_000}),
            ("dispatch", {"task": "x", "tier": HOSTILE}),
            ("route", {"task": f"Write {HOSTILE}"}),
        ):
            harmless(await bare.answer("tools/call", name=name, arguments=given))
        lone = b'{"jsonrpc": "2.0", "id": 99, "method": "tools/call", "params": {"name": "route", "arguments": '
        await bare.say(lone + b'{"task": "lone \\ud800 surrogate"}}}')
        harmless(await bare.hear())
        harmless(await bare.answer("resources/read", uri=HOSTILE))
