"""Rules that put a task on the scale C1–C10 after Campbell (1988): component, coordinative and dynamic complexity.

The score is what the screen shows and what a tier's band is compared with; it does not predict success."""

import re

from agents.tasks import Frozen, TaskKind

_FILE = re.compile(
    r"(?<![\w/.-])[\w./-]*\w\.(?:py|js|ts|tsx|jsx|go|rs|java|c|h|cc|cpp|rb|sh|md|toml|json|ya?ml|html|css|sql)\b"
)
_PARTS = re.compile(
    r"\b(?:functions?|methods?|class(?:es)?|endpoints?|commands?|modules?|tables?|columns?|fields?|steps?)\b"
)
_STRUCTURES = re.compile(
    r"\b(?:"
    r"caches?|lru|trees?|graphs?|heaps?|parsers?|pars(?:e|ing)|tokeni[sz]ers?|schedulers?|queues?"
    r"|linked lists?|state machines?"
    r"|calculators?|interpreters?|iterators?|decorators?|context managers?"
    r"|regex(?:es)?|algorithms?|sort(?:ed|ing)?|search)\b"
)
_COORDINATION = re.compile(
    r"\b(?:across|between|integrat\w+|migrat\w+|refactor\w*|depend\w*|synchroni[sz]\w+"
    r"|every (?:file|module|caller)|all (?:files|modules|callers)"
    r"|api|database|schema|client|server|backwards?.compatib\w+|services?|microservices?|distributed|architecture)\b"
)
_DYNAMIC = re.compile(
    r"\b(?:"
    r"find out|investigate|why|intermittent\w*|sometimes|flaky|races?|race conditions?|deadlocks?|memory leaks?"
    r"|slow|performance|optimi[sz]\w+"
    r"|concurren\w+|thread.?safe\w*|async\w*|secur\w+|redesign\w*|design|decide|unclear"
    r"|users see|crash\w*|hang\w*|50\d)\b"
)
_TRIVIAL = re.compile(r"\b(?:typos?|spelling|rename|comment|docstring|whitespace|bump|wording|link)\b")
_TYPO = re.compile(r"\b(?:typos?|spelling|wording)\b")
_DOCS = re.compile(r"\b(?:readme|docs?|documentation|docstrings?|changelog|comment)\b")
_TESTS = re.compile(r"\b(?:(?:write|add|extend|create)\b.{0,40}\btests?|unit tests? for|test coverage)\b")
_FIX = re.compile(
    r"\b(?:fix\w*|bug|broken|wrong|fails?|failing|regression|error|incorrect\w*|change"
    r"|update|modify|edit|rename|replace|remove)\b"
)


class Assessment(Frozen):
    """The rules' reading of a task, with the evidence in words."""

    complexity: int
    kind: TaskKind
    component: float
    coordinative: float
    dynamic: float
    evidence: tuple[str, ...]


def assess(text: str, *, existing_files: frozenset[str] = frozenset()) -> Assessment:
    """Score `text` by whole-word rules. A task that names one of `existing_files` (the repository's) is an edit."""
    low = text.lower()
    files = sorted(set(_FILE.findall(text)))
    evidence: list[str] = []

    component = 0.6 * max(0, len(files) - 1) + 0.35 * min(4, len(_distinct(_PARTS, low)))
    structures = _distinct(_STRUCTURES, low)
    component += 0.9 * min(3, len(structures)) + min(2.0, len(low) / 900)
    coordination = _distinct(_COORDINATION, low)
    coordinative = min(4.0, 1.1 * len(coordination))
    dynamics = _distinct(_DYNAMIC, low)
    dynamic = min(5.0, 1.9 * len(dynamics))
    if len(files) > 1:
        evidence.append(f"names {len(files)} files")
    found = {"structures": structures, "depends on": coordination, "open questions": dynamics}
    evidence += [f"{what}: {', '.join(words)}" for what, words in found.items() if words]
    score = 2.0 + component + coordinative + dynamic
    trivial = _distinct(_TRIVIAL, low)
    if trivial and len(low) < 300 and (not dynamics or _TYPO.search(low)):
        evidence.append(f"small by its words: {', '.join(trivial)}")
        score = min(score, 1.0 + 0.3 * max(0, len(files) - 1))
    complexity = max(1, min(10, round(score)))
    return Assessment(
        complexity=complexity,
        kind=_kind(low, files, existing_files, bool(dynamics)),
        component=round(component, 2),
        coordinative=round(coordinative, 2),
        dynamic=round(dynamic, 2),
        evidence=tuple(evidence) or ("nothing in the words says it is hard",),
    )


def _distinct(pattern: re.Pattern[str], text: str) -> list[str]:
    return sorted({match.group(0) for match in pattern.finditer(text)})


def _kind(low: str, files: list[str], existing: frozenset[str], open_questions: bool) -> TaskKind:
    if _TESTS.search(low):
        return TaskKind.TESTS
    if _DOCS.search(low) and not any(name.endswith((".py", ".js", ".ts", ".go", ".rs")) for name in files):
        return TaskKind.DOCS
    known = [name for name in files if name in existing]
    if len(files) > 1 or (open_questions and not files):
        return TaskKind.ISSUE
    if known or (_FIX.search(low) and files):
        return TaskKind.EDIT
    if _FIX.search(low) and existing:
        return TaskKind.ISSUE
    return TaskKind.FUNCTION
