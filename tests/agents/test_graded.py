"""Every graded task: its check is red on the base, green on the reference solution, red on every trap."""

import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from agents.proving.graded import GradedTask, load_suite

SUITE = load_suite()


def check(task: GradedTask, folder: Path, *layers: Mapping[str, str]) -> int:
    for layer in (task.base, *layers):
        for name, content in layer.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content)
    return subprocess.run(["bash", "-c", task.check], cwd=folder, capture_output=True, timeout=30).returncode


@pytest.mark.parametrize("task", SUITE, ids=lambda task: task.id)
def test_the_check_tells_right_from_wrong(task: GradedTask, tmp_path: Path) -> None:
    assert check(task, _folder(tmp_path, "base")) != 0, "the check is green before anything was done"
    assert check(task, _folder(tmp_path, "solution"), task.solution) == 0, "the reference solution is not accepted"
    for index, wrong in enumerate(task.wrong):
        assert check(task, _folder(tmp_path, f"wrong{index}"), wrong) != 0, f"trap {index} is accepted"


def test_the_prompt_does_not_contain_the_solution() -> None:
    for task in SUITE:
        prompt = f"{task.title}\n{task.brief}"
        for content in task.solution.values():
            body = [line.strip() for line in content.splitlines() if len(line.strip()) > 30]
            assert not any(line in prompt for line in body), task.id


def _folder(root: Path, name: str) -> Path:
    folder = root / name
    folder.mkdir()
    return folder
