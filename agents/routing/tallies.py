"""What was tried here, counted by cell: older trials count less, and a thin cell leans on the wider one around it."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from agents.routing.features import Features, band_of
from agents.routing.priors import Priors, clamp, expit, logit
from agents.store.records import Trial
from agents.tasks import NANO, TaskKind, Variant, Way

Condition = Literal["first", "after", "retry", "late retry", "sample", "late sample", "planned", "orchestrated"]
"""What had failed before a try: nothing, only other models, or the model itself, once or more often."""
Group = tuple[str, Way, TaskKind, Condition]
"""Model, way, kind and condition: what one rate is kept for."""
Corner = tuple[str, str, str]
"""Complexity band, language, size: what divides a group further."""
LATE_SAMPLE = 3
"""Failures of the same model from which a sample counts as a late one."""


@dataclass
class Tally:
    """Trials, each weighing what it still counts."""

    weight: float = 0.0
    won: float = 0.0
    expected: float = 0.0
    """What the priors alone would have had them win."""
    number: int = 0
    """How many there are, unweighted."""
    usd_weight: float = 0.0
    usd: float = 0.0
    """Of those whose cost is known."""
    seconds: float = 0.0

    def add(self, trial: Trial, weight: float, expected: float) -> None:
        """Count one more."""
        self.weight += weight
        self.won += weight * trial.success
        self.expected += weight * expected
        self.number += 1
        self.seconds += weight * trial.seconds
        if trial.cost_nano is not None:
            self.usd_weight += weight
            self.usd += weight * trial.cost_nano / NANO


NOTHING = Tally()


class Tallies:
    """The trials by model, by group, by corner of a group, and by model, way and kind, orchestrated or not."""

    def __init__(self, trials: Sequence[Trial], priors: Priors, expected: Callable[[Trial], float]) -> None:
        self._pseudo = priors.pseudo_tasks
        self.models: dict[str, Tally] = defaultdict(Tally)
        self.groups: dict[Group, Tally] = defaultdict(Tally)
        self.corners: dict[tuple[Group, Corner], Tally] = defaultdict(Tally)
        self.works: dict[tuple[str, Way, TaskKind, bool], Tally] = defaultdict(Tally)
        later: Counter[str] = Counter()
        for trial in sorted(trials, key=lambda one: (one.at, one.mission), reverse=True):
            weight, believed = priors.discount ** later[trial.model], expected(trial)
            later[trial.model] += 1
            group = group_of(trial)
            corner = (band_of(trial.complexity), trial.language, trial.size)
            for tally in (
                self.models[trial.model],
                self.groups[group],
                self.corners[group, corner],
                self.works[trial.model, trial.way, trial.kind, trial.variant is Variant.ORCHESTRATED],
            ):
                tally.add(trial, weight, believed)

    def moved(self, model: str, p: float, *, without: Iterable[Group]) -> float:
        """`p` moved by how the model did against its priors in all its trials but those of the groups `without`."""
        if model not in self.models:
            return p
        of = self.models[model]
        left_out = [self.groups[group] for group in set(without) if group in self.groups]
        weight = of.weight - sum(tally.weight for tally in left_out)
        if weight < 1e-9:
            return p
        won = of.won - sum(tally.won for tally in left_out)
        expected = clamp((of.expected - sum(tally.expected for tally in left_out)) / weight)
        found = clamp((self._pseudo * expected + won) / (self._pseudo + weight))
        return clamp(expit(logit(clamp(p)) + logit(found) - logit(expected)))

    def shrunk(self, p: float, group: Group, corner: Corner) -> float:
        """The rate of `group` in `corner`: shrunk to that of the rest of the group, and that to `p`. Each trial counts
        once."""
        wide, fine = self.groups.get(group, NOTHING), self.corners.get((group, corner), NOTHING)
        if not wide.number:
            return clamp(p)
        around = (self._pseudo * p + wide.won - fine.won) / (self._pseudo + wide.weight - fine.weight)
        return clamp((self._pseudo * around + fine.won) / (self._pseudo + fine.weight))


def corner_of(features: Features) -> Corner:
    """Where in a group a task lies."""
    return (features.band, features.language, features.size)


def group_of(trial: Trial) -> Group:
    """The group a trial counts for."""
    own = trial.failed_before.count(trial.model)
    return (trial.model, trial.way, trial.kind, condition(trial.variant, own, len(trial.failed_before) - own))


def condition(variant: Variant, own: int, others: int) -> Condition:
    """By how many attempts of the same model, and of others, failed before."""
    if variant is Variant.PLANNED:
        return "planned"
    if variant is Variant.ORCHESTRATED:
        return "orchestrated"
    if not own:
        return "after" if others else "first"
    if variant is Variant.RETRY:
        return "retry" if own == 1 else "late retry"
    return "sample" if own < LATE_SAMPLE else "late sample"
