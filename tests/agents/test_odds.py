"""What is believed before anything was tried, and what trials make of it."""

import math
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.models.prices import FREE, call_price
from agents.routing.beta import cumulative, interval, quantile
from agents.routing.difficulty import EVENLY, after, later, mean, profile
from agents.routing.features import Features
from agents.routing.odds import Odds
from agents.routing.priors import shipped_priors
from agents.tasks import TaskKind, Variant, Way
from tests.agents.trials import a_trial, tried

SMALL = "qwen2.5-coder:7b"
HAIKU, SONNET, OPUS = "claude-haiku-5-5", "claude-sonnet-5-5", "claude-opus-5-5"
FUNCTION = Features(kind=TaskKind.FUNCTION, complexity=5, language="python")
PRIORS = shipped_priors()


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ("qwen2.5-coder:1.5b", "tiny"),
        ("smollm2:135m", "tiny"),
        ("llama3.1:8b-instruct-q4_K_M", "small"),
        ("who-knows", "small"),
        ("phi4:14b", "medium"),
        ("qwen2.5-coder:32b", "medium"),
        ("qwen3-coder:30b-a3b", "agentic"),
        ("devstral", "agentic"),
        ("qwen3.5:4b", "small"),
        ("claude-haiku-4-5-20251001", "haiku"),
        ("claude-sonnet-5-5", "sonnet"),
        ("SIMULATION claude-opus-5-5", "opus"),
        ("SIMULATION qwen2.5-coder:7b", "small"),
    ],
)
def test_the_class_is_read_from_the_name(model: str, expected: str) -> None:
    assert PRIORS.class_name(model) == expected


def test_every_prior_says_where_it_comes_from() -> None:
    assert PRIORS.date >= date(2026, 11, 1)
    for of in PRIORS.classes.values():
        assert set(of.first) == set(TaskKind)
        assert set(of.ways) == set(Way)
        for figure in (*of.first.values(), *of.ways.values(), of.retry):
            assert figure.source
            assert figure.measured == (not figure.source.startswith("guess"))
    assert set(PRIORS.together) == set(TaskKind)
    assert all(set(PRIORS.work[way]) == set(TaskKind) for way in Way)


@pytest.mark.parametrize(
    ("x", "a", "b", "expected"),
    [
        (0.5, 2, 3, 0.6875),  # by hand: a polynomial
        (0.3, 1, 1, 0.3),
        (0.9, 5, 1, 0.9**5),
        (0.1, 0.5, 0.5, 2 / math.pi * math.asin(math.sqrt(0.1))),
        (0.25, 20, 60, 0.5155),
    ],
)
def test_the_beta_distribution_has_its_known_values(x: float, a: float, b: float, expected: float) -> None:
    assert cumulative(x, a, b) == pytest.approx(expected, abs=2e-3 if a == 20 else 1e-12)
    assert quantile(cumulative(x, a, b), a, b) == pytest.approx(x, abs=1e-8)


@given(st.floats(0.001, 0.999), st.floats(1, 500))
def test_an_interval_holds_nine_tenths(p: float, strength: float) -> None:
    low, high = interval(p, strength)
    a, b = p * strength, (1 - p) * strength
    assert 0 <= low <= high <= 1
    if low > 1e-6 and high < 1 - 1e-6:
        assert cumulative(high, a, b) - cumulative(low, a, b) == pytest.approx(0.9, abs=1e-3)


def test_fresh_samples_of_one_model_do_as_was_measured() -> None:
    """qwen2.5-coder-7b on HumanEval+ at T = .7: pass@1 .474, @3 .719, @5 .795, @10 .856."""
    together = PRIORS.together[TaskKind.FUNCTION]
    plain = profile(0.474, together.spread)
    missed = [later(plain, together.own, failed) for failed in range(10)]
    for samples, measured in ((1, 0.474), (3, 0.719), (5, 0.795), (10, 0.856)):
        assert 1 - mean(after(EVENLY, missed[:samples]), EVENLY) == pytest.approx(measured, abs=0.03)


@pytest.mark.parametrize(
    ("p", "failed", "measured"),
    [
        (0.706, [0.598], 0.393),  # Sonnet 4.5 after GPT-5-mini
        (0.744, [0.706], 0.286),  # Opus 4.5 after Sonnet 4.5
        (0.744, [0.598], 0.433),  # Opus 4.5 after GPT-5-mini
        (0.744, [0.598, 0.706], 0.213),  # Opus 4.5 after both
        (0.690, [0.200], 0.610),  # Sonnet 4 after a 6.7B
    ],
)
def test_other_models_failures_tell_as_much_as_was_measured(p: float, failed: list[float], measured: float) -> None:
    spread = PRIORS.together[TaskKind.ISSUE].spread
    weights = after(EVENLY, [profile(one, spread) for one in failed])
    assert mean(profile(p, spread), weights) == pytest.approx(measured, abs=0.05)


