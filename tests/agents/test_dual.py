"""The dual weighting is the seed's, and says from what it was made."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.routing.dual import possible, rate, to_complexity

RULES = st.floats(1, 10).map(lambda score: round(score, 2))
JUDGE = st.integers(1, 10)


@pytest.mark.parametrize(
    ("rules", "judge", "score", "complexity", "source"),
    [
        (3.4, None, 3.4, 3, "rules"),
        (3.0, 5, 5.0, 5, "judge"),
        (3.1, 5, 4.05, 4, "dual"),
        (3.0, 9, 9.0, 9, "judge"),
        (8.0, 6, 7.2, 7, "dual"),
        (8.0, 1, 5.2, 5, "dual"),
        (8.0, 7, 7.5, 8, "dual"),
        (2.0, 2, 2.0, 2, "dual"),
        (2.5, None, 2.5, 3, "rules"),
        (3.3, 5.0 + 0, 4.15, 4, "dual"),
        (1.0, 10, 10.0, 10, "judge"),
    ],
)
def test_the_weighting(rules: float, judge: int | None, score: float, complexity: int, source: str) -> None:
    rating = rate(rules, None if judge is None else int(judge))
    assert rating.score == pytest.approx(score)
    assert (rating.complexity, rating.source, rating.rules) == (complexity, source, rules)
    assert rating.judge == judge


@given(RULES, JUDGE)
def test_it_lies_between_the_two_and_is_among_the_possible(rules: float, judge: int) -> None:
    rating = rate(rules, judge)
    assert min(rules, judge) - 1e-9 <= rating.score <= max(rules, judge) + 1e-9
    assert rating.complexity in possible(rules)
    assert (rating.source == "judge") == (judge - rules >= 2 - 1e-9)


@given(RULES)
def test_a_judge_who_finds_it_harder_never_makes_it_easier(rules: float) -> None:
    scores = [rate(rules, judge).score for judge in range(1, 11)]
    # Across −2 the weights change from .6/.4 to .5/.5; the score still only rises.
    assert scores == sorted(scores)


@given(RULES)
def test_the_possible_are_exactly_what_judges_can_make_of_it(rules: float) -> None:
    assert possible(rules) == tuple(sorted({rate(rules, judge).complexity for judge in range(1, 11)}))


def test_a_half_goes_up() -> None:
    assert [to_complexity(score) for score in (1.0, 1.49, 1.5, 2.5, 9.49, 9.5, 10.0)] == [1, 1, 2, 3, 9, 10, 10]
