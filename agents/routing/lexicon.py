"""The words by which the rules know what a task is about: whole words and phrases, in groups (lexicon.toml).

A text is split into words once and each is looked up; there is no pattern that a hostile text could make slow."""

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal

Part = Literal["component", "coordinative", "dynamic", "marks", "trivial"]
MOST_WORDS = 4000
"""A longer text says nothing new about what is to be done."""
_LONGEST_PHRASE = 4
_SHORTEST_STEM = 4
_SHORTEST_MISSPELT = 6
_NO_SLIPS = frozenset(
    ["provides", "shared", "sharing", "serves", "parses", "catches", "shading", "shaded", "selling", "cashed"]
)
"""All the words of the standard library's source that look like a slip of another and are none."""
_WORD = re.compile(r"[^\W_]+(?:_[^\W_]+)*")
_UNSPACED = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
"""Scripts that write no spaces, or put endings on words."""


@dataclass(frozen=True)
class Group:
    """Words that say the same thing about a task."""

    name: str
    part: Part
    says: str
    weight: float


@dataclass(frozen=True)
class Lexicon:
    """The groups and, for each word or phrase, the groups it belongs to."""

    groups: Mapping[str, Group]
    phrases: Mapping[str, tuple[str, ...]]
    """Words joined by single spaces."""
    stems: Mapping[str, tuple[str, ...]]
    """Beginnings of words."""
    unspaced: Mapping[str, tuple[str, ...]]
    misspelt: Mapping[str, str]
    """Words with one letter missing or two swapped, and the words that are meant."""

    def find(self, words: list[str], text: str) -> dict[str, tuple[str, ...]]:
        """The groups `words` belong to, with the words and phrases as the lexicon has them, in order of appearance.

        `text` is what they come from, in lower case: scripts without spaces are looked for in it.
        """
        found: dict[str, dict[str, None]] = {}
        for entry, groups in self._entries(words):
            for group in groups:
                found.setdefault(group, {})[entry] = None
        if _UNSPACED.search(text):
            for entry, groups in self.unspaced.items():
                if entry in text:
                    for group in groups:
                        found.setdefault(group, {})[entry] = None
        return {group: tuple(entries) for group, entries in found.items()}

    def _entries(self, words: list[str]) -> Iterator[tuple[str, tuple[str, ...]]]:
        meant = {word: self._meant(word) for word in set(words)}
        words = [meant[word] for word in words]
        known = {word: self._stem(word) for word in set(words)}
        for place, word in enumerate(words):
            if stem := known[word]:
                yield word, self.stems[stem]
            for length in range(1, _LONGEST_PHRASE + 1):
                phrase = " ".join(words[place : place + length])
                if groups := self.phrases.get(phrase):
                    yield phrase, groups

    def _stem(self, word: str) -> str:
        beginnings = (word[:length] for length in range(_SHORTEST_STEM, min(len(word), 24) + 1))
        return next((beginning for beginning in beginnings if beginning in self.stems), "")

    def _meant(self, word: str) -> str:
        """`word`, or what it is a slip of: one letter missing, one too many, or two swapped."""
        if not 5 <= len(word) <= 20 or word in self.phrases or word in _NO_SLIPS or self._stem(word):
            return word
        for end in range(len(word), 4, -1):
            if (right := self.misspelt.get(word[:end])) and (end == len(word) or right in self.stems):
                return right + word[end:]
        shorter = (word[:place] + word[place + 1 :] for place in range(1, len(word) - 1))
        return next((one for one in shorter if len(one) >= _SHORTEST_MISSPELT and one in self.phrases), word)


def words_of(text: str) -> list[str]:
    """The words of `text`, which is in lower case already; an identifier such as db_url is one word."""
    return _WORD.findall(text)[:MOST_WORDS]


@cache
def lexicon() -> Lexicon:
    """The shipped lexicon, read once."""
    data = tomllib.loads(files("agents.routing").joinpath("lexicon.toml").read_text("utf-8"))
    groups: dict[str, Group] = {}
    phrases: dict[str, tuple[str, ...]] = {}
    stems: dict[str, tuple[str, ...]] = {}
    unspaced: dict[str, tuple[str, ...]] = {}
    for name, entry in data.items():
        groups[name] = Group(name, entry["part"], entry["says"], float(entry.get("weight", 0)))
        for word in [*entry["words"], *entry.get("foreign", ())]:
            place = stems if word.endswith("*") else unspaced if _UNSPACED.search(word) else phrases
            key = word.removesuffix("*")
            place[key] = (*place.get(key, ()), name)
    english = (word.removesuffix("*") for entry in data.values() for word in entry["words"])
    return Lexicon(groups, phrases, stems, unspaced, dict(_slips(english)))


def _slips(words: Iterable[str]) -> Iterator[tuple[str, str]]:
    known = set(words)
    excepted = known | _NO_SLIPS
    for word in sorted(known):
        if not word.isalpha():
            continue
        letters = range(1, len(word) - 1)  # without its last letter it is but another beginning
        missing = (word[:at] + word[at + 1 :] for at in letters if len(word) > _SHORTEST_MISSPELT)
        swapped = (word[:at] + word[at + 1] + word[at] + word[at + 2 :] for at in letters if len(word) >= 5)
        yield from ((slip, word) for slip in (*missing, *swapped) if slip not in excepted)
