"""The orchestrated arm among the others of a plan: its odds, its price, and where it pays."""

from datetime import UTC, datetime, timedelta

import pytest

from agents.dispatch.worthwhile import still_worth
from agents.missions.orders import Report
from agents.missions.proof import Judgement
from agents.routing.features import Features
from agents.routing.odds import Odds
from agents.routing.plan import make_plan
from agents.settings import Routing, Settings, TierSettings
from agents.store.records import Trial
from agents.tasks import NANO, Arm, Mission, Outcome, Role, TaskKind, Variant, Way

LOCAL = Settings().tiers["local"].model
START = datetime(2026, 11, 25, tzinfo=UTC)


def arms(kind: TaskKind = TaskKind.EDIT, odds: Odds | None = None, **more: object) -> tuple[Arm, ...]:
    settings = more.pop("settings", None) or Settings(routing=Routing.model_validate(more.pop("routing", {})))
    features = Features(kind=kind, complexity=5)
    return make_plan(**{"settings": settings, "features": features, "has_check": True, "odds": odds, **more})


def by_order(plan: tuple[Arm, ...]) -> list[Arm]:
    return [arm for arm in plan if arm.variant is Variant.ORCHESTRATED]


def trial(number: int, *, success: bool, usd: float = 0.01) -> Trial:
    return Trial(
        mission=number,
        task=number,
        at=START + timedelta(minutes=number),
        model=LOCAL,
        tier="local",
        way=Way.DIRECT,
        variant=Variant.ORCHESTRATED,
        kind=TaskKind.EDIT,
        complexity=5,
        success=success,
        seconds=90,
        cost_nano=round(usd * NANO),
    )


def test_who_orders_is_paid_and_who_writes_is_not() -> None:
    (arm,) = arms(orchestrate=True)
    assert (arm.tier, arm.model, arm.variant) == ("local", LOCAL, Variant.ORCHESTRATED)
    sonnet = 9000 * 2e-6 + 2200 * 10e-6
    assert arm.cost_usd == pytest.approx(sonnet)
    (hard,) = make_plan(
        settings=Settings(), features=Features(kind=TaskKind.EDIT, complexity=9), has_check=True, orchestrate=True
    )
    assert hard.cost_usd == pytest.approx(2 * sonnet), "above C8 Opus orders"
    assert arm.seconds is not None
    assert arm.seconds > 60


def test_an_order_lifts_the_odds_of_one_that_writes_badly() -> None:
    odds = Odds().of(Features(kind=TaskKind.EDIT, complexity=5))
    alone = odds.p(LOCAL, Way.DIRECT, Variant.ONCE, ())
    ordered = odds.p(LOCAL, Way.DIRECT, Variant.ORCHESTRATED, ())
    sonnet = odds.p("claude-sonnet-5-5", Way.LOOP, Variant.ONCE, ())
    assert alone < ordered < sonnet
    again = odds.p(LOCAL, Way.DIRECT, Variant.ORCHESTRATED, (LOCAL,) * 4)
    assert odds.p(LOCAL, Way.DIRECT, Variant.SAMPLE, (LOCAL,) * 4) < again < ordered


def test_it_is_in_the_plan_where_it_pays_and_its_own_trials_decide_that() -> None:
    assert not by_order(arms(routing={"preset": "balanced"}))
    good = Odds([trial(number, success=True) for number in range(40)])
    (arm,) = by_order(arms(odds=good, routing={"preset": "balanced", "explore": 0}))
    assert arm.p is not None
    assert arm.p > 0.6
    assert arm.cost_usd is not None
    assert 0.01 < arm.cost_usd < 0.02, "what it cost here, shrunk to the guess"
    bad = Odds([trial(number, success=False) for number in range(40)])
    assert not by_order(arms(odds=bad, routing={"preset": "balanced", "explore": 0}))


def test_what_an_order_cost_is_not_what_a_plain_try_costs() -> None:
    plan = arms(odds=Odds([trial(number, success=True) for number in range(40)]))
    assert {arm.cost_usd for arm in plan if arm.tier == "local" and arm not in by_order(plan)} == {0}


@pytest.mark.parametrize("preset", ["free-first", "balanced", "fast"])
def test_the_mode_orchestrated_begins_with_it_and_goes_on_with_what_is_paid(preset: str) -> None:
    plan = arms(routing={"mode": "orchestrated", "preset": preset})
    assert plan[0].variant is Variant.ORCHESTRATED
    assert "local by work order" in plan[0].why
    assert {arm.tier for arm in plan[1:]} <= {"haiku", "sonnet"}
    unchecked = arms(routing={"mode": "orchestrated", "preset": preset}, has_check=False)
    assert [arm.variant for arm in unchecked] == [Variant.ORCHESTRATED]


def test_without_somebody_to_order_or_to_write_the_mode_is_like_any_other() -> None:
    for available in ({"local"}, {"haiku", "sonnet", "opus"}):
        assert not by_order(arms(routing={"mode": "orchestrated"}, available=frozenset(available)))
    assert not by_order(arms(pin="local", routing={"mode": "orchestrated"}))
    same = TierSettings(provider="ollama", model="m:1b", roles=("code", "plan"))
    assert not by_order(arms(settings=Settings(tiers={"local": same}, routing=Routing(mode="orchestrated"))))


def test_where_the_tier_can_only_order_it_is_the_only_paid_arm() -> None:
    settings = Settings(routing=Routing(mode="orchestrated"))
    tiers = {"local": settings.tiers["local"], "opus": settings.tiers["opus"]}
    plan = arms(settings=settings.model_copy(update={"tiers": tiers}))
    assert [arm.variant for arm in plan[:2]] == [Variant.ORCHESTRATED, Variant.ONCE]


def test_without_money_it_is_not_tried_and_what_stalled_alone_may_go_better_by_order() -> None:
    plan = arms(odds=Odds([trial(number, success=True) for number in range(40)]))
    mission = Mission(
        id=1, task=1, number=1, role=Role.CODE, tier="local", model=LOCAL, agent="A-1", way=Way.DIRECT,
        variant=Variant.ONCE, branch="b", started_at=START,
    )  # fmt: skip
    report = Report(mission=mission, judgement=Judgement(outcome=Outcome.FAILED, reason=""))
    poor = Report(mission=mission, judgement=report.judgement, over_budget=True)
    assert by_order(plan)
    assert not by_order(tuple(still_worth(plan[1:], poor, seconds=1, settings=Settings())))
    hopeless = Report(mission=mission, judgement=report.judgement, hopeless=True)
    rest = tuple(still_worth(plan[1:], hopeless, seconds=9999, settings=Settings()))
    assert by_order(rest)
    assert {arm.variant for arm in rest if arm.tier == "local"} == {Variant.ORCHESTRATED}
