"""A path a model wrote, resolved inside the worktree or refused with a message it can act on."""

import errno
import os
import unicodedata
from pathlib import Path, PurePosixPath

from agents.sanitize import one_line
from agents.tools.tool import ToolError

_LONGEST = 1000
_LONGEST_NAME = 255
_GIT_NAMES = frozenset({".git", "git~1"})


class PathRefused(ToolError):
    """The path is not one inside the worktree; the message says what to give instead."""


def resolve_path(root: Path, text: str) -> Path:
    """The absolute path `text` names inside `root` (which is resolved), symlinks followed; it need not exist.

    Relative, or absolute and pointing inside. Raises PathRefused for anything else: `..`, symlinks that lead out,
    the `.git` directory by any spelling, control characters.
    """
    text = _readable(text)
    relative = _relative(root, text)
    if ".." in relative.parts:
        raise PathRefused(f'"{text}": ".." is not allowed. {_hint(root, _normal(relative))}')
    if any(len(part.encode()) > _LONGEST_NAME for part in relative.parts):
        raise PathRefused(f'"{one_line(text)}": not a usable path (a name is too long). Give a path like src/app.py.')
    if any(_is_git(part) for part in relative.parts):
        raise PathRefused(
            f'"{text}": the .git directory is off limits. Git is looked after for you; edit project files only.'
        )
    try:
        resolved = real_path(root / relative)
    except (OSError, RuntimeError, ValueError) as error:
        raise PathRefused(f'"{text}": not a usable path ({_reason(error)}). Give a path like src/app.py.') from error
    if not resolved.is_relative_to(root):
        raise PathRefused(f'"{text}" is a symlink that leads out of the project. Use files inside the project only.')
    if any(_is_git(part) for part in resolved.relative_to(root).parts):
        raise PathRefused(f'"{text}" is a symlink into the .git directory, which is off limits.')
    return resolved


def real_path(path: Path) -> Path:
    """`path` with its symlinks followed; it need not exist. Raises OSError or RuntimeError for links in a circle."""
    resolved = path.resolve()
    # From Python 3.13 on a link that leads to itself is left in the path without a word.
    if any(place.is_symlink() for place in (resolved, *resolved.parents)):
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
    return resolved


def shown(root: Path, path: Path) -> str:
    """`path` as the model and the person see it: relative to `root`, sanitized, on one line."""
    return one_line(str(path.relative_to(root)) if path.is_relative_to(root) else path.name, 300)


def _readable(text: str) -> str:
    text = text.strip()
    if not text:
        raise PathRefused("the path is empty. Give a path relative to the project, like src/app.py.")
    if len(text) > _LONGEST:
        raise PathRefused(f"the path is {len(text)} characters long. Give a path like src/app.py.")
    if any(unicodedata.category(char) in {"Cc", "Cs", "Zl", "Zp"} or char in _INVISIBLE for char in text):
        raise PathRefused(f'"{one_line(text)}": the path holds control characters. Give plain text, like src/app.py.')
    return text


_INVISIBLE = frozenset("\u061c\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff")


def _relative(root: Path, text: str) -> PurePosixPath:
    path = PurePosixPath(text)
    if text.startswith("~"):
        raise PathRefused(f'"{text}": the home folder is off limits. {_hint(root, path)}')
    if not path.is_absolute():
        return path
    if path.is_relative_to(root):
        return path.relative_to(root)
    try:
        # The worktree's folder may be known by another name: /tmp is a symlink on macOS.
        resolved = real_path(Path(path))
    except (OSError, RuntimeError, ValueError):
        resolved = Path("/")
    if resolved.is_relative_to(root):
        return PurePosixPath(resolved.relative_to(root))
    raise PathRefused(f'"{text}": absolute paths are not allowed. {_hint(root, path)}')


def _hint(root: Path, path: PurePosixPath) -> str:
    """The relative path that was probably meant: the longest tail of `path` that exists here, else its name."""
    parts = [part for part in path.parts if part not in {"/", "..", "~"} and not _is_git(part)]
    tails = ["/".join(parts[start:]) for start in range(len(parts))]
    for tail in tails:
        try:
            if (root / tail).exists():
                return f'Paths are relative to the project: use "{tail}".'
        except (OSError, ValueError):
            continue
    return f'Paths are relative to the project: use "{tails[-1] if tails else "."}".'


def _normal(path: PurePosixPath) -> PurePosixPath:
    return PurePosixPath(os.path.normpath(path))


def _is_git(part: str) -> bool:
    """`.git` by any spelling a case-folding or character-dropping file system would accept for it."""
    kept = "".join(char for char in unicodedata.normalize("NFKC", part) if unicodedata.category(char) != "Cf")
    return kept.casefold().rstrip(". ") in _GIT_NAMES


def _reason(error: Exception) -> str:
    return one_line(getattr(error, "strerror", None) or str(error), 100)
