"""A person's own folder of graded tasks: read, or refused with the file and the key."""

import os
from pathlib import Path

import pytest

from agents.proving.graded import load_suite
from agents.proving.suite_files import FILE_LIMIT, TASKS_LIMIT, SuiteError

TASK = """
title = "Write greeting.txt"
kind = "function"
complexity = 2
check = "test -f greeting.txt"

[solution]
"greeting.txt" = "hello"

[[wrong]]
"greeting" = "hello"
"""


def refusal(folder: Path) -> str:
    with pytest.raises(SuiteError) as refused:
        load_suite(folder)
    assert refused.value.exit_code == 2
    return str(refused.value)


def test_a_folder_of_tasks_is_a_suite(tmp_path: Path) -> None:
    (tmp_path / "zeta.toml").write_text(TASK.replace("complexity = 2", 'complexity = 1\nneeds = ["node"]'))
    (tmp_path / "alpha.toml").write_text(TASK)
    (tmp_path / "notes.txt").write_text("not a task")
    first, second = load_suite(str(tmp_path))
    assert (first.id, first.needs, second.id) == ("zeta", ("node",), "alpha")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("title =", "titel =", "titel: unknown key. Did you mean title?"),
        ("title =", "zzz =", "zzz: unknown key. It may be title, brief,"),
        ('title = "Write greeting.txt"', "", "title: missing."),
        ('[solution]\n"greeting.txt" = "hello"', "", "solution: missing."),
        ('"greeting.txt" = "hello"', "", "solution: "),
        ('[[wrong]]\n"greeting" = "hello"', "", "wrong: missing."),
        ("complexity = 2", "complexity = 11", "complexity: "),
        ('kind = "function"', 'kind = "novel"', "kind: "),
        ("kind =", 'id = "other"\nkind =', "id: unknown key"),
        ('"test -f greeting.txt"', '"  "', "check: "),
        ('"greeting.txt" = "hello"', '"../greeting.txt" = "hello"', "solution: '../greeting.txt' leads out"),
        ('"greeting.txt" = "hello"', '"/etc/greeting" = "hello"', "solution: '/etc/greeting' leads out"),
        ('"greeting.txt" = "hello"', '"~/greeting" = "hello"', "solution: '~/greeting' leads out"),
        ('"greeting" = "hello"', '".git/config" = "hello"', "wrong.0: '.git/config' lies in git's own folder"),
        ('"greeting" = "hello"', '"a/.GIT/config" = "hello"', "wrong.0: 'a/.GIT/config' lies in git's own folder"),
        ('"greeting" = "hello"', '"./greeting" = "hello"', "wrong.0: './greeting' is no plain relative path"),
        ('"greeting" = "hello"', '"" = "hello"', "wrong.0: '' is no plain relative path"),
        ('"greeting" = "hello"', '"a\\u001b[2Jb" = "hello"', "wrong.0: 'ab' is no plain relative path"),
        ('"greeting" = "hello"', '"greeting" = 5', "wrong.0.greeting: "),
        ('"greeting" = "hello"', '"a" = "x"\n"a/b" = "y"', "'a/b' lies in a folder that is also given as a file"),
        ("[[wrong]]", "[[wrong]", "line 10: not valid TOML"),
    ],
)
def test_a_fault_is_told_with_file_and_key(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert old in TASK
    (tmp_path / "greeting.toml").write_text(TASK.replace(old, new))
    told = refusal(tmp_path)
    assert "greeting.toml" in told
    assert said in told
    assert "\x1b" not in told


def test_a_file_that_is_none_of_ours_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "greeting.toml"
    path.write_bytes(TASK.encode() + b"# \xff")
    assert "not UTF-8" in refusal(tmp_path)
    path.write_text(TASK + "#" * FILE_LIMIT)
    assert "longer than 256 KiB" in refusal(tmp_path)
    path.unlink()
    path.mkdir()
    assert "not a regular file" in refusal(tmp_path)
    path.rmdir()
    os.mkfifo(path)
    assert "not a regular file" in refusal(tmp_path)
    path.unlink()
    (tmp_path / "real").write_text(TASK)
    path.symlink_to(tmp_path / "real")
    assert "is a symlink" in refusal(tmp_path)
    path.unlink()
    (tmp_path / "a b\x1b[2J.toml").write_text(TASK)
    assert "the file's name is no id" in refusal(tmp_path)


def test_a_folder_without_tasks_is_told(tmp_path: Path) -> None:
    assert "holds no task" in refusal(tmp_path)
    assert "is neither a suite (standard, everyday) nor a folder" in refusal(tmp_path / "none")
    for number in range(TASKS_LIMIT + 1):
        (tmp_path / f"{number}.toml").touch()
    assert f"at most {TASKS_LIMIT} tasks" in refusal(tmp_path)
