"""What a run of the proving ground says: shares with intervals, and whether two arms differ by more than noise."""

from collections.abc import Callable, Iterable, Sequence
from math import comb, sqrt
from statistics import NormalDist
from typing import TypeVar

from agents.tasks import Frozen

T = TypeVar("T")
K = TypeVar("K")


class Share(Frozen):
    """A share with its 95 % interval."""

    solved: int
    n: int
    low: float
    high: float

    @property
    def share(self) -> float:
        """Of `n`; 0 of none."""
        return self.solved / self.n if self.n else 0.0


def share(solved: int, n: int, confidence: float = 0.95) -> Share:
    """Wilson's score interval (Wilson 1927), which stays inside 0 and 1 for few tasks. Of none: all is possible."""
    if not n:
        return Share(solved=0, n=0, low=0.0, high=1.0)
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    p = solved / n
    middle = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return Share(solved=solved, n=n, low=max(0.0, middle - half), high=min(1.0, middle + half))


class Comparison(Frozen):
    """Two arms on the same tasks."""

    first: Share
    second: Share
    only_first: int
    """Tasks that only the first arm solved."""
    only_second: int
    p_value: float
    """P(a difference so large | the arms are alike)."""

    @property
    def differs(self) -> bool:
        """The difference is more than noise, at 5 %."""
        return self.p_value < 0.05


def compare(pairs: Sequence[tuple[bool, bool]]) -> Comparison:
    """The exact test of McNemar (1947) on the tasks that one arm alone solved."""
    only_first = sum(a and not b for a, b in pairs)
    only_second = sum(b and not a for a, b in pairs)
    n = len(pairs)
    return Comparison(
        first=share(sum(a for a, _ in pairs), n),
        second=share(sum(b for _, b in pairs), n),
        only_first=only_first,
        only_second=only_second,
        p_value=_two_sided(min(only_first, only_second), only_first + only_second),
    )


def _two_sided(fewer: int, n: int) -> float:
    """Of a fair coin thrown `n` times: P(one side comes up at most `fewer` times)."""
    return min(1.0, sum(comb(n, k) for k in range(fewer + 1)) / float(2 ** (n - 1))) if n else 1.0


def by(rows: Iterable[T], key: Callable[[T], K], solved: Callable[[T], bool]) -> dict[K, Share]:
    """Shares by a key, in the order of the rows."""
    groups: dict[K, list[bool]] = {}
    for row in rows:
        groups.setdefault(key(row), []).append(solved(row))
    return {name: share(sum(group), len(group)) for name, group in groups.items()}
