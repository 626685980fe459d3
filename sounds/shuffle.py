"""Shuffle bags: every line comes once before any comes again, and none twice running."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from sounds.clips import Clip


class ShuffleBags:
    """One bag per event, and what was said last of all."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._left: dict[str, list[Clip]] = {}
        self._last: dict[str, Clip] = {}
        self._said: Clip | None = None

    def draw(self, event: str, lines: Sequence[Clip]) -> Clip | None:
        """One of `lines`; None where the only one there is was said just before."""
        fresh = [line for line in lines if line != self._said]
        if len(fresh) > 1:
            fresh = [line for line in fresh if line != self._last.get(event)]
        if not fresh:
            return None
        left = [line for line in self._left.get(event, ()) if line in fresh]
        if not left:
            left = self._random.sample(fresh, len(fresh))
            others = [line for line in self._left.get(event, ()) if line not in lines]
            self._left[event] = others + left
        chosen = left[-1]
        self._left[event].remove(chosen)
        self._last[event] = self._said = chosen
        return chosen
