"""What the presets say waiting is worth, and the economics of a task that follow from the settings."""

from agents.routing.decision import Economics
from agents.settings import Routing

WAIT_USD_PER_HOUR = {"free-first": 0.0, "bands": 0.0, "balanced": 1.0, "fast": 6.0}
"""λ of each preset, in dollars an hour.

*Balanced*, a dollar: the tasks run in the background and somebody will look at them later. A minute weighs 1.7 cents:
a local model goes before Sonnet where it has a fair chance, and before Haiku where it is about as good and not slow.
*Fast*, 6 dollars: a minute weighs 10 cents of the dollar that a solved task is worth by default, so that minutes
decide and token prices hardly do. An engineer's hour would make a minute worth more than the task: nothing would be
tried twice."""
TIE_USD_PER_SECOND = 1e-9
"""Free first: what a second weighs where nothing else tells two free tries apart."""
MOST_UNSOLVED_USD = 1e6
"""Where raising V for a target of success ends: everything is tried by then."""


PSEUDO_STUBS = 50
"""What the configured α is worth, in stubs. A stub is a crude wrong result, easier to refuse than a good try that
failed: so it takes many to move it."""
LEAST_SHARE = 0.5
"""Of the configured α that is left however many stubs were refused: checks that refuse every stub still accept good
tries that failed (three plain asserts accept 10 to 61 % of these)."""


def false_accept_here(configured: float, *, tried: int, accepted: int) -> float:
    """α of a repository whose checks `accepted` so many of the stubs they were `tried` on: the mean of the Beta that
    began at the configured rate, not below LEAST_SHARE of that rate, and below 1."""
    found = (PSEUDO_STUBS * configured + accepted) / (PSEUDO_STUBS + tried)
    return min(0.99, max(found, LEAST_SHARE * configured))


def economics_of(routing: Routing, *, has_check: bool = True, false_accept: float | None = None) -> Economics:
    """By the preset and the knobs over it. Without a check whatever comes first is accepted: α = 1. `false_accept`: the
    rate found here; None: as it is set."""
    per_hour = routing.wait_usd_per_hour
    if per_hour is None:
        per_hour = WAIT_USD_PER_HOUR[routing.preset]
    return Economics(
        second_usd=per_hour / 3600,
        unsolved_usd=routing.unsolved_usd,
        wrong_usd=routing.wrong_usd,
        false_accept=(routing.false_accept if false_accept is None else false_accept) if has_check else 1.0,
    )
