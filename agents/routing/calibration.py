"""How good the odds were: what was predicted of every checked attempt, against what came of it.

A prediction has to beat the plainest one there is, the base rate. The base rate an attempt is compared with is the
share of all *other* attempts that succeeded (leave one out), so that it does not know the outcome it predicts; the
expected error is that of a rate learned from n - 1 attempts. Better is claimed only where the rate known in hindsight,
which is the best that can be said without telling attempts apart, is beaten too."""

from collections import Counter
from collections.abc import Collection, Sequence
from enum import StrEnum
from math import fsum, sqrt
from typing import Literal

from agents.proving.figures import Share, share
from agents.routing.backtest.bootstrap import Interval
from agents.routing.backtest.calibration import BINS, Prediction, brier, calibration_error
from agents.store.records import Trial
from agents.tasks import Frozen

Source = Literal["own", "proving", "simulated"]
"""Whose attempt it was: of the person's work, of the proving ground, of the simulation."""

FEWEST = 30
"""Attempts with odds below which nothing is said of them."""
FEWEST_TASKS = 20
"""Tasks below which an interval over tasks is too narrow to be believed."""
SPREAD = 1.96
"""Standard errors on either side that hold 95 % of a normal distribution."""


class Verdict(StrEnum):
    """What can be said of the odds."""

    TOO_FEW = "too few attempts to tell"
    BETTER = "better than the base rate"
    NO_BETTER = "no better than the base rate"
    WORSE = "worse than the base rate"


class Bin(Frozen):
    """The attempts whose odds lie between `low` and `high`."""

    low: float
    high: float
    predicted: float
    """The mean of their odds."""
    observed: Share


class Showing(Frozen):
    """How the odds of some attempts did beside their base rate. Brier scores: 0 is perfect, .25 is a coin's."""

    name: str
    """The model; empty for all of them."""
    predicted: float
    observed: Share
    brier: float
    base_brier: float
    """Of the share of the other attempts, of the same model where that errs less."""


class Calibration(Frozen):
    """Everything about the odds of some attempts."""

    n: int
    """Attempts with odds."""
    tasks: int
    unpredicted: int
    """Attempts that were given no odds."""
    bins: tuple[Bin, ...]
    """Those that hold attempts, lowest odds first."""
    overall: Showing | None
    models: tuple[Showing, ...]
    """By name."""
    ece: float | None
    """Expected calibration error over the bins: the mean distance of predicted from observed."""
    gain: float
    """The base rate's Brier score less that of the odds: above 0 the odds are better."""
    interval: Interval | None
    """95 % of the gain, at its low end over the rate known in hindsight. None: too few to say."""
    verdict: Verdict

    @property
    def words(self) -> str:
        """The verdict as a sentence with its figures."""
        if self.verdict is Verdict.TOO_FEW or self.overall is None or self.interval is None:
            needed = f"{FEWEST} at {FEWEST_TASKS} are needed"
            return f"The odds: {self.verdict} ({self.n} with odds at {self.tasks} tasks; {needed})."
        low, high = self.interval
        return (
            f"The odds are {self.verdict}: Brier {self.overall.brier:.3f} against {self.overall.base_brier:.3f}, "
            f"gain {self.gain:+.3f} ({low:+.3f} to {high:+.3f}), n={self.n}."
        )


def source_of(trial: Trial) -> Source:
    """Whose attempt it was. What the simulation played is never anything else."""
    if trial.simulated:
        return "simulated"
    return "proving" if trial.proving else "own"


def of_sources(trials: Sequence[Trial], sources: Collection[Source]) -> tuple[Trial, ...]:
    """The attempts that are one of `sources`."""
    return tuple(trial for trial in trials if source_of(trial) in sources)


