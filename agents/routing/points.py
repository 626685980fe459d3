"""How words found in a task become points on the scale 1–10: further words of a group, and further groups of a part,
tell partly the same, so each adds less than the one before."""

from collections.abc import Iterable

from agents.routing.lexicon import Part, lexicon
from agents.routing.reading import Reading

_FURTHER = (1.0, 0.3, 0.15, 0.1)
"""Shares of a group's weight that its first, second … word adds."""
_SHARES = (1.0, 0.6, 0.4, 0.3, 0.2, 0.2)
"""Of the points of a part's groups, the heaviest first."""


def points_of(reading: Reading, part: Part) -> float:
    """Of all the groups of `part` that were found."""
    groups = lexicon().groups
    points = (points_of_group(name, words) for name, words in reading.found.items() if groups[name].part == part)
    return together(points)


def together(points: Iterable[float]) -> float:
    """Groups of one part added up, the heaviest whole, the others less and less: they tell partly the same."""
    return sum(point * share for point, share in zip(sorted(points, reverse=True), _SHARES, strict=False))


def points_of_group(name: str, words: tuple[str, ...]) -> float:
    """Of one group, of which `words` were found."""
    return lexicon().groups[name].weight * sum(share for share, _ in zip(_FURTHER, words, strict=False))


def evidence_of(reading: Reading, part: Part) -> list[str]:
    """The groups of `part` in words, in the order of the text."""
    return [in_words(name, words) for name, words in reading.found.items() if lexicon().groups[name].part == part]


def in_words(name: str, words: tuple[str, ...]) -> str:
    """What the group says, and the first of its words that say it."""
    return f"{lexicon().groups[name].says}: {', '.join(words[:4])}"
