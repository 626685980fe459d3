"""`export` as a person's shell runs it: every row, no secret, a file whole or not at all."""

import csv
import json
import sqlite3
import stat
from collections.abc import AsyncIterator
from pathlib import Path

import click
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.clock import SystemClock
from agents.events import ApprovalRequested, TaskStatusChanged
from agents.models.chat import Message
from agents.redact import MARK
from agents.store import NewCall, Store
from agents.tasks import NANO, NewTask, TaskKind, TaskStatus, Usage
from app.commands.csv_file import cells
from app.commands.new_file import new_file
from tests.agents.conftest import BAD_SLUG, GOOD_SLUG, SLUG_CHECK, SLUG_TASK
from tests.agents.test_ledger import people
from tests.app.command_line import CommandLine
from tests.fakes.anthropic_replies import message, tool
from tests.fakes.anthropic_server import AnthropicServer
from tests.fakes.ollama_server import FakeOllama, text

PROVEN = ("run", *SLUG_TASK.split(), "--check", SLUG_CHECK)
KEY = "sk-ant-api03-" + "aB3dE6gH9jK2mN5pQ8sT" * 3
CLOCK = SystemClock()


@pytest.fixture
def shell(tmp_path: Path) -> CommandLine:
    return CommandLine(tmp_path)


@pytest.fixture
async def store(shell: CommandLine) -> AsyncIterator[Store]:
    """This home's, with one task on the board."""
    async with await Store.open(shell.home / "warroom.db", CLOCK) as opened:
        await opened.insert_task(
            NewTask(title="x"), repo="/r", complexity=1, kind=TaskKind.DOCS, simulated=False, events=lambda task: ()
        )
        yield opened


def lines(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


async def test_every_event_is_there_once_and_in_order(shell: CommandLine, store: Store) -> None:
    for number in range(1100):
        await store.append(ApprovalRequested(at=CLOCK.now(), task=1, question=f"{number}?"))
    done = await shell.here("export", "events.jsonl")
    assert (done.code, done.out) == (0, "")
    assert done.err == "1101 events written to events.jsonl.\n"
    path = shell.folder / "events.jsonl"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert lines(path) == [event.row() for event in await store.events_after(0, 5000)]
    streamed = await shell.here("export", "-")
    assert streamed.rows() == lines(path)
    recent = await shell.here("export", "-", "--since", "1h")
    assert len(recent.rows()) == 1101
    assert (await shell.here("export", "-", "--since", "2999-01-01")).out == ""


async def test_secrets_are_taken_out_of_events(shell: CommandLine, store: Store) -> None:
    asked = f"May I use {KEY}, and postgres://ann:hunter2@db/shop?"
    await store.append(ApprovalRequested(at=CLOCK.now(), task=1, question=asked))
    for name in ("-", "events.csv"):
        done = await shell.here("export", name)
        assert done.code == 0
        written = done.out or (shell.folder / name).read_text()
        assert KEY not in written
        assert "hunter2" not in written
        assert f"May I use {MARK}, and postgres://ann:{MARK}@db/shop?" in written


async def test_events_as_csv_do_nothing_in_a_spreadsheet(shell: CommandLine, store: Store) -> None:
    await store.append(TaskStatusChanged(at=CLOCK.now(), task=1, agent='=cmd|"/c calc"!A1', status=TaskStatus.QUEUED))
    assert (await shell.here("export", "events.CSV")).code == 0
    with (shell.folder / "events.CSV").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["type"] for row in rows] == ["task.posted", "task.status"]
    assert rows[1]["agent"] == '\'=cmd|"/c calc"!A1'
    assert json.loads(rows[1]["data"]) == {"status": "queued", "reason": ""}
    assert rows[1]["mission"] == ""


async def test_the_ledger_call_by_call(shell: CommandLine, store: Store) -> None:
    used = Usage(input=10, output=5, cache_read=3, cache_write_5m=2, cache_write_1h=1)
    for cost in (123, None):
        new = NewCall(
            task=1,
            tier="haiku",
            model="+claude",
            provider="anthropic",
            reserved_nano=NANO // 10,
            price_date="2026-01-01",
            attempt=2,
        )
        number = await store.reserve_call(new, daily_cap_nano=5 * NANO, task_cap_nano=5 * NANO)
        await store.settle_call(number, usage=used, cost_nano=cost, request_id="req_1", error="overloaded")
    await store.reserve_call(new, daily_cap_nano=5 * NANO, task_cap_nano=5 * NANO)
    rows = (await shell.here("export", "-", "--what", "costs")).rows()
    assert [(row["cost_nano"], row["cost_usd"], row["state"]) for row in rows] == [
        (123, 123 / NANO, "settled"),
        (None, None, "settled"),
        (None, None, "open"),
    ]
    first = {**Usage().model_dump(), **{name: rows[0][name] for name in Usage.model_fields}}
    assert Usage(**first) == used
    shown = [rows[0][name] for name in ("call", "attempt", "price_date", "request_id", "error", "reserved_usd")]
    assert shown == [1, 2, "2026-01-01", "req_1", "overloaded", 0.1]
    assert (await shell.here("export", "costs.csv", "--what", "costs")).code == 0
    with (shell.folder / "costs.csv").open(newline="") as stream:
        table = list(csv.DictReader(stream))
    assert [row["cost_usd"] for row in table] == ["0.000000123", "n/a", ""]
    assert [row["reserved_usd"] for row in table] == ["0.1"] * 3
    assert (table[0]["model"], table[0]["cache_write_1h"]) == ("'+claude", "1")


