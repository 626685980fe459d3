"""The secrets in a folder's .env files: read once, so that they are known wherever they turn up."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

from agents.known_secrets import worth_knowing
from agents.regular_files import read_regular

_NAME = re.compile(r"\.env(?:rc|\..{1,60})?|.{1,60}\.env")
_EXAMPLE = re.compile(r".*[._-](?:example|sample|template|dist|tpl|schema|defaults?)", re.IGNORECASE)
_LINE = re.compile(
    r"^[ \t]{0,20}(?:export[ \t]{1,4})?(?P<name>[A-Za-z_][\w.-]{0,100})[ \t]{0,4}[=:][ \t]{0,4}"
    r"(?:\"(?P<double>(?:[^\"\\]|\\.){0,9000})\"|'(?P<single>[^']{0,9000})'|(?P<bare>[^\s#\"'][^\r\n]{0,2000}))",
    re.MULTILINE,
)
_SKIPPED = frozenset({".git", "node_modules", ".venv", "venv", "__pycache__", ".tox", "target", "dist", "build"})
_DEPTH = 4
_MOST_ENTRIES = 20_000
_MOST_FILES = 200
_READ_CAP = 200_000


def secrets_of_folder(root: Path) -> set[str]:
    """The secret values in the .env files of `root` and of the folders up to four levels below it. Never raises.

    At most 20,000 entries are looked at, and nothing is read that is no regular file.
    """
    return {secret for path in _env_files(root) for secret in secrets_of_env(_read(path))}


def secrets_of_env(text: str) -> set[str]:
    """The secret values in the text of an .env file: those that are called a secret, and those that look random."""
    found: set[str] = set()
    for match in _LINE.finditer(text):
        value = match["double"] or match["single"] or (match["bare"] or "").partition(" #")[0].strip()
        for form in {value, value.replace("\\n", "\n").replace('\\"', '"')}:
            found.update(worth_knowing(match["name"], form))
    return found


def _env_files(root: Path) -> Iterator[Path]:
    left, found = _MOST_ENTRIES, 0
    level = [root]
    for _ in range(_DEPTH + 1):
        below: list[Path] = []
        for folder in level:
            try:
                with os.scandir(folder) as entries:
                    for entry in entries:
                        left -= 1
                        if left < 0 or found >= _MOST_FILES:
                            return
                        if entry.is_dir(follow_symlinks=False):
                            below += [Path(entry.path)] if entry.name not in _SKIPPED else []
                        elif _NAME.fullmatch(entry.name) and not _EXAMPLE.fullmatch(entry.name):
                            found += 1
                            yield Path(entry.path)
            except OSError:
                continue
        level = below


def _read(path: Path) -> str:
    try:
        return read_regular(path, _READ_CAP).decode("utf-8", "surrogateescape")
    except OSError:
        return ""
