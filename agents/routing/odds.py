"""The odds of an arm: what the priors say, moved by the attempts that the harness checked here.

Of a model's first try the rate is a Beta cell, finest first: (band, language, size) within (model, way, kind), that
within the model's showing against its priors, that within the prior. What failed before changes them:

- the same model k times: a fresh sample has s·p/(s + k), a retry that sees the output has odds of its own;
- another model: log-odds fall by more the nearer the two are in capability, and the more often the other has tried.

Where trials of the same condition are stored, they move what these formulas say in the same way."""

from collections import Counter
from collections.abc import Mapping, Sequence

from agents.models.prices import Price
from agents.routing.beta import interval
from agents.routing.features import Features
from agents.routing.priors import SIMULATED, Priors, clamp, expit, logit, shipped_priors
from agents.routing.tallies import NOTHING, Group, Tallies, condition, corner_of
from agents.store.records import Trial
from agents.tasks import NANO, Frozen, TaskKind, Usage, Variant, Way

Failed = tuple[str, ...]
"""The models whose attempts at this task failed before, one entry an attempt."""


class Evidence(Frozen):
    """Odds with what they rest on."""

    p: float
    n: int
    """Attempts stored here of the model at this kind of task, in this way and after as much failing."""
    n_effective: float
    """What these still count, the older less."""
    low: float
    """The middle 90 % of the Beta distribution of p lie between `low` and `high`."""
    high: float
    source: str
    """"guess", "measured elsewhere", or "n=37 here"."""


class Expected(Frozen):
    """What one try takes."""

    usd: float | None
    """None: the price is unknown, and no trial says what it cost."""
    seconds: float


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
        self.speeds = dict(tokens_per_second or {})
        self.tallies = Tallies((), self.priors, lambda trial: 0.0)
        alone: dict[tuple[TaskKind, int], TaskOdds] = {}

        def believed(trial: Trial) -> float:
            key = (trial.kind, trial.complexity)
            if key not in alone:
                alone[key] = TaskOdds(self, Features(kind=trial.kind, complexity=trial.complexity))
            return alone[key].p(trial.model, trial.way, trial.variant, trial.failed_before)

        self.tallies = Tallies(trials, self.priors, believed)

    def of(self, features: Features) -> "TaskOdds":
        """The odds of one task."""
        return TaskOdds(self, features)

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