async def test_proven_missions_become_chats_to_learn_from(shell: CommandLine) -> None:
    """Two direct missions, the first of them wrong, and one in the loop; only what was proven is there."""
    secret = f'{GOOD_SLUG}\n\nAPI_KEY = "{KEY}"\n'
    async with FakeOllama() as ollama, AnthropicServer() as claude:
        shell.environ |= {
            "OLLAMA_HOST": ollama.url,
            "ANTHROPIC_BASE_URL": claude.url,
            "ANTHROPIC_API_KEY": "k-test",
        }
        ollama.reply(text(f"slug.py\n```python\n{BAD_SLUG}```\n"))
        ollama.reply(text("I have no file for you."), text(" Sorry."))
        ollama.reply(text(f"slug.py\n```python\n{secret}```\n"))
        assert (await shell(*PROVEN)).code == 0
        written = tool("file_write", {"path": "slug.py", "content": secret})
        claude.script(
            [
                message(written, stop="tool_use"),
                message(tool("finish", {"summary": "done"}, "toolu_02"), stop="tool_use"),
            ]
        )
        assert (await shell(*PROVEN, "--tier", "haiku")).code == 0
    done = await shell.here("export", "chats.jsonl", "--what", "training")
    assert done.err == "2 transcripts written to chats.jsonl.\n"
    direct, loop = lines(shell.folder / "chats.jsonl")
    assert (direct["task"], direct["mission"], direct["model"], direct["outcome"]) == (1, "T1.2", "m:1b", "proven")
    turns = direct["messages"]
    assert isinstance(turns, list)
    assert [turn["role"] for turn in turns] == ["user", "assistant"], "the try that was refused was another chat"
    assert MARK in turns[1]["content"]
    assert (loop["task"], loop["tier"], loop["model"]) == (2, "haiku", "claude-haiku-5-5")
    turns = loop["messages"]
    assert isinstance(turns, list)
    assert [turn["role"] for turn in turns] == ["user", "assistant", "tool", "assistant", "tool"]
    called = turns[1]["tool_calls"][0]
    assert (called["type"], called["function"]["name"]) == ("function", "file_write")
    arguments = json.loads(called["function"]["arguments"])
    assert arguments["content"] == secret.replace(KEY, MARK)
    assert turns[2]["tool_call_id"] == called["id"]
    assert KEY not in (shell.folder / "chats.jsonl").read_text()
    assert (await shell.here("export", "-", "--what", "training", "--since", "2999-01-01")).out == ""


async def test_what_the_simulation_played_teaches_nothing(shell: CommandLine, store: Store) -> None:
    await store.save_task(1, simulated=True)
    await people(store, 1)
    await store.add_message(1, Message(role="assistant", content="x"))
    await store.save_mission(1, outcome="proven", finished_at=CLOCK.now())
    assert len((await shell.here("export", "-", "--what", "training")).rows()) == 1
    await store.save_task(2, simulated=True)
    await store.save_mission(1, task=2)
    assert (await shell.here("export", "-", "--what", "training")).out == ""


async def test_a_file_that_is_there_is_left_unless_forced(shell: CommandLine, store: Store) -> None:
    path = shell.folder / "events.jsonl"
    path.write_text("mine")
    refused = await shell.here("export", "events.jsonl")
    assert (refused.code, path.read_text()) == (2, "mine")
    assert "--force replaces it" in refused.err
    assert (await shell.here("export", "events.jsonl", "--force")).code == 0
    assert len(lines(path)) == 1
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    link = shell.folder / "link.jsonl"
    link.symlink_to(shell.folder / "nowhere")
    assert (await shell.here("export", "link.jsonl")).code == 2
    assert not [left for left in shell.folder.iterdir() if left.name.endswith(".part")]


async def test_an_export_that_breaks_leaves_nothing(shell: CommandLine, store: Store) -> None:
    await store.append(ApprovalRequested(at=CLOCK.now(), task=1, question="?"))
    database = shell.home / "warroom.db"
    with sqlite3.connect(database) as sql:
        sql.execute("UPDATE events SET data = json_set(data, '$.type', 'weather.changed') WHERE seq = 2")
    sql.close()
    before = set(shell.folder.iterdir())
    broken = await shell.here("export", "events.jsonl")
    assert broken.code == 3
    assert "event 2 of this home cannot be read" in broken.err
    assert set(shell.folder.iterdir()) == before


def test_somebody_who_was_quicker_keeps_their_file(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"

    def export() -> None:
        with new_file(path, force=False) as stream:
            stream.write("ours")
            path.write_text("theirs")

    with pytest.raises(click.UsageError, match="is there already"):
        export()
    assert path.read_text() == "theirs"
    assert list(tmp_path.iterdir()) == [path]


@given(st.text(max_size=20))
@settings(deadline=None)
def test_no_cell_begins_a_formula(value: str) -> None:
    (cell,) = cells([value])
    assert cell[:1] not in set("=+-@\t\r\n＝＋－＠")
    assert cell in {value, f"'{value}"}