def calibrate(trials: Sequence[Trial]) -> Calibration:
    """Compare the odds that `trials` were given with what came of them."""
    known = [(trial, trial.predicted) for trial in trials if trial.predicted is not None]
    predictions = [Prediction(odds, float(trial.success), 1.0) for trial, odds in known]
    rated = [trial for trial, _ in known]
    errors = [brier(prediction) for prediction in predictions]
    groups = _grouped(rated)
    bases, hindsight = (_base_errors(rated, groups, left_out=left_out) for left_out in (1, 0))
    gains, surer = ([base - error for base, error in zip(of, errors, strict=True)] for of in (bases, hindsight))
    interval = _interval(rated, gains, surer)
    return Calibration(
        n=len(known),
        tasks=len({trial.task for trial in rated}),
        unpredicted=len(trials) - len(known),
        bins=_bins(predictions),
        overall=_showing("", range(len(known)), predictions, errors, bases) if known else None,
        models=tuple(
            _showing(model, [at for at, one in enumerate(rated) if one.model == model], predictions, errors, bases)
            for model in sorted({trial.model for trial in rated})
        ),
        ece=calibration_error(predictions),
        gain=_mean(gains),
        interval=interval,
        verdict=_verdict(interval),
    )


def _verdict(interval: Interval | None) -> Verdict:
    if interval is None:
        return Verdict.TOO_FEW
    low, high = interval
    if low > 0:
        return Verdict.BETTER
    return Verdict.WORSE if high < 0 else Verdict.NO_BETTER


def _grouped(trials: Sequence[Trial]) -> list[str]:
    """What the base rate is of: each model, or all of them, whichever rate errs less altogether."""
    everyone, own = [""] * len(trials), [trial.model for trial in trials]
    return min(everyone, own, key=lambda groups: fsum(_base_errors(trials, groups, left_out=1)))


def _base_errors(trials: Sequence[Trial], groups: Sequence[str], *, left_out: int) -> list[float]:
    """Squared errors of the rate of each attempt's group: with 1 `left_out` that of the others, and a coin's where
    there are none; with 0 the rate that is known in hindsight."""
    size = Counter(groups)
    won = Counter(group for trial, group in zip(trials, groups, strict=True) if trial.success)
    errors = []
    for trial, group in zip(trials, groups, strict=True):
        seen = size[group] - left_out
        rate = (won[group] - left_out * trial.success) / seen if seen else 0.5
        errors.append((rate - trial.success) ** 2)
    return errors


def _interval(trials: Sequence[Trial], over: Sequence[float], over_known: Sequence[float]) -> Interval | None:
    """From the low end of the gain over the rate known in hindsight to the high end of that over the rate of the
    others: whoever always says the same, near the rate, gains on the second a little without knowing anything."""
    tasks = [trial.task for trial in trials]
    if len(trials) < FEWEST or len(set(tasks)) < FEWEST_TASKS:
        return None
    return (_mean(over_known) - SPREAD * _error(tasks, over_known), _mean(over) + SPREAD * _error(tasks, over))


def _error(tasks: Sequence[int], values: Sequence[float]) -> float:
    """The standard error of the mean where values of one task go together (Liang and Zeger 1986)."""
    mean = _mean(values)
    sums: dict[int, float] = {}
    for task, value in zip(tasks, values, strict=True):
        sums[task] = sums.get(task, 0.0) + value - mean
    groups = len(sums)
    return sqrt(groups / (groups - 1) * fsum(value * value for value in sums.values())) / len(values)


def _bins(predictions: Sequence[Prediction]) -> tuple[Bin, ...]:
    """BINS of equal width, as the calibration error has them."""
    held: dict[int, list[Prediction]] = {}
    for one in predictions:
        held.setdefault(min(BINS - 1, int(one.odds * BINS)), []).append(one)
    return tuple(
        Bin(
            low=place / BINS,
            high=(place + 1) / BINS,
            predicted=_mean([one.odds for one in found]),
            observed=share(round(sum(one.rate for one in found)), len(found)),
        )
        for place, found in sorted(held.items())
    )


def _showing(
    name: str,
    places: Sequence[int],
    predictions: Sequence[Prediction],
    errors: Sequence[float],
    bases: Sequence[float],
) -> Showing:
    return Showing(
        name=name,
        predicted=_mean([predictions[at].odds for at in places]),
        observed=share(round(sum(predictions[at].rate for at in places)), len(places)),
        brier=_mean([errors[at] for at in places]),
        base_brier=_mean([bases[at] for at in places]),
    )


def _mean(values: Sequence[float]) -> float:
    return fsum(values) / len(values) if values else 0.0
