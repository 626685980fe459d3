"""The order in which tiers are tried."""

from datetime import UTC, datetime
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.routing.choices import way_for
from agents.routing.exploring import explored
from agents.routing.features import Features
from agents.routing.odds import Odds
from agents.routing.plan import NoTier, make_plan, plan_for, remaining
from agents.routing.situation import Situation
from agents.routing.worth import worth_asking
from agents.settings import Settings, TierSettings
from agents.tasks import Arm, Grade, Mission, TaskKind, Variant, Way
from tests.agents.trials import tried

SETTINGS = Settings()
PRESETS = ("free-first", "balanced", "fast", "bands")
HAIKU = "claude-haiku-5-5"


def routed(settings: Settings = SETTINGS, **routing: object) -> Settings:
    return settings.model_copy(update={"routing": settings.routing.model_copy(update=routing)})


def arms(**changes: object) -> tuple[Arm, ...]:
    kind, complexity = changes.pop("kind", TaskKind.FUNCTION), changes.pop("complexity", 3)
    features = Features.model_validate({"kind": kind, "complexity": complexity})
    return make_plan(**({"settings": SETTINGS, "features": features, "has_check": True} | changes))


def plan(**changes: object) -> tuple[tuple[str, Variant], ...]:
    return tuple((arm.tier, arm.variant) for arm in arms(**changes))


def situation(kind: TaskKind = TaskKind.FUNCTION, complexity: int = 3, **changes: object) -> Situation:
    known = {"settings": SETTINGS, "has_check": True, "odds": Odds()} | changes
    return Situation(features=Features(kind=kind, complexity=complexity), **known)


def test_local_first_then_haiku_then_sonnet() -> None:
    tiers = list(dict.fromkeys(tier for tier, _ in plan()))
    assert tiers == ["local", "haiku", "sonnet"]
    assert plan()[0] == ("local", Variant.ONCE)
    assert plan()[1] == ("local", Variant.RETRY)


@pytest.mark.parametrize("preset", PRESETS)
def test_opus_never_writes_code(preset: str) -> None:
    assert "opus" not in {tier for tier, _ in plan(complexity=10, settings=routed(preset=preset))}


@pytest.mark.parametrize("kind", list(TaskKind))
@pytest.mark.parametrize("complexity", [1, 5, 10])
def test_free_first_tries_everything_free_before_anything_paid(kind: TaskKind, complexity: int) -> None:
    found = plan(kind=kind, complexity=complexity)
    tiers = [tier for tier, variant in found if variant is not Variant.ORCHESTRATED]
    free = tiers.count("local")
    assert ("local", Variant.ORCHESTRATED) not in found[:free], "somebody is paid for the order"
    assert free == 2 + 2 * SETTINGS.routing.samples
    assert set(tiers[:free]) == {"local"}
    assert set(tiers[free:]) == {"haiku", "sonnet"}


def test_best_of_n_goes_in_rounds_of_the_tiers_slots() -> None:
    one, again, fresh = Variant.ONCE, Variant.RETRY, Variant.SAMPLE
    alone = {"available": frozenset({"local"})}
    assert [variant for _, variant in plan(**alone)] == [one, again, *[fresh, again] * 6]
    four = [variant for _, variant in plan(slots={"local": 4}, **alone)]
    assert four == [one, again, *[fresh] * 4, again, *[fresh] * 2, again]


def test_best_of_n_needs_a_fast_check_and_work_in_one_reply() -> None:
    assert Variant.SAMPLE not in {variant for _, variant in plan(check_seconds=300)}
    in_loop = {"local": SETTINGS.tiers["local"].model_copy(update={"way": Way.LOOP})}
    assert [one for one in plan(settings=SETTINGS.model_copy(update={"tiers": in_loop}))] == [
        ("local", Variant.ONCE),
        ("local", Variant.RETRY),
    ]


def test_where_waiting_costs_something_samples_end_when_they_add_next_to_nothing() -> None:
    alone = {"available": frozenset({"local"})}
    few = plan(settings=routed(wait_usd_per_hour=0.5, samples=12), kind=TaskKind.EDIT, **alone)
    assert len(few) < len(plan(settings=routed(samples=12, max_missions=40), kind=TaskKind.EDIT, **alone)) == 26


