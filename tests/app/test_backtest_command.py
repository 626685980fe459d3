"""`warroom backtest` as a person's shell runs it: files good and bad, pipes, plots, the own history."""

import asyncio
import json
import os
import subprocess
import threading
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tests.agents.conftest import GOOD_SLUG, SLUG_CHECK, SLUG_TASK
from tests.app.command_line import WARROOM, CommandLine
from tests.fakes.ollama_server import FakeOllama, text

CONTRACT = {
    "policy", "solved", "cost_usd", "usd_per_solved", "wrong_accepted", "regret_usd", "brier", "ci95", "n",
}  # fmt: skip
BASELINES = ["always-cheap", "always-strong", "random", "length"]


@pytest.fixture
def shell(tmp_path: Path) -> CommandLine:
    return CommandLine(tmp_path)


def written(shell: CommandLine, count: int = 60, name: str = "outcomes.jsonl") -> str:
    random = Random(1)
    tiers = {"local": (0.5, 0.0), "haiku": (0.7, 0.001), "sonnet": (0.9, 0.02)}
    lines = []
    for at in range(count):
        luck = random.random()
        line: dict[str, Any] = {
            "id": f"t{at}",
            "features": {"kind": random.choice(["edit", "issue"]), "complexity": random.randint(1, 10)},
            "prompt": "fix " * random.randint(1, 30),
            "outcomes": {tier: float(luck < able) for tier, (able, _) in tiers.items()},
            "cost_usd": {tier: usd for tier, (_, usd) in tiers.items()},
            "seconds": dict.fromkeys(tiers, 5),
        }
        lines.append(json.dumps(line))
    (shell.folder / name).write_text("\n".join(lines) + "\n")
    return name


async def test_a_row_of_json_for_each_policy_and_nothing_else_on_stdout(shell: CommandLine) -> None:
    done = await shell.here("backtest", written(shell), "--policy", "oracle", "--policy", "Free-First", "--json")
    rows = done.rows()
    assert (done.code, [row["policy"] for row in rows]) == (0, [*BASELINES, "free-first", "oracle"])
    for row in rows:
        assert row.keys() >= CONTRACT
        assert row["n"] == 60
        assert row["ci95"]["solved"][0] <= row["solved"] <= row["ci95"]["solved"][1]
        assert list(row["at_alpha"]) == ["0", "0.1", "0.2"]
    notes = json.loads(done.err.splitlines()[-1])
    assert notes["independent_attempts"] == "one try each"
    assert (notes["tiers"], notes["matched_to"]) == (["local", "haiku", "sonnet"], "free-first")
    again = await shell.here("backtest", "outcomes.jsonl", "--policy", "oracle", "--policy", "free-first", "--json")
    assert again.out == done.out, "the same seed"


async def test_a_table_for_people_fits_a_hundred_columns(shell: CommandLine) -> None:
    file = written(shell)
    done = await shell.here("backtest", file)
    assert done.code == 0
    assert "\x1b" not in done.out
    assert max(map(len, done.out.splitlines())) <= 100
    for name in (*BASELINES, "free-first", "balanced", "fast", "bands", "cascade", "oracle"):
        assert f"\n{name} " in done.out
    assert "cascade: treats all tasks alike, so random at its rate is the same; against always-strong" in done.out
    assert "each outcome is one try" in done.err
    assert "┤" not in done.out, "no terminal, no plot"
    (shell.folder / file).write_text((shell.folder / file).read_text().replace(": 1.0", ": 0.9"))
    rated = await shell.here("backtest", file, "--policy", "cascade")
    assert "attempts on a task are taken to be independent" in rated.err


async def test_the_frontier_is_drawn_when_it_is_asked_for(shell: CommandLine) -> None:
    shell.environ |= {"PYTHONIOENCODING": "utf-8", "COLUMNS": "90"}
    done = await shell("backtest", written(shell), "--policy", "cascade", "--plot")
    plotted = done.out[done.out.index("Solved by dollars") :]
    assert "┤" in plotted
    assert "\x1b" not in plotted
    assert "A always-cheap  B always-strong  C random  D length  E cascade" in plotted
    assert max(map(len, plotted.splitlines())) <= 90
    both = await shell.here("backtest", "outcomes.jsonl", "--plot", "--json")
    assert (both.code, both.out) == (2, "")


