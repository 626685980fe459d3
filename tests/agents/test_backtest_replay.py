"""Replaying an order on a line, and the figures made of it: by hand, against the decision rule, against shuffles."""

from itertools import permutations
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.routing.backtest.bootstrap import BLOCKS, Blocks, Ratio, resample
from agents.routing.backtest.calibration import Prediction, brier, calibration_error, quantile
from agents.routing.backtest.gap import Scored, areas, calls_for
from agents.routing.backtest.learning import Case, Knowledge
from agents.routing.backtest.policies import by_length
from agents.routing.backtest.records import Attempt, Record
from agents.routing.backtest.replay import Replayer, course, follow, foresee
from agents.routing.decision import Economics, Option, reckon

NAMES = ("a", "b", "c", "d")
shares = st.floats(0, 1)
attempts = st.builds(Attempt, shares, st.floats(0, 5), st.floats(0, 100))


@given(
    st.lists(attempts, min_size=1, max_size=4),
    st.randoms(use_true_random=False),
    shares,
    st.floats(0, 0.9),
    st.floats(0, 3),
)
@settings(deadline=None)
def test_a_line_is_reckoned_as_the_decision_rule_does_with_its_pass_rates_for_odds(
    made: list[Attempt], random: Random, alpha: float, beta: float, wrong: float
) -> None:
    record = Record("x", {}, dict(zip(NAMES, made, strict=False)))
    order = random.sample(list(record.attempts), len(made))
    economics = Economics(false_accept=alpha, false_reject=beta, wrong_usd=wrong)
    options = [Option(name, record.attempts[name].usd, record.attempts[name].seconds) for name in order]
    expected = reckon(options, lambda name, failed: record.attempts[name].solves, economics)
    play = follow(record, order, economics)
    way = course(record, ((tuple(order), 1.0),), economics)
    assert play is not None
    assert play.solved == pytest.approx(expected.solved, abs=1e-9)
    assert play.wrong == pytest.approx(expected.wrong, abs=1e-9)
    assert play.usd == pytest.approx(expected.spent_usd, abs=1e-9)
    assert play.loss(economics) == pytest.approx(expected.loss_usd, abs=1e-9)
    assert sum(seconds * chance for seconds, chance in way.ends) == pytest.approx(expected.seconds, abs=1e-6)
    assert sum(chance for _, chance in way.ends) == pytest.approx(1)


@given(st.lists(attempts, min_size=1, max_size=4))
@settings(deadline=None)
def test_nothing_solves_more_than_the_oracle_or_as_much_for_less(made: list[Attempt]) -> None:
    record = Record("x", {}, dict(zip(NAMES, made, strict=False)))
    best, _ = foresee(record, NAMES)
    for order in (NAMES[: len(made)], NAMES[:1], tuple(reversed(NAMES[: len(made)]))):
        play = follow(record, order, Economics())
        assert play is not None
        assert play.solved <= best.solved + 1e-9
        assert play.usd >= best.usd - 1e-9 or play.solved < best.solved


def test_a_tier_without_a_label_is_no_failure() -> None:
    record = Record("x", {}, {"a": Attempt(1.0, 0.1, 1), "c": Attempt(0.0, 0.1, 1)})
    economics = Economics()
    assert follow(record, ("a", "b"), economics) is not None, "b is never reached"
    assert follow(record, ("c", "b"), economics) is None
    replayer = Replayer([record] * 3, economics)
    mixes = [((("a",), 0.5), (("c", "b"), 0.5)), (), ((("a",), 0.5), ((), 0.5))]
    *nothing, half = replayer.plays(mixes)
    assert nothing == [None, None]
    assert half is not None
    assert (half.solved, half.usd) == (0.5, 0.05)


def test_equally_long_prompts_share_what_falls_on_them() -> None:
    nothing = Knowledge((), {}, {})
    cases = [Case(Record(str(at), {}, {}, length=length), nothing) for at, length in enumerate((5, 9, 9, None))]
    policy = by_length(((("a",), 0.5), (("b",), 0.5)), cases)
    assert policy.mix(cases[0], Economics()) == ((("a",), 1.0),)
    for tied in cases[1:3]:
        (a, low), (b, high) = policy.mix(tied, Economics())
        assert (a, b, low, high) == (("a",), ("b",), pytest.approx(0.25), pytest.approx(0.75))
    assert policy.mix(cases[3], Economics()) == policy.shares


