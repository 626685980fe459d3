"""What the presets say waiting is worth, and the economics of a task that follow from the settings."""

from agents.routing.decision import Economics
from agents.settings import Routing

WAIT_USD_PER_HOUR = {"free-first": 0.0, "bands": 0.0, "balanced": 0.10, "fast": 6.0}
"""λ of each preset, in dollars an hour.

*Balanced*, 10 cents: the tasks run in the background and nobody waits. A local try of three quarters of a minute then
costs about what Haiku costs, so a local model goes first where it is about as good, and not where it is slow or bad.
*Fast*, 6 dollars: a minute is worth 10 cents of the dollar that a solved task is worth by default, so that minutes
decide and token prices hardly do. An engineer's whole hour would be more than a task is worth in a minute: nothing
would ever be tried."""
TIE_USD_PER_SECOND = 1e-9
"""Free first: what a second weighs where nothing else tells two free tries apart."""
MOST_UNSOLVED_USD = 1e6
"""Where raising V for a target of success ends: everything is tried by then."""


def economics_of(routing: Routing, *, has_check: bool = True) -> Economics:
    """By the preset and the knobs over it. Without a check whatever comes first is accepted: α = 1."""
    per_hour = routing.wait_usd_per_hour
    if per_hour is None:
        per_hour = WAIT_USD_PER_HOUR[routing.preset]
    return Economics(
        second_usd=per_hour / 3600,
        unsolved_usd=routing.unsolved_usd,
        wrong_usd=routing.wrong_usd,
        false_accept=routing.false_accept if has_check else 1.0,
    )
