"""A red check made readable: real Python processes explain their asserts, real outputs are digested."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.missions.failure import (
    EXPLAIN,
    explaining_environment,
    failure_digest,
    trim_output,
)

SLUG = "def slugify(text):\n    return text.strip(' !').lower().replace(' ', '-')\n"


def python(
    folder: Path, *arguments: str, explain: bool = True, env: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    with explaining_environment() as explaining:
        environment = {**os.environ, **(explaining if explain else {}), **(env or {})}
        environment["PYTHONDONTWRITEBYTECODE"] = "1"
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "slug.py").write_text(SLUG)
    (tmp_path / "stack.py").write_text(
        "class Stack:\n    def __init__(self):\n        self.items = []\n"
        "    def push(self, item):\n        self.items.append(item)\n"
        "    def pop(self):\n        return self.items.pop(0)\n"
        "    @property\n    def size(self):\n        return len(self.items)\n"
    )
    return tmp_path


class TestExplain:
    def test_a_comparison_shows_both_sides(self, folder: Path) -> None:
        code = (
            "from slug import slugify; assert slugify('a') == 'a'; assert slugify(' Hello,  World! ') == 'hello-world'"
        )
        plain = python(folder, "-c", code, explain=False)
        told = python(folder, "-c", code)
        assert "hello,--world" not in plain.stderr
        assert told.returncode == plain.returncode == 1
        assert told.stdout == plain.stdout == ""
        lines = told.stderr.splitlines()
        assert lines[-5:] == [
            "The assert that failed:",
            "  assert slugify(' Hello,  World! ') == 'hello-world'",
            "  left:  'hello,--world'",
            "  right: 'hello-world'",
            "  first difference at index 5: ',' and '-'",
        ]

    def test_calls_that_change_state_are_not_asked_again(self, folder: Path) -> None:
        code = "from stack import Stack; s = Stack(); s.push(1); s.push(2); assert s.pop() == 2, 'last in, first out'"
        told = python(folder, "-c", code).stderr
        assert "AssertionError: last in, first out" in told
        assert "  left:  1\n  right: 2\n" in told

    @pytest.mark.parametrize(
        ("code", "expected"),
        [
            ("x = [1, 2]; assert len(x) == 3", ["left:  2", "right: 3", "where x is [1, 2]"]),
            ("x = 5; assert 0 < x < 3", ["left:  5", "right: 3"]),
            ("x = 'b'; assert x in ('a', 'c')", ["left:  'b'", "right: ('a', 'c')"]),
            ("x = 1; y = 0; assert x == 1 and y", ["false: y", "value: 0"]),
            ("x = 1; assert not x", ["value: x is 1"]),
            ("x = 1; assert isinstance(x, str)", ["value: False", "where x is 1"]),
            ("from slug import slugify; t = 'A b'; assert slugify(t) == 'x'", ["left:  'a-b'", "where t is 'A b'"]),
            (
                "from slug import slugify; assert all(slugify(a) == b for a, b in [('A', 'a'), ('B c', 'b_c')])",
                ["false for a = 'B c', b = 'b_c'", "left:  'b-c'", "right: 'b_c'"],
            ),
            ("assert [1, 2, 3] == [1, 2]", ["lengths: 3 and 2"]),
            ("assert '1' == 1", ["types: str and int"]),
            ("assert (\n  1 ==\n  2\n)", ["assert 1 == 2", "left:  1"]),
            ("assert 'x' * 100000 == 'y'", ["left:  'xxx", "..."]),
            ("class A:\n  def __repr__(self): raise OSError\n\nassert A() == 1", ["left:  <A instance at"]),
            ("def f():\n  local = 3\n  assert local == 4\n\nf()", ["left:  3", "right: 4"]),
            ("import sys\ndef f():\n  sys.exit(5)\n\nassert 1 == 2 and f()", ["false: 1 == 2"]),
            ("n = [0]\ndef f():\n  n[0] += 1\n  return n[0]\n\nassert f() == 2", ["left:  1", "right: 2"]),
            ("d = {'a': 1}\nassert d['a'] == 2", ["left:  1", "where d is {'a': 1}"]),
        ],
    )
    def test_every_kind_of_condition(self, folder: Path, code: str, expected: list[str]) -> None:
        result = python(folder, "-c", code)
        assert result.returncode == 1
        assert "The assert that failed:" in result.stderr
        for line in expected:
            assert line in result.stderr
        assert len(result.stderr) < 6000

    def test_a_script_and_an_imported_module(self, folder: Path) -> None:
        (folder / "check.py").write_text("from slug import slugify\n\ngot = slugify('A b')\nassert got == 'a_b'\n")
        told = python(folder, "check.py")
        assert told.returncode == 1
        assert 'check.py", line 4' in told.stderr
        assert "  left:  'a-b'\n  right: 'a_b'\n" in told.stderr
        (folder / "slug.py").write_text("def slugify(text):\n    assert text != 'A'\n    return text\n")
        told = python(folder, "-Bc", "import slug; slug.slugify('A')")
        assert "  assert text != 'A'\n  left:  'A'" in told.stderr

    @pytest.mark.parametrize(
        ("code", "status"),
        [
            ("import sys; print('out'); sys.exit(7)", 7),
            ("raise ValueError('bad')", 1),
            ("raise AssertionError('own')", 1),
            ("import os; os._exit(9)", 9),
            ("print('fine')", 0),
            ("def f(", 1),
            ("import unittest; unittest.TestCase().assertEqual(1, 2)", 1),
        ],
    )
    def test_everything_else_ends_as_ever(self, folder: Path, code: str, status: int) -> None:
        plain = python(folder, "-c", code, explain=False)
        told = python(folder, "-c", code)
        assert (told.returncode, told.stdout) == (plain.returncode, plain.stdout)
        assert told.returncode == status
        assert "The assert that failed" not in told.stderr
        if plain.stderr:
            assert told.stderr.splitlines()[-1] == plain.stderr.splitlines()[-1]

    def test_an_existing_sitecustomize_still_runs(self, folder: Path) -> None:
        other = folder / "other"
        other.mkdir()
        (other / "sitecustomize.py").write_text("import builtins\nbuiltins.marked = 'yes'\n")
        code = "import sitecustomize\nassert marked + sitecustomize.__file__ == 'no'"
        with explaining_environment(pythonpath=str(other)) as env:
            told = python(folder, "-c", code, env=env)
        assert f"left:  'yes{other}" in told.stderr

    def test_an_existing_hook_still_runs(self, folder: Path) -> None:
        other = folder / "other"
        other.mkdir()
        (other / "sitecustomize.py").write_text("import sys\nsys.excepthook = lambda *parts: print('theirs')\n")
        with explaining_environment(pythonpath=str(other)) as env:
            told = python(folder, "-c", "assert 1 == 2", env=env)
        assert (told.stdout, told.returncode) == ("theirs\n", 1)
        assert "left:  1" in told.stderr

    def test_modules_run_with_dash_m_are_left_alone(self, folder: Path) -> None:
        (folder / "mod.py").write_text("import sys\nprint(sys.getprofile(), sys.excepthook is sys.__excepthook__)\n")
        assert python(folder, "-W", "error", "-m", "mod").stdout == "None True\n"

    def test_a_long_recursion_is_not_slowed_for_ever(self, folder: Path) -> None:
        code = "def fib(n): return n if n < 2 else fib(n-1) + fib(n-2)\n\nassert fib(25) == 1"
        told = python(folder, "-c", code)
        assert "left:  75025" in told.stderr

    def test_the_copy_in_a_folder_works_and_goes_away(self, folder: Path) -> None:
        with explaining_environment(folder) as env:
            assert str(EXPLAIN) not in env["PYTHONPATH"]
            assert "left:  1" in python(folder, "-c", "assert 1 == 2", explain=False, env=env).stderr
        assert sorted(path.name for path in folder.iterdir() if path.name != "__pycache__") == ["slug.py", "stack.py"]

    def test_it_needs_nothing_newer_than_python_3_8(self) -> None:
        import ast

        ast.parse((EXPLAIN / "sitecustomize.py").read_text(), feature_version=(3, 8))

    def test_without_positions_the_values_are_asked_again(self, folder: Path) -> None:
        """As on Python 3.8 to 3.10, and wherever positions are switched off."""
        code = "from slug import slugify; assert slugify('a') == 'a'; assert slugify('B c') == 'b_c'"
        told = python(folder, "-X", "no_debug_ranges", "-c", code)
        assert "  assert slugify('B c') == 'b_c'\n  left:  'b-c'\n" in told.stderr


class TestTrim:
    def test_head_and_tail_are_kept(self) -> None:
        text = "\n".join(f"line {number}" for number in range(1000))
        trimmed = trim_output(text, 400)
        assert trimmed.startswith("line 0\n")
        assert trimmed.endswith("\nline 999")
        assert "lines left out …" in trimmed

    @given(st.text(), st.integers(60, 400))
    def test_never_longer_than_the_limit(self, text: str, limit: int) -> None:
        for each in (text, text * 50, "x" * 5000):
            trimmed = trim_output(each, limit)
            assert len(trimmed) <= limit
            assert len(each) > limit or trimmed == each


PYTEST = """============================= test session starts ==============================
collected 120 items
{passed}
=================================== FAILURES ===================================
________________________________ test_slugify __________________________________

    def test_slugify():