class TaskOdds:
    """The odds of every arm at one task. It remembers what it reckoned: do not keep it beyond one plan."""

    def __init__(self, odds: Odds, features: Features) -> None:
        self.features = features
        self._priors = odds.priors
        self._tallies = odds.tallies
        self._speeds = odds.speeds
        self._corner = corner_of(features)
        self._known: dict[tuple[str, Way, Variant, frozenset[tuple[str, int]]], float] = {}
        self._standing: dict[tuple[str, int], float] = {}
        self._firsts: dict[tuple[str, Way, Group], float] = {}

    def p(self, model: str, way: Way, variant: Variant, failed: Sequence[str]) -> float:
        """P(an attempt is right | these failed before), never 0 or 1."""
        key = (model, way, variant, frozenset(Counter(failed).items()))
        if key not in self._known:
            self._known[key] = self._reckoned(model, way, variant, Counter(failed))
        return self._known[key]

    def evidence(self, model: str, way: Way, variant: Variant, failed: Sequence[str]) -> Evidence:
        """The same with its interval and its source."""
        p = self.p(model, way, variant, failed)
        own = failed.count(model)
        tally = self._tallies.groups.get(self._group(model, way, variant, own, len(failed) - own), NOTHING)
        low, high = interval(p, self._priors.pseudo_tasks + tally.weight)
        measured = self._measured(model, way, variant, own)
        source = f"n={tally.number} here" if tally.number else "measured elsewhere" if measured else "guess"
        return Evidence(p=p, n=tally.number, n_effective=tally.weight, low=low, high=high, source=source)

    def expected(self, model: str, way: Way, variant: Variant, price: Price | None) -> Expected:
        """Dollars and seconds of one try: the mean of the model's trials at this kind of task, shrunk to a guess."""
        kind, of = self.features.kind, self._priors.class_of(model)
        work = self._priors.work[way][kind]
        seconds = work.output / self._speeds.get(model, of.tokens_per_s) + work.turns * of.turn_s
        usd = None if price is None else price.cost_nano(work.usage) / NANO
        tried, pseudo = self._tallies.works.get((model, way, kind), NOTHING), self._priors.pseudo_tasks
        if usd is not None:
            usd = (pseudo * usd + tried.usd) / (pseudo + tried.usd_weight)
        elif tried.usd_weight:
            usd = tried.usd / tried.usd_weight
        return Expected(usd=usd, seconds=(pseudo * seconds + tried.seconds) / (pseudo + tried.weight))

    def planning(self, price: Price | None) -> Expected:
        """Dollars and seconds of the plan alone that a PLANNED try begins with."""
        planned = self._priors.planned
        usage = Usage(input=planned.input, output=planned.output)
        return Expected(usd=None if price is None else price.cost_nano(usage) / NANO, seconds=planned.seconds)

    def trusts_loop(self, model: str) -> bool:
        """Whether models of its class get anywhere in the tool loop."""
        return self._priors.class_name(model) not in {"tiny", "small"}

    def usual_way(self, model: str) -> Way:
        """In which a model does better, by its class."""
        ways = self._priors.class_of(model).ways
        simulated = model.startswith(SIMULATED)
        return Way.LOOP if simulated or ways[Way.LOOP].logit >= ways[Way.DIRECT].logit else Way.DIRECT

    def _reckoned(self, model: str, way: Way, variant: Variant, failed: Counter[str]) -> float:
        own, others = failed[model], failed.total() - failed[model]
        group = self._group(model, way, variant, own, others)
        first = self._first(model, way, group)
        if not own and not others and variant is not Variant.PLANNED:
            return first
        p = first
        if variant is Variant.PLANNED:
            planner = clamp(self._priors.classes["opus"].first[self.features.kind].p)
            p = expit(logit(first) + self._priors.planned.share * max(0.0, logit(planner) - logit(first)))
        if others:
            p = clamp(expit(logit(clamp(p)) - self._drop(model, failed)))
        if own:
            retry = variant is Variant.RETRY
            p = self._priors.retry(model, p, own) if retry else self._priors.sample(p, own)
        return self._tallies.shrunk(clamp(p), group, self._corner)

    def _first(self, model: str, way: Way, asked: Group) -> float:
        """The odds of a first try, without what trials of the group that is `asked` for say: they count later."""
        key = (model, way, asked)
        if key not in self._firsts:
            group = self._group(model, way, Variant.ONCE, 0, 0)
            prior = self._priors.first(model, self.features, way).p
            moved = self._tallies.moved(model, prior, without=(group, asked))
            self._firsts[key] = self._tallies.shrunk(moved, group, self._corner)
        return self._firsts[key]

    def _drop(self, model: str, failed: Counter[str]) -> float:
        """What the failures of other models take from the log-odds: the most telling one, and a share of the rest."""
        here = self._stands(model, 1)
        drops = sorted(
            self._priors.dependence.drop(here - self._stands(other, tries))
            for other, tries in failed.items()
            if other != model
        )
        return drops[-1] + self._priors.dependence.further * sum(drops[:-1])

    def _stands(self, model: str, tries: int) -> float:
        """A model's capability in so many tries, on the common scale: what is known here moves it."""
        key = (model, tries)
        if key not in self._standing:
            way = self.usual_way(model)
            group = self._group(model, way, Variant.ONCE, 0, 0)
            learned = self._first(model, way, group)
            prior = self._priors.first(model, self.features, way).p
            found = logit(clamp(self._priors.any_of(learned, tries)))
            self._standing[key] = self._priors.class_of(model).capability + found - logit(prior)
        return self._standing[key]

    def _group(self, model: str, way: Way, variant: Variant, own: int, others: int) -> Group:
        return (model, way, self.features.kind, condition(variant, own, others))

    def _measured(self, model: str, way: Way, variant: Variant, own: int) -> bool:
        if variant is Variant.PLANNED:
            return self._priors.planned.measured
        if own and variant is Variant.RETRY:
            return self._priors.class_of(model).retry.measured
        return self._priors.first(model, self.features, way).measured
