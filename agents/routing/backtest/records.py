"""What is replayed: tasks whose outcome at one or more tiers is known."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from agents.settings import Settings

MOST_TIERS = 8
"""2 ** 8 sets of failed tiers are learned about for every line."""

Feature = str | float | bool


@dataclass(frozen=True, slots=True)
class Attempt:
    """What one try at one tier comes to."""

    solves: float
    """Share of tries that solve the task, 0 to 1."""
    usd: float
    seconds: float


@dataclass(frozen=True, slots=True)
class Record:
    """A task, what was known of it before anybody tried, and its outcomes."""

    id: str
    features: Mapping[str, Feature]
    attempts: Mapping[str, Attempt]
    """By tier. A tier that was not tried has no entry: it has no label, which is not a failure."""
    length: int | None = None
    """Characters of its prompt; None: there is no prompt."""
    complexity: int | None = None
    """C1–C10; None: nobody said, and there is no prompt to tell it from."""


@dataclass(frozen=True)
class Outcomes:
    """Everything that is replayed."""

    records: tuple[Record, ...]
    tiers: tuple[str, ...]
    """Those with a label anywhere, cheapest first by their mean price."""
    notes: tuple[str, ...] = ()
    """What a reader has to know about it: sentences, sanitized."""

    @property
    def only_rates(self) -> bool:
        """Some outcome is a share of several tries, so that how tries depend on each other is not in it."""
        return any(0 < attempt.solves < 1 for record in self.records for attempt in record.attempts.values())


def cheapest_first(records: Sequence[Record]) -> tuple[str, ...]:
    """The tiers of `records` by mean dollars; of equals in the order of the default tiers, then the weaker first."""
    found: dict[str, list[Attempt]] = {}
    for record in records:
        for tier, attempt in record.attempts.items():
            found.setdefault(tier, []).append(attempt)
    known = {name: place for place, name in enumerate(Settings().tiers)}
    return tuple(
        sorted(
            found,
            key=lambda tier: (
                fmean(attempt.usd for attempt in found[tier]),
                known.get(tier, len(known)),
                fmean(attempt.solves for attempt in found[tier]),
            ),
        )
    )


def label_notes(records: Sequence[Record], tiers: Sequence[str]) -> tuple[str, ...]:
    """How many lines have no label for a tier, and what that does to the figures."""
    notes = []
    for tier in tiers:
        labelled = [record for record in records if tier in record.attempts]
        if len(labelled) == len(records):
            continue
        notes.append(
            f"{len(records) - len(labelled)} of {len(records)} lines have no label for {tier}: a policy that would "
            "reach it there is not scored on them, and its n says so"
        )
        others = [name for name in tiers if name != tier]
        after = sum(any(_failed(record, name) for name in others) for record in labelled)
        if after > len(labelled) / 2:
            notes.append(
                f"{after} of the {len(labelled)} labels of {tier} are of tasks another tier had failed: as a first "
                "choice it is better than they look"
            )
    return tuple(notes)


def _failed(record: Record, tier: str) -> bool:
    attempt = record.attempts.get(tier)
    return attempt is not None and attempt.solves == 0