>       assert slugify("A b") == "a-b"
E       AssertionError: assert 'a_b' == 'a-b'
E         - a-b
E         + a_b

tests/test_slug.py:5: AssertionError
{noise}
=========================== short test summary info ============================
FAILED tests/test_slug.py::test_slugify - AssertionError: assert 'a_b' == 'a-b'
========================= 1 failed, 119 passed in 0.31s ========================
"""
GO = """=== RUN   TestAdd
{passed}
--- FAIL: TestAdd (0.00s)
    add_test.go:9: Add(1, 2) = 4, want 3
{noise}
FAIL
exit status 1
FAIL    example.com/add 0.002s
"""
CARGO = """   Compiling add v0.1.0
{passed}
thread 'tests::adds' panicked at src/lib.rs:9:9:
assertion `left == right` failed
  left: 4
 right: 3
{noise}
test result: FAILED. 0 passed; 1 failed; 0 ignored
"""
NODE = """TAP version 13
{passed}
not ok 1 - adds
  ---
  error: |-
    Expected values to be strictly equal:

    4 !== 3

  expected: 3
  actual: 4
  code: 'ERR_ASSERTION'
{noise}
# fail 1
"""
UNITTEST = """{passed}
======================================================================
FAIL: test_add (test_add.TestAdd.test_add)
----------------------------------------------------------------------
Traceback (most recent call last):
  File "/repo/test_add.py", line 7, in test_add
    self.assertEqual(add(1, 2), 3)