gains = st.lists(st.tuples(st.integers(0, 2), st.sampled_from([-1.0, 0.0, 0.5, 1.0])), min_size=1, max_size=5)


@given(gains)
@settings(max_examples=25, deadline=None)
def test_ties_of_a_score_count_as_broken_at_random(made: list[tuple[int, float]]) -> None:
    """The area with ties is the mean of those of all the orders they can be broken in."""
    tasks = [Scored(score, gain) for score, gain in made]
    n = len(tasks)
    orders = [sorted(order, key=lambda task: -task.score) for order in permutations(tasks)]
    found = [sum(task.gain * (n - rank - 0.5) / n for rank, task in enumerate(order)) for order in orders]
    assert sum(areas(tasks)) == pytest.approx(sum(found) / len(found), abs=1e-9)


def test_a_coarse_score_that_knows_nothing_recovers_what_chance_does() -> None:
    """Sorted as the file has them, the winners first, ties would look like insight."""
    tasks = [Scored(6.0, 1.0)] * 10 + [Scored(6.0, 0.0)] * 90
    assert sum(areas(tasks)) / 10 == pytest.approx(0.5)
    assert calls_for(tasks, 0.5) == pytest.approx(0.5)
    assert calls_for(tasks, 0.8) == pytest.approx(0.8)
    sharp = [Scored(task.gain, task.gain) for task in tasks]
    assert sum(areas(sharp)) / 10 == pytest.approx(0.95)
    assert calls_for(sharp, 0.8) == pytest.approx(0.08)
    assert calls_for([Scored(1, 0.0)], 0.5) is None


def test_brier_and_calibration_are_expectations_over_the_rate() -> None:
    assert brier(Prediction(0.8, 1.0, 1.0)) == pytest.approx(0.04)
    assert brier(Prediction(0.8, 0.5, 2.0)) == pytest.approx(2 * (0.5 * 0.04 + 0.5 * 0.64))
    right = [Prediction(0.75, 1.0, 3.0), Prediction(0.75, 0.0, 1.0)]
    assert calibration_error(right) == pytest.approx(0)
    assert calibration_error([Prediction(1.0, 0.0, 1.0), Prediction(0.0, 0.0, 3.0)]) == pytest.approx(0.25)
    assert calibration_error([]) is None
    assert quantile([(9.0, 1.0), (1.0, 1.0), (5.0, 2.0)], 0.5) == 5.0
    assert quantile([], 0.5) is None


def test_intervals_are_as_wide_as_theory_says_with_and_without_blocks() -> None:
    for tasks in (BLOCKS // 2, 4 * BLOCKS):
        values = [float(at % 5 == 0) for at in range(tasks)]
        blocks = Blocks(tasks, Random(3))
        drawn = resample({"share": Ratio(blocks.sums(values), blocks.sums([1.0] * tasks))}, 1000, Random(4))
        found = drawn.interval("share")
        assert found is not None
        width = 2 * 1.96 * (0.2 * 0.8 / tasks) ** 0.5
        assert found[1] - found[0] == pytest.approx(width, rel=0.2)
        assert found[0] < 0.2 < found[1]
        wider = drawn.interval("share", 0.99)
        assert wider is not None
        assert wider[0] <= found[0] < found[1] <= wider[1]


def test_an_interval_that_is_not_defined_is_none() -> None:
    drawn = resample({"never": Ratio([1.0, 1.0], [0.0, 0.0]), "seldom": Ratio([1.0, 1.0], [1.0, 0.0])}, 50, Random(1))
    assert drawn.interval("never") is None
    assert drawn.interval("seldom") is None, "a quarter of the resamples holds only the second"
    assert resample({"one": Ratio([1.0], [1.0])}, 50, Random(1)).interval("one") is None
