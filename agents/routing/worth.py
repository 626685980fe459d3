"""What a plan is worth in dollars: whether to ask the judge, and how far money buys success."""

from collections.abc import Sequence
from dataclasses import replace

from agents.routing.choice import Choice, odds_over
from agents.routing.decision import Economics, Odds, Option, decide, reckon
from agents.routing.economics import MOST_UNSOLVED_USD, economics_of
from agents.routing.features import Band
from agents.routing.plan import order_for
from agents.routing.situation import Situation
from agents.routing.task_odds import TaskOdds
from agents.tasks import Frozen

_LEAST_UNSOLVED_USD = 1e-4
_STEP = 10 ** (1 / 8)
"""By how much V grows from one point of the frontier to the next: eight points a decade."""


class Point(Frozen):
    """What one order comes to, per task, expected."""

    order: tuple[str, ...]
    unsolved_usd: float
    """The least V tried at which it is the best."""
    spent_usd: float
    solved: float


def worth_asking(situation: Situation, possible: Sequence[int]) -> float:
    """Dollars that a judge's answer saves, expected, when it may as well be any of the complexities `possible`: the
    mean of what today's plan would lose more than the plan one would make then. To be compared with the judge's price.

    Raises NoTier.
    """
    today = order_for(situation, situation.task_odds)
    economics = economics_of(
        situation.settings.routing, has_check=situation.has_check, false_accept=situation.false_accept
    )
    gains: dict[Band | int, float] = {}
    total = 0.0
    for complexity in possible:
        features = situation.features.model_copy(update={"complexity": complexity})
        alike = complexity if situation.settings.routing.preset == "bands" else features.band
        if alike not in gains:  # odds know bands only, and an order takes milliseconds
            then = replace(situation, features=features)
            odds = then.task_odds
            kept, best = _loss(today, odds, economics), _loss(order_for(then, odds), odds, economics)
            gains[alike] = max(0.0, kept - best)
        total += gains[alike]
    return total / len(possible) if possible else 0.0


def frontier(options: Sequence[Option], odds: Odds, economics: Economics) -> tuple[Point, ...]:
    """How success grows with what is spent, from doing nothing on: the best orders for a growing V, each once."""
    points: list[Point] = []
    unsolved = _LEAST_UNSOLVED_USD
    while unsolved <= MOST_UNSOLVED_USD:
        best = decide(options, odds, economics.model_copy(update={"unsolved_usd": unsolved}))
        if not points or best.solved > points[-1].solved + 1e-9:
            point = Point(order=best.order, unsolved_usd=unsolved, spent_usd=best.spent_usd, solved=best.solved)
            points.append(point)
        unsolved *= _STEP
    return tuple(points)


def _loss(order: Sequence[Choice], odds: TaskOdds, economics: Economics) -> float:
    return reckon([choice.option for choice in order], odds_over(order, odds), economics).loss_usd