AssertionError: 4 != 3
{noise}
Ran 1 test in 0.000s

FAILED (failures=1)
"""
TRACEBACK = """{passed}
Traceback (most recent call last):
  File "/usr/lib/python3.11/runpy.py", line 88, in _run_code
    exec(code, run_globals)
  File "/repo/main.py", line 3, in <module>
    run(None)
  File "/repo/tool.py", line 9, in run
    return value.strip()
AttributeError: 'NoneType' object has no attribute 'strip'
{noise}
"""


@pytest.mark.parametrize(
    ("output", "wanted"),
    [
        (PYTEST, ['>       assert slugify("A b") == "a-b"', "E       AssertionError", "tests/test_slug.py:5:"]),
        (GO, ["--- FAIL: TestAdd", "add_test.go:9: Add(1, 2) = 4, want 3"]),
        (CARGO, ["panicked at src/lib.rs:9:9", "left: 4", "right: 3"]),
        (NODE, ["not ok 1 - adds", "expected: 3", "actual: 4"]),
        (UNITTEST, ["FAIL: test_add", "self.assertEqual(add(1, 2), 3)", "AssertionError: 4 != 3"]),
        (TRACEBACK, ['File "/repo/tool.py", line 9', "return value.strip()", "AttributeError: 'NoneType'"]),
    ],
)
def test_the_digest_keeps_what_matters(output: str, wanted: list[str]) -> None:
    passed = "\n".join(f"tests/test_other_{number}.py .......... [ {number}%]" for number in range(200))
    noise = "\n".join(f"  captured log line {number} with nothing of interest in it" for number in range(200))
    digest = failure_digest("make test", output.format(passed=passed, noise=noise), 2, 900)
    assert digest.startswith("$ make test\n(exited 2)\n")
    assert len(digest) <= 900
    for part in wanted:
        assert part in digest
    places = [digest.index(part) for part in wanted]
    assert places == sorted(places)


def test_a_short_output_is_kept_whole_and_made_safe() -> None:
    assert failure_digest("x", "a\x1b[31mb\x1b[0m\r\n\n\n\nc\n", 1, 500) == "$ x\n(exited 1)\nab\n\nc"
    assert "printed nothing" in failure_digest("x", " \n", 1, 500)
    assert "time limit" in failure_digest("x", "…", None, 500)


def test_an_explained_assert_outweighs_everything(folder: Path) -> None:
    code = "from slug import slugify\nfor n in range(500): print('noise', n)\nassert slugify('A b') == 'a_b'"
    result = python(folder, "-c", code)
    digest = failure_digest("python -c …", result.stdout + result.stderr, result.returncode, 500)
    assert "assert slugify('A b') == 'a_b'\n  left:  'a-b'\n  right: 'a_b'" in digest


@given(st.text(max_size=400), st.integers(100, 600))
def test_the_digest_never_exceeds_its_limit(text: str, limit: int) -> None:
    for output in (text, (text + "\nError: x\n") * 40):
        assert len(failure_digest("check " * 100, output, 1, limit)) <= limit