def test_a_large_local_model_that_can_call_tools_gets_one_try_in_the_other_way() -> None:
    big = {"local": TierSettings(provider="ollama", model="qwen3-coder:30b")}
    settings = SETTINGS.model_copy(update={"tiers": big})
    ways = {arm.way for arm in arms(settings=settings, grades={"local": Grade.TOOLS})}
    assert ways == {Way.DIRECT, Way.LOOP}
    for left_out in ({"grades": {"local": Grade.TEXT}}, {"grades": {"local": Grade.TOOLS}, "small": {"local"}}):
        assert {arm.way for arm in arms(settings=settings, **left_out)} == {Way.DIRECT}
    small = {arm.way for arm in arms(grades={"local": Grade.TOOLS}, available=frozenset({"local"}))}
    assert small == {Way.DIRECT}


def test_balanced_begins_with_a_local_model_that_has_shown_itself_and_not_with_a_bad_one() -> None:
    balanced = routed(preset="balanced")
    assert plan(settings=balanced)[0][0] == "haiku"
    assert plan(settings=balanced, available=frozenset({"local", "sonnet"}))[0][0] == "local"
    assert plan(settings=balanced, odds=Odds(tried(60, 1, seconds=6)))[0][0] == "local"
    assert plan(settings=balanced, kind=TaskKind.ISSUE, available=frozenset({"local", "sonnet"}))[0][0] == "sonnet"


def test_fast_leaves_a_slow_local_model_out() -> None:
    assert "local" not in {
        tier for tier, _ in plan(settings=routed(preset="fast"), odds=Odds(tried(5, 5, seconds=300)))
    }


def test_what_is_worth_nothing_is_still_tried_once() -> None:
    for preset in PRESETS[:3]:
        assert len(plan(settings=routed(preset=preset, unsolved_usd=0.0))) == 1


def test_a_target_of_success_goes_on_where_the_worth_of_a_task_would_stop() -> None:
    stingy = {"preset": "balanced", "unsolved_usd": 0.01}
    assert len(plan(settings=routed(**stingy))) < len(plan(settings=routed(**stingy, target_success=0.9)))


def test_without_a_check_there_is_one_arm_and_it_says_so() -> None:
    assert plan(has_check=False) == (("local", Variant.ONCE),)
    for preset in ("balanced", "fast"):
        (arm,) = arms(has_check=False, settings=routed(preset=preset))
        assert arm.tier == "sonnet", "a wrong answer costs a dollar, Sonnet four cents"
        assert arm.why.endswith("so the result will be unverified")
        careless = routed(preset=preset, wrong_usd=0.001)
        assert plan(has_check=False, settings=careless) == (("haiku", Variant.ONCE),)


@pytest.mark.parametrize("preset", PRESETS)
def test_a_pin_is_obeyed_and_does_not_escalate(preset: str) -> None:
    assert plan(pin="haiku", settings=routed(preset=preset)) == (("haiku", Variant.ONCE), ("haiku", Variant.RETRY))
    assert all(arm.p for arm in arms(pin="haiku"))
    assert {tier for tier, _ in plan(pin="opus")} == {"opus"}


def test_an_unknown_pin_names_the_tiers() -> None:
    with pytest.raises(NoTier, match="local, haiku, sonnet, opus"):
        plan(pin="hiaku")


@pytest.mark.parametrize("preset", PRESETS)
def test_what_is_switched_off_cannot_be_reached_or_is_too_cheap_is_left_out(preset: str) -> None:
    settings = routed(preset=preset)
    off = settings.tiers | {"haiku": settings.tiers["haiku"].model_copy(update={"enabled": False})}
    switched = settings.model_copy(update={"tiers": off})
    assert {tier for tier, _ in plan(settings=switched)} <= {"local", "sonnet"}
    with pytest.raises(NoTier, match="switched off"):
        plan(settings=switched, pin="haiku")
    assert {tier for tier, _ in plan(settings=settings, available=frozenset({"sonnet"}))} == {"sonnet"}
    assert {tier for tier, _ in plan(settings=settings, at_least="haiku")} <= {"haiku", "sonnet"}
    with pytest.raises(NoTier, match="doctor"):
        plan(settings=settings, available=frozenset())


