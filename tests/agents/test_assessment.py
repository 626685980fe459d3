"""The rules' complexity puts the obvious in order and falls for none of the seed's traps."""

import itertools

import pytest

from agents.routing.assessment import assess
from agents.tasks import TaskKind

LADDER = [
    "Fix a typo in the README's security section about authentication",
    "Create slug.py with slugify(text): lower case, words joined by hyphens",
    "Write an LRU cache class with O(1) get and put in lru.py",
    "Split the billing module across api.py, models.py and db.py and update every caller",
    "Redesign the monolith as a distributed microservice architecture with authentication and migrate the database",
]


@pytest.mark.parametrize(("easier", "harder"), itertools.pairwise(LADDER))
def test_the_obvious_is_in_order(easier: str, harder: str) -> None:
    assert assess(easier).complexity < assess(harder).complexity


@pytest.mark.parametrize(
    "text", ["fix the intermittent deadlock in worker.py", "users see a 500 when paying; find out why and fix it"]
)
def test_open_questions_are_not_easy(text: str) -> None:
    assert assess(text).complexity > 2


def test_api_inside_capital_is_nothing() -> None:
    assert assess("capitalise the capital of each country").evidence == assess("x").evidence


@pytest.mark.parametrize(
    ("text", "files", "kind"),
    [
        ("Create slug.py with slugify(text)", set(), TaskKind.FUNCTION),
        ("Fix the rounding in price.py", {"price.py"}, TaskKind.EDIT),
        ("users see a 500 when paying; find out why", {"app.py"}, TaskKind.ISSUE),
        ("Document the flags in the README", {"README.md"}, TaskKind.DOCS),
        ("Add tests for price.py", {"price.py"}, TaskKind.TESTS),
    ],
)
def test_the_kind(text: str, files: set[str], kind: TaskKind) -> None:
    assert assess(text, existing_files=frozenset(files)).kind is kind
