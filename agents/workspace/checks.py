"""Finding the repository's own check, and noticing when tests were touched."""

import json
import re
import tomllib
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from agents.regular_files import read_regular

_MAX_BYTES = 1_000_000
_RULE = re.compile(r"^([^\t#:=][^:=#]*?)\s*::?(?!=)", re.MULTILINE)
_TEST_NAME = re.compile(
    r"test_.*\.pyi?|.*_test\.(py|go|rb|cc|cpp|c|exs|dart)|tests?\.(py|rs|js|ts)|conftest\.py"
    r"|.*[._-](test|tests|spec)\.[cm]?[jt]sx?|.*_(spec|test)\.(rb|lua)|.*(Test|Tests|Spec|IT)\.(java|kt|scala|cs|swift|php)"
)
_MAKEFILES = ("GNUmakefile", "makefile", "Makefile")  # the order in which make looks
_CONFIGURED_BY = {
    "make": _MAKEFILES,
    "pytest": ("pytest.ini", "tox.ini", "setup.cfg", "conftest.py"),
    "npm": ("package.json",),
    "cargo": ("Cargo.toml",),
}
_TEST_FOLDERS = frozenset({"test", "tests", "__tests__", "spec", "specs", "testing", "testdata"})


def find_check(root: Path) -> str | None:
    """The command by which the repository at `root` says whether it is sound, or None. Reads files; runs nothing."""
    targets = _make_targets(root)
    for target in ("verify", "test"):
        if target in targets:
            return f"make {target}"
    if _uses_pytest(root):
        return "python3 -m pytest -q"
    if _has_npm_test(root):
        return "npm test"
    if (root / "Cargo.toml").is_file():
        return "cargo test"
    if (root / "go.mod").is_file():
        return "go test ./..."
    return None


def touched_tests(files: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    """The test files among (status, path) pairs that were there before and were edited or deleted."""
    return tuple(path for status, path in files if not status.startswith("A") and is_test(path))


def bent_check(command: str, files: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    """The files among (status, path) pairs that say what `command` does, and were changed with the work it judges.

    Those it names, those its tool is configured by. A file that was not there before counts only as a configuration of
    pytest: such a file can make red tests vanish.
    """
    words = {word.removeprefix("./") for word in re.findall(r"[^\s\"'`;&|()<>=]+", command)}
    configured = {name for tool, names in _CONFIGURED_BY.items() if tool in words for name in names}
    found = []
    for status, path in files:
        by_name = path in words and not status.startswith("A")
        name = PurePosixPath(path).name
        added = status.startswith("A") and name not in _CONFIGURED_BY["pytest"]
        if by_name or (name in configured and not added):
            found.append(path)
    return tuple(found)


def is_test(path: str) -> bool:
    """Whether `path` is a test, or lies in a folder of tests, by the usual conventions."""
    pure = PurePosixPath(path)
    return _TEST_NAME.fullmatch(pure.name) is not None or not _TEST_FOLDERS.isdisjoint(
        part.lower() for part in pure.parts[:-1]
    )


def _read(path: Path) -> str:
    try:
        return read_regular(path, _MAX_BYTES).decode("utf-8", "replace")
    except OSError:
        return ""


def _make_targets(root: Path) -> set[str]:
    for name in _MAKEFILES:
        text = _read(root / name)
        if text:
            return {target for rule in _RULE.findall(text.replace("\\\n", " ")) for target in rule.split()}
    return set()


def _uses_pytest(root: Path) -> bool:
    if (root / "pytest.ini").is_file() or "[tool:pytest]" in _read(root / "setup.cfg"):
        return True
    if "[pytest]" in _read(root / "tox.ini").splitlines():
        return True
    try:
        if "pytest" in tomllib.loads(_read(root / "pyproject.toml")).get("tool", {}):
            return True
    except (tomllib.TOMLDecodeError, AttributeError, TypeError):
        pass  # a broken pyproject.toml says nothing; the test files below still do
    patterns = ("test_*.py", "*_test.py", "tests/**/test_*.py", "tests/**/*_test.py", "test/**/test_*.py")
    return any(next(root.glob(pattern), None) is not None for pattern in patterns)


def _has_npm_test(root: Path) -> bool:
    try:
        script = json.loads(_read(root / "package.json"))["scripts"]["test"]
    except (ValueError, KeyError, TypeError):
        return False
    return isinstance(script, str) and bool(script.strip()) and "no test specified" not in script
