"""After its first failure a check goes on and tells the rest; one that does not end says where it hangs."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from agents.missions.failure import essence, explaining_environment, failure_digest, holding

SEARCH = """def search(items, wanted):
    if wanted == 4:
        left, right = 0, 1
        while left <= right:
            middle = (left + right) // 2
    if wanted == 9:
        raise IndexError("out")
    return (1, 3)
"""
CHECK = """
from searching import search
assert search([1, 3, 3, 3], 3) == (1, 3)
assert search([1, 3, 8], 8) == (2, 2) and search([1], 1) == (0, 0)
assert search([1, 3], 9) is None
for bad in (0, -1):
    try: search([], bad)
    except ValueError: pass
    else: raise AssertionError('%s was accepted' % bad)
def refused(wanted): return False
assert refused(7) and refused(8)
assert not refused(7)
print('noise')
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "searching.py").write_text(SEARCH)
    return tmp_path


def python(
    folder: Path, *arguments: str, rest: bool = False, hang_s: float | None = None
) -> subprocess.CompletedProcess[str]:
    with explaining_environment(rest=rest, hang_s=hang_s) as env:
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=folder,
            env={**os.environ, **env},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )


def test_everything_that_is_wrong_is_told_at_once(folder: Path) -> None:
    told = python(folder, "-c", CHECK, rest=True)
    assert (told.returncode, told.stdout) == (1, "")
    tail = told.stderr[told.stderr.index("Wrong as well:") :]
    assert tail.splitlines() == [
        "Wrong as well:",
        "  also: assert search([1, 3], 9) is None raises IndexError: out",
        "  also: AssertionError: 0 was accepted",
        "  also: refused(7) does not hold",
        "Of 6 checks 2 hold.",
    ]
    assert "The assert that failed:\n  assert search([1, 3, 8], 8) == (2, 2)" in told.stderr


def test_without_a_wall_it_stops_at_the_first(folder: Path) -> None:
    assert "Wrong as well" not in python(folder, "-c", CHECK).stderr


def test_a_script_file_tells_it_too(folder: Path) -> None:
    (folder / "check.py").write_text(CHECK)
    assert "Of 6 checks 2 hold." in python(folder, "check.py", rest=True).stderr


def test_statements_on_one_line_are_told_apart(folder: Path) -> None:
    told = python(folder, "-c", "x = 1; assert x == 1; assert x == 2; x = 3; assert x == 3; assert x == 4", rest=True)
    assert told.stderr.endswith("Wrong as well:\n  also: x == 4, but x is 3\nOf 4 checks 2 hold.\n")


def test_an_exception_of_the_code_is_a_failure_like_others(folder: Path) -> None:
    code = "from searching import search\nassert search([], 9) is None\nassert search([], 1) == 5"
    told = python(folder, "-c", code, rest=True).stderr
    assert "IndexError: out" in told
    assert told.endswith("  also: search([], 1) == 5, but search([], 1) is (1, 3)\nOf 2 checks 0 hold.\n")


def test_a_step_between_the_checks_that_fails_does_not_end_them(folder: Path) -> None:
    told = python(
        folder, "-c", "assert 1\nfrom searching import search\nsearch([], 9)\nassert 1 == 2", rest=True
    ).stderr
    assert told.endswith("Wrong as well:\n  also: 1 == 2, but 1 is 1\nOf 2 checks 1 hold.\n")


@pytest.mark.parametrize("step", ["from searching import wanted", "wanted = [][0]"])
def test_an_import_or_a_value_that_fails_leaves_nothing_to_go_on_with(step: str, folder: Path) -> None:
    told = python(folder, "-c", f"assert 1\n{step}\nassert wanted == 1", rest=True).stderr
    assert "Error" in told
    assert "checks" not in told


def test_a_later_statement_that_does_not_end_is_said_and_left(folder: Path) -> None:
    code = "from searching import search\nassert search([], 1) == 5\nassert search([], 4) is None\nassert 1 == 2"
    told = python(folder, "-c", code, rest=True).stderr
    assert "also: assert search([], 4) is None does not end\n" in told
    assert told.endswith("Of 3 checks 0 hold.\n")


def test_a_later_exit_does_not_change_how_the_check_ends(folder: Path) -> None:
    told = python(folder, "-c", "assert 1 == 2\nraise SystemExit(0)", rest=True)
    assert told.returncode == 1
    assert "raises SystemExit: 0" in told.stderr


def test_a_check_that_hangs_says_where(folder: Path) -> None:
    told = python(folder, "-c", "from searching import search\nassert search([1, 3], 4) is None", hang_s=1).stderr
    assert told.startswith("It does not end. After 1 s it was here:\n  searching.py, line ")
    assert "in search: " in told
    assert "with items = [1, 3], wanted = 4, left = 0, right = 1, middle = 0" in told
    assert "  the check, line 2, in <module>: assert search([1, 3], 4) is None" in told
    digest = failure_digest("python3 -c …", told, None, 3000)
    assert essence(digest).startswith("It does not end. After 1 s it was here:")


def test_what_a_model_is_told_has_the_first_failure_in_words_and_the_rest_after_it(folder: Path) -> None:
    code = "x = 1\nassert x == 2\nassert x == 3"
    digest = failure_digest("python3 -c …", python(folder, "-c", code, rest=True).stderr, 1, 3000)
    assert essence(digest) == (
        "The assert that failed:\n  assert x == 2\n  left:  1\n  right: 2\nThat is: x gives 1 but must give 2.\n"
        "Wrong as well:\n  also: x == 3, but x is 1\nOf 2 checks 0 hold."
    )
    alone = failure_digest("…", python(folder, "-c", "x = 1\nassert x == 2\nassert x", rest=True).stderr, 1, 3000)
    assert essence(alone).endswith("\nThat is: x gives 1 but must give 2.\nOf 2 checks 1 hold.")
    assert holding(digest) == (0, 2)
    assert holding("Of course 2 checks 1 hold.") is None


def test_the_rest_is_kept_in_a_short_digest(folder: Path) -> None:
    noise = "for n in range(500): print('noise', n)\n"
    result = python(folder, "-c", noise + CHECK, rest=True)
    digest = failure_digest("python3 -c …", result.stdout + result.stderr, 1, 900)
    assert holding(digest) == (2, 6)
    assert "  also: AssertionError: 0 was accepted" in digest


def test_a_traceback_for_a_model_has_no_marks_below_its_lines(folder: Path) -> None:
    told = python(folder, "-c", "from searching import search\nx = search([], 9)", rest=True).stderr
    said = essence(failure_digest("python3 -c …", told, 1, 3000))
    assert said.startswith("Traceback (most recent call last):\n")
    assert said.endswith("IndexError: out")
    assert "^" not in said
