"""What trying tiers in an order comes to on a line whose outcomes are known, in expectation: nothing is sampled.

The recurrence is that of agents.routing.decision with the line's own pass rates for the odds."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from agents.routing.backtest.records import Record
from agents.routing.decision import Economics

Order = tuple[str, ...]
"""Tiers, each tried when all before it were rejected. Empty: the task is given up at once."""
Mix = tuple[tuple[Order, float], ...]
"""Orders with the probability that each is followed; together 1."""
_NEVER = 1e-12


class Play(NamedTuple):
    """One policy on one line, expected."""

    solved: float
    """P(a correct result is accepted)."""
    wrong: float
    """P(a wrong one is)."""
    usd: float

    def loss(self, economics: Economics) -> float:
        """Dollars paid, and lost by what is unsolved or wrong. Waiting is not in it."""
        unsolved = max(0.0, 1 - self.solved - self.wrong)
        return self.usd + economics.unsolved_usd * unsolved + economics.wrong_usd * self.wrong


_UNKNOWN = Play(-1.0, -1.0, -1.0)
"""Not reckoned yet."""


@dataclass(frozen=True)
class Course:
    """How a policy goes on one line."""

    ends: Sequence[tuple[float, float]]
    """Seconds until it ends either way, with their probabilities."""
    tried: Sequence[tuple[str, frozenset[str], float]] = ()
    """Tier, the tiers that failed before it, and the probability that it comes to that."""


class Replayer:
    """Replays all lines with one trust in the check; an order that several policies follow is reckoned once a line."""

    def __init__(self, records: Sequence[Record], economics: Economics) -> None:
        self._records = records
        self._economics = economics
        self._known: dict[Order, list[Play | None]] = {}

    def plays(self, mixes: Iterable[Mix]) -> list[Play | None]:
        """Line by line. None where a tier without a label is reached, or where the policy says nothing."""
        return [self._play(place, mix) for place, mix in enumerate(mixes)]

    def _play(self, place: int, mix: Mix) -> Play | None:
        if len(mix) == 1:
            return self._one(place, mix[0][0])
        solved = wrong = usd = 0.0
        for order, share in mix:
            play = self._one(place, order)
            if play is None:
                return None
            solved += share * play.solved
            wrong += share * play.wrong
            usd += share * play.usd
        return Play(solved, wrong, usd) if mix else None

    def _one(self, place: int, order: Order) -> Play | None:
        known = self._known.get(order)
        if known is None:
            known = self._known[order] = [_UNKNOWN] * len(self._records)
        play = known[place]
        if play is _UNKNOWN:
            play = known[place] = follow(self._records[place], order, self._economics)
        return play


def follow(record: Record, order: Sequence[str], economics: Economics) -> Play | None:
    """One order on one line; None where it reaches a tier that has no label."""
    alpha, accepts = economics.false_accept, 1 - economics.false_reject
    reached, solved, wrong, usd = 1.0, 0.0, 0.0, 0.0
    for tier in order:
        if reached <= _NEVER:
            break
        attempt = record.attempts.get(tier)
        if attempt is None:
            return None
        right, slipped = attempt.solves * accepts, (1 - attempt.solves) * alpha
        usd += reached * attempt.usd
        solved += reached * right
        wrong += reached * slipped
        reached *= 1 - right - slipped
    return Play(solved, wrong, usd)


def course(record: Record, mix: Mix, economics: Economics) -> Course:
    """How the orders go, which must not reach a tier without a label."""
    alpha, accepts = economics.false_accept, 1 - economics.false_reject
    ends: list[tuple[float, float]] = []
    tried: list[tuple[str, frozenset[str], float]] = []
    for order, share in mix:
        reached, elapsed, failed = share, 0.0, frozenset[str]()
        for tier in order:
            if reached <= _NEVER:
                break
            attempt = record.attempts[tier]
            tried.append((tier, failed, reached))
            elapsed += attempt.seconds
            accepted = attempt.solves * accepts + (1 - attempt.solves) * alpha
            if accepted > 0:
                ends.append((elapsed, reached * accepted))
            reached *= 1 - accepted
            failed |= {tier}
        if reached > _NEVER:
            ends.append((elapsed, reached))
    return Course(ends, tried)


def foresee(record: Record, cheapest_first: Sequence[str]) -> tuple[Play, Course]:
    """The oracle, which knows what would solve the line: the cheapest that does, and nothing where none does."""
    tiers = [tier for tier in cheapest_first if tier in record.attempts]
    tiers.sort(key=lambda tier: record.attempts[tier].usd)
    left, usd = 1.0, 0.0
    ends: list[tuple[float, float]] = []
    for tier in tiers:
        attempt = record.attempts[tier]
        usd += left * attempt.solves * attempt.usd
        if attempt.solves > 0:
            ends.append((attempt.seconds, left * attempt.solves))
        left *= 1 - attempt.solves
    if left > _NEVER:
        ends.append((0.0, left))
    return Play(1 - left, 0.0, usd), Course(ends)
