"""The order in which tiers are tried."""

import pytest

from agents.routing.choices import way_for
from agents.routing.features import Features
from agents.routing.plan import NoTier, make_plan
from agents.settings import Settings, TierSettings
from agents.tasks import Grade, TaskKind, Variant, Way

SETTINGS = Settings()


def plan(**changes: object) -> tuple[tuple[str, Variant], ...]:
    features = Features(kind=TaskKind.FUNCTION, complexity=changes.pop("complexity", 3))
    wanted = {"settings": SETTINGS, "features": features, "has_check": True} | changes
    return tuple((arm.tier, arm.variant) for arm in make_plan(**wanted))


def test_local_first_then_haiku_then_sonnet() -> None:
    tiers = list(dict.fromkeys(tier for tier, _ in plan()))
    assert tiers == ["local", "haiku", "sonnet"]
    assert plan()[0] == ("local", Variant.ONCE)
    assert plan()[1] == ("local", Variant.RETRY)


def test_opus_never_writes_code() -> None:
    assert "opus" not in {tier for tier, _ in plan(complexity=10)}


def test_without_a_check_there_is_one_arm() -> None:
    assert plan(has_check=False) == (("local", Variant.ONCE),)


def test_a_pin_is_obeyed_and_does_not_escalate() -> None:
    assert {tier for tier, _ in plan(pin="haiku")} == {"haiku"}


def test_an_unknown_pin_names_the_tiers() -> None:
    with pytest.raises(NoTier, match="local, haiku, sonnet, opus"):
        plan(pin="hiaku")


def test_what_cannot_be_reached_is_left_out() -> None:
    assert {tier for tier, _ in plan(available=frozenset({"sonnet"}))} == {"sonnet"}
    with pytest.raises(NoTier, match="doctor"):
        plan(available=frozenset())


def test_the_bands_preset_starts_where_the_band_says() -> None:
    bands = SETTINGS.model_copy(update={"routing": SETTINGS.routing.model_copy(update={"preset": "bands"})})
    assert plan(settings=bands, complexity=9)[0][0] == "sonnet"
    assert plan(settings=bands, complexity=7)[0][0] == "haiku"


def test_a_missions_cap_cuts_the_plan() -> None:
    capped = SETTINGS.model_copy(update={"routing": SETTINGS.routing.model_copy(update={"max_missions": 2})})
    assert len(plan(settings=capped)) == 2


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
