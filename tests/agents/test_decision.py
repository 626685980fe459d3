"""The decision rule against brute force, and what must hold of it whatever the numbers."""

from collections.abc import Sequence
from itertools import permutations
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.routing.decision import (
    MOST_OPTIONS,
    Decision,
    Economics,
    Odds,
    Option,
    acceptance,
    charge,
    decide,
    reckon,
)
from agents.routing.worth import frontier

CHANCES = st.floats(0.01, 0.99)


def independent(chances: dict[str, float]) -> Odds:
    return lambda name, failed: chances[name]


def brute_force(options: Sequence[Option], odds: Odds, economics: Economics) -> float:
    """The least loss of all ordered subsets in which each option comes after what it needs."""
    losses = [economics.unsolved_usd]
    for length in range(1, len(options) + 1):
        for order in permutations(options, length):
            before = [frozenset(option.name for option in order[:at]) for at in range(length)]
            if all(option.after <= seen for option, seen in zip(order, before, strict=True)):
                losses.append(reckon(order, odds, economics).loss_usd)
    return min(losses)


def an_instance(random: Random, *, dependent: bool) -> tuple[list[Option], Odds, Economics]:
    names = [f"o{at}" for at in range(random.randint(1, 5))]
    options: list[Option] = []
    for at, name in enumerate(names):
        needs = frozenset({random.choice(names[:at])}) if at and random.random() < 0.3 else frozenset[str]()
        usd, seconds = random.choice([0.0, random.random() / 5]), random.random() * 100
        options.append(Option(name, usd, seconds, random.random() * 10, needs, random.choice([1, 1, 1, 3])))
    economics = Economics(
        second_usd=random.choice([0.0, random.random() / 500]),
        unsolved_usd=random.random() * 2,
        wrong_usd=random.random() * 2,
        false_accept=random.choice([0.0, 0.05, 0.2, 1.0]),
        false_reject=random.choice([0.0, 0.1]),
    )
    if not dependent:
        return options, independent({name: random.random() for name in names}), economics
    table: dict[tuple[str, frozenset[str]], float] = {}
    return options, lambda name, failed: table.setdefault((name, failed), random.random()), economics


@pytest.mark.parametrize("dependent", [False, True])
def test_no_ordered_subset_is_better_than_what_is_decided(dependent: bool) -> None:
    random = Random(2026)
    for _ in range(1000):
        options, odds, economics = an_instance(random, dependent=dependent)
        decision = decide(options, odds, economics)
        assert decision.loss_usd == pytest.approx(brute_force(options, odds, economics), abs=1e-9)
        by_name = {option.name: option for option in options}
        assert decision == reckon([by_name[name] for name in decision.order], odds, economics)


@given(st.lists(st.tuples(CHANCES, st.floats(0.0, 0.3)), min_size=1, max_size=6), st.floats(0.0, 0.2))
def test_independent_options_are_tried_by_ascending_charge_per_acceptance(
    given_: list[tuple[float, float]], false_accept: float
) -> None:
    economics = Economics(unsolved_usd=5.0, false_accept=false_accept)
    options = [Option(f"o{at}", usd, 1.0) for at, (_, usd) in enumerate(given_)]
    chances = {f"o{at}": p for at, (p, _) in enumerate(given_)}
    rates = {
        option.name: charge(option, chances[option.name], economics) / acceptance(chances[option.name], economics)
        for option in options
    }
    order = decide(options, independent(chances), economics).order
    assert all(rates[a] <= rates[b] + 1e-9 for a, b in zip(order, order[1:], strict=False))


@given(st.integers(0, 10_000), st.floats(0.0, 3.0), st.floats(0.0, 3.0))
def test_whoever_values_a_solved_task_more_solves_no_fewer(seed: int, one: float, other: float) -> None:
    options, odds, economics = an_instance(Random(seed), dependent=True)
    economics = economics.model_copy(update={"false_accept": 0.0})
    less, more = (
        decide(options, odds, economics.model_copy(update={"unsolved_usd": unsolved}))
        for unsolved in sorted((one, other))
    )
    assert more.accepted >= less.accepted - 1e-9


@given(st.lists(CHANCES, min_size=1, max_size=6))
def test_everything_free_is_tried_where_waiting_and_errors_cost_nothing(chances: list[float]) -> None:
    options = [Option(f"o{at}", 0.0, 60.0) for at in range(len(chances))]
    odds = independent({f"o{at}": p for at, p in enumerate(chances)})
    assert len(decide(options, odds, Economics()).order) == len(chances)


def test_without_a_check_there_is_one_try_the_cheapest_with_its_risk() -> None:
    options = [Option("local", 0.0, 40.0), Option("haiku", 0.001, 20.0), Option("sonnet", 0.02, 30.0)]
    odds = independent({"local": 0.5, "haiku": 0.7, "sonnet": 0.8})
    blind = Economics(false_accept=1.0, unsolved_usd=5.0)
    assert decide(options, odds, blind).order == ("sonnet",)
    assert decide(options, odds, blind.model_copy(update={"wrong_usd": 0.004})).order == ("local",)


def test_two_tiers_the_cheap_one_first_where_its_odds_beat_the_ratio_of_charges() -> None:
    cheap, dear = Option("cheap", 0.01, 0.0), Option("dear", 0.1, 0.0)
    for p, first in ((0.11, "cheap"), (0.09, "dear")):
        decision = decide([cheap, dear], independent({"cheap": p, "dear": 0.9999}), Economics(unsolved_usd=10.0))
        assert decision.order[0] == first


def test_a_wrong_result_of_each_of_several_tries_may_be_accepted() -> None:
    economics = Economics(false_accept=0.1)
    assert acceptance(0.0, economics, 3) == pytest.approx(1 - 0.9**3)
    assert charge(Option("o", 0.0, 0.0, tries=3), 0.0, economics) == pytest.approx(1 - 0.9**3)
    found = reckon([Option("o", 0.0, 0.0, tries=3)], independent({"o": 0.0}), economics)
    assert found.wrong == pytest.approx(1 - 0.9**3)


def test_the_measured_cascade_comes_out_as_it_was_measured() -> None:
    """SWE-bench Verified, mini then Opus: 77.2 % at $.429 a task."""
    after = {frozenset[str](): {"mini": 0.598, "opus": 0.744}, frozenset({"mini"}): {"opus": 0.433}}
    options = [Option("mini", 0.035, 0.0), Option("opus", 0.98, 0.0)]
    found: Decision = reckon(options, lambda name, failed: after[failed][name], Economics())
    assert found.solved == pytest.approx(0.772, abs=0.001)
    assert found.spent_usd == pytest.approx(0.429, abs=0.001)


def test_too_many_options_and_two_of_a_name_are_refused() -> None:
    many = [Option(f"o{at}", 0.0, 0.0) for at in range(MOST_OPTIONS + 1)]
    for options in (many, [many[0], many[0]]):
        with pytest.raises(ValueError, match="each with a name of its own"):
            decide(options, lambda name, failed: 0.5, Economics())


def test_the_frontier_rises_in_dollars_and_in_success_from_doing_nothing() -> None:
    options = [Option("local", 0.0, 60.0), Option("haiku", 0.002, 30.0), Option("sonnet", 0.05, 40.0)]
    odds = independent({"local": 0.5, "haiku": 0.7, "sonnet": 0.8})
    points = frontier(options, odds, Economics(second_usd=0.0001))
    assert points[0].order == ()
    assert points[-1].order == ("haiku", "local", "sonnet")
    assert all(a.spent_usd <= b.spent_usd and a.solved < b.solved for a, b in zip(points, points[1:], strict=False))
