"""What a backtest hands back: one row per policy."""

from typing import Literal

from pydantic import Field

from agents.routing.backtest.bootstrap import Interval
from agents.tasks import Frozen

Verdict = Literal["better", "worse", "not distinguishable", "the same", "too few tasks"]


class Comparison(Frozen):
    """A policy less another one, a task, on the lines where both are scored."""

    n: int
    loss_usd: float
    """Dollars paid and lost (see Row.regret_usd), below 0 where the policy is better. The verdict is about this."""
    solved: float
    cost_usd: float
    ci95: dict[str, Interval | None]
    """Of the three above."""
    verdict: Verdict


class AtAlpha(Frozen):
    """The policy with a check that accepts this share of wrong results."""

    solved: float | None
    cost_usd: float | None
    wrong_accepted: float | None


class Row(Frozen):
    """A policy's figures, means over the n tasks where it is scored. None: not defined."""

    policy: str
    solved: float | None
    """Share of tasks, 0 to 1."""
    cost_usd: float | None
    """Dollars a task."""
    usd_per_solved: float | None
    wrong_accepted: float | None
    """Share of tasks that end with a wrong result accepted."""
    regret_usd: float | None
    """Dollars a task, paid and lost by what is unsolved (V) or wrong (F), above the oracle's."""
    brier: float | None
    """Of the odds each attempt was given: the policy's own where it has odds, else the tiers' rates over all lines."""
    ci95: dict[str, Interval | None]
    n: int
    brier_above_base: float | None = None
    """Its Brier less that of the tiers' rates on the same attempts: below 0 where looking at the task helps."""
    ece: float | None = None
    seconds_p50: float | None = None
    seconds_p95: float | None = None
    pgr: float | None = None
    apgr: float | None = None
    cpt50: float | None = None
    cpt80: float | None = None
    at_alpha: dict[str, AtAlpha] = Field(default_factory=dict)
    vs_random: Comparison | None = None
    vs_strong: Comparison | None = None
