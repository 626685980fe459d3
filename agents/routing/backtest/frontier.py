"""The cost–success frontier: the exact decision without a price on waiting, for an ever dearer unsolved task."""

from collections.abc import Sequence
from dataclasses import dataclass

from agents.routing.backtest.learning import Studied
from agents.routing.backtest.policies import Expected
from agents.routing.backtest.replay import Replayer
from agents.routing.decision import Economics

STEPS = 20


@dataclass(frozen=True)
class Point:
    """What an unsolved task was held to cost, and what that comes to a task."""

    unsolved_usd: float
    cost_usd: float
    solved: float


def frontier(studied: Studied, economics: Economics) -> tuple[Point, ...]:
    """Points by growing V, those of equal cost and success once. Replayed on lines the odds did not see."""
    tiers = studied.outcomes.tiers
    policy = Expected("frontier", 0.0, tiers[0], tiers[-1])
    replayer = Replayer([case.record for case in studied.cases], economics)
    found: list[Point] = []
    for unsolved_usd in _values(studied):
        own = economics.model_copy(update={"unsolved_usd": unsolved_usd})
        plays = [play for play in replayer.plays(policy.mix(case, own) for case in studied.cases) if play]
        if not plays:
            continue
        cost, solved = sum(play.usd for play in plays) / len(plays), sum(play.solved for play in plays) / len(plays)
        if not found or (cost, solved) != (found[-1].cost_usd, found[-1].solved):
            found.append(Point(unsolved_usd, cost, solved))
    return tuple(found)


def _values(studied: Studied) -> Sequence[float]:
    """From half of the cheapest paid tier's price to a thousand times the dearest's, in equal ratios."""
    prices = [option.usd for option in studied.cases[0].knowledge.options if option.usd > 0]
    if not prices:
        return [1.0]
    low, high = min(prices) / 2, max(prices) * 1000
    return [low * (high / low) ** (step / (STEPS - 1)) for step in range(STEPS)]