def test_the_bands_preset_starts_where_the_band_says() -> None:
    bands = routed(preset="bands")
    assert plan(settings=bands, complexity=9)[0][0] == "sonnet"
    assert plan(settings=bands, complexity=7)[0][0] == "haiku"
    low = [tier for tier, _ in plan(settings=bands, complexity=2)]
    assert list(dict.fromkeys(low)) == ["local", "haiku", "sonnet"]
    assert all(arm.p and arm.seconds and arm.cost_usd is not None for arm in arms(settings=bands))


def test_a_missions_cap_cuts_the_samples_before_the_paid_tiers() -> None:
    assert len(plan(settings=routed(max_missions=2))) == 2
    capped = plan(settings=routed(max_missions=9))
    assert len(capped) <= 9
    assert [tier for tier, _ in capped][-1] != "local"


def test_a_plan_of_a_stronger_model_is_an_arm_where_it_is_asked_for() -> None:
    hard = {"kind": TaskKind.ISSUE, "complexity": 8, "settings": routed(preset="balanced")}
    assert Variant.PLANNED not in {arm.variant for arm in arms(**hard)}
    planned = next(arm for arm in arms(**hard, planned=True) if arm.variant is Variant.PLANNED)
    alone = next(arm for arm in arms(**hard) if arm.tier == "haiku")
    assert (planned.tier, planned.model) == ("haiku", HAIKU)
    assert planned.p > alone.p
    assert planned.cost_usd > alone.cost_usd


def test_each_arm_has_odds_given_all_that_failed_before_a_price_a_time_and_a_reason() -> None:
    found = arms(odds=Odds(tried(30, 7)))
    assert found[0].why == "local .75 (n=37) at $0 before haiku .75 at $.0018 before sonnet .84 (guess) at $.035"
    assert found[
        1
    ].why == f"local once more, seeing what failed: {found[1].p:.2f} at $0 if all before it fails".replace(": 0", ": ")
    haiku = next(arm for arm in found if arm.tier == "haiku")
    assert haiku.p < 0.6, "what a local model failed at so often is hard"
    assert haiku.cost_usd == pytest.approx(0.00181)
    assert all(arm.why and 0 < arm.p < 1 and arm.seconds > 0 for arm in found)


def test_an_unknown_price_is_said_and_comes_last() -> None:
    strange = TierSettings(provider="anthropic", model="somebody-else:32b")
    settings = routed(SETTINGS.model_copy(update={"tiers": {"strange": strange} | SETTINGS.tiers}), preset="balanced")
    found = arms(settings=settings)
    assert all(arm.cost_usd is None for arm in found if arm.tier == "strange")
    assert found[0].tier != "strange"
    assert "n/a" in arms(settings=settings, pin="strange")[0].why


def test_what_remains_follows_the_missions_that_have_ended() -> None:
    found = arms(slots={"local": 4})

    def ended(arm: Arm) -> Mission:
        known = {"tier": arm.tier, "model": arm.model, "way": arm.way, "variant": arm.variant}
        return Mission(id=1, task=1, number=1, agent="a", started_at=datetime(2026, 11, 1, tzinfo=UTC), **known)

    for done in range(len(found) + 1):
        assert remaining(found, [ended(arm) for arm in found[:done]]) == found[done:]


@given(
    st.fixed_dictionaries(
        {
            "preset": st.sampled_from(PRESETS),
            "max_missions": st.sampled_from([1, 7, 24]),
            "false_accept": st.sampled_from([0.0, 0.05, 0.5]),
        }
    ),
    st.fixed_dictionaries(
        {
            "kind": st.sampled_from(TaskKind),
            "complexity": st.integers(1, 10),
            "has_check": st.booleans(),
            "slots": st.sampled_from([{"local": 1}, {"local": 4}]),
            "planned": st.booleans(),
        }
    ),
)
def test_a_plan_is_never_empty_repeats_nothing_and_begins_each_way_with_a_first_try(
    routing: dict[str, object], task: dict[str, object]
) -> None:
    found = arms(settings=routed(**routing), **task)
    most, check = routing["max_missions"], task["has_check"]
    assert 1 <= len(found) <= (most if check else 1)
    seen: set[tuple[str, Way]] = set()
    for arm in found:
        if arm.variant in {Variant.RETRY, Variant.SAMPLE}:
            assert (arm.tier, arm.way) in seen
        elif arm.variant is Variant.ONCE:
            assert (arm.tier, arm.way) not in seen
            seen.add((arm.tier, arm.way))


