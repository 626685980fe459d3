"""How well a text answers to a task: Okapi BM25 (Robertson & Zaragoza 2009, "The Probabilistic Relevance Framework")
over stemmed words, with a fixed background in place of a large collection.

A repository has a handful of skills; the rarity of a word among so few says little, and a score would mean another
thing in every repository. So every word counts as rare as it would be among BACKGROUND more documents that do not
hold it, and words that any task and any skill may hold (add, file, code) count as if most of these held them."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from agents.missions.conventions.words import stem, stems

K1, B = 1.2, 0.6
BACKGROUND = 24
_PLAIN_WORDS = (
    "add create new write build implement change update fix file code project repository function class module name "
    "set work run follow existing base task good help guide support handle simple example generate pattern provide "
    "feature py js ts md"
)
PLAIN = frozenset(map(stem, _PLAIN_WORDS.split(" ")))
_PLAIN_DOCUMENTS = 14
"""Of the background, how many hold a plain word."""


@dataclass(frozen=True)
class Text:
    """Something that can be looked for: its words by how often they count."""

    counts: Mapping[str, float]

    @classmethod
    def of(cls, *weighted: tuple[str, float]) -> "Text":
        """Of texts, each with what one of its words counts."""
        counts: Counter[str] = Counter()
        for text, weight in weighted:
            for word in stems(text):
                counts[word] += weight  # type: ignore[assignment]
        return cls(dict(counts))

    @property
    def length(self) -> float:
        """Words, weighted."""
        return sum(self.counts.values())


@dataclass(frozen=True)
class Score:
    """How well a text answers, and by which words, the weightiest first."""

    value: float
    words: tuple[str, ...] = ()


def scores(query: Mapping[str, float], texts: Sequence[Text]) -> list[Score]:
    """Of each of `texts` for the stems in `query`, which hold how much each counts."""
    held = Counter(word for text in texts for word in text.counts.keys() & query.keys())
    documents = len(texts) + BACKGROUND
    mean = sum(text.length for text in texts) / len(texts) if texts else 1.0
    found: list[Score] = []
    for text in texts:
        parts: dict[str, float] = {}
        for word in sorted(text.counts.keys() & query.keys()):
            holding = held[word] + (_PLAIN_DOCUMENTS if word in PLAIN else 0)
            rarity = math.log(1 + (documents - holding + 0.5) / (holding + 0.5))
            often = text.counts[word]
            long = 1 - B + B * text.length / (mean or 1.0)
            parts[word] = query[word] * rarity * often * (K1 + 1) / (often + K1 * long)
        order = sorted(parts, key=lambda word: (-parts[word], word))
        found.append(Score(round(sum(parts.values()), 3), tuple(order)))
    return found


def asked(text: str, more: Iterable[str] = ()) -> dict[str, float]:
    """The words of a task, each once however often it stands there; `more` count half."""
    query = dict.fromkeys((word for extra in more for word in stems(extra)), 0.5)
    return query | dict.fromkeys(stems(text), 1.0)
