"""Which of a repository's guides and skills a task gets, and why."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from agents.missions.conventions.documents import Document, nearest
from agents.missions.conventions.scoring import PLAIN, Score, Text, asked, scores
from agents.missions.conventions.words import stems
from agents.missions.naming import named_files
from agents.sanitize import one_line
from agents.tasks import Frozen, TaskKind

LEAST: Final = 3.5
"""A skill that scores less is about something else: two rare words it shares with the task make about five."""
SECOND: Final = 0.6
"""Of the best skill's score, what another one needs."""
MOST_SKILLS: Final = 2
_KIND = {TaskKind.TESTS: ("test",), TaskKind.DOCS: ("documentation",)}
_NAME_COUNTS = 2.0
_NOT_FOR = re.compile(
    r"(?:^|(?<=[.;!?]))[^.;!?]*\b(?:not? (?:use|for|when|intended)|n't use|never use)\b[^.;!?]*", re.I
)


class Match(Frozen):
    """A document beside a task."""

    document: Document
    chosen: bool
    score: float = 0.0
    """BM25 of a skill's description; of a guide 0."""
    why: str
    """In a few words; sanitized."""


def matches(documents: Sequence[Document], text: str, kind: TaskKind, files: Iterable[str]) -> tuple[Match, ...]:
    """All `documents` beside the task `text`, those it gets first: skills by their score, guides the nearest first."""
    query = words_asked(text, kind)
    named = named_among(text, files)
    skills = _skills([one for one in documents if one.kind == "skill"], text, query)
    guides = [_guide(one, named) for one in documents if one.kind == "guide"]
    near = sorted(guides, key=lambda match: -len(match.document.folder.split("/")) if match.document.folder else 0)
    found = [*skills, *near]
    return tuple([*(one for one in found if one.chosen), *(one for one in found if not one.chosen)])


def words_asked(text: str, kind: TaskKind) -> dict[str, float]:
    """What a task asks for, in stemmed words."""
    return asked(text, _KIND.get(kind, ()))


def named_among(text: str, files: Iterable[str]) -> tuple[str, ...]:
    """The paths the task names: as they are, or the one file whose path ends so."""
    known = frozenset(files)
    found: list[str] = []
    for name in named_files(text).named[:20]:
        ends = [] if name in known else [path for path in known if path.endswith(f"/{name}")]
        found.append(ends[0] if len(ends) == 1 else name)
    return tuple(found)


def _guide(document: Document, named: Sequence[str]) -> Match:
    far = nearest(document, named)
    if far is None:
        return Match(document=document, chosen=False, why=f"the task names no file below {document.folder}/")
    if not document.folder:
        return Match(document=document, chosen=True, why="a guide of the whole repository")
    why = one_line(f"the nearest guide to what the task names below {document.folder}/", 200)
    return Match(document=document, chosen=True, why=why)


def _skills(documents: Sequence[Document], text: str, query: Mapping[str, float]) -> list[Match]:
    described = [_text(document) for document in documents]
    rated = list(zip(documents, scores(query, described), strict=True))
    rated.sort(key=lambda pair: (-pair[1].value, pair[0].path))
    best = rated[0][1].value if rated else 0.0
    found: list[Match] = []
    for document, score in rated:
        asked_for = _is_named(document, text)
        fits = score.value >= max(LEAST, SECOND * best) and _says_enough(document, _text(document), score)
        chosen = asked_for or (fits and sum(one.chosen for one in found) < MOST_SKILLS)
        found.append(
            Match(document=document, chosen=chosen, score=score.value, why=_why(score, asked_for=asked_for, fits=fits))
        )
    return found


def _text(document: Document) -> Text:
    head = document.head
    said = " ".join(_NOT_FOR.sub(" ", one) for one in (head.description, head.when))
    if not said.strip() and document.sections:
        said = document.sections[0].body[:600]
    return Text.of((document.name, _NAME_COUNTS), (said, 1.0))


def _says_enough(document: Document, described: Text, score: Score) -> bool:
    """One word that fits by chance is no match: two that are not plain, one of the name, or one that is said twice."""
    telling = [word for word in score.words if word not in PLAIN]
    own = set(stems(document.name))
    return len(telling) > 1 or any(word in own or described.counts[word] >= 2 for word in telling)


def _is_named(document: Document, text: str) -> bool:
    """The task says which: by its path, or "the scaffold skill"."""
    name = re.escape(document.name)
    return document.path in text or bool(
        re.search(rf"(?<![\w-]){name}(?![\w-])[\"'`]? skill|skill [\"'`]?{name}(?![\w-])", text[:20_000], re.IGNORECASE)
    )


def _why(score: Score, *, asked_for: bool, fits: bool) -> str:
    shared = ", ".join(one_line(word, 30) for word in score.words[:6])
    if asked_for:
        return "the task names it"
    if not shared:
        return "shares no word with the task"
    if fits:
        return f"about {shared}"
    return f"shares only {shared}: {score.value:.1f} of {LEAST:g}" if score.value < LEAST else f"weaker: {shared}"