def test_many_tiers_are_weighed_all_the_same() -> None:
    many = {f"t{at}": TierSettings(provider="ollama", model=f"model:{at}b") for at in range(1, 17)}
    assert 1 < len(plan(settings=SETTINGS.model_copy(update={"tiers": many}))) <= SETTINGS.routing.max_missions


def test_exploring_puts_something_no_dearer_first_and_says_how_likely_that_was() -> None:
    settings = routed(explore=0.05, preset="balanced")
    here = situation(settings=settings)
    found = plan_for(here)
    assert found[0].tier == "haiku"
    random = Random(7)
    drawn = [explored(found, here, random) for _ in range(400)]
    other = [arms for arms, propensity in drawn if propensity == pytest.approx(0.05)]
    assert {propensity for _, propensity in drawn} == {0.95, 0.05}
    assert 5 <= len(other) <= 40
    assert {arms[0].tier for arms in other} == {"local"}
    assert all(sorted(map(_place, arms[1:])) == sorted(map(_place, found)) for arms in other)
    assert other[0][0].why.startswith("local .")


def test_exploring_needs_a_check_and_obeys_a_pin_and_never_costs_more() -> None:
    settings = routed(explore=0.05)
    for here in (
        situation(settings=settings),  # begins with the only tier that is free
        situation(settings=routed(settings, preset="balanced"), has_check=False),
        situation(settings=routed(settings, preset="balanced"), pin="haiku"),
        situation(settings=routed(settings, preset="balanced", explore=0.0)),
    ):
        found = plan_for(here)
        assert {explored(found, here, Random(seed)) for seed in range(60)} == {(found, 1.0)}


def _place(arm: Arm) -> tuple[str, str, str]:
    return (arm.tier, arm.way, arm.variant)


def test_a_judge_is_worth_asking_only_where_the_answer_could_change_the_plan() -> None:
    assert worth_asking(situation(), (3,)) == 0.0
    assert worth_asking(situation(), (2, 3)) == 0.0, "the same band"
    bands = situation(settings=routed(preset="bands"), complexity=2)
    assert worth_asking(bands, (2, 9)) >= 0.0
    # A model that is good at what looks easy, and bad at what does not: the score is worth a lot.
    easy = tried(30, 0, complexity=2, language="other", seconds=5)
    hard = tried(0, 30, complexity=8, language="other", seconds=5)
    odds = Odds([one.model_copy(update={"mission": at}) for at, one in enumerate([*easy, *hard])])
    here = situation(
        settings=routed(preset="fast", wait_usd_per_hour=20),
        complexity=2,
        odds=odds,
        has_check=False,
        available=frozenset({"local", "haiku"}),
    )
    assert worth_asking(here, (2, 8)) > 0.05


@pytest.mark.parametrize(
    ("provider", "model", "grade", "kind", "way"),
    [
        ("ollama", "qwen2.5-coder:1.5b", None, TaskKind.FUNCTION, Way.DIRECT),
        ("ollama", "qwen2.5-coder:7b", Grade.TOOLS, TaskKind.FUNCTION, Way.DIRECT),
        ("ollama", "gpt-oss:20b", Grade.TOOLS, TaskKind.ISSUE, Way.LOOP),
        ("ollama", "smollm2:135m", Grade.TEXT, TaskKind.ISSUE, Way.DIRECT),
        ("anthropic", "claude-haiku-5-5", None, TaskKind.FUNCTION, Way.LOOP),
    ],
)
def test_the_way_follows_grade_and_kind(
    provider: str, model: str, grade: Grade | None, kind: TaskKind, way: Way
) -> None:
    tier = TierSettings.model_validate({"provider": provider, "model": model})
    assert way_for(tier, kind, grade) is way


def test_a_small_model_is_kept_out_of_the_loop_whatever_its_grade() -> None:
    tier = TierSettings(provider="ollama", model="qwen2.5-coder:1.5b")
    assert way_for(tier, TaskKind.ISSUE, Grade.TOOLS, small=True) is Way.DIRECT
    assert way_for(tier, TaskKind.ISSUE, Grade.TOOLS, small=False) is Way.LOOP
