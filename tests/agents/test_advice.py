"""What planners and reviewers are shown, and how what they answer is read."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.missions.answer import Unreadable
from agents.missions.decompose import BRIEF_LIMIT, MOST, read_decomposition
from agents.missions.fences import fenced
from agents.missions.material import diff_within
from agents.missions.review import MOST_FINDINGS, read_verdict
from agents.models.tokens import estimate_tokens
from agents.sanitize import sanitize
from tests.agents.council_table import FINDING, part, parts, verdict

FILES = ("slug.py", "src/deep name.py")
OK = json.dumps(verdict(FINDING))


@pytest.mark.parametrize(
    "answer",
    [
        OK,
        f"Here is my review:\n```json\n{OK}\n```\nHope it helps.",
        str(verdict(FINDING)),
        json.dumps({"review": verdict(FINDING)}),
        f"The body {{is}} odd. {OK}",
        json.dumps(verdict(FINDING) | {"approves": "Approved"}),
    ],
)
def test_a_verdict_is_read_however_it_is_wrapped(answer: str) -> None:
    read = read_verdict(answer, FILES)
    assert read.approves
    assert [finding.model_dump() for finding in read.findings] == [FINDING]


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "LGTM",
        "{",
        "[]",
        "{}",
        '{"approves": 1}',
        '{"approves": true, "findings": ["bad"]}',
        '{"approves": true, "findings": {}}',
        "{" * 100_000,
        '{"a":' * 5_000,
    ],
)
def test_what_is_no_verdict_is_unreadable(answer: str) -> None:
    with pytest.raises(Unreadable):
        read_verdict(answer, FILES)


def test_findings_are_bounded() -> None:
    read = read_verdict(json.dumps(verdict(*[FINDING] * 500)), FILES)
    assert len(read.findings) == MOST_FINDINGS


@given(st.text(max_size=300), st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=20), st.lists))
def test_nothing_a_reviewer_writes_gets_through_unsanitized(text: str, odd: object) -> None:
    finding = {"path": text, "line": odd, "severity": odd, "text": text}
    read = read_verdict(json.dumps({"approves": True, "summary": text, "findings": [finding]}), FILES)
    for said in (read.summary, *(f"{found.path}{found.text}" for found in read.findings)):
        assert sanitize(said) == said
        assert "\n" not in said
    assert {found.path for found in read.findings} <= {"", *FILES}


def test_parts_with_their_order() -> None:
    read = read_decomposition(json.dumps(parts(part("a"), part("b", 1), part("c", 1, 2, 1, check="make c"))))
    assert [(one.title, one.after, one.check) for one in read.parts] == [
        ("a", (), None),
        ("b", (0,), None),
        ("c", (0, 1), "make c"),
    ]


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ("no", "no JSON object"),
        (parts(part("a")), "2 to 7 parts, not 1"),
        (parts(*[part("a")] * (MOST + 1)), "not 8"),
        (parts(summary=""), "not 0"),
        (parts(part("a"), part(" \x1b ")), "part 2 has no title"),
        (parts(part("a", 2), part("b")), "part 1 can only depend on parts before it"),
        (parts(part("a"), part("b", 2)), "part 2 can only depend"),
        (parts(part("a"), part("b", 0)), "the first part is 1"),
        (parts(part("a"), part("b") | {"depends_on": ["a"]}), "part 2 can only depend"),
        (parts(part("a"), part("b") | {"depends_on": 1}), "must be a list"),
        (parts(part("a", brief="x" * (BRIEF_LIMIT + 1)), part("b")), "the limit is 2000"),
        (parts(part("a"), part("b", brief="do\n```\n" + "x\n" * 5 + "```")), "part 2 holds code"),
        (parts(part("a"), part("b", brief="~~~~py\n" + "x\n" * 5)), "part 2 holds code"),
        (parts(part("a"), part("b", brief="```\nx\n```\n\n````\n" + "x\n" * 9 + "````")), "part 2 holds code"),
        (parts(part("a"), part("b", check="cat <<E\nx\nE")), "one command on one line"),
        (parts(part("a"), "b"), "a list of objects"),
    ],
)
def test_a_plan_that_is_none_is_refused_in_words_for_the_planner(answer: object, why: str) -> None:
    with pytest.raises(Unreadable, match=why):
        read_decomposition(answer if isinstance(answer, str) else json.dumps(answer))


def test_a_line_of_code_is_a_specification() -> None:
    brief = "slugify('A b') gives:\n```\n'a-b'\n```"
    assert read_decomposition(json.dumps(parts(part("a", brief=brief), part("b")))).parts[0].brief == brief


@given(st.lists(st.lists(st.integers(-1, 8), max_size=4), min_size=1, max_size=9))
def test_parts_that_are_read_can_be_done_in_their_order(needs: list[list[int]]) -> None:
    answer = json.dumps(parts(*[part(f"part {number}", *before) for number, before in enumerate(needs, 1)]))
    try:
        read = read_decomposition(answer)
    except Unreadable:
        fits = 2 <= len(needs) <= MOST
        assert not fits or any(not 1 <= before < at for at, all_ in enumerate(needs, 1) for before in all_)
        return
    assert all(before < place for place, one in enumerate(read.parts) for before in one.after)


@given(st.text())
def test_no_text_can_end_its_own_fence(text: str) -> None:
    opening, *inside, closing = fenced("diff", text).split("\n")
    assert closing == opening.replace("===== diff", "===== end of diff")
    assert closing not in inside


def test_a_short_diff_is_whole_and_a_long_one_lists_its_files() -> None:
    short = "diff --git a/a.py b/a.py\n+x = 1"
    long = "diff --git a/b.py b/b.py\n" + "\n".join(f"+value_{number} = {number}" for number in range(5000))
    assert diff_within(short, 1000) == short
    shown = diff_within(f"{short}\n{long}", 1000)
    assert "a/b.py b/b.py: 5000 lines" in shown
    assert "+x = 1" in shown
    assert "+value_3 " in shown
    assert estimate_tokens(shown) < 1200
    many = "\n".join(f"diff --git a/{n}.py b/{n}.py\n+x = {n}" for n in range(5000))
    assert "more files" in diff_within(many, 20_000) or "left out" in diff_within(many, 20_000)
    assert estimate_tokens(diff_within(many, 2000)) < 2400
