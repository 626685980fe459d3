"""Odds, prices and durations learned from every fold but the one they are used on.

In a bucket the odds that tier i solves what the tiers in h failed at are the mean pass rate of i, each line weighted
with the probability that all of h fail on it, shrunk to those of the bucket around it as if that had been seen on
PSEUDO_TASKS tasks (the mean of a Beta posterior); around the widest bucket are the tier's own mean and, last, 1/2."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from random import Random

from agents.routing.backtest.buckets import Bucket, bucketing
from agents.routing.backtest.records import Outcomes, Record
from agents.routing.decision import Decision, Economics, Option, decide

Odds = Mapping[tuple[str, frozenset[str]], float]
"""P(tier solves it | these tiers failed)."""
FOLDS = 5
PSEUDO_TASKS = 10.0
_FAINT = 1e-9
"""Weights below come from subtracting one sum from another."""


@dataclass(frozen=True)
class Knowledge:
    """What is known of a bucket from the other folds."""

    options: tuple[Option, ...]
    """The tiers, cheapest first, each with its mean price and duration."""
    odds: Odds
    """In this bucket."""
    base: Odds
    """The same over all buckets: what is known without looking at the task."""
    decided: dict[tuple[Economics, float], Decision] = field(default_factory=dict, compare=False, repr=False)

    def decide(self, economics: Economics, second_usd: float) -> Decision:
        """The order of least expected loss, at this price of a second."""
        key = economics, second_usd
        if key not in self.decided:
            own = economics.model_copy(update={"second_usd": second_usd})
            self.decided[key] = decide(self.options, lambda tier, failed: self.odds[tier, failed], own)
        return self.decided[key]


@dataclass(frozen=True)
class Case:
    """A line to be replayed, with what the other folds tell about it."""

    record: Record
    knowledge: Knowledge


@dataclass(frozen=True)
class Studied:
    """All lines with their knowledge."""

    outcomes: Outcomes
    features: tuple[str, ...]
    """Those the buckets are made of."""
    cases: tuple[Case, ...]


def study(outcomes: Outcomes, random: Random) -> Studied:
    """Divide the lines into FOLDS by chance, and learn for each what the others tell."""
    features, buckets = bucketing(outcomes.records)
    folds = [place % FOLDS for place in range(len(buckets))]
    random.shuffle(folds)
    sums = _Sums(outcomes.tiers, len(features))
    for record, bucket, fold in zip(outcomes.records, buckets, folds, strict=True):
        sums.add(record, bucket, fold)
    sums.close()
    known: dict[tuple[Bucket, int], Knowledge] = {}
    cases = []
    for record, bucket, fold in zip(outcomes.records, buckets, folds, strict=True):
        if (bucket, fold) not in known:
            known[bucket, fold] = sums.knowledge(bucket, fold)
        cases.append(Case(record, known[bucket, fold]))
    return Studied(outcomes, features, tuple(cases))


class _Sums:
    """Per bucket, its outer ones included, and fold: sums from which means are made. Sets of tiers are bit masks."""

    def __init__(self, tiers: Sequence[str], depth: int) -> None:
        self._tiers = tiers
        self._depth = depth
        count = len(tiers)
        self._sets = 1 << count
        self._width = self._sets * count
        self._all = -1
        """The fold that stands for all of them."""
        # [weight of lines | weight times pass rate], each by set and tier; then labels, dollars and seconds by tier.
        self._size = 2 * self._width + 3 * count
        self._by: dict[tuple[Bucket, int], list[float]] = {}

    def add(self, record: Record, bucket: Bucket, fold: int) -> None:
        """Count one line in its finest bucket."""
        row = self._by.setdefault((bucket, fold), [0.0] * self._size)
        count = len(self._tiers)
        tried = [(place, record.attempts[tier]) for place, tier in enumerate(self._tiers) if tier in record.attempts]
        reached = {0: 1.0}
        for place, attempt in tried:
            if attempt.solves < 1:
                reached |= {mask | 1 << place: weight * (1 - attempt.solves) for mask, weight in reached.items()}
            for offset, figure in enumerate((1.0, attempt.usd, attempt.seconds)):
                row[2 * self._width + offset * count + place] += figure
        for mask, weight in reached.items():
            for place, attempt in tried:
                if not mask >> place & 1:
                    row[mask * count + place] += weight
                    row[self._width + mask * count + place] += weight * attempt.solves

    def close(self) -> None:
        """Add the fine buckets up to the wider ones, and the folds to all of them."""
        for (bucket, fold), row in list(self._by.items()):
            for depth in range(self._depth + 1):
                for into in (fold, self._all):
                    if (depth, into) != (self._depth, fold):
                        key = bucket[:depth], into
                        known = self._by.get(key)
                        self._by[key] = row if known is None else [a + b for a, b in zip(known, row, strict=True)]

    def knowledge(self, bucket: Bucket, fold: int) -> Knowledge:
        """What the other folds tell about `bucket`."""
        paths = [self._without(bucket[:depth], fold) for depth in range(self._depth + 1)]
        count, start = len(self._tiers), 2 * self._width
        options, odds, base = [], {}, {}
        for place, tier in enumerate(self._tiers):
            usd, seconds = (
                _shrunk(paths, start + place, start + offset * count + place, self._overall(paths, offset, place))
                for offset in (1, 2)
            )
            options.append(Option(name=tier, usd=usd, seconds=seconds))
            own = _shrunk(paths[:1], place, self._width + place, 0.5, 2.0)
            for mask in range(self._sets):
                if not mask >> place & 1:
                    at = mask * count + place
                    failed = frozenset(name for bit, name in enumerate(self._tiers) if mask >> bit & 1)
                    base[tier, failed] = _shrunk(paths[:1], at, self._width + at, own) if mask else own
                    odds[tier, failed] = _shrunk(paths[1:], at, self._width + at, base[tier, failed])
        return Knowledge(tuple(options), odds, base)

    def _overall(self, paths: Sequence[Sequence[float]], offset: int, place: int) -> float:
        """The mean; where the other folds hold none of the tier, that of all lines: a price is no outcome."""
        count, start = len(self._tiers), 2 * self._width
        row = paths[0] if paths[0][start + place] > _FAINT else self._by[(), self._all]
        return row[start + offset * count + place] / row[start + place]

    def _without(self, bucket: Bucket, fold: int) -> list[float]:
        everything = self._by[bucket, self._all]
        own = self._by.get((bucket, fold))
        if own is None:
            return everything
        return [max(0.0, a - b) for a, b in zip(everything, own, strict=True)]


def _shrunk(
    paths: Sequence[Sequence[float]], weight: int, total: int, mean: float, pseudo: float = PSEUDO_TASKS
) -> float:
    """The mean in the finest of `paths`, each shrunk to the one before it and the first to `mean`."""
    for row in paths:
        if row[weight] > _FAINT:
            mean = (row[total] + pseudo * mean) / (row[weight] + pseudo)
    return mean
