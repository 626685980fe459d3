"""Why failures come together: a task is hard or easy for every model, and for each model in its own way as well.

A task's difficulty z is standard normal. A model with odds p over all tasks is right at one of difficulty z with the
odds expit(a − spread · z), a chosen so that the mean is p; and its own tries at that task are a Beta-binomial of the
dispersion s around this. Everything follows by Bayes' rule, so that it does not matter in which order models failed:
a model fails more surely after one that is nearly as good has failed, and hardly more after a much weaker one."""

import math
from collections.abc import Sequence
from functools import lru_cache
from statistics import NormalDist

NODES = tuple(NormalDist().inv_cdf((at + 0.5) / 15) for at in range(15))
"""Difficulties that are equally likely."""
Profile = tuple[float, ...]
"""The odds at each of NODES."""
EVENLY: Profile = (1.0,) * len(NODES)
"""Before anything failed every difficulty is as likely as any other."""


@lru_cache(maxsize=4096)
def profile(p: float, spread: float, given: Profile = EVENLY) -> Profile:
    """The odds at each difficulty of a model that has the odds `p` over tasks of the weights `given`."""
    wanted = math.log(p / (1 - p))
    a = wanted * math.sqrt(1 + 0.35 * spread**2)  # where it would be, were the logistic curve a normal one
    for _ in range(50):
        chances = _at(a, spread)
        found = mean(chances, given)
        slope = mean(tuple(one * (1 - one) for one in chances), given)
        # Newton's method on the log-odds of the mean, which are nearly a straight line in a.
        step = (math.log(found / (1 - found)) - wanted) * found * (1 - found) / slope
        a -= max(-5.0, min(5.0, step))
        if abs(step) < 1e-9:
            break
    return _at(a, spread)


def mean(chances: Profile, given: Profile) -> float:
    """The odds over tasks whose difficulties have the weights `given`."""
    return sum(map(float.__mul__, chances, given)) / sum(given)


def later(chances: Profile, dispersion: float, failed: int) -> Profile:
    """Of a model's next try, once so many of its own have failed."""
    share = dispersion / (dispersion + failed)
    return tuple(one * share for one in chances)


def after(given: Profile, missed: Sequence[Profile]) -> Profile:
    """The weights of the difficulties once tries with these odds have failed."""
    for chances in missed:
        given = tuple(weight * (1 - one) for weight, one in zip(given, chances, strict=True))
    return given


def _at(a: float, spread: float) -> Profile:
    return tuple(1 / (1 + math.exp(spread * node - a)) for node in NODES)
