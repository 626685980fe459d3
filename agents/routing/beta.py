"""The Beta distribution, as far as it is needed: its distribution function and the interval around a share."""

import math

_STEPS = 300
_CLOSE = 1e-14
_TINY = 1e-300
MIDDLE = 0.90
"""The share of the distribution inside an interval."""


def cumulative(x: float, a: float, b: float) -> float:
    """P(X ≤ x) for X ~ Beta(a, b): the regularized incomplete beta function I_x(a, b).

    By its continued fraction (Abramowitz and Stegun 26.5.8), evaluated after Lentz. Raises ValueError unless a, b > 0.
    """
    if a <= 0 or b <= 0:
        raise ValueError("a Beta distribution has two parameters above 0")
    if x <= 0 or x >= 1:
        return 0.0 if x <= 0 else 1.0
    log_front = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)
    front = math.exp(log_front)
    if x < (a + 1) / (a + b + 2):  # the side on which the fraction converges quickly
        return front * _fraction(x, a, b) / a
    return 1 - front * _fraction(1 - x, b, a) / b


def quantile(share: float, a: float, b: float) -> float:
    """The x with P(X ≤ x) = `share`, to about 1e-9, by halving."""
    low, high = 0.0, 1.0
    for _ in range(32):
        middle = (low + high) / 2
        low, high = (middle, high) if cumulative(middle, a, b) < share else (low, middle)
    return (low + high) / 2


def interval(mean: float, strength: float) -> tuple[float, float]:
    """Where the middle 90 % of Beta(mean · strength, (1 − mean) · strength) lie."""
    a, b = mean * strength, (1 - mean) * strength
    return quantile((1 - MIDDLE) / 2, a, b), quantile((1 + MIDDLE) / 2, a, b)


def _fraction(x: float, a: float, b: float) -> float:
    c, d = 1.0, 1 / _away(1 - (a + b) * x / (a + 1))
    value = d
    for m in range(1, _STEPS):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        step = 1.0
        for term in (even, odd):
            d = 1 / _away(1 + term * d)
            c = _away(1 + term / c)
            step = c * d
            value *= step
        if abs(step - 1) < _CLOSE:
            break
    return value


def _away(value: float) -> float:
    """`value`, kept away from 0 that it is divided by."""
    return value if abs(value) > _TINY else _TINY
