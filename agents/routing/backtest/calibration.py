"""How good predicted odds are, against outcomes that are rates: Brier's score and the expected calibration error."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

BINS = 10


@dataclass(frozen=True, slots=True)
class Prediction:
    """The odds an attempt was given, and what it came to."""

    odds: float
    rate: float
    """The share of tries that solved it, 0 to 1."""
    weight: float
    """The probability that the attempt is made."""


def brier(prediction: Prediction) -> float:
    """The expected squared error of the odds against a try that succeeds or not (Brier 1950), times its weight."""
    missed, hit = (1 - prediction.odds) ** 2, prediction.odds**2
    return prediction.weight * (prediction.rate * missed + (1 - prediction.rate) * hit)


def calibration_error(predictions: Iterable[Prediction]) -> float | None:
    """ECE over BINS equal bins of the odds (Naeini et al. 2015); None where nothing was predicted."""
    bins = [[0.0, 0.0, 0.0] for _ in range(BINS)]
    for one in predictions:
        sums = bins[min(BINS - 1, int(one.odds * BINS))]
        sums[0] += one.weight
        sums[1] += one.weight * one.odds
        sums[2] += one.weight * one.rate
    total = sum(weight for weight, _, _ in bins)
    return sum(abs(odds - rate) for _, odds, rate in bins) / total if total else None


def quantile(weighted: Sequence[tuple[float, float]], share: float) -> float | None:
    """The least value below or at which `share` of the weight lies; None of nothing."""
    total, reached = sum(weight for _, weight in weighted), 0.0
    for value, weight in sorted(weighted):
        reached += weight
        if reached >= share * total - 1e-9:
            return value
    return None