@given(st.sampled_from(TaskKind), st.floats(0.1, 0.9), st.lists(st.floats(0.05, 0.95), min_size=2, max_size=5))
def test_the_nearer_two_tiers_are_the_more_a_failure_takes(kind: TaskKind, p: float, failed: list[float]) -> None:
    spread = PRIORS.together[kind].spread
    left = [mean(profile(p, spread), after(EVENLY, [profile(one, spread)])) for one in sorted(failed)]
    assert all(b <= a + 1e-9 for a, b in zip(left, left[1:], strict=False))
    assert left[0] <= p + 1e-9


@pytest.mark.parametrize(
    ("model", "first", "then"),
    [("claude-3-5-haiku", 0.071, 0.225), ("claude-3-5-sonnet", 0.222, 0.378), ("qwen2.5-coder:32b", 0.049, 0.121)],
)
def test_a_retry_that_sees_the_output_does_as_was_measured(model: str, first: float, then: float) -> None:
    assert PRIORS.retry(model, first) == pytest.approx(then, abs=0.005)


def test_the_tool_loop_is_believed_to_break_a_tiny_model_and_no_simulated_one() -> None:
    odds, tiny = Odds(), "qwen2.5-coder:1.5b"
    assert odds.evidence(tiny, FUNCTION).p == pytest.approx(36 / 44, abs=0.01)
    assert odds.evidence(tiny, FUNCTION, way=Way.LOOP).p < 0.08
    assert odds.evidence(f"SIMULATION {tiny}", FUNCTION, way=Way.LOOP).p > 0.8


def test_evidence_says_what_it_rests_on() -> None:
    guess = Odds().evidence(SMALL, FUNCTION.model_copy(update={"kind": TaskKind.DOCS}))
    elsewhere = Odds().evidence(SMALL, FUNCTION)
    here = Odds(tried(30, 7)).evidence(SMALL, FUNCTION)
    assert (guess.source, guess.n) == ("guess", 0)
    assert (elsewhere.source, elsewhere.n, elsewhere.p) == ("measured elsewhere", 0, pytest.approx(0.5))
    assert (here.source, here.n) == ("n=37 here", 37)
    assert 20 < here.n_effective < 37
    assert elsewhere.p < here.p < 30 / 37
    assert elsewhere.low < elsewhere.p < elsewhere.high
    assert here.high - here.low < elsewhere.high - elsewhere.low


def test_what_was_tried_lately_counts_more() -> None:
    def won(later: bool) -> float:
        trials = [a_trial(at, success=(at >= 20) is later) for at in range(40)]
        return Odds(trials).evidence(SMALL, FUNCTION).p

    assert won(later=True) > won(later=False) + 0.1


def test_a_thin_cell_leans_on_the_wider_one_and_that_on_the_model() -> None:
    python = [*tried(38, 2), *tried(5, 5, language="shell")]
    shell = FUNCTION.model_copy(update={"language": "shell"})
    edit = FUNCTION.model_copy(update={"kind": TaskKind.EDIT})
    before, now = Odds(), Odds(python)
    gains = [now.evidence(SMALL, one).p - before.evidence(SMALL, one).p for one in (FUNCTION, shell, edit)]
    assert gains[0] > gains[1] > 0.05
    assert gains[2] > 0.05
    assert now.evidence("qwen2.5-coder:14b", FUNCTION).p == before.evidence("qwen2.5-coder:14b", FUNCTION).p


def test_a_retry_and_a_sample_are_learned_from_what_they_did_after_a_failure() -> None:
    for variant in (Variant.RETRY, Variant.SAMPLE):
        trials = tried(20, 0, variant=variant, failed_before=(SMALL,))
        asked = {"variant": variant, "failed": (SMALL,)}
        found = Odds(trials).evidence(SMALL, FUNCTION, **asked)
        assert found.source == "n=20 here"
        assert found.p > Odds().evidence(SMALL, FUNCTION, **asked).p + 0.25


def test_a_tier_that_only_ever_comes_second_is_learned_there() -> None:
    trials = tried(25, 5, model=HAIKU, tier="haiku", way="loop", failed_before=(SMALL, SMALL))
    asked = {"way": Way.LOOP, "failed": (SMALL, SMALL)}
    found = Odds(trials).evidence(HAIKU, FUNCTION, **asked)
    assert found.source == "n=30 here"
    assert found.p > Odds().evidence(HAIKU, FUNCTION, **asked).p
    assert Odds(trials).evidence(HAIKU, FUNCTION, way=Way.LOOP).p > Odds().evidence(HAIKU, FUNCTION, way=Way.LOOP).p


