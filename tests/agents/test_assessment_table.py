"""Some three hundred tasks from many fields: what is obviously easier is put below what is obviously harder."""

import itertools

import pytest

from tests.agents.assessment_table import Row, rows

ROWS = tuple(rows())
FIELDS = tuple(dict.fromkeys(row.field for row in ROWS))


def described(row: Row) -> str:
    found = row.assessed
    return f"{row.level} {found.score} C{found.complexity} {found.kind}: {row.text} {found.evidence}"


def test_the_table_is_large_and_varied() -> None:
    assert len(ROWS) >= 300
    assert len({row.text for row in ROWS}) == len(ROWS)
    assert len(FIELDS) >= 50
    assert {row.level for row in ROWS} == {1, 2, 3, 4, 5}
    assert {row.assessed.complexity for row in ROWS} == set(range(1, 11)), "the whole scale is used"


@pytest.mark.parametrize("field", FIELDS)
def test_within_a_field_every_level_is_above_the_one_below(field: str) -> None:
    of_field = [row for row in ROWS if row.field == field]
    for easier, harder in itertools.permutations(of_field, 2):
        if easier.level < harder.level:
            low, high = easier.assessed, harder.assessed
            assert low.score < high.score, f"{described(easier)}\n{described(harder)}"
            assert low.complexity <= high.complexity


def test_two_levels_apart_the_order_holds_over_all_fields() -> None:
    found = [(row, row.assessed) for row in ROWS]
    for level in (1, 2, 3):
        hardest = max((pair for pair in found if pair[0].level == level), key=lambda pair: pair[1].score)
        easiest = min((pair for pair in found if pair[0].level >= level + 2), key=lambda pair: pair[1].score)
        assert hardest[1].score < easiest[1].score, f"{described(hardest[0])}\n{described(easiest[0])}"


def test_a_word_is_one_and_a_function_is_not_hard() -> None:
    for row in ROWS:
        complexity = row.assessed.complexity
        bounds = {1: range(1, 2), 2: range(2, 5), 3: range(3, 8), 4: range(4, 11), 5: range(7, 11)}[row.level]
        assert complexity in bounds, described(row)


@pytest.mark.parametrize("field", FIELDS)
def test_the_kind_is_as_a_person_says(field: str) -> None:
    for row in ROWS:
        if row.field == field and row.kind != "-":
            assert row.assessed.kind == row.kind, described(row)
