"""Which arms of a plan are still worth trying after an attempt that failed."""

from collections.abc import Sequence

from agents.dispatch.free_tries import out_of_patience
from agents.missions.orders import Report
from agents.settings import Settings
from agents.tasks import Arm, Variant


def still_worth(todo: Sequence[Arm], report: Report, *, seconds: float, settings: Settings) -> list[Arm]:
    """The arms that may still succeed: none in the same way where that was hopeless, none paid without money, no more
    free tries when the task's `seconds` so far have used up the patience for them."""
    rest = [arm for arm in todo if not (gives_up(report, todo) and _same_way(arm, report))]
    if seconds > settings.routing.free_s:
        rest = out_of_patience(rest, frozenset(arm.tier for arm in rest if _is_free(arm, settings)))
    return [arm for arm in rest if _is_free(arm, settings)] if report.over_budget else rest


def gives_up(report: Report, todo: Sequence[Arm]) -> bool:
    """Whether the same tier in the same way gets no other try: it would end the same. An attempt that stalled has cost
    so much time that it gets one only where there is nothing else to try."""
    elsewhere = not all(_same_way(arm, report) for arm in todo)
    return report.hopeless or (report.stalled and (elsewhere or report.mission.variant is not Variant.ONCE))


def _same_way(arm: Arm, report: Report) -> bool:
    led = Variant.ORCHESTRATED
    same = (arm.variant is led) == (report.mission.variant is led)
    return same and (arm.tier, arm.way) == (report.mission.tier, report.mission.way)


def _is_free(arm: Arm, settings: Settings) -> bool:
    tier = settings.tiers[arm.tier]
    if arm.variant is Variant.ORCHESTRATED:  # whoever writes, the order is paid for
        return False
    return tier.free or tier.provider == "ollama"
