"""The decision rule: in which order to try the options, and when to stop.

An option that fails tells something about those that are left, so its odds depend on the set h of options that failed
before. The exact answer is a dynamic program over these sets:

    a_i(h) = p_i(h)(1 − β) + (1 − p_i(h))α                    P(option i is accepted after h failed)
    C_i(h) = c_i + λ(t_i + v_i) + (1 − p_i(h))αF              expected charge of trying it
    J(h)   = min(V, min_i [C_i(h) + (1 − a_i(h)) · J(h + i)])

The order of independent options this finds is that of ascending C/a, the classical rule for searching boxes (Weitzman
1979, "Optimal search for the best alternative")."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from pydantic import Field

from agents.tasks import Frozen

MOST_OPTIONS = 14
"""2 ** 14 sets are decided in about a second."""
TIE = 1e-12
"""Dollars by which one way must be better to be taken before one that is named earlier."""

Odds = Callable[[str, frozenset[str]], float]
"""P(the option is correct | these options failed before), 0 to 1."""


class Economics(Frozen):
    """What waiting, failing and being wrong cost, in dollars; and how far the check can be trusted."""

    second_usd: float = Field(default=0.0, ge=0)
    """λ: a second of waiting."""
    unsolved_usd: float = Field(default=1.0, ge=0)
    """V: a task that ends unsolved."""
    wrong_usd: float = Field(default=1.0, ge=0)
    """F: a wrong answer that is accepted."""
    false_accept: float = Field(default=0.0, ge=0, le=1)
    """α: P(the check accepts | wrong). 1: there is no check."""
    false_reject: float = Field(default=0.0, ge=0, lt=1)
    """β: P(the check rejects | correct)."""


@dataclass(frozen=True)
class Option:
    """One thing that can be tried once."""

    name: str
    usd: float
    seconds: float
    check_seconds: float = 0.0
    after: frozenset[str] = field(default_factory=frozenset)
    """Options that must have failed before it makes sense: a retry needs something that failed."""
    tries: int = 1
    """How many results it may hand to the check, one after the other: each wrong one may be accepted."""


class Decision(Frozen):
    """The options in the order they are tried, each only when all before it failed, and what that comes to."""

    order: tuple[str, ...]
    odds: tuple[float, ...]
    """Of each, given that all before it failed."""
    loss_usd: float
    """J: dollars spent, waited and lost, expected."""
    spent_usd: float
    """Dollars paid to models, expected."""
    seconds: float
    """Until it ends either way, expected."""
    accepted: float
    """P(one of them is accepted)."""
    solved: float
    """P(a correct one is accepted)."""

    @property
    def wrong(self) -> float:
        """P(a wrong one is accepted)."""
        return max(0.0, self.accepted - self.solved)


def decide(options: Sequence[Option], odds: Odds, economics: Economics) -> Decision:
    """The order of least expected loss; of equal ones that which follows the order of `options`.

    Without a check (α = 1) whatever comes first is accepted, so one option is all there is. Raises ValueError for more
    than MOST_OPTIONS options and for two of one name.
    """
    names = [option.name for option in options]
    if len(names) > MOST_OPTIONS or len(set(names)) < len(names):
        raise ValueError(f"at most {MOST_OPTIONS} options, each with a name of its own, can be decided exactly")
    best: dict[frozenset[str], tuple[float, Option | None]] = {}

    def loss(failed: frozenset[str]) -> float:
        if failed not in best:
            least, choice = economics.unsolved_usd, None
            for option in options:
                if option.name in failed or not option.after <= failed:
                    continue
                p = odds(option.name, failed)
                a = acceptance(p, economics, option.tries)
                cost = charge(option, p, economics) + (1 - a) * (loss(failed | {option.name}) if a < 1 else 0.0)
                if cost < least - TIE:
                    least, choice = cost, option
            best[failed] = least, choice
        return best[failed][0]

    failed: frozenset[str] = frozenset()
    order: list[Option] = []
    loss(failed)
    while (chosen := best[failed][1]) is not None:
        order.append(chosen)
        failed |= {chosen.name}
        if failed not in best:
            break  # the last one is always accepted
    return reckon(order, odds, economics)


def reckon(order: Sequence[Option], odds: Odds, economics: Economics) -> Decision:
    """What trying `order` comes to. One that could not be tried where it stands is the caller's mistake."""
    reached, failed = 1.0, frozenset[str]()
    loss = spent = seconds = accepted = solved = 0.0
    chances: list[float] = []
    for option in order:
        p = odds(option.name, failed)
        a = acceptance(p, economics, option.tries)
        loss += reached * charge(option, p, economics)
        spent += reached * option.usd
        seconds += reached * (option.seconds + option.check_seconds)
        accepted += reached * a
        solved += reached * p * (1 - economics.false_reject)
        reached *= 1 - a
        failed |= {option.name}
        chances.append(p)
    return Decision(
        order=tuple(option.name for option in order),
        odds=tuple(chances),
        loss_usd=loss + reached * economics.unsolved_usd,
        spent_usd=spent,
        seconds=seconds,
        accepted=min(1.0, accepted),
        solved=min(1.0, solved),
    )


def acceptance(p: float, economics: Economics, tries: int = 1) -> float:
    """a: P(the check accepts what an option with odds `p` made)."""
    return p * (1 - economics.false_reject) + (1 - p) * _fooled(economics, tries)


def charge(option: Option, p: float, economics: Economics) -> float:
    """C: dollars a try costs, waiting and the risk of a wrong answer accepted included."""
    waited = economics.second_usd * (option.seconds + option.check_seconds)
    return option.usd + waited + (1 - p) * _fooled(economics, option.tries) * economics.wrong_usd


def _fooled(economics: Economics, tries: int) -> float:
    """P(one of so many wrong results is accepted): α where there is one."""
    return economics.false_accept if tries == 1 else 1 - (1 - economics.false_accept) ** tries
