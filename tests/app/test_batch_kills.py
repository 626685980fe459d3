"""The crash proof, small: kill -9 at a few moments of a batch. `python -m tests.bench.kills` is the whole of it."""

import asyncio
import sys
from pathlib import Path

import pytest


@pytest.mark.skipif(sys.platform != "linux", reason="finds every process a batch started as only Linux can")
@pytest.mark.timeout(180)
async def test_killed_and_started_again_every_task_ends_once_and_the_books_agree() -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.bench.kills"),
        *("--kills", "5", "--tasks", "6", "--seed", "7", "--events", "30", "--pause", "0.02"),
        cwd=Path(__file__).parents[2],
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        out, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
    assert process.returncode == 0, out.decode()
    assert "5 kills" in out.decode()
