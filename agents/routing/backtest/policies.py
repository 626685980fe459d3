"""The policies: each says in which order the tiers are tried on a line, without looking at its outcomes."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from agents.routing.backtest.learning import Case, Odds
from agents.routing.backtest.replay import Mix, Order
from agents.routing.decision import Economics
from agents.routing.economics import WAIT_USD_PER_HOUR

HOUR = 3600.0
BASELINES = ("always-cheap", "always-strong", "random", "length")
PRESETS = ("free-first", "balanced", "fast")
CHOICES = ("free-first", "balanced", "fast", "bands", "cascade")
ORACLE = "oracle"
NAMES = (*BASELINES, *CHOICES, ORACLE)


class Policy(Protocol):
    """Decides a line by what is known before anybody tries."""

    @property
    def name(self) -> str:
        """As a person writes it."""

    def mix(self, case: Case, economics: Economics) -> Mix:
        """The orders it follows; nothing where it cannot say."""

    def score(self, case: Case) -> float | None:
        """The more, the more it would rather have the strong tier than the cheap one. None: it does not tell lines
        apart."""

    def odds(self, case: Case) -> Odds:
        """What it takes the tiers' odds to be."""


@dataclass(frozen=True)
class Fixed:
    """One order for everything: a single tier, or the cascade."""

    name: str
    order: Order

    def mix(self, case: Case, economics: Economics) -> Mix:
        """The order."""
        return ((self.order, 1.0),)

    def score(self, case: Case) -> float | None:
        """It does not tell lines apart."""
        return None

    def odds(self, case: Case) -> Odds:
        """The tiers' rates over all lines: it has no odds of its own."""
        return case.knowledge.base


@dataclass(frozen=True)
class Bands:
    """The seed's rule: one tier by the complexity, C1–6, C7–8, C9–10."""

    tiers: tuple[str, str, str]
    name: str = "bands"

    def mix(self, case: Case, economics: Economics) -> Mix:
        """The band's tier; nothing where the complexity is not known."""
        level = case.record.complexity
        if level is None:
            return ()
        tier = self.tiers[0] if level <= 6 else self.tiers[1] if level <= 8 else self.tiers[2]
        return (((tier,), 1.0),)

    def score(self, case: Case) -> float | None:
        """The complexity."""
        return case.record.complexity

    def odds(self, case: Case) -> Odds:
        """The tiers' rates over all lines: it has no odds of its own."""
        return case.knowledge.base


@dataclass(frozen=True)
class Expected:
    """A preset: the exact decision by odds that were learned on other lines."""

    name: str
    second_usd: float
    cheap: str
    strong: str

    def mix(self, case: Case, economics: Economics) -> Mix:
        """The order of least expected loss."""
        return ((case.knowledge.decide(economics, self.second_usd).order, 1.0),)

    def score(self, case: Case) -> float | None:
        """By how much the strong tier's odds are better."""
        odds, nothing = case.knowledge.odds, frozenset[str]()
        if (self.cheap, nothing) not in odds or (self.strong, nothing) not in odds:
            return None
        return odds[self.strong, nothing] - odds[self.cheap, nothing]

    def odds(self, case: Case) -> Odds:
        """Those of the line's bucket."""
        return case.knowledge.odds


@dataclass(frozen=True)
class Matched:
    """The orders of another policy in the same shares, by chance or by a rank: what its choice of lines is worth."""

    name: str
    shares: Mix
    """Cheapest order first."""
    ranks: Mapping[str, tuple[float, float]]
    """By a line's id the stretch of 0 to 1 that is its own; lines without one are decided by chance."""
    ranked: Callable[[Case], float | None]

    def mix(self, case: Case, economics: Economics) -> Mix:
        """The orders whose shares the line's stretch falls into."""
        stretch = self.ranks.get(case.record.id)
        if stretch is None:
            return self.shares
        low, high = stretch
        found: list[tuple[Order, float]] = []
        begin = 0.0
        for place, (order, share) in enumerate(self.shares):
            end = 1.0 if place == len(self.shares) - 1 else begin + share
            inside = min(high, end) - max(low, begin)
            if inside > 1e-12:
                found.append((order, inside / (high - low)))
            begin = end
        return tuple(found)

    def score(self, case: Case) -> float | None:
        """What it ranks by."""
        return self.ranked(case)

    def odds(self, case: Case) -> Odds:
        """The tiers' rates over all lines: it has no odds of its own."""
        return case.knowledge.base


def by_chance(shares: Mix) -> Matched:
    """`random` at the matched rate."""
    return Matched("random", shares, {}, lambda case: 0.0)


def by_length(shares: Mix, cases: Sequence[Case]) -> Matched:
    """`length`: the dearer orders go to the longer prompts; of equally long ones each gets its part."""
    lengths = sorted((case.record.length, case.record.id) for case in cases if case.record.length is not None)
    ranks: dict[str, tuple[float, float]] = {}
    begin = 0
    while begin < len(lengths):
        end = begin
        while end < len(lengths) and lengths[end][0] == lengths[begin][0]:
            end += 1
        for _, name in lengths[begin:end]:
            ranks[name] = begin / len(lengths), end / len(lengths)
        begin = end
    return Matched("length", shares, ranks, lambda case: case.record.length)


def shares_of(policy: Policy, cases: Sequence[Case], economics: Economics, tiers: Sequence[str]) -> Mix:
    """How often `policy` follows each order over all lines; the order that begins cheapest comes first."""
    found: dict[Order, float] = {}
    for case in cases:
        for order, share in policy.mix(case, economics):
            found[order] = found.get(order, 0.0) + share
    total = sum(found.values())
    cheapest_first = sorted(found, key=lambda order: [tiers.index(tier) for tier in order])
    return tuple((order, found[order] / total) for order in cheapest_first)


def made(names: Sequence[str], tiers: Sequence[str]) -> tuple[Policy, ...]:
    """The policies called `names` that need nothing but the tiers, cheapest first."""
    cheap, strong = tiers[0], tiers[-1]
    middle = tiers[len(tiers) // 2] if len(tiers) > 2 else strong
    named = [
        name if name in tiers else instead
        for name, instead in zip(("local", "haiku", "sonnet"), (cheap, middle, strong), strict=True)
    ]
    known: dict[str, Policy] = {
        "always-cheap": Fixed("always-cheap", (cheap,)),
        "always-strong": Fixed("always-strong", (strong,)),
        "cascade": Fixed("cascade", tuple(tiers)),
        "bands": Bands((named[0], named[1], named[2])),
    }
    for name in PRESETS:
        known[name] = Expected(name, WAIT_USD_PER_HOUR[name] / HOUR, cheap, strong)
    return tuple(known[name] for name in names if name in known)
