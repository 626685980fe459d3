"""The rules' complexity puts the obvious in order, falls for none of the seed's traps, and survives any text."""

import itertools
import re
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.routing.assessment import assess
from agents.routing.lexicon import lexicon
from agents.routing.surroundings import Surroundings
from agents.sanitize import sanitize
from agents.tasks import TaskKind

LADDER = [
    "Fix a typo in the README's security section about authentication",
    "Create slug.py with slugify(text): lower case, words joined by hyphens",
    "Write an LRU cache class with O(1) get and put in lru.py",
    "Split the billing module across api.py, models.py and db.py and update every caller",
    "Redesign the monolith as a distributed microservice architecture with authentication and migrate the database",
]
TRACE = """The nightly import dies.

Traceback (most recent call last):
  File "app/load.py", line 10, in main
    run()
  File "app/rows.py", line 4, in run
    raise KeyError(name)
KeyError: 'price'
"""


@pytest.mark.parametrize(("easier", "harder"), itertools.pairwise(LADDER))
def test_the_obvious_is_in_order(easier: str, harder: str) -> None:
    assert assess(easier).complexity < assess(harder).complexity


@pytest.mark.parametrize(
    "text", ["fix the intermittent deadlock in worker.py", "users see a 500 when paying; find out why and fix it"]
)
def test_open_questions_are_not_easy(text: str) -> None:
    assert assess(text).complexity >= 5


@pytest.mark.parametrize(
    "text",
    [
        "capitalise the capital of each country",
        "trace the embrace of a terrace",  # race
        "the classic classification of classicists",  # class
        "a description of what whyever means",  # why
        "print db_api_server",  # an identifier is one word
        "say `redesign the distributed database` backwards",  # code is no prose
    ],
)
def test_words_inside_words_are_nothing(text: str) -> None:
    assert assess(text).evidence == assess("x").evidence


def test_a_file_s_name_is_no_word_and_its_ending_no_file() -> None:
    assert assess("Return 1 in api/server/database.py").evidence == assess("Return 1 in a/b/c.py").evidence
    two = assess("Return 1 from both a.py and b.py")
    assert "names 2 files" in two.evidence
    assert two.coordinative > assess("Return 1 from a.py").coordinative == 0


def test_the_parts_add_up_to_the_score_and_the_evidence_names_the_words() -> None:
    found = assess("Migrate every caller in a.py and b.py; nobody knows why it sometimes hangs")
    assert found.score == pytest.approx(min(10, found.component + found.coordinative + found.dynamic), abs=0.02)
    assert min(found.component, found.coordinative, found.dynamic) > 0
    said = " | ".join(found.evidence)
    for word in ("names 2 files", "migrate", "every caller", "why", "sometimes", "hangs"):
        assert word in said


@pytest.mark.parametrize(
    ("text", "files", "kind"),
    [
        ("Create slug.py with slugify(text)", set(), TaskKind.FUNCTION),
        ("Create slug.py with slugify(text) and tests for it", set(), TaskKind.FUNCTION),
        ("Write slugify(text) in slug.py", {"slug.py"}, TaskKind.EDIT),
        ("Fix the rounding in price.py", {"price.py"}, TaskKind.EDIT),
        ("Fix the rounding in price.py", {"src/shop/price.py"}, TaskKind.EDIT),
        ("Fix the failing test in test_price.py", {"test_price.py", "price.py"}, TaskKind.EDIT),
        ("users see a 500 when paying; find out why", {"app.py"}, TaskKind.ISSUE),
        ("Orders vanish from the list overnight", {"app.py"}, TaskKind.ISSUE),
        (TRACE, {"app/load.py", "app/rows.py"}, TaskKind.ISSUE),
        ("Document the flags in the README", {"README.md"}, TaskKind.DOCS),
        ("docs(cli): mention --json", {"cli.py"}, TaskKind.DOCS),
        ("Add tests for price.py", {"price.py"}, TaskKind.TESTS),
        ("test: cover the empty cart", {"cart.py"}, TaskKind.TESTS),
        ("Write a test runner in run.py", set(), TaskKind.FUNCTION),
    ],
)
def test_the_kind(text: str, files: set[str], kind: TaskKind) -> None:
    assert assess(text, Surroundings(frozenset(files))).kind is kind


