"""Writes a reply's changes into a folder, and nowhere else."""

import os
import re
import stat
from collections import defaultdict
from collections.abc import Sequence
from itertools import count
from pathlib import Path

from agents.missions.blocks import elision
from agents.missions.changes import Applied, Edit, FileChange, WholeFile
from agents.missions.editing import NoMatch, replace_once
from agents.missions.naming import unsafe
from agents.redactor import SECRETS
from agents.regular_files import read_regular
from agents.restoring import MarkLeft, restored
from agents.sanitize import one_line
from agents.secret_values import MARK
from agents.tools.paths import real_path

_BOM = b"\xef\xbb\xbf"
_names = count()
_MOST = 20_000_000
"""Bytes of a file that is changed as a whole."""


class _Refused(Exception):
    """The message is for the model."""


def apply_changes(root: Path, changes: Sequence[FileChange]) -> Applied:
    """Write `changes` under `root`, file by file: a file is written whole or not at all, atomically, keeping its mode,
    byte order mark and line ends. Nothing outside `root` is touched, whatever links lie in it. Never raises OSError:
    what failed is in `problems`."""
    by_path: dict[str, list[FileChange]] = defaultdict(list)
    for change in changes:
        by_path[change.path].append(change)
    written: list[str] = []
    unchanged: list[str] = []
    problems: list[str] = []
    for path, wanted in by_path.items():
        try:
            (written if _apply(root.resolve(), path, wanted) else unchanged).append(path)
        except (_Refused, NoMatch) as refusal:
            problems.append(str(refusal))
        except MarkLeft as refusal:
            problems.append(f"{one_line(path, 100)}: {refusal}")
        except (OSError, ValueError, RuntimeError) as error:
            problems.append(f"{one_line(path, 100)} cannot be written: {getattr(error, 'strerror', None) or error}.")
    return Applied(written=tuple(written), unchanged=tuple(unchanged), problems=tuple(problems))


def _apply(root: Path, path: str, changes: Sequence[FileChange]) -> bool:
    """True when the file was written, False when it is already so."""
    target = _inside(root, path)
    before = read_regular(target, _MOST, whole=True) if target.exists() else None
    old = _decode(before or b"", path, strict=any(isinstance(change, Edit) for change in changes))
    text = _lines(old)
    marked = SECRETS.redaction(text) if any(MARK in words for change in changes for words in _words(change)) else None
    text = marked.shown if marked else text
    for change in changes:
        if isinstance(change, WholeFile):
            text = _complete(path, _lines(change.content), old)
        elif before is None and not text:
            raise _Refused(f"{path} does not exist, so nothing in it can be replaced. Write the whole file.")
        else:
            text = replace_once(path, text, change.search, change.replace)
    text = _ended(restored(text, marked) if marked else text)
    if before is not None and text == _ended(_lines(old)):
        return False
    data = _with_line_ends(old, text).encode("utf-8", "replace")
    if before is not None and before.startswith(_BOM):
        data = _BOM + data
    _write(target, data)
    return True


def _words(change: FileChange) -> tuple[str, ...]:
    return (change.content,) if isinstance(change, WholeFile) else (change.search, change.replace)


def _complete(path: str, content: str, old: str) -> str:
    """`content`, unless a comment says that a part of the old file is left out."""
    left_out = elision(content) if old else None
    if left_out and left_out not in old:
        shown = one_line(left_out, 60)
        raise _Refused(f'You left out a part of {path} ("{shown}"). Write the whole file, every line of it.')
    return content


def _inside(root: Path, path: str) -> Path:
    """Where `path` really lies; refused when that is not an ordinary file inside `root` and outside .git."""
    reason = unsafe(path)
    if reason is not None:
        raise _Refused(f"{one_line(path, 100)} {reason}: it was not written.")
    target = real_path(root / path)
    if not target.is_relative_to(root) or unsafe(str(target.relative_to(root))) is not None:
        raise _Refused(f"{path} is a link out of the repository: it was not written.")
    if target.exists() and not target.is_file():
        raise _Refused(f"{path} is a folder, not a file." if target.is_dir() else f"{path} is no ordinary file.")
    parent = next(folder for folder in target.parents if folder.exists())
    if not parent.is_dir():
        raise _Refused(f"{path} cannot be written: {parent.relative_to(root)} is a file, not a folder.")
    return target


def _write(target: Path, data: bytes) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(f".{target.name[:80]}.{os.getpid()}.{next(_names)}.partial")
    mode = stat.S_IMODE(target.stat().st_mode) if target.exists() else None
    try:
        with partial.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if mode is not None:
            partial.chmod(mode)
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)


def _decode(data: bytes, path: str, *, strict: bool) -> str:
    try:
        return data.removeprefix(_BOM).decode("utf-8")
    except UnicodeDecodeError:
        if strict:
            raise _Refused(f"{path} is not UTF-8 text, so it cannot be edited.") from None
        return ""


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n")


def _ended(text: str) -> str:
    return text if not text or text.endswith("\n") else text + "\n"


def _with_line_ends(old: str, new: str) -> str:
    """`new` with the line ends `old` has: its own where a line stayed, the most frequent ones elsewhere."""
    if "\r\n" not in old:
        return new
    before, after = re.split(r"(?<=\n)", old), re.split(r"(?<=\n)", new)
    usual = "\r\n" if old.count("\r\n") * 2 >= old.count("\n") else "\n"
    head = 0
    while head < min(len(before), len(after)) and _lines(before[head]) == after[head]:
        head += 1
    tail = 0
    while tail < min(len(before), len(after)) - head and _lines(before[-1 - tail]) == after[-1 - tail]:
        tail += 1
    middle = [line.replace("\n", usual) for line in after[head : len(after) - tail]]
    return "".join([*before[:head], *middle, *before[len(before) - tail :]])
