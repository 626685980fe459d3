"""The odds of an arm: what the priors say, moved by the attempts that the harness checked here.

Of a model's first try the rate is a Beta cell, finest first: (band, language, size) within (model, way, kind), that
within the model's showing against its priors, that within the prior. What failed before changes them:

- a task at which models failed is a harder one, for all of them (difficulty.py);
- the same model k times: its own fresh sample has s·p/(s + k), a retry that sees the output has odds of its own.

Where trials of the same condition are stored, they move what these formulas say in the same way."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from agents.models.prices import Price
from agents.routing.beta import interval
from agents.routing.difficulty import EVENLY, Profile, after, later, mean, profile
from agents.routing.features import Features
from agents.routing.priors import SIMULATED, Priors
from agents.routing.tallies import NOTHING, Group, Tallies, Tally, condition, corner_of
from agents.tasks import LED, NANO, Frozen, Usage, Variant, Way

Counts = tuple[tuple[str, int], ...]
"""The models whose attempts at a task failed before, each with how many, in the order of their names."""


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


class Effort(Frozen):
    """What one try takes."""

    usd: float | None
    """None: the price is unknown, and no trial says what it cost."""
    seconds: float


class TaskOdds:
    """The odds of every arm at one task. It remembers what it reckoned: do not keep it beyond one plan."""

    def __init__(
        self,
        features: Features,
        *,
        priors: Priors,
        tallies: Tallies,
        speeds: Mapping[str, float],
        beside: Iterable[str] = (),
    ) -> None:
        """`beside`: the models that may be tried. One is believed to be at least as good as a weaker one of them."""
        self.features = features
        self._priors = priors
        self._tallies = tallies
        self._speeds = speeds
        self._corner = corner_of(features)
        self._together = priors.together[features.kind]
        self._beside = sorted(set(beside), key=lambda model: (priors.class_of(model).rank, model))
        self._known: dict[tuple[str, Way, Variant, Counts], float] = {}
        self._difficulties: dict[Counts, Profile] = {}
        self._profiles: dict[tuple[str, float, bool, int], Profile] = {}
        self._firsts: dict[tuple[str, Way, Group], float] = {}

    def p(self, model: str, way: Way, variant: Variant, failed: Sequence[str]) -> float:
        """P(an attempt is right | these failed before), never 0 or 1."""
        return self.p_after(model, way, variant, counted(failed))

    def p_after(self, model: str, way: Way, variant: Variant, failed: Counts) -> float:
        """The same, of failures that are counted already."""
        key = (model, way, variant, failed)
        if key not in self._known:
            self._known[key] = self._reckoned(*key)
        return self._known[key]

    def evidence(self, model: str, way: Way, variant: Variant, failed: Sequence[str]) -> Evidence:
        """The same with its interval and its source."""
        p, tally = self.p(model, way, variant, failed), self._tally(model, way, variant, failed)
        low, high = interval(p, self._priors.pseudo_tasks + tally.weight)
        source = self.source(model, way, variant, failed)
        return Evidence(p=p, n=tally.number, n_effective=tally.weight, low=low, high=high, source=source)

    def source(self, model: str, way: Way, variant: Variant, failed: Sequence[str]) -> str:
        """What the odds rest on, in words."""
        if number := self._tally(model, way, variant, failed).number:
            return f"n={number} here"
        lifted = self._lifted(model, way) > self._priors.first(model, self.features, way).p + 0.01
        measured = self._measured(model, way, variant, failed.count(model)) and not lifted
        return "measured elsewhere" if measured else "guess"

    def expected(self, model: str, way: Way, variant: Variant, price: Price | None) -> Effort:
        """Dollars and seconds of one try: the mean of the model's trials at this kind of task, shrunk to a guess."""
        kind, of = self.features.kind, self._priors.class_of(model)
        work = self._priors.work[way][kind]
        seconds = work.output / self._speeds.get(model, of.tokens_per_s) + work.turns * of.turn_s
        usd = None if price is None else price.cost_nano(work.usage) / NANO
        tried, pseudo = self._tallies.works.get((model, way, kind, False), NOTHING), self._priors.pseudo_tasks
        if usd is not None:
            usd = (pseudo * usd + tried.usd) / (pseudo + tried.usd_weight)
        elif tried.usd_weight:
            usd = tried.usd / tried.usd_weight
        return Effort(usd=usd, seconds=(pseudo * seconds + tried.seconds) / (pseudo + tried.weight))

    def planning(self, price: Price | None) -> Effort:
        """Dollars and seconds of the plan alone that a PLANNED try begins with."""
        planned = self._priors.planned
        usage = Usage(input=planned.input, output=planned.output)
        return Effort(usd=None if price is None else price.cost_nano(usage) / NANO, seconds=planned.seconds)

    def ordering(self, model: str, way: Way, writes: Effort, price: Price | None, *, check_seconds: float) -> Effort:
        """Dollars and seconds of an ORCHESTRATED try in which `model` writes and models of this `price` order, write
        the check and review: the mean of such trials, shrunk to a guess. `writes`: what a plain try takes."""
        of, pseudo = self._priors.ordered, self._priors.pseudo_tasks
        usd = None if price is None or writes.usd is None else price.cost_nano(of.usage) / NANO + of.tries * writes.usd
        seconds = of.seconds + of.tries * writes.seconds + of.checks * check_seconds
        tried = self._tallies.works.get((model, way, self.features.kind, True), NOTHING)
        if usd is not None:
            usd = (pseudo * usd + tried.usd) / (pseudo + tried.usd_weight)
        elif tried.usd_weight:
            usd = tried.usd / tried.usd_weight
        return Effort(usd=usd, seconds=(pseudo * seconds + tried.seconds) / (pseudo + tried.weight))

    def trusts_loop(self, model: str) -> bool:
        """Whether models of its class get anywhere in the tool loop."""
        return self._priors.class_name(model) not in {"tiny", "small"}

    def usual_way(self, model: str) -> Way:
        """In which a model does better, by its class."""
        ways = self._priors.class_of(model).ways
        simulated = model.startswith(SIMULATED)
        return Way.LOOP if simulated or ways[Way.LOOP].logit >= ways[Way.DIRECT].logit else Way.DIRECT

    def _reckoned(self, model: str, way: Way, variant: Variant, failed: Counts) -> float:
        own = next((tries for other, tries in failed if other == model), 0)
        group = self._group(model, way, variant, own, len(failed) - bool(own))
        first = self._first(model, way, group)
        if not failed and variant not in LED:
            return first
        if variant is Variant.PLANNED:
            first = self._priors.planned_by(first, self.features.kind)
        if variant is Variant.ORCHESTRATED:
            first = self._priors.ordered_by(first, self.features.kind)
            own = 0  # an order and its check take away what was hard for this model alone; the task stays as hard
        p = mean(self._chances(model, first, variant, own), self._weights(failed))
        return self._tallies.shrunk(p, group, self._corner)

    def _weights(self, failed: Counts) -> Profile:
        """How likely each difficulty is once these have failed, each model's tries in the order they have as a rule."""
        if not failed:
            return EVENLY
        if failed not in self._difficulties:
            *others, (model, tries) = failed
            way = self.usual_way(model)
            first, own = self._first(model, way, self._group(model, way, Variant.ONCE, 0, 0)), tries - 1
            before = (*others, (model, own)) if own else tuple(others)
            variant = Variant.RETRY if own % 2 else Variant.SAMPLE
            self._difficulties[failed] = after(self._weights(before), [self._chances(model, first, variant, own)])
        return self._difficulties[failed]

    def _chances(self, model: str, first: float, variant: Variant, own: int) -> Profile:
        """By difficulty, of a model with the odds `first`, once `own` of its tries have failed."""
        key = (model, first, variant is Variant.RETRY, own)
        if key not in self._profiles:
            spread, dispersion = self._together.spread, self._together.own
            plain = profile(first, spread)
            if own and variant is Variant.RETRY:
                again = self._priors.retry(model, first)
                retry = profile(again, spread, after(EVENLY, [plain]))
                share = (dispersion + 1) / (dispersion + own)
                self._profiles[key] = tuple(one * share for one in retry)
            else:
                self._profiles[key] = later(plain, dispersion, own)
        return self._profiles[key]

    def _first(self, model: str, way: Way, asked: Group) -> float:
        """The odds of a first try, without what trials of the group that is `asked` for say: they count later."""
        key = (model, way, asked)
        if key not in self._firsts:
            group = self._group(model, way, Variant.ONCE, 0, 0)
            prior = self._lifted(model, way)
            moved = self._tallies.moved(model, prior, without=(group, asked))
            self._firsts[key] = self._tallies.shrunk(moved, group, self._corner)
        return self._firsts[key]

    def _lifted(self, model: str, way: Way) -> float:
        """What is believed of a first try, raised to what weaker models are found to do with such tasks here."""
        prior = self._priors.first(model, self.features, way).p
        if way is not self.usual_way(model) or model not in self._beside:
            return prior
        weaker = [one for one in self._beside if self._priors.class_of(one).rank < self._priors.class_of(model).rank]
        if not weaker:
            return prior
        nearest = weaker[-1]  # which is at least as good as those below it
        usual = self.usual_way(nearest)
        return max(prior, self._first(nearest, usual, self._group(nearest, usual, Variant.ONCE, 0, 0)))

    def _tally(self, model: str, way: Way, variant: Variant, failed: Sequence[str]) -> Tally:
        own = failed.count(model)
        return self._tallies.groups.get(self._group(model, way, variant, own, len(failed) - own), NOTHING)

    def _group(self, model: str, way: Way, variant: Variant, own: int, others: int) -> Group:
        return (model, way, self.features.kind, condition(variant, own, others))

    def _measured(self, model: str, way: Way, variant: Variant, own: int) -> bool:
        if variant in LED:
            return (self._priors.planned if variant is Variant.PLANNED else self._priors.ordered).measured
        if own and variant is Variant.RETRY:
            return self._priors.class_of(model).retry.measured
        return self._priors.first(model, self.features, way).measured


def counted(failed: Iterable[str]) -> Counts:
    """How often each model has failed."""
    return tuple(sorted(Counter(failed).items()))