def test_a_stack_trace_is_evidence_and_its_words_and_files_are_none() -> None:
    found = assess(TRACE)
    assert "a failure with its stack trace" in found.evidence
    assert not any("files" in line for line in found.evidence)
    assert found.score > assess("The nightly import dies.").score


def test_a_typo_in_a_brief_about_a_large_thing_stays_a_typo() -> None:
    hard = "the section on the distributed architecture, its database migration and its race conditions"
    assert assess(f"Fix a typo in {hard}").complexity == 1
    assert assess(f"Rewrite {hard}, and fix the typo there; " + "then go on with the next part. " * 30).complexity > 1


@pytest.mark.parametrize(
    "text",
    [
        "Refactor parser.py and fix the spelling of its messages",
        "Move the billing module into a service of its own\n\nFix the typos in its comments on the way.",
        "Write a class SpellChecker that finds the nearest spelling",
        "Implement spelling(word) by edit distance",
    ],
)
def test_a_typo_by_the_way_is_not_what_it_is_about(text: str) -> None:
    assert assess(text).complexity > 1


def test_a_slip_of_the_pen_costs_no_evidence() -> None:
    assert assess("thers a deadlok in the databse, pls investgate").score >= 6
    for word in ("sharing", "provides", "planet", "trial", "contest"):
        assert assess(word).evidence == assess("x").evidence, "a word of its own"


def test_the_lexicon_holds_no_word_that_could_not_be_found() -> None:
    words = lexicon()
    for phrase in words.phrases:
        assert phrase == phrase.lower()
        assert len(phrase.split(" ")) <= 4, phrase
        assert re.fullmatch(r"[^\W_]+(?: [^\W_]+)*", phrase), phrase
    assert all(len(stem) >= 4 and " " not in stem for stem in words.stems)
    assert all(group.weight >= 0 and group.says for group in words.groups.values())


@given(st.text(max_size=400))
def test_any_text_is_assessed_and_nothing_of_it_gets_out_unsanitized(text: str) -> None:
    found = assess(text, Surroundings(frozenset({"a.py", text[:50]})))
    assert 1 <= found.score <= 10
    assert found == assess(text, Surroundings(frozenset({"a.py", text[:50]})))
    for line in found.evidence:
        assert sanitize(line) == line
        assert "\n" not in line
    assert found.features().complexity == found.complexity
    assert found.features(9).complexity == 9


HOSTILE = {
    "letters": "a" * 100_000,
    "paths": "a/" * 50_000,
    "dots": "a." * 50_000,
    "plus": "+/" * 50_000,
    "quotes": '"a" ' * 25_000,
    "calls": "f(" * 50_000,
    "rulers": "-" * 100_000,
    "combining": "a" + "\u0300" * 99_999,
    "surrogates": "\ud800" * 100_000,
    "escapes": "\x1b[" * 50_000,
    "NULs": "\0" * 100_000,
    "unspaced": "分布式" * 33_000,
    "bullets": "- x\n" * 25_000,
    "traces": '  File "' * 12_000,
    "words": " ".join(itertools.islice(map("".join, itertools.product(string.ascii_lowercase, repeat=4)), 20_000)),
    "ten megabytes": "fix the intermittent deadlock in worker.py " * 240_000,
}


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.timeout(5)
def test_hostile_texts_are_read_to_a_limit(name: str) -> None:
    assert 1 <= assess(HOSTILE[name]).complexity <= 10


def test_control_characters_hide_nothing() -> None:
    assert assess("fix the inter\0mittent dead\x1b[31mlock in worker.py") == assess(
        "fix the intermittent deadlock in worker.py"
    )
