"""From a task's features to the bucket it falls into: a path from the coarse to the fine, so that a bucket with little
in it leans on the one around it."""

from bisect import bisect_right
from collections.abc import Callable, Sequence

from agents.routing.backtest.records import Feature, Record

Bucket = tuple[str, ...]
MOST_FEATURES = 4
MOST_VALUES = 12
"""A word with more values than that, such as the name of a repository, says who a task is and not how it is."""
FEW_NUMBERS = 4
"""A number with no more values than that is a class."""
_TELLING = ("kind", "complexity", "size", "language")
"""Of what is known to separate models, the most telling first."""
_BANDS = (4.0, 7.0)
"""C1–3, C4–6, C7–10."""


def bucketing(records: Sequence[Record]) -> tuple[tuple[str, ...], tuple[Bucket, ...]]:
    """The names of the features that are used, and the bucket of every record. No outcome is looked at."""
    names = list(dict.fromkeys(name for record in records for name in record.features))
    names.sort(key=lambda name: _TELLING.index(name) if name in _TELLING else len(_TELLING))
    used: list[tuple[str, Callable[[Feature | None], str]]] = []
    for name in names:
        classes = _classes(name, [record.features.get(name) for record in records])
        if classes is not None and len(used) < MOST_FEATURES:
            used.append((name, classes))
    paths = tuple(tuple(classes(record.features.get(name)) for name, classes in used) for record in records)
    return tuple(name for name, _ in used), paths


def _classes(name: str, values: Sequence[Feature | None]) -> Callable[[Feature | None], str] | None:
    """What turns a value of the feature into its class; None for a feature that does not divide the records."""
    distinct = set(values)
    if len(distinct) < 2:
        return None
    numbers = sorted(value for value in values if isinstance(value, float) and not isinstance(value, bool))
    if len(set(numbers)) > FEW_NUMBERS:
        cuts = list(_BANDS) if name == "complexity" else _thirds(numbers)
        return lambda value: str(bisect_right(cuts, value)) if isinstance(value, float) else _word(value)
    return _word if len(distinct) <= MOST_VALUES else None


def _thirds(numbers: Sequence[float]) -> list[float]:
    return sorted({numbers[len(numbers) // 3], numbers[2 * len(numbers) // 3]})


def _word(value: Feature | None) -> str:
    return "-" if value is None else str(value)
