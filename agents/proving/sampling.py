"""Fewer tasks of a suite, chosen so that they say something of the whole."""

from collections.abc import Sequence
from random import Random

from agents.proving.graded import GradedTask


def spread(tasks: Sequence[GradedTask], limit: int | None, *, seed: int = 1) -> tuple[GradedTask, ...]:
    """At most `limit` of `tasks`, spread over the complexities in turn; the same seed chooses the same, in an order
    that is fair wherever it is broken off. A larger limit only adds tasks at the end."""
    shuffled = sorted(tasks, key=lambda task: task.id)
    Random(seed).shuffle(shuffled)
    levels: dict[int, list[GradedTask]] = {}
    for task in shuffled:
        levels.setdefault(task.complexity, []).append(task)
    order = sorted(levels)
    Random(seed + 1).shuffle(order)
    rounds = max((len(level) for level in levels.values()), default=0)
    chosen = [levels[level][turn] for turn in range(rounds) for level in order if turn < len(levels[level])]
    return tuple(chosen[:limit])
