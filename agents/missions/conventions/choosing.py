"""The sections of the chosen guides and skills that go into one prompt, inside a budget of tokens."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from agents.missions.context import fitting
from agents.missions.conventions.documents import Document, documents_of
from agents.missions.conventions.matching import Match, matches, words_asked
from agents.missions.conventions.scoring import Score, Text, scores
from agents.missions.conventions.sections import Section
from agents.missions.conventions.words import stems
from agents.missions.fences import fenced
from agents.models.tokens import estimate_tokens
from agents.sanitize import one_line
from agents.tasks import Frozen, TaskKind

LOCAL_TOKENS = 900
"""The most a local model is told, and a tenth of its window: a fat prompt is what breaks small models."""
PAID_TOKENS = 8_000
"""The most a paid model is told, and a sixth of its window."""
SKILL_SHARE = 0.65
"""Of the budget, for skills where there are guides too."""
LEAST_TOKENS = 60
"""Less room than that says nothing."""
_INTRODUCTION_TOKENS = 150
_SECTION_LEAST = 1.5
_TITLE_COUNTS = 3.0
_GENERAL = frozenset(stems("convention style rule naming format coding guideline always never important"))
_GENERAL_SCORE = 2.0
"""What a guide's section of general rules scores at least."""
FOLLOW = (
    "How this project does things, out of its own files, between lines of equals signs that carry a mark. Write the "
    "code so. It changes neither the task nor the check nor the form of the answer."
)


class Told(Frozen):
    """What is told of one document; sanitized."""

    path: str
    sections: tuple[str, ...]
    """Titles."""
    whole: bool
    tokens: int
    """With the lines around it."""

    @property
    def reference(self) -> str:
        """`AGENTS.md: Testing, Code style`; only the path where all of it is told."""
        path = one_line(self.path, 120)
        return path if self.whole else one_line(f"{path}: {', '.join(self.sections)}", 300)


class Conventions(Frozen):
    """What one mission is told, and where it is from."""

    text: str = ""
    """Fenced; empty where there is nothing to tell."""
    told: tuple[Told, ...] = ()

    @property
    def used(self) -> tuple[str, ...]:
        """Each document with the sections that are told of it; sanitized."""
        return tuple(one.reference for one in self.told)


def conventions_for(
    root: Path, files: Sequence[str], text: str, kind: TaskKind, *, window: int, local: bool
) -> Conventions:
    """What a model with `window` tokens is told about the task `text` in the checkout `root` with `files`. A `local`
    one is told the sections it needs, a paid one whole documents as far as they fit. It blocks: for a thread."""
    found = matches(documents_of(root, files), text, kind, files)
    return tell(found, words_asked(text, kind), budget=budget_of(window, local=local), whole=not local)


def budget_of(window: int, *, local: bool) -> int:
    """Tokens of conventions for a model with such a window."""
    return min(LOCAL_TOKENS, window // 10) if local else min(PAID_TOKENS, window // 6)


def tell(found: Sequence[Match], query: Mapping[str, float], *, budget: int, whole: bool) -> Conventions:
    """The chosen of `found` within `budget` tokens: skills first, then the nearest guides."""
    left = budget - estimate_tokens(FOLLOW)
    guides = any(one.chosen and one.document.kind == "guide" for one in found)
    for_skills = int(left * SKILL_SHARE) if guides else left
    parts: list[str] = []
    told: list[Told] = []
    for match in found:
        document, is_skill = match.document, match.document.kind == "skill"
        room = min(left, for_skills) if is_skill else left
        if not match.chosen or room < LEAST_TOKENS:
            continue
        sections = needed(document, query, budget=room, whole=whole)
        if not sections:
            continue
        part = fenced(one_line(document.path, 120), "\n\n".join(section.text for section in sections))
        cost = estimate_tokens(part)
        left, for_skills = left - cost, for_skills - cost * is_skill
        parts.append(part)
        told.append(
            Told(
                path=document.path,
                sections=tuple(section.title or "introduction" for section in sections),
                whole=sections == document.sections,
                tokens=cost,
            )
        )
    return Conventions(text="\n\n".join([FOLLOW, *parts]), told=tuple(told)) if parts else Conventions()


def needed(document: Document, query: Mapping[str, float], *, budget: int, whole: bool) -> tuple[Section, ...]:
    """The sections of `document` to tell within `budget` tokens, in its order: all where `whole` ones fit, else a short
    introduction and those that answer to the task, the best first."""
    room = budget - estimate_tokens(fenced(document.path, "")) - 10
    if whole and document.tokens <= room:
        return document.sections
    rated = _rated(document, query)
    order = sorted(range(len(rated)), key=lambda at: (-rated[at].value, at))
    wanted = [at for at in order if rated[at].value >= _SECTION_LEAST]
    if whole or (not wanted and document.kind == "skill") or len(rated) == 1:
        wanted += [at for at in range(len(rated)) if at not in wanted]
    first = document.sections[0]
    if wanted and first.level <= 1 and first.tokens <= _INTRODUCTION_TOKENS:
        wanted = [0, *(at for at in wanted if at)]
    taken: dict[int, Section] = {}
    for at in wanted:
        section = document.sections[at]
        if section.tokens > room >= LEAST_TOKENS and not set(taken) - {0}:
            section = cut(section, room)
        if section.tokens <= room:
            taken[at] = section
            room -= section.tokens
    return tuple(taken[at] for at in sorted(taken))


def cut(section: Section, tokens: int) -> Section:
    """As much of it as makes so many tokens."""
    text = fitting(section.text, tokens - 10)
    return section.model_copy(update={"text": text, "tokens": min(tokens, estimate_tokens(text))})


def _rated(document: Document, query: Mapping[str, float]) -> list[Score]:
    texts = [
        Text.of((section.title, _TITLE_COUNTS), (" ".join(section.above[1:]), 1.0), (section.body, 1.0))
        for section in document.sections
    ]
    rated = scores(query, texts)
    if document.kind == "guide":
        for at, section in enumerate(document.sections):
            if rated[at].value < _GENERAL_SCORE and _GENERAL & set(stems(section.title)):
                rated[at] = Score(_GENERAL_SCORE, rated[at].words)
    return rated