async def test_what_cannot_be_used_is_told_with_exit_code_2(shell: CommandLine) -> None:
    file = written(shell)
    (shell.folder / "bad.jsonl").write_text('{"id": 1, "features": {}, "outcomes": {"l": 2}}\n{\n')
    (shell.folder / "empty.jsonl").write_text("")
    for arguments, told in [
        (("bad.jsonl",), "bad.jsonl, line 1: outcomes.l is 2: expected a pass rate from 0 to 1"),
        (("empty.jsonl",), "empty.jsonl holds no outcome"),
        (("none.jsonl",), "does not exist"),
        ((".",), "is a directory"),
        ((file, "--policy", "fre-first"), "there is no policy 'fre-first'. Did you mean free-first? There are: "),
        ((file, "--false-accept", "nan"), "a number from 0 to 1"),
        ((), "no attempt of your own was checked yet"),
    ]:
        done = await shell.here("backtest", *arguments)
        assert (done.code, done.out) == (2, ""), arguments
        assert told in done.err
    assert "bad.jsonl, line 2: not valid JSON" in (await shell.here("backtest", "bad.jsonl")).err


async def test_a_pipe_on_either_side(shell: CommandLine) -> None:
    """Read from a FIFO and from stdin; a reader that leaves after the first line ends it without a word."""
    file = shell.folder / written(shell)
    fifo = shell.folder / "fifo"
    os.mkfifo(fifo)
    feeding = threading.Thread(target=lambda: fifo.write_bytes(file.read_bytes()))
    feeding.start()
    done = await shell.here("backtest", "fifo", "--json", "--policy", "oracle")
    feeding.join()
    assert (done.code, len(done.rows())) == (0, 5)
    with file.open("rb") as opened:
        process = await shell.start("backtest", "-", "--json", stdin=opened.fileno())
    assert process.stdout is not None
    first = json.loads(await process.stdout.readline())
    assert first["policy"] == "always-cheap"
    assert await process.stdout.read() != b""
    assert await process.wait() == 0
    left = await asyncio.to_thread(
        subprocess.run,
        f"{' '.join(WARROOM)} backtest {file} --json | head -n 1",
        shell=True,
        cwd=shell.folder,
        env=shell.environ,
        capture_output=True,
        text=True,
        timeout=50,
        check=True,
    )
    assert json.loads(left.stdout)["policy"] == "always-cheap"
    assert "Traceback" not in left.stderr
    assert "BrokenPipe" not in left.stderr


async def test_without_a_file_it_is_the_own_history(shell: CommandLine) -> None:
    async with FakeOllama() as ollama:
        shell.environ["OLLAMA_HOST"] = ollama.url
        ollama.reply(text(f"slug.py\n```python\n{GOOD_SLUG}```\n"))
        assert (await shell("run", *SLUG_TASK.split(), "--check", SLUG_CHECK)).code == 0
    done = await shell.here("backtest", "--json", "--policy", "cascade")
    rows = {row["policy"]: row for row in done.rows()}
    assert (done.code, rows["cascade"]["solved"], rows["cascade"]["n"]) == (0, 1.0, 1)
    assert rows["cascade"]["cost_usd"] == 0
    notes = json.loads(done.err.splitlines()[-1])["notes"]
    assert any("a tier's tries on a task, retries included, count as one" in note for note in notes)


async def test_what_is_no_option_is_as_the_settings_have_it(shell: CommandLine) -> None:
    file = written(shell)
    (shell.folder / "warroom.toml").write_text("[routing]\nfalse_accept = 0.5\nunsolved_usd = 2.0\n")
    await shell.here("trust", "--yes")
    done = await shell.here("backtest", file, "--policy", "cascade", "--wrong-usd", "3", "--json")
    notes = json.loads(done.err.splitlines()[-1])
    assert (notes["false_accept"], notes["unsolved_usd"], notes["wrong_usd"]) == (0.5, 2.0, 3.0)
    strict = await shell.here("backtest", file, "--policy", "cascade", "--false-accept", "0", "--json")
    assert [row["wrong_accepted"] for row in strict.rows()] == [0.0] * 5
    assert done.rows()[0]["wrong_accepted"] > 0