def test_a_stronger_model_is_believed_to_be_as_good_as_a_weaker_one_is_found_to_be() -> None:
    odds = Odds(tried(48, 2))
    alone, beside = odds.of(FUNCTION), odds.of(FUNCTION, beside=[SMALL, HAIKU])
    assert alone.p(HAIKU, Way.LOOP, Variant.ONCE, ()) == pytest.approx(0.69, abs=0.01)
    assert beside.p(HAIKU, Way.LOOP, Variant.ONCE, ()) >= beside.p(SMALL, Way.DIRECT, Variant.ONCE, ()) > 0.8
    assert beside.source(HAIKU, Way.LOOP, Variant.ONCE, ()) == "guess"


def test_cost_and_time_are_guessed_from_tokens_and_then_learned() -> None:
    def expected(odds: Odds, model: str, way: Way, provider: str) -> tuple[float | None, float]:
        found = odds.of(FUNCTION).expected(model, way, Variant.ONCE, call_price(provider, model))
        return found.usd, found.seconds

    usd, seconds = expected(Odds(), HAIKU, Way.DIRECT, "anthropic")
    assert usd == pytest.approx(0.0009)
    assert expected(Odds(), SMALL, Way.DIRECT, "ollama") == (0.0, pytest.approx(38.5))
    assert expected(Odds(tokens_per_second={SMALL: 150}), SMALL, Way.DIRECT, "ollama") == (0.0, pytest.approx(11.0))
    assert expected(Odds(), "somebody's", Way.DIRECT, "anthropic")[0] is None
    dear = tried(20, 0, model=HAIKU, cost_nano=9_000_000, seconds=seconds * 10)
    learned, slower = expected(Odds(dear), HAIKU, Way.DIRECT, "anthropic")
    assert learned is not None
    assert usd is not None
    assert usd * 4 < learned < 0.009
    assert seconds * 4 < slower < seconds * 10
    assert Odds().of(FUNCTION).planning(FREE).usd == 0


KINDS = st.sampled_from(TaskKind)
TRIALS = st.lists(
    st.builds(
        lambda success, model, variant, way, kind, complexity, failed: {
            "success": success,
            "model": model,
            "variant": variant,
            "way": way,
            "kind": kind,
            "complexity": complexity,
            "failed_before": failed,
        },
        st.booleans(),
        st.sampled_from([SMALL, HAIKU, SONNET]),
        st.sampled_from(Variant),
        st.sampled_from(Way),
        KINDS,
        st.integers(1, 10),
        st.lists(st.sampled_from([SMALL, HAIKU, SONNET]), max_size=4).map(tuple),
    ),
    max_size=30,
)


@given(TRIALS, KINDS, st.integers(1, 10), st.lists(st.sampled_from([SMALL, HAIKU, SONNET, OPUS]), max_size=12))
def test_nothing_is_ever_certain(
    rows: list[dict[str, object]], kind: TaskKind, complexity: int, failed: list[str]
) -> None:
    odds = Odds([a_trial(at, **row) for at, row in enumerate(rows)]).of(Features(kind=kind, complexity=complexity))
    for model in (SMALL, HAIKU, OPUS):
        for variant in Variant:
            assert 0 < odds.p(model, Way.DIRECT, variant, failed) < 1


@given(TRIALS, st.integers(0, 29))
def test_one_success_more_never_lowers_a_models_own_odds(rows: list[dict[str, object]], which: int) -> None:
    failures = [at for at, row in enumerate(rows) if not row["success"]]
    if not failures:
        return
    at = failures[which % len(failures)]
    better = [*rows[:at], rows[at] | {"success": True}, *rows[at + 1 :]]
    model, kind = str(rows[at]["model"]), TaskKind(rows[at]["kind"])
    features = Features(kind=kind, complexity=5)
    before, now = (Odds([a_trial(n, **row) for n, row in enumerate(one)]) for one in (rows, better))
    for way in Way:
        assert now.evidence(model, features, way=way).p >= before.evidence(model, features, way=way).p - 1e-9


@given(KINDS, st.lists(st.sampled_from([SMALL, HAIKU, SONNET, OPUS]), max_size=6), st.sampled_from([HAIKU, SONNET]))
def test_a_failure_never_makes_another_model_likelier_to_succeed(kind: TaskKind, failed: list[str], model: str) -> None:
    odds = Odds().of(Features(kind=kind, complexity=5))
    before = odds.p(model, Way.LOOP, Variant.ONCE, failed)
    assert odds.p(model, Way.LOOP, Variant.ONCE, [*failed, SMALL]) <= before + 1e-9
