"""A TOML file read with care: it may be a stranger's. Line numbers, which tomllib does not keep, too."""

import os
import re
import stat
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agents.configuration.errors import ConfigurationError
from agents.sanitize import one_line

KeyPath = tuple[str, ...]

SIZE_LIMIT = 64 * 1024
"""Bytes. Nobody's settings are longer; a stranger's file may be."""

DEPTH_LIMIT = 16
"""Tables within tables. Ours need four; thousands would end Python's own recursion."""

_LONG_KEY = re.compile(r"""(?<![\w"'.-])(?:[\w"'-]{1,200}[ \t]{0,9}\.[ \t]{0,9}){100}""")
"""A key of so many parts is a trap: tomllib takes time with the square of them."""
_TOKEN = re.compile(
    r"#[^\n]*"
    r'|"""(?:[^"\\]|\\.|"(?!""))*"{3,5}'
    r"|'''(?:[^']|'(?!''))*'{3,5}"
    r'|"(?:[^"\\\n]|\\.)*"'
    r"|'[^'\n]*'"
    r"|[\[{]|[\]}]|\n",
    re.DOTALL,
)


@dataclass(frozen=True)
class TomlFile:
    """What a file says, and on which line."""

    path: Path
    text: str
    """As it stands there: foreign text, not sanitized."""
    values: dict[str, Any]
    lines: dict[KeyPath, int]
    """The line of every key and table header. A key inside an inline table has the line of what holds it."""

    @property
    def name(self) -> str:
        """The file's name, as an origin shows it."""
        return self.path.name

    def line(self, path: KeyPath) -> int:
        """The line of `path`, or of the nearest thing that holds it; 1 when nothing does."""
        for end in range(len(path), 0, -1):
            if path[:end] in self.lines:
                return self.lines[path[:end]]
        return 1


def read_toml(path: Path, *, follow: bool = True) -> TomlFile | None:
    """The file at `path`, None when there is none. It is opened once, and only a regular file is read.

    `follow`: a symbolic link leads to the file; without, it is refused. Raises ConfigurationError: not readable, too
    long, not TOML.
    """
    shown = one_line(str(path), 300)
    try:
        data = _bytes(path, shown, follow=follow)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ConfigurationError(f"{shown} cannot be read: {error.strerror}. Check its permissions.") from error
    if len(data) > SIZE_LIMIT:
        raise ConfigurationError(f"{shown} is longer than {SIZE_LIMIT // 1024} KiB: that is no settings file.")
    try:
        text = data.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ConfigurationError(f"{shown}, line {line}: not UTF-8 text. Save the file as UTF-8.") from error
    return TomlFile(path, text, parse_toml(text, shown), dict(_lines(text)))


def _bytes(path: Path, shown: str, *, follow: bool) -> bytes:
    """At most a byte more than may be. What is no file (a FIFO, a device, a folder) is neither waited for nor read."""
    if not follow and path.is_symlink():
        raise ConfigurationError(f"{shown} is a symbolic link, which is not followed. Put the file itself there.")
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | (0 if follow else os.O_NOFOLLOW))
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise ConfigurationError(f"{shown} is not a regular file. Remove it or put the settings file there.")
        return os.read(descriptor, SIZE_LIMIT + 1)
    finally:
        os.close(descriptor)


def parse_toml(text: str, shown: str) -> dict[str, Any]:
    """The values. Raises ConfigurationError, which names the file as `shown` and the line of a syntax error."""
    if found := _LONG_KEY.search(text):
        line = text.count("\n", 0, found.start()) + 1
        raise ConfigurationError(f"{shown}, line {line}: a key of more than 100 parts. Shorten it.")
    try:
        values = tomllib.loads(text)
        if _depth(values) > DEPTH_LIMIT:
            raise RecursionError
        return values
    except tomllib.TOMLDecodeError as error:
        said = one_line(str(error))
        found = re.search(r"\s*\(at line (\d+), column (\d+)\)$", said)
        line = int(found[1]) if found else text.count("\n") + 1
        what = said[: found.start()] if found else said.removesuffix(" (at end of document)")
        raise ConfigurationError(f"{shown}, line {line}: not valid TOML: {what}.") from error
    except RecursionError as error:
        raise ConfigurationError(f"{shown}: brackets nested too deeply to read.") from error
    except ValueError as error:  # a number of thousands of digits
        raise ConfigurationError(f"{shown}: not readable as TOML: {one_line(str(error), 100)}.") from error


def _depth(values: dict[str, Any]) -> int:
    """How deep tables and lists lie in each other, counted up to a little over the limit."""
    depth, level = 0, list(values.values())
    while level and depth <= DEPTH_LIMIT:
        depth += 1
        tables = [inner for inner in level if isinstance(inner, dict | list)]
        level = [one for inner in tables for one in (inner.values() if isinstance(inner, dict) else inner)]
    return depth


def _lines(text: str) -> Iterator[tuple[KeyPath, int]]:
    """The first line of every key and header of a valid TOML text."""
    table: KeyPath = ()
    seen: set[KeyPath] = set()
    for statement, line in statements(text):
        data = tomllib.loads(statement)
        is_header = statement.lstrip().startswith("[")
        path = only_path(data) if is_header else table + only_path(data)
        if is_header:
            table = path
        for end in range(1, len(path) + 1):
            # `[tiers.local]` also is the first word of `tiers`; a later statement never moves an earlier one.
            if path[:end] not in seen:
                seen.add(path[:end])
                yield path[:end], line


def statements(text: str) -> Iterator[tuple[str, int]]:
    """The headers and key-value pairs of a valid TOML text, each with its first line; a value may span lines."""
    start, depth, line = 0, 0, 1
    for token in _TOKEN.finditer(f"{text}\n"):
        found = token[0]
        if found in {"[", "{"}:
            depth += 1
        elif found in {"]", "}"}:
            depth -= 1
        elif found == "\n" and depth == 0:
            statement = text[start : token.start()]
            if statement.strip() and not statement.lstrip().startswith("#"):
                yield statement, line
            line += text.count("\n", start, token.end())
            start = token.end()


def only_path(data: Any) -> KeyPath:
    """The path of the one key a parsed statement holds: down to the first value that is not a table of one key."""
    path: list[str] = []
    while isinstance(data, dict) and len(data) == 1:
        (key, data), *_ = data.items()
        path.append(key)
    return tuple(path)
