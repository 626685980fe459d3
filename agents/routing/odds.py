"""What is known of all models at all tasks: the priors, and the attempts that the harness checked here."""

from collections.abc import Iterable, Mapping, Sequence

from agents.routing.features import Features
from agents.routing.priors import Priors, shipped_priors
from agents.routing.tallies import Tallies
from agents.routing.task_odds import Evidence, TaskOdds
from agents.store.records import Trial
from agents.tasks import TaskKind, Variant, Way

Failed = tuple[str, ...]
"""The models whose attempts at this task failed before, one entry an attempt."""


class Odds:
    """All that is known, in a form that is quick to ask. Built once from the stored trials and used for many tasks."""

    def __init__(
        self,
        trials: Sequence[Trial] = (),
        *,
        priors: Priors | None = None,
        tokens_per_second: Mapping[str, float] | None = None,
    ) -> None:
        """`tokens_per_second`: of models that were probed here."""
        self.priors = priors or shipped_priors()
        self._speeds = dict(tokens_per_second or {})
        self._tallies = Tallies((), self.priors, lambda trial: 0.0)
        alone: dict[tuple[TaskKind, int], TaskOdds] = {}

        def believed(trial: Trial) -> float:
            key = (trial.kind, trial.complexity)
            if key not in alone:
                alone[key] = self.of(Features(kind=trial.kind, complexity=trial.complexity))
            return alone[key].p(trial.model, trial.way, trial.variant, trial.failed_before)

        self._tallies = Tallies(trials, self.priors, believed)

    def of(self, features: Features, beside: Iterable[str] = ()) -> TaskOdds:
        """The odds of one task; `beside`: the models that may be tried at it."""
        return TaskOdds(features, priors=self.priors, tallies=self._tallies, speeds=self._speeds, beside=beside)

    def evidence(
        self,
        model: str,
        features: Features,
        *,
        way: Way = Way.DIRECT,
        variant: Variant = Variant.ONCE,
        failed: Failed = (),
    ) -> Evidence:
        """P(an attempt is right) with what it rests on."""
        return self.of(features).evidence(model, way, variant, failed)
