"""Every graded task: its check is red on the base, green on the reference solution, red on every trap."""

import ast
import asyncio
import os
import signal
import sys
from collections import Counter
from pathlib import Path

import pytest

from agents.proving.graded import GradedTask, load_suite, why_unusable
from agents.proving.validating import validate
from agents.tasks import TaskKind
from agents.workspace.checks import bent_check, touched_tests

STANDARD = load_suite()
EVERYDAY = load_suite("everyday")
SUITE = STANDARD + EVERYDAY

DEMO = {
    "slugify",
    "money_rounding",
    "shell_backup",
    "csv_quoting",
    "stock_report",
    "lru_cache",
    "retry_on_503",
    "paginate_orders",
}

PATH = os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)))
"""The Python that runs the tests comes first: whatever else is called python3 may be slow to start."""


async def run(command: str, folder: Path) -> int | None:
    process = await asyncio.create_subprocess_exec(
        "bash",
        "-c",
        command,
        cwd=folder,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
        env={**os.environ, "PATH": PATH, "PYTHONDONTWRITEBYTECODE": "1"},
        start_new_session=True,
    )
    try:
        return await asyncio.wait_for(process.wait(), 30)
    except TimeoutError:
        os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
        return None


@pytest.mark.parametrize("task", SUITE, ids=lambda task: task.id)
async def test_the_check_tells_right_from_wrong(task: GradedTask) -> None:
    if missing := why_unusable(task):
        pytest.skip(missing)
    assert await validate(task, run) == ()


@pytest.mark.parametrize("task", SUITE, ids=lambda task: task.id)
def test_the_prompt_does_not_contain_the_solution(task: GradedTask) -> None:
    prompt = f"{task.title}\n{task.brief}"
    known = {line.strip() for content in task.base.values() for line in content.splitlines()}
    for content in task.solution.values():
        written = {line.strip() for line in content.splitlines()} - known
        given = [line for line in written if len(line) > 12 and line in prompt and not is_head(line)]
        assert given == []


def is_head(line: str) -> bool:
    """A line that only names what is to be written, or quotes what it has to say: not how it is done."""
    return line.startswith(("def ", "class ", "import ", "from ", "#", '"""'))


@pytest.mark.parametrize("task", SUITE, ids=lambda task: task.id)
def test_a_task_is_well_made(task: GradedTask) -> None:
    if task.kind in {TaskKind.EDIT, TaskKind.DOCS, TaskKind.TESTS}:
        assert any(task.base.values()), "there is nothing to start from"
    if task.kind is TaskKind.ISSUE:
        assert task.base or len(task.solution) > 1, "neither a report about files nor several files"
    for answer in (task.solution, *task.wrong):
        assert any(task.base.get(path) != content for path, content in answer.items()), "an answer changes nothing"
        for path, content in {**task.base, **answer}.items():
            if path.endswith(".py"):
                ast.parse(content)
    # The engine must not doubt the reference solution because the check names a file that it changes.
    changes = [("M" if path in task.base else "A", path) for path in task.solution]
    assert bent_check(task.check, changes) == touched_tests(changes) == ()
    assert "\x1b" not in task.title
    assert "\n" not in task.title
    assert task.title.isascii()


def test_the_suite_covers_what_people_ask_for() -> None:
    assert len(STANDARD) >= 60
    assert {task.complexity for task in STANDARD} == set(range(1, 11))
    kinds = Counter(task.kind for task in STANDARD)
    assert min(kinds[kind] for kind in TaskKind) >= 1
    assert kinds[TaskKind.ISSUE] >= 6
    assert kinds[TaskKind.TESTS] >= 2
    languages = Counter(task.language for task in STANDARD)
    assert languages["python"] > languages["javascript"] >= 2
    assert languages["shell"] >= 2
    assert all(task.needs for task in STANDARD if task.language == "javascript")
    assert {task.id for task in SUITE if task.demo} == DEMO


def test_tasks_can_be_told_apart() -> None:
    assert len({task.id for task in SUITE}) == len({task.title for task in SUITE}) == len(SUITE)


def test_the_everyday_suite_is_one_file_of_python_each() -> None:
    assert len(EVERYDAY) == 44
    assert sum(task.kind is TaskKind.EDIT for task in EVERYDAY) == 10
    assert {task.language for task in EVERYDAY} == {"python"}
    assert all(len(task.solution) == 1 for task in EVERYDAY)


def test_a_task_whose_program_is_missing_says_so() -> None:
    task = STANDARD[0].model_copy(update={"needs": ("bash", "no-such-program")})
    assert why_unusable(task) == "needs no-such-program, not found on PATH"
    assert why_unusable(STANDARD[0]) == ""


async def test_a_check_that_tells_nothing_is_found_out() -> None:
    task = GradedTask(
        id="greeting",
        title="Write greeting.txt",
        kind=TaskKind.FUNCTION,
        complexity=1,
        check='test "$(cat greeting.txt)" = hello',
        solution={"greeting.txt": "hello\n"},
        wrong=({"greeting.txt": "helo\n"}, {"hello.txt": "hello\n"}),
    )
    assert await validate(task, run) == ()
    assert await validate(task.model_copy(update={"check": "true"}), run) == (
        "the check is green before anything was done",
        "wrong[0] is accepted",
        "wrong[1] is accepted",
    )
    assert await validate(task.model_copy(update={"check": "false"}), run) == (
        "the reference solution is not accepted",
    )
