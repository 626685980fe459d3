"""Which kind of work a task is: the one thing known beforehand that separates models."""

from collections.abc import Sequence

from agents.routing.lexicon import lexicon
from agents.routing.reading import Reading
from agents.routing.surroundings import Surroundings, is_test
from agents.tasks import TaskKind

_DOCS = frozenset({"md", "mdx", "rst", "txt", "adoc", "tex"})
_NO_DOCS = frozenset({"requirements.txt", "constraints.txt", "cmakelists.txt", "robots.txt"})
_DOC_FILES = frozenset({"readme", "changelog", "license", "authors", "notice"})
_DOC_NOUNS = frozenset(
    ("readme", "docs", "doc", "documentation", "docstring", "docstrings", "changelog", "tutorial", "guide", "handbook")
    + ("manual", "wiki", "manpage", "faq", "dokumentation", "documentación", "documentação", "документацию", "文档")
)
_DOC_VERBS = frozenset({"document", "explain", "describe", "dokumentiere", "documenter", "documentar"})
_TEST_NOUNS = frozenset(
    {"test", "tests", "spec", "specs", "coverage", "testcase", "testcases", "тесты", "pruebas", "testes"}
)
_TEST_TAGS, _DOC_TAGS = frozenset({"test", "tests", "tst"}), frozenset({"doc", "docs", "documentation", "readme"})
_TEST_VERBS = frozenset({"test", "cover", "unittest"})
_TEST_THINGS = frozenset(
    ("runner", "framework", "harness", "data", "server", "environment", "helper", "client", "mode", "double", "suite")
    + ("fails", "fail", "failing", "is", "page", "account", "user", "database", "env")
)
"""What is called after tests and is none."""
_VERBS = frozenset(
    {"increase", "raise", "improve", "extend", "translate", "clarify", "expand", "need", "more", "missing"}
)
_MENDS = frozenset({"fix", "fixes", "fixed", "repair", "correct", "rename", "remove", "delete", "drop"})
"""Orders about a test that is there, which is an edit like any other."""
_BETWEEN = frozenset({"with", "and", "that", "plus", "from", "to", "for", "function", "class", "tool", "script", "und"})
_REACH = 7
"""Words after a verb among which its object stands."""
_ORDERS = frozenset({"should", "must", "let", "instead", "keep"})
"""Words by which a text that begins with no order asks for a change all the same."""
OPEN_QUESTIONS = frozenset({"cause", "unsteady", "hazard", "symptom", "speed"})
_BROAD = 3
"""Kinds of dependencies from which one named file is not where it ends."""


def kind_of(reading: Reading, around: Surroundings, *, trivial: bool) -> TaskKind:
    """Tests and docs by what the opening asks for; an issue when it spans files or tells a symptom with no place; an
    edit when it is about one file that exists; else a function."""
    units = units_of(reading.files)
    makes = "create" in reading.found and bool({"unit", "structure", "function"} & reading.found.keys())
    tests = _asks_for(reading.opening, _TEST_NOUNS, _TEST_VERBS) and reading.opening[0] not in _MENDS
    in_tests = bool(reading.files) and all(map(is_test, reading.files)) and "create" in reading.found
    if (tests or reading.tag in _TEST_TAGS or (in_tests and not mends(reading))) and not trivial:
        return TaskKind.TESTS
    if trivial and units:
        return TaskKind.EDIT
    about_docs = all(map(_is_doc, reading.files)) if reading.files else reading.tag in _DOC_TAGS
    about_docs = about_docs or (bool(reading.subject) and _is_doc(reading.subject))
    if (about_docs and not (makes and not trivial)) or _asks_for(reading.opening, _DOC_NOUNS, _DOC_VERBS):
        return TaskKind.DOCS
    if trivial:
        return TaskKind.DOCS if set(reading.opening) & _DOC_NOUNS else TaskKind.EDIT
    if reading.stack_trace or units > 1:
        return TaskKind.ISSUE
    breadth = _breadth(reading)
    exists = any(around.resolve(name) for name in reading.files)
    wide = breadth >= _BROAD or ("everywhere" in reading.found and mends(reading))
    if reading.files and not wide:
        return TaskKind.EDIT if exists or mends(reading) else TaskKind.FUNCTION
    if is_report(reading, around):
        return TaskKind.ISSUE
    if (reading.functions or "function" in reading.found) and ("create" in reading.found or begins(reading, "does")):
        return TaskKind.FUNCTION
    unclear = bool(reading.found.keys() & OPEN_QUESTIONS) or breadth > 0
    huge = "distributed" in reading.found or "redesign" in reading.found
    return TaskKind.ISSUE if mends(reading) or huge or breadth > 1 or (unclear and not makes) else TaskKind.FUNCTION


def units_of(files: Sequence[str]) -> int:
    """How many of `files` are neither texts nor tests; a file and its header are one."""
    return len({name.rsplit("/", 1)[-1].rsplit(".", 1)[0] for name in files if not _is_doc(name) and not is_test(name)})


def _is_doc(name: str) -> bool:
    last = name.rsplit("/", 1)[-1].lower()
    base, _, end = last.rpartition(".")
    return (end in _DOCS and last not in _NO_DOCS) or (base or end) in _DOC_FILES


def is_report(reading: Reading, around: Surroundings) -> bool:
    """Whether it tells what happens in a program that is there, instead of what is to be done."""
    found = reading.found.keys()
    orders = set(reading.found.get("change", ())) & _ORDERS or begins(reading, "change") or begins(reading, "does")
    asks = found & {"create", "function"} or orders or _breadth(reading) > 1
    names = reading.files or reading.functions or (found & {"unit", "structure"} and not found & OPEN_QUESTIONS)
    return around.language != "other" and not (asks or names) and len(reading.words) > 3


def begins(reading: Reading, group: str) -> bool:
    """Whether its first word belongs to `group`."""
    return bool(reading.opening) and group in lexicon().phrases.get(reading.opening[0], ())


def _breadth(reading: Reading) -> int:
    return sum(lexicon().groups[name].part == "coordinative" for name in reading.found)


def mends(reading: Reading) -> bool:
    """Whether something that is there is to be changed, by the first verb that says so."""
    found = reading.found
    if begins(reading, "does") and not begins(reading, "change"):
        return False
    if "change" not in found or "create" not in found:
        return "change" in found
    return _first(reading, found["change"]) < _first(reading, found["create"])


def _first(reading: Reading, entries: Sequence[str]) -> int:
    return min((reading.words.index(entry) for entry in entries if entry in reading.words), default=len(reading.words))


def _asks_for(opening: Sequence[str], nouns: frozenset[str], verbs: frozenset[str]) -> bool:
    """Whether the opening is an order whose object is one of `nouns`: "add more tests", not "a class with tests"."""
    if not opening:
        return False
    if opening[0] in verbs and not set(opening[1:2]) & _TEST_THINGS:
        return True
    phrases = lexicon().find([opening[0]], opening[0])
    if not ({"create", "change"} & phrases.keys() or opening[0] in _VERBS):
        return False
    for place, word in enumerate(opening[1:_REACH], 1):
        if word in nouns:
            return not set(opening[place + 1 : place + 2]) & _TEST_THINGS
        if word in _BETWEEN:
            return False
    return False
