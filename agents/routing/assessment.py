"""How hard a task is by its words and its repository: C1–C10, the kind of work, and the evidence.

The score is what the screen shows and what a tier's band is compared with; it does not predict success."""

from collections.abc import Mapping

from pydantic import Field

from agents.routing.dual import to_complexity
from agents.routing.features import Features, Size, language_of, size_of
from agents.routing.reading import read
from agents.routing.rules import Parts, apply_rules
from agents.routing.surroundings import Surroundings
from agents.routing.work import Work, work_of
from agents.sanitize import one_line
from agents.settings import WORK_GOES, Goes
from agents.tasks import Frozen, TaskKind

NOTHING_KNOWN = Surroundings()


class Assessment(Frozen):
    """The rules' reading of a task, with the evidence in words."""

    complexity: int = Field(ge=1, le=10)
    """`score`, rounded; a half goes up."""
    score: float = Field(ge=1, le=10)
    """The three parts together."""
    kind: TaskKind
    component: float
    """How much is to be made; a plain function is 2, a word to be corrected 1."""
    coordinative: float
    """What depends on what."""
    dynamic: float
    """What is not known yet, what is to be decided."""
    evidence: tuple[str, ...]
    language: str = "other"
    size: Size = "none"
    """Of the files it names that exist."""
    goes: Goes = "either"
    """Where work of its sort goes."""

    def features(self, complexity: int | None = None) -> Features:
        """What its odds depend on; with another `complexity` where a judge was heard too."""
        level = self.complexity if complexity is None else complexity
        return Features(kind=self.kind, complexity=level, language=self.language, size=self.size, goes=self.goes)


def assess(text: str, around: Surroundings = NOTHING_KNOWN, *, goes: Mapping[str, Goes] = WORK_GOES) -> Assessment:
    """Score `text` by whole-word rules, beside what is known of its repository. Pure, and quick for any text. `goes`:
    where each sort of work goes."""
    reading = read(text)
    parts = apply_rules(reading, around)
    work = work_of(reading, parts.kind, goes)
    paths = tuple(around.resolve(name) or name for name in reading.files)
    language = language_of(paths, reading.words)
    return Assessment(
        complexity=to_complexity(parts.score),
        score=parts.score,
        kind=parts.kind,
        component=parts.component,
        coordinative=parts.coordinative,
        dynamic=parts.dynamic,
        evidence=_evidence(parts, paths, around, work),
        language=around.language if language == "other" else language,
        size=size_of(sum(around.lines.get(path, 0) for path in paths)),
        goes=work.goes if work else "either",
    )


def goes_of(text: str, kind: TaskKind, goes: Mapping[str, Goes]) -> Goes:
    """Where a task of this text goes whose `kind` is known."""
    work = work_of(read(text), kind, goes)
    return work.goes if work else "either"


def _evidence(parts: Parts, paths: tuple[str, ...], around: Surroundings, work: Work | None) -> tuple[str, ...]:
    """What the rules found, and what the repository says of the named files. Foreign names, sanitized."""
    there = [path for path in paths if path in around.files]
    said = [*parts.evidence]
    if tested := [path for path in there if around.tested(path)]:
        said.append(f"tests exist for {', '.join(tested[:3])}")
    elif there and not around.has_tests:
        said.append("no tests in the repository")
    if work is not None and work.goes != "either":
        said.append(work.why)
    return tuple(one_line(line, 200) for line in said) or ("nothing in the words says it is hard",)
