"""What is put right in the Python of a small model (after replies of Qwen2.5-Coder-1.5B), and what never is."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.missions.mending import mended

INTERVALS = """class IntervalSet:
    def __init__(self):
        self.intervals = []

    def add(self, start, end):
        if start > end:
            raise ValueError("End must be above start")
        i = bisect.bisect_left(self.intervals, (start, end))
        self.intervals.insert(i, (start, end))
"""
RANGE = """def search_range(items, wanted):
    for at, item in enumerate(items):
        if item == wanted:
            return at, at
    return None

class Counted:
    reads = 0
    def __len__(self): return 1000000
    def __getitem__(self, i):
        Counted.reads += 1
        return i // 250000
assert search_range(Counted(), 2) == (500000, 749999)
assert Counted.reads <= 100, Counted.reads
"""
ROMAN = """def to_roman(number):
    return "I" * number

# Check function to verify the correctness of the solution
def check():
    assert to_roman(4) == 'IV'
    for number in (0, -1, 4000):
        try: to_roman(number)
        except ValueError: pass
        else: raise AssertionError('to_roman accepted %s' % number)

check()
"""
AGE_BEFORE = '''"""Ages."""

from datetime import date

VOTING_AGE = 18


def age(born, today):
    """Full years."""
    return today.year - born.year - 1


def may_vote(born, today):
    """Old enough?"""
    return age(born, today) >= VOTING_AGE
'''
AGE_ONLY = '''from datetime import date
import calendar

def age(born, today):
    """Full years."""
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))
'''


def runs(text: str, tmp_path: Path, use: str) -> str:
    (tmp_path / "module.py").write_text(text)
    done = subprocess.run([sys.executable, "-c", use], cwd=tmp_path, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_a_module_of_the_standard_library_that_was_not_imported_is() -> None:
    better = mended(INTERVALS, old="", module="intervals", task="Write class IntervalSet in intervals.py")
    assert better.notes == ("added: import bisect",)
    assert better.text == "import bisect\n" + INTERVALS


@pytest.mark.parametrize(
    ("code", "line"),
    [
        ("def f(x: List[int]):\n    return x\n", "from typing import List"),
        ("def f():\n    return defaultdict(list)\n", "from collections import defaultdict"),
        ('"""Doc."""\n\nimport re\n\n\ndef f():\n    return math.pi, re\n', "import math"),
        ("from __future__ import annotations\n\ndef f():\n    return heapq.heapify([])\n", "import heapq"),
    ],
)
def test_names_of_the_standard_library_have_their_homes(code: str, line: str, tmp_path: Path) -> None:
    better = mended(code, old="", module="module", task="")
    assert better.notes == (f"added: {line}",)
    assert line in better.text.split("\n")
    assert runs(better.text, tmp_path, "import module; print(module.f.__name__)") == "f"


@pytest.mark.parametrize(
    "code",
    [
        "def f(string):\n    return string.upper()\n",
        "def f():\n    for copy in ():\n        copy.x()\n",
        "def f():\n    return unknown.thing()\n",
        "def f():\n    try:\n        pass\n    except OSError as signal:\n        signal.x()\n",
        "import re as math\n\n\ndef f():\n    return math.pi\n",
    ],
)
def test_what_is_bound_somewhere_or_is_nobodys_is_left_alone(code: str) -> None:
    assert mended(code, old="", module="module", task="") == (code, ())


def test_the_check_copied_below_the_solution_is_left_out(tmp_path: Path) -> None:
    better = mended(RANGE, old="", module="searching", task="Write search_range(items, wanted) in searching.py")
    assert better.notes == ("tests of its own left out",)
    assert "assert" not in better.text
    assert runs(better.text, tmp_path, "import module; print(module.search_range([5], 5))") == "(0, 0)"


def test_a_test_function_and_its_call_are_left_out(tmp_path: Path) -> None:
    better = mended(ROMAN, old="", module="roman", task="Write to_roman(number) in roman.py")
    assert better.notes == ("tests of its own left out",)
    assert "check" not in better.text.replace("# Check function", "")
    assert runs(better.text, tmp_path, "import module; print(module.to_roman(2))") == "II"


@pytest.mark.parametrize(
    ("code", "task"),
    [
        ("assert True\n", "Write asserts"),
        ("def check_age(age):\n    assert age > 0\n    return age\n", "Write check_age(age)"),
        ("def main():\n    pass\n\n\nif __name__ == '__main__':\n    main()\n", "A script"),
        ("import sys\n\nif sys.version_info < (3, 8):\n    raise SystemExit('too old')\n\n\ndef f():\n    pass\n", ""),
    ],
)
def test_what_a_file_is_for_stays(code: str, task: str) -> None:
    assert mended(code, old="", module="module", task=task) == (code, ())


def test_asserts_that_were_there_before_stay() -> None:
    old = "def f():\n    return 1\n\n\nassert f() == 1\n"
    assert mended(old.replace("1\n\n", "2 - 1\n\n"), old=old, module="module", task="").notes == ()


def test_a_file_that_imports_itself_does_so_no_more() -> None:
    better = mended("from module import f\n\ndef f():\n    return 1\n", old="", module="module", task="")
    assert better.text == "\ndef f():\n    return 1\n"


def test_the_mended_function_alone_goes_into_the_old_file(tmp_path: Path) -> None:
    better = mended(AGE_ONLY, old=AGE_BEFORE, module="age", task="age(born, today) in age.py is wrong")
    assert better.notes == ("VOTING_AGE, may_vote kept from before",)
    assert better.text.startswith('"""Ages."""')
    assert better.text.count("def age") == better.text.count("def may_vote") == better.text.count("from datetime") == 1
    use = "import module; from datetime import date; print(module.may_vote(date(2000, 1, 1), date(2018, 1, 1)))"
    assert runs(better.text, tmp_path, use) == "True"


def test_one_of_two_functions_the_task_asks_for_does_not_lose_the_other() -> None:
    old = "def encode(text):\n    return text\n\n\ndef decode(text):\n    return text\n"
    better = mended("def decode(text):\n    return text * 2\n", old=old, module="m", task="Write encode and decode")
    assert better.text == old.replace("def decode(text):\n    return text", "def decode(text):\n    return text * 2")


def test_new_definitions_come_after_the_old_ones() -> None:
    new = "def age(born, today):\n    return _years(born, today)\n\ndef _years(born, today):\n    return 1\n"
    better = mended(new, old=AGE_BEFORE, module="age", task="age() is wrong")
    names = [one.name for one in ast.parse(better.text).body if isinstance(one, ast.FunctionDef)]
    assert names == ["age", "may_vote", "_years"]


@pytest.mark.parametrize(
    "task", ["Remove may_vote and VOTING_AGE from age.py", "may_vote is called can_vote now, VOTING_AGE is gone"]
)
def test_what_the_task_names_may_go(task: str) -> None:
    assert mended(AGE_ONLY.replace("import calendar\n", ""), old=AGE_BEFORE, module="age", task=task).notes == ()


def test_another_file_altogether_is_taken_as_it_is() -> None:
    new = "def other():\n    return 1\n"
    assert mended(new, old=AGE_BEFORE, module="age", task="Write it anew") == (new, ())


def test_what_does_not_parse_is_left_alone() -> None:
    assert mended("def f(:\n", old=AGE_BEFORE, module="age", task="") == ("def f(:\n", ())


PIECES = st.lists(st.sampled_from([INTERVALS, RANGE, ROMAN, AGE_BEFORE, AGE_ONLY, "x = 1\n", "}{\n", "\n"]), max_size=4)


@given(PIECES, PIECES)
def test_nothing_that_parsed_breaks_and_mending_ends(new: list[str], old: list[str]) -> None:
    text = "".join(new)
    better = mended(text, old="".join(old), module="module", task="Write age(born, today)")
    try:
        ast.parse(text)
    except SyntaxError:
        assert better == (text, ())
        return
    ast.parse(better.text)
    assert mended(better.text, old="".join(old), module="module", task="Write age(born, today)").notes == ()
