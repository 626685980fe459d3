"""`prove` as a person's shell runs it: a served model on graded tasks, whose checks it never sees."""

import asyncio
import json
import signal
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from agents.clock import SystemClock
from agents.store import Store
from tests.app.command_line import CommandLine, ended
from tests.fakes.anthropic_replies import message, tool
from tests.fakes.anthropic_server import AnthropicServer
from tests.fakes.ollama_server import FakeOllama, Stall, Step, chunk, text

TASK = """
title = "Create {name}.py with {name}(x) which returns x + {more}"
kind = "function"
complexity = {complexity}
check = '''python3 -c "from {name} import {name}; assert {name}(40) == 40 + {more}, 'SECRET-{name}'"'''
[solution]
"{name}.py" = '''
def {name}(x):
    return x + {more}
'''
[[wrong]]
"{name}.py" = '''
def {name}(x):
    return x
'''
"""


@pytest.fixture
def shell(tmp_path: Path) -> CommandLine:
    suite = tmp_path / "suite"
    suite.mkdir()
    for place, name in enumerate(("one", "two", "six"), start=1):
        (suite / f"{name}.toml").write_text(TASK.format(name=name, more=place, complexity=place))
    return CommandLine(tmp_path)


def solving(body: dict[str, Any]) -> Iterable[Step]:
    """Right for `one`, wrong for `two`, no Python at all for `six`."""
    asked = json.dumps(body["messages"])
    if "Create one.py" in asked:
        return text("```python\ndef one(x):\n    return x + 1\n```")
    if "Create two.py" in asked:
        return text("```python\ndef two(x):\n    return x\n```")
    return text("I cannot do that.")


async def test_a_tier_is_measured_without_seeing_the_checks(shell: CommandLine, tmp_path: Path) -> None:
    async with FakeOllama() as ollama:
        shell.environ["OLLAMA_HOST"] = ollama.url
        ollama.answer = solving
        done = await shell("prove", "--suite", str(tmp_path / "suite"), "--json")
        sent = json.dumps([request.body for request in ollama.chats])
    assert done.code == 0, done.err
    assert "SECRET" not in sent
    rows = done.rows()
    tasks = {row["task"]: row for row in rows if row["row"] == "task"}
    assert {name: row["solved"] for name, row in tasks.items()} == {"one": True, "two": False, "six": False}
    assert (tasks["two"]["shape"], tasks["six"]["shape"]) == ("wrong answer", "no tool call")
    (total,) = (row for row in rows if row["row"] == "total")
    assert (total["solved"], total["n"], total["cost_usd"]) == (1, 3, 0.0)
    assert total["ci95"][0] < 1 / 3 < total["ci95"][1]
    assert [row["complexity"] for row in rows if row["row"] == "complexity"] == ["C1", "C2", "C3"]
    async with await Store.open(shell.home / "warroom.db", SystemClock()) as store:
        trials = await store.trials()
    assert sorted((trial.success, trial.proving) for trial in trials) == [(False, True), (False, True), (True, True)]
    assert (await shell.here("board", "--json")).rows() == []  # the person's board is not littered


async def test_an_interrupted_run_goes_on_where_it_stopped(shell: CommandLine, tmp_path: Path) -> None:
    words = ("prove", "--suite", str(tmp_path / "suite"))
    async with FakeOllama() as ollama:
        shell.environ["OLLAMA_HOST"] = ollama.url
        hang = asyncio.Event()

        def answer(body: dict[str, Any]) -> Iterable[Step]:
            if ollama.chats[1:]:
                hang.set()
                return (chunk("thinking"), Stall())
            return text("```python\ndef wrong(): pass\n```")

        ollama.answer = answer
        running = await shell.start(*words)
        async with asyncio.timeout(40):
            await hang.wait()
        running.send_signal(signal.SIGINT)
        first = await ended(running)
        assert first.code == 130
        assert "goes on from here" in first.err
        asked = len(ollama.chats)
        ollama.answer = solving
        again = await shell(*words)
        assert again.code == 0, again.err
        assert again.out.count("measured before") == 1
        assert len(ollama.chats) > asked
        fresh = await shell(*words)  # the run has ended: this is a new one
    assert fresh.code == 0
    assert "measured before" not in fresh.out
    assert "solved 1 of 3" in fresh.out


async def test_two_arms_differ_in_one_thing(shell: CommandLine, tmp_path: Path) -> None:
    async with FakeOllama() as ollama:
        shell.environ["OLLAMA_HOST"] = ollama.url
        ollama.answer = solving
        done = await shell("prove", "--suite", str(tmp_path / "suite"), "--ab", "temperature", "--limit", "2")
        heat = {request.body["options"]["temperature"] for request in ollama.chats}
    assert done.code == 0, done.err
    assert {0.0, 0.7} <= heat
    assert "no more than noise" in done.out
    assert "p = 1.000" in done.out


async def test_without_a_model_it_says_what_to_do(shell: CommandLine, tmp_path: Path) -> None:
    done = await shell("prove", "--suite", str(tmp_path / "suite"))
    assert done.code == 3
    assert "ollama serve" in done.err
    async with FakeOllama() as ollama:  # started as it said: the same command goes on
        shell.environ["OLLAMA_HOST"] = ollama.url
        ollama.answer = solving
        done = await shell("prove", "--suite", str(tmp_path / "suite"))
    assert done.code == 0, done.err
    assert "solved 1 of 3" in done.out


async def test_a_budget_that_was_raised_lets_it_go_on(shell: CommandLine, tmp_path: Path) -> None:
    said = (message(tool("finish", {"summary": "nothing to do"}), stop="tool_use") for _ in range(9))
    words = ("prove", "--suite", str(tmp_path / "suite"), "--tier", "haiku", "--limit", "1")
    async with AnthropicServer(*said) as claude:
        shell.environ |= {"ANTHROPIC_BASE_URL": claude.url, "ANTHROPIC_API_KEY": "test"}
        shell.environ["WARROOM_BUDGET__DAILY_USD"] = "0.001"
        stopped = await shell(*words)
        assert stopped.code == 4
        assert "warroom budget raise" in stopped.err
        assert (await shell.here("budget", "raise", "1")).code == 0
        done = await shell(*words)
    assert done.code == 0, done.err
    assert "solved 0 of 1" in done.out
    assert "measured before" not in done.out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--tier", "locl"), "there is no tier 'locl'"),
        (("--tier", "opus"), "does not code"),
        (("--suite", "nowhere"), "neither a suite"),
        (("--ab", "colour"), "'cooldown'"),
    ],
)
async def test_a_slip_of_the_pen_is_told(shell: CommandLine, words: tuple[str, ...], said: str) -> None:
    done = await shell.here("prove", *words)
    assert done.code == 2
    assert said in done.err
