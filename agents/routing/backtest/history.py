"""Outcomes from a person's own history: the checked attempts the store keeps."""

from collections.abc import Sequence

from agents.routing.backtest.records import Attempt, Outcomes, Record, cheapest_first, label_notes
from agents.store.records import Trial
from agents.tasks import NANO


def from_trials(trials: Sequence[Trial]) -> Outcomes:
    """One record per task of the person's own; simulated tasks and those of the proving ground are left out.

    A tier's tries on a task, retries and samples included, are one arm: it solved the task if one of them did, and cost
    what they cost together. Where a price is unknown the tier has no label.
    """
    own = sorted((trial for trial in trials if not trial.simulated and not trial.proving), key=lambda trial: trial.at)
    tasks: dict[int, list[Trial]] = {}
    for trial in own:
        tasks.setdefault(trial.task, []).append(trial)
    records = tuple(_record(task, tried) for task, tried in tasks.items())
    tiers = cheapest_first(records)
    notes = []
    if left_out := len(trials) - len(own):
        notes.append(f"{left_out} attempts of simulations and of the proving ground are left out")
    if records:
        notes.append("a tier's tries on a task, retries included, count as one: solved if one of them solved it")
    return Outcomes(records, tiers, (*notes, *label_notes(records, tiers)))


def _record(task: int, tried: Sequence[Trial]) -> Record:
    first = tried[0]
    by_tier: dict[str, list[Trial]] = {}
    for trial in tried:
        by_tier.setdefault(trial.tier, []).append(trial)
    attempts = {}
    for tier, trials in by_tier.items():
        costs = [trial.cost_nano for trial in trials if trial.cost_nano is not None]
        if len(costs) == len(trials):
            solves = 1.0 if any(trial.success for trial in trials) else 0.0
            attempts[tier] = Attempt(solves, sum(costs) / NANO, sum(trial.seconds for trial in trials))
    return Record(
        id=f"T{task}",
        features={
            "kind": first.kind.value,
            "complexity": float(first.complexity),
            "language": first.language,
            "size": first.size,
        },
        attempts=attempts,
        complexity=first.complexity,
    )
