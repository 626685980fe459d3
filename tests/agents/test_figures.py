"""What a run of the proving ground says is no more than the numbers carry."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.proving.figures import by, compare, share


@pytest.mark.parametrize(
    ("solved", "n", "low", "high"),
    # Of Newcombe (1998), "Two-sided confidence intervals for the single proportion", method 3.
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_intervals_are_those_of_the_paper(solved: int, n: int, low: float, high: float) -> None:
    found = share(solved, n)
    assert (round(found.low, 4), round(found.high, 4)) == (low, high)


def test_of_no_task_nothing_is_known() -> None:
    assert (share(0, 0).share, share(0, 0).low, share(0, 0).high) == (0.0, 0.0, 1.0)


@given(st.integers(0, 60), st.integers(0, 60))
def test_the_share_lies_in_its_interval(solved: int, more: int) -> None:
    found = share(solved, solved + more)
    assert 0 <= found.low <= found.share + 1e-12
    assert found.share <= found.high + 1e-12 <= 1 + 1e-9


@pytest.mark.parametrize(
    ("only_first", "only_second", "p"),
    [(0, 0, 1.0), (1, 0, 1.0), (5, 0, 0.0625), (6, 0, 0.03125), (1, 9, 0.021484375), (4, 4, 1.0)],
)
def test_a_difference_is_told_from_noise(only_first: int, only_second: int, p: float) -> None:
    pairs = [(True, False)] * only_first + [(False, True)] * only_second + [(True, True)] * 7
    found = compare(pairs)
    assert found.p_value == pytest.approx(p)
    assert found.differs == (p < 0.05)
    assert (found.only_first, found.only_second, found.first.n) == (only_first, only_second, len(pairs))


def test_groups_keep_their_order() -> None:
    found = by(["b1", "a0", "b0"], lambda one: one[0], lambda one: one[1] == "1")
    assert [(name, one.solved, one.n) for name, one in found.items()] == [("b", 1, 2), ("a", 0, 1)]
