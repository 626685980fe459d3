"""Who is asked for an order, who writes the check, and who gets a part that was too hard."""

import pytest

from agents.clock import SystemClock
from agents.dispatch.choosing import adviser_for, check_writer, next_up
from agents.refusals import NoAdviser
from agents.settings import Settings, TierSettings, default_tiers
from agents.tasks import Arm, Role, Task, TaskStatus, Variant, Way

ALL = frozenset(default_tiers())
AT = SystemClock().now()
CODEX = "qwen2.5-coder:7b"
SONNET, OPUS = "claude-sonnet-5-5", "claude-opus-5-5"


def task(complexity: int = 4) -> Task:
    return Task(id=1, repo="/r", title="t", status=TaskStatus.OPEN, complexity=complexity, created_at=AT, updated_at=AT)


@pytest.mark.parametrize(("complexity", "tier"), [(1, "sonnet"), (8, "sonnet"), (9, "opus"), (10, "opus")])
def test_sonnet_orders_and_opus_what_is_hardest(complexity: int, tier: str) -> None:
    for roles in ((Role.PLAN,), (Role.REVIEW,)):
        assert adviser_for(task(complexity), roles, Settings(), ALL, never={CODEX}).tier == tier


def test_whoever_writes_is_not_asked() -> None:
    settings = Settings()
    assert adviser_for(task(), (Role.PLAN,), settings, ALL, never={SONNET}).tier == "opus"
    with pytest.raises(NoAdviser, match='roles = \\["order"\\]'):
        adviser_for(task(), (Role.PLAN,), settings, {"local", "haiku"})
    assert check_writer(task(), settings, ALL, writers={CODEX}, first="sonnet").tier == "sonnet"
    assert check_writer(task(), settings, ALL, writers={CODEX, SONNET}, first="sonnet").tier == "opus"
    few = {"local", "haiku", "sonnet"}
    assert check_writer(task(), settings, few, writers={SONNET}, first="sonnet").tier == "local"
    with pytest.raises(NoAdviser, match="another model"):
        check_writer(task(), settings, {"sonnet"}, writers={SONNET}, first="sonnet")


def test_who_could_order_but_cannot_be_reached_says_why() -> None:
    missing = {"haiku": "no", "sonnet": "SONNET is silent", "opus": "OPUS is silent"}
    with pytest.raises(NoAdviser, match="SONNET is silent; OPUS is silent. Another tier"):
        adviser_for(task(), (Role.PLAN,), Settings(), {"local"}, never={CODEX}, missing=missing)


def test_a_local_model_orders_where_it_is_told_to() -> None:
    thinker = TierSettings(provider="ollama", model="big:70b", roles=("order",))
    settings = Settings(tiers={**default_tiers(), "thinker": thinker})
    assert adviser_for(task(), (Role.PLAN,), settings, {"local", "thinker"}, never={CODEX}).tier == "thinker"


def test_a_part_goes_to_the_next_tier_that_codes_and_wrote_no_check() -> None:
    arm = Arm(tier="local", model=CODEX, way=Way.DIRECT, variant=Variant.ORCHESTRATED)
    assert next_up(arm, Settings(), ALL, never=set()) == "haiku"
    assert next_up(arm, Settings(), ALL - {"haiku"}, never={SONNET}) is None
    top = arm.model_copy(update={"tier": "sonnet", "model": SONNET})
    assert next_up(top, Settings(), ALL, never=set()) is None, "Opus writes no code"
