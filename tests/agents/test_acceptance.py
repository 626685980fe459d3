"""What is read off a planner's and a check writer's answers, and where a check is put: words here, code there."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.clock import SystemClock
from agents.missions.acceptance import LONGEST, parses, place_of, pytest_of, read_check
from agents.missions.answer import Unreadable
from agents.missions.order_mending import read_mending
from agents.missions.prose import holds_code
from agents.missions.work_order import read_order
from agents.store.work_orders import Interface, OrderedPart, WorkOrder
from agents.tasks import Task, TaskStatus
from tests.agents.orchestra import order, ordered

CODE = "def slug(text):\n    words = text.split()\n    joined = '-'.join(words)\n    return joined"
AT = SystemClock().now()
TASK = Task(id=7, repo="/r", title="t", status=TaskStatus.OPEN, complexity=3, created_at=AT, updated_at=AT)


def made(*files: str, interfaces: tuple[Interface, ...] = ()) -> WorkOrder:
    part = OrderedPart(title="All of it", files=files)
    return WorkOrder(summary="s", files=files, interfaces=interfaces, acceptance="a", parts=(part,))


@pytest.mark.parametrize(
    ("files", "there", "runner", "path", "command"),
    [
        (("slug.py",), ("a.py",), "", "test_warroom_t7.py", "PYTHONPATH=. python3 test_warroom_t7.py"),
        (
            ("src/slug.py",),
            ("src/a.py", "tests/test_a.py"),
            "uv run pytest",
            "tests/test_warroom_t7.py",
            "PYTHONPATH=.:src uv run pytest -q tests/test_warroom_t7.py",
        ),
        (("a.ts", "b.ts", "c.py"), (), "", "warroom_t7.test.mts", "node --test warroom_t7.test.mts"),
        (("a.js",), ("test/x.js",), "", "test/warroom_t7.test.mjs", "node --test test/warroom_t7.test.mjs"),
        (("main.go",), ("WARROOM_T7.sh",), "", "warroom_t7_1.sh", "sh -eu warroom_t7_1.sh"),
    ],
)
def test_a_check_lies_where_nothing_is_and_is_run_by_its_language(
    files: tuple[str, ...], there: tuple[str, ...], runner: str, path: str, command: str
) -> None:
    place = place_of(TASK, made(*files), there, pytest=runner)
    assert (place.path, place.command) == (path, command)
    assert parses(path) == {"sh": f"sh -n {path}", "mjs": f"node --check {path}"}.get(path.rpartition(".")[2], "")


@pytest.mark.parametrize(
    ("command", "files", "begun"),
    [
        ("python3 -m pytest -q tests", (), "python3 -m pytest"),
        (" .venv/bin/pytest", (), ".venv/bin/pytest"),
        ("uv run --frozen pytest -x", (), "uv run --frozen pytest"),
        ("cd shop && pytest", (), "python3 -m pytest"),
        ("make verify", ("tests/test_a.py",), "python3 -m pytest"),
        ("make verify", ("a.py",), ""),
        (None, ("a.py",), ""),
    ],
)
def test_pytest_is_begun_as_the_repository_begins_it(command: str | None, files: tuple[str, ...], begun: str) -> None:
    assert pytest_of(command, files) == begun


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "is empty"),
        ("x = 1\n" * LONGEST, "the limit is"),
        ("def test_(:", "no Python that parses"),
        ("def slugify(text):\n    return text\n", "defines slugify itself"),
        (7, "is empty"),
    ],
)
def test_a_check_that_is_none_is_refused(content: object, said: str) -> None:
    known = made("slug.py", interfaces=(Interface(file="slug.py", signature="slugify(text: str) -> str"),))
    place = place_of(TASK, known, (), pytest="")
    with pytest.raises(Unreadable, match=said):
        read_check(json.dumps({"content": content}), place, known)
    fenced = json.dumps({"content": "```python\nassert 1\n```"})
    assert read_check(fenced, place, known) == "assert 1\n"


def _with(**more: Any) -> dict[str, Any]:
    return order(**more)


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (order(ordered("a", brief=CODE)), "the brief of part 1 holds code"),
        (order(ordered("a", brief="```\n" + "x\n" * 9 + "```")), "the brief of part 1 holds code"),
        (_with(acceptance=CODE), "acceptance holds code"),
        (_with(conventions=CODE.splitlines()), "conventions holds code"),
        (_with(interfaces=[{"file": "a.py", "signature": "f(a) { return a }", "does": ""}]), "no one-liner"),
        (_with(interfaces=[{"file": "a.py", "signature": "def f(a):\n    x", "does": ""}]), "no one-liner"),
        (order(ordered("a", brief="long " * 300)), "characters, the limit is"),
        (order(*[ordered(str(number)) for number in range(7)]), "1 to 6 parts"),
        (order(*[ordered(str(number), brief="word " * 220) for number in range(6)]), "the limit is 6000"),
        (order(ordered("a", "../x.py")), "names '../x.py'"),
        (order(ordered("a", ".git/hooks/x")), "names"),
        (_with(acceptance=""), "acceptance is empty"),
        ({"parts": []}, "acceptance"),
    ],
)
def test_an_order_with_code_in_it_or_without_bounds_is_refused(said: dict[str, Any], why: str) -> None:
    with pytest.raises(Unreadable) as caught:
        read_order(json.dumps(said))
    assert why in str(caught.value)


def test_a_mended_order_holds_no_code_either() -> None:
    with pytest.raises(Unreadable, match="holds code"):
        read_mending(json.dumps({"action": "mend", "why": "w", "brief": CODE, "files": []}))
    assert read_mending('{"action": "hand_over"}').action == "hand over"


@pytest.mark.parametrize(
    "text",
    [
        "Lower case, words joined by hyphens. For example:\nslugify('A  b') == 'a-b'\nslugify('') == ''",
        "- Return the total as Decimal;\n- raise ValueError for a negative price;\n- round half up.",
        "If the cart is empty:\nreturn zero.\nFor every line, add up.\nWhile there are discounts, apply them.",
        "with care, and in this order:\n1. Read the file.\n2. Count the words.\n3. Print them.",
    ],
)
def test_words_that_speak_of_code_are_no_code(text: str) -> None:
    assert not holds_code(text)


@pytest.mark.parametrize(
    "text",
    [
        CODE,
        "export function f(a) {\n  const b = a + 1;\n  return b;\n}",
        "for i in range(3):\n    total += i\n    print(total)\nx = total",
        "Do this:\n\nimport re\n\nPATTERN = re.compile('a')\n\nx = PATTERN\n\nassert x",
    ],
)
def test_a_program_is_one_in_any_dress(text: str) -> None:
    assert holds_code(text)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=30),
        lambda of: (
            st.lists(of, max_size=3)
            | st.dictionaries(
                st.sampled_from(["parts", "acceptance", "files", "title", "brief", "interfaces", "file", "signature"]),
                of,
                max_size=6,
            )
        ),
        max_leaves=12,
    )
)
def test_whatever_a_planner_says_is_an_order_or_unreadable(said: object) -> None:
    try:
        found = read_order(json.dumps(said))
    except Unreadable:
        return
    assert found.parts
    assert found.acceptance
