"""What trying tiers in an order comes to on a line whose outcomes are known, in expectation: nothing is sampled.

The recurrence is that of agents.routing.decision with the line's own pass rates for the odds."""

from collections.abc import Sequence
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


@dataclass(frozen=True)
class Course:
    """How a policy goes on one line."""

    ends: Sequence[tuple[float, float]]
    """Seconds until it ends either way, with their probabilities."""
    tried: Sequence[tuple[str, frozenset[str], float]] = ()
    """Tier, the tiers that failed before it, and the probability that it comes to that."""


class Replayer:
    """Replays lines; an order that several policies follow is reckoned once."""

    def __init__(self, records: Sequence[Record]) -> None:
        self._records = records
        self._known: dict[tuple[int, Order, float], Play | None] = {}

    def play(self, place: int, mix: Mix, economics: Economics) -> Play | None:
        """The line at `place`. None where a tier without a label is reached, or where the policy says nothing."""
        solved = wrong = usd = 0.0
        for order, share in mix:
            key = place, order, economics.false_accept
            if key not in self._known:
                self._known[key] = follow(self._records[place], order, economics)
            play = self._known[key]
            if play is None:
                return None
            solved += share * play.solved
            wrong += share * play.wrong
            usd += share * play.usd
        return Play(solved, wrong, usd) if mix else None


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
