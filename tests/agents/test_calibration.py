"""What is said of the odds: figures by hand, and no claim for odds that know nothing."""

from datetime import UTC, datetime
from math import exp
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.routing.calibration import Verdict, calibrate, of_sources, source_of
from agents.store.records import Trial
from agents.tasks import TaskKind, Variant, Way

AT = datetime(2026, 3, 1, tzinfo=UTC)


def trial(number: int, *, success: bool, predicted: float | None, **changes: object) -> Trial:
    values = {
        "kind": TaskKind.FUNCTION,
        "complexity": 3,
        "mission": number,
        "task": number,
        "at": AT,
        "tier": "local",
        "model": "m:7b",
        "way": Way.DIRECT,
        "variant": Variant.ONCE,
        "success": success,
        "predicted": predicted,
    }
    return Trial.model_validate(values | changes)


def drawn(random: Random, n: int, *, signal: float, noise: float) -> list[Trial]:
    """Attempts at tasks that differ by `signal` in log-odds, with odds that see that through `noise`."""
    found = []
    for number in range(n):
        hard = signal * random.gauss(0, 1)
        p, odds = (1 / (1 + exp(-0.4 - hard - off)) for off in (0.0, random.gauss(0, noise)))
        found.append(trial(number, success=random.random() < p, predicted=odds))
    return found


def test_figures_by_hand() -> None:
    found = calibrate(
        [
            trial(1, success=True, predicted=0.9),
            trial(2, success=True, predicted=0.92),
            trial(3, success=False, predicted=0.2),
            trial(4, success=True, predicted=None),
        ]
    )
    assert (found.n, found.tasks, found.unpredicted) == (3, 3, 1)
    assert [(one.low, one.observed.solved, one.observed.n) for one in found.bins] == [(0.2, 0, 1), (0.9, 2, 2)]
    assert found.bins[1].predicted == pytest.approx(0.91)
    assert found.overall is not None
    assert found.overall.brier == pytest.approx((0.01 + 0.0064 + 0.04) / 3)
    # the two that succeeded are given 1/2 by the others, the one that failed is given 2/2
    assert found.overall.base_brier == pytest.approx((0.25 + 0.25 + 1) / 3)
    assert found.ece == pytest.approx((0.2 + 2 * 0.09) / 3)
    assert found.verdict is Verdict.TOO_FEW
    assert "too few attempts to tell (3 with odds at 3 tasks" in found.words


def test_nothing_says_nothing() -> None:
    found = calibrate([])
    assert (found.n, found.bins, found.overall, found.ece) == (0, (), None, None)
    assert found.verdict is Verdict.TOO_FEW


def test_odds_that_tell_tasks_apart_are_better_and_odds_turned_round_are_worse() -> None:
    known = drawn(Random(3), 300, signal=2.0, noise=0.3)
    assert calibrate(known).verdict is Verdict.BETTER
    assert "better than the base rate: Brier" in calibrate(known).words
    turned = [one.model_copy(update={"predicted": 1 - (one.predicted or 0)}) for one in known]
    assert calibrate(turned).verdict is Verdict.WORSE


@pytest.mark.parametrize("noise", [0.0, 0.05, 0.5])
def test_odds_that_tell_nothing_apart_are_not_said_to_be_better(noise: float) -> None:
    random = Random(7)
    claims = sum(calibrate(drawn(random, 60, signal=0, noise=noise)).verdict is Verdict.BETTER for _ in range(60))
    assert claims <= 3


def test_many_tries_of_few_tasks_are_too_few() -> None:
    tries = [trial(number, success=number % 2 == 0, predicted=0.5, task=number % 5) for number in range(100)]
    assert calibrate(tries).verdict is Verdict.TOO_FEW


def test_a_model_is_compared_with_its_own_rate_where_models_differ() -> None:
    known = [
        trial(number, success=number % 2 == 0, predicted=0.5, model="good" if number % 2 == 0 else "bad")
        for number in range(60)
    ]
    found = calibrate(known)
    assert found.verdict is Verdict.WORSE
    assert [(one.name, one.observed.share, one.base_brier) for one in found.models] == [
        ("bad", 0.0, 0.0),
        ("good", 1.0, 0.0),
    ]


def test_what_the_simulation_played_is_told_apart() -> None:
    own = trial(1, success=True, predicted=0.5)
    graded = trial(2, success=True, predicted=0.5, proving=True)
    played = trial(3, success=True, predicted=0.5, proving=True, simulated=True)
    assert [source_of(one) for one in (own, graded, played)] == ["own", "proving", "simulated"]
    assert of_sources((own, graded, played), {"own", "proving"}) == (own, graded)


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans(), st.sampled_from(["a", "b"])), max_size=60))
def test_every_attempt_is_in_one_bin_and_the_gain_lies_in_its_interval(
    rows: list[tuple[float, bool, str]],
) -> None:
    found = calibrate(
        [trial(at, success=won, predicted=odds, model=model) for at, (odds, won, model) in enumerate(rows)]
    )
    assert sum(one.observed.n for one in found.bins) == found.n == len(rows)
    assert all(one.low - 1e-9 <= one.predicted <= one.high + 1e-9 for one in found.bins)
    if found.interval is not None:
        assert found.interval[0] <= found.gain + 1e-9
        assert found.gain <= found.interval[1] + 1e-9
