"""What the repository says of a task: which files it names exist, how long they are, whether tests go with them."""

import os
import re
import stat
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from agents.missions.naming import named_files
from agents.routing.features import LANGUAGES

MOST_FILES = 20
"""Named files that are looked up and counted."""
MOST_BYTES = 1_000_000
"""Read of one file."""
MOST_TEXT = 16_000
"""Characters of a task that are read."""
_TEST = re.compile(
    r"(?:^|/)(?:tests?|specs?|__tests__)/|(?:^|/)(?:test_[^/]*|[^/]*(?:_test|_spec|\.test|\.spec|Tests?)\.\w+)$"
)
_TEST_MARK = re.compile(r"^test_|(?:_test|_spec|\.test|\.spec|Tests?|Spec)$")


@dataclass(frozen=True)
class Surroundings:
    """What a caller knows of the repository a task is for. Empty: nothing."""

    files: frozenset[str] = frozenset()
    """Every path in it, relative, with slashes."""
    lines: Mapping[str, int] = field(default_factory=dict)
    """Of those that the task names, by path, as far as they were counted."""

    @property
    def has_tests(self) -> bool:
        """Whether there is any test in the repository."""
        return _index(self.files).has_tests

    @property
    def language(self) -> str:
        """The language most of its files are in."""
        return _index(self.files).language

    def resolve(self, name: str) -> str | None:
        """The path `name` means: itself, or the one file whose path ends with it. None: there is none, or several."""
        if name in self.files:
            return name
        called = _index(self.files).by_name.get(name.rsplit("/", 1)[-1], ())
        ends = [path for path in called if path.endswith(f"/{name}")]
        return ends[0] if len(ends) == 1 else None

    def tested(self, path: str) -> bool:
        """Whether there is a test that is named after `path`: test_cart.py, cart_test.go, Cart.test.tsx."""
        return _stem(path).lower() in _index(self.files).tested


def survey(root: Path, text: str, files: frozenset[str]) -> Surroundings:
    """`files`, and the lines of those that `text` names, counted in the folder `root`.

    Reads at most MOST_FILES regular files of at most MOST_BYTES each, and nothing outside of `root`, whatever links
    lead there. It blocks: for a thread. Raises nothing: what cannot be read is not counted.
    """
    known = Surroundings(files)
    named = (known.resolve(name) for name in named_files(text[:MOST_TEXT]).named[:MOST_FILES])
    counted = ((path, _lines(root, path)) for path in named if path is not None)
    return Surroundings(files, {path: lines for path, lines in counted if lines is not None})


def is_test(path: str) -> bool:
    """Whether `path` is a test by its name or folder."""
    low = path.lower()
    return ("test" in low or "spec" in low) and _TEST.search(path) is not None


def _lines(root: Path, path: str) -> int | None:
    try:
        inside = (root / path).resolve()
        if not inside.is_relative_to(root.resolve()):
            return None
        # Not followed, not waited for: it may have become a link or a pipe since.
        opened = os.open(inside, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        with open(opened, "rb", buffering=0) as file:
            if not stat.S_ISREG(os.fstat(opened).st_mode):
                return None
            data = file.read(MOST_BYTES)
    except (OSError, ValueError, RuntimeError):
        return None
    return data.count(b"\n") + (data[-1:] not in {b"", b"\n"})


@dataclass(frozen=True)
class _Index:
    by_name: Mapping[str, Sequence[str]]
    tested: frozenset[str]
    has_tests: bool
    language: str


@lru_cache(maxsize=4)
def _index(files: frozenset[str]) -> _Index:
    """Made once for a repository, however many tasks are posted to it."""
    by_name: dict[str, list[str]] = {}
    for path in files:
        by_name.setdefault(path.rsplit("/", 1)[-1], []).append(path)
    tests = [path for path in files if is_test(path)]
    return _Index(by_name, frozenset(_subjects(tests)), bool(tests), _language(files))


def _language(files: Iterable[str]) -> str:
    endings = Counter(path.rsplit(".", 1)[-1] for path in files)
    counted: Counter[str] = Counter()
    for end, count in sorted(endings.items()):
        if language := LANGUAGES.get(end.lower()):
            counted[language] += count
    return max(counted, key=counted.__getitem__, default="other")


def _subjects(tests: Iterable[str]) -> Iterable[str]:
    """What tests are about, by their names, in lower case."""
    for path in tests:
        yield _TEST_MARK.sub("", _stem(path)).lower()


def _stem(path: str) -> str:
    return path.rsplit("/", 1)[-1].rsplit(".", 1)[0]
