"""Whether a graded task's check tells right from wrong, found by running it."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from agents.proving.graded import GradedTask

Run = Callable[[str, Path], Awaitable[int | None]]
"""Runs a command in a folder; its exit code, or None when it was stopped by a time limit."""


async def validate(task: GradedTask, run: Run) -> tuple[str, ...]:
    """What is wrong with the task's check, a clause each; empty when it is sound.

    It has to be red on the base, green on the reference solution and red on every wrong one. Each is written into a
    temporary folder of its own, which is deleted afterwards.
    """
    verdicts = await asyncio.gather(
        _is_green(task, run),
        _is_green(task, run, task.solution),
        *(_is_green(task, run, wrong) for wrong in task.wrong),
    )
    base, solution, *wrongs = verdicts
    faults = [] if not base else ["the check is green before anything was done"]
    if not solution:
        faults.append("the reference solution is not accepted")
    return (*faults, *(f"wrong[{index}] is accepted" for index, green in enumerate(wrongs) if green))


def write_files(folder: Path, files: Mapping[str, str]) -> None:
    """Write `files` below `folder`, their folders too."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")


async def _is_green(task: GradedTask, run: Run, answer: Mapping[str, str] | None = None) -> bool:
    with TemporaryDirectory(prefix="warroom-graded-") as name:
        folder = Path(name)
        write_files(folder, task.base)
        write_files(folder, answer or {})
        return await run(task.check, folder) == 0
